"""The place's InfluxDB: both halves tried for real, a point written with the token and read back in InfluxQL.

The point goes to a measurement of its own, ``vigie_doctor``. A server that takes it and does not give it back knows the
bucket under another name in InfluxQL, or not at all.
"""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from vigie_contract.clock import SystemClock
from vigie_gateway.doctor.findings import AS_ROOT, Finding
from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store.influxdb import AwayError, InfluxdbError, RefusedError, lines, query
from vigie_gateway.store.influxdb.token import read_token

VISIBLE_S = 3.0
"""What a written point may take to be found: InfluxDB 3 takes a second. Lower calls that a missing mapping."""
MOST_OFF_S = 60.0
"""How far the server's clock may be off. Lower warns of a slow answer; higher lets Grafana end before our now."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_DBRP = (
    "on InfluxDB 2: influx v1 dbrp create --db {database} --rp autogen --bucket-id ID --default; else name it with"
    " [influxdb] database"
)


def influxdb_findings(settings: InfluxdbSettings, site: str) -> list[Finding]:
    """What is to be said of it; nothing when none is configured."""
    if settings.url is None:
        return []
    found = _secret_findings(settings)
    if any(finding.status == "fail" or finding.remedy == AS_ROOT for finding in found):
        return found
    at_ts = round(SystemClock().now_ts(), 3)
    written = _written(settings, site, at_ts)
    return [*found, written, *_read(settings, site, at_ts, is_written=written.status == "pass")]


def _secret_findings(settings: InfluxdbSettings) -> list[Finding]:
    try:
        token = read_token(settings)
    except InfluxdbError as error:
        if isinstance(error.__cause__, PermissionError):
            return [Finding("influxdb", "warn", f"{error}: not tried", AS_ROOT)]
        return [Finding("influxdb", "fail", str(error), "make it: docs/influxdb.md, Turning it on")]
    parts = urlsplit(settings.url or "")
    if token and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        text = f"{settings.url} is not encrypted: whoever listens on the way reads the token"
        return [Finding("influxdb", "warn", text, "serve it over https, and name its certificate with ca_file")]
    if token == "":
        text = f"[influxdb] token_file {settings.token_file} is empty"
        return [Finding("influxdb", "fail", text, "write the token there")]
    return []


def _written(settings: InfluxdbSettings, site: str, at_ts: float) -> Finding:
    from vigie_gateway.store.influxdb.writer import Writer  # only here: it takes half a second

    try:
        writer = Writer(settings)
        try:
            writer.write([lines.trial(site, at_ts)])
        finally:
            writer.close()
    except RefusedError as error:
        text = f"{settings.url} refuses a plain point for bucket {settings.bucket!r}: {error}"
        return Finding("influxdb", "fail", text, "compare [influxdb] org and bucket with the server's")
    except AwayError as error:
        return Finding("influxdb", "fail", f"writing: {error}", "is it running, and is [influxdb] url its address?")
    except InfluxdbError as error:
        return Finding("influxdb", "fail", f"writing: {error}", _remedy(settings, str(error)))
    return Finding("influxdb", "pass", f"{settings.url} takes a point for bucket {settings.bucket!r}")


def _remedy(settings: InfluxdbSettings, text: str) -> str:
    if "certificate" in text:
        return "[influxdb] ca_file names the authority that signed it, and url must say the name in it"
    if " answers 401" in text or " answers 403" in text:
        return f"make a token that may write and read {settings.bucket!r}: docs/influxdb.md, Turning it on"
    return f"make the bucket {settings.bucket!r}, or name the one that is there: [influxdb] org and bucket"


def _read(settings: InfluxdbSettings, site: str, at_ts: float, *, is_written: bool) -> list[Finding]:
    where = f"{query.name('site')} = {query.string(site)} AND time = {round(at_ts * 1000)}ms"
    statement = f"SELECT {query.name('value')} FROM {query.name(lines.TRIAL)} WHERE {where}"  # noqa: S608 - quoted above
    database = settings.database_name
    dbrp = _DBRP.format(database=database)
    deadline_mono = time.monotonic() + VISIBLE_S
    try:
        answer = query.ask(settings, statement, settings.read_timeout_s)
        while is_written and not answer.rows and time.monotonic() < deadline_mono:
            time.sleep(0.2)
            answer = query.ask(settings, statement, settings.read_timeout_s)
    except AwayError as error:
        return [Finding("influxdb", "fail", f"reading: {error}", "is it running, and does it serve /query?")]
    except InfluxdbError as error:
        return [Finding("influxdb", "fail", f"reading: {error}", _read_remedy(settings, str(error), dbrp))]
    found = [_clock(settings, answer.date_ts)] if answer.date_ts is not None else []
    if is_written and not answer.rows:
        text = f"what was written to bucket {settings.bucket!r} is not found in database {database!r}"
        return [Finding("influxdb", "fail", text, dbrp), *found]
    return [Finding("influxdb", "pass", f"database {database!r} answers InfluxQL"), *found]


def _read_remedy(settings: InfluxdbSettings, text: str, dbrp: str) -> str:
    if "certificate" in text or " answers 401" in text or " answers 403" in text:
        return _remedy(settings, text)
    return dbrp


def _clock(settings: InfluxdbSettings, date_ts: float) -> Finding:
    off_s = date_ts - SystemClock().now_ts()
    if abs(off_s) > MOST_OFF_S:
        text = f"the clock of {settings.url} is {abs(off_s):.0f} s {'ahead of' if off_s > 0 else 'behind'} this one"
        return Finding("influxdb", "warn", text, "timedatectl, here and there")
    return Finding("influxdb", "pass", "its clock and this one agree")
