"""What the gateway that runs on this machine says of itself (``/healthz``), in sentences."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Protocol

from vigie_gateway.doctor.findings import Finding, Status

ANSWER_S = 5.0
"""What a gateway may take to answer. Lower calls a busy Pi dead; higher keeps a person waiting for one that hangs."""
MAX_REPORT_BYTES = 4 * 1024 * 1024
"""Of a report read: 200 nodes make 100 kB. Higher lets whatever listens there fill the memory."""
Report = Mapping[str, Any]


_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what is listened on, not what is asked
"""Where this machine reaches itself when the gateway listens on every address."""


class Listener(Protocol):
    """Where a gateway listens: ``[http]`` of gateway.toml, however it was read."""

    @property
    def host(self) -> str:
        """An address, or localhost."""
        ...

    @property
    def port(self) -> int:
        """TCP."""
        ...


class NoGatewayError(Exception):
    """Nothing listens there; one line for a person."""


class UntoldError(Exception):
    """Something listens there, but does not tell how it is: a gateway may well run. One line for a person."""


class ClosedError(UntoldError):
    """A gateway that answers, and tells this machine nothing, as its settings say."""


Answer = Report | NoGatewayError | UntoldError


def ask(settings: Listener) -> Report:
    """The health report of the gateway that listens there.

    Raises:
        NoGatewayError: Nothing listens.
        ClosedError: It answers, and tells this machine nothing.
        UntoldError: No answer in time, a refusal, or something that is no gateway of Vigie.
    """
    host = _EVERYWHERE.get(settings.host, settings.host)
    where = f"http://{host}:{settings.port}"
    connection = http.client.HTTPConnection(host, settings.port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        status, body = answer.status, answer.read(MAX_REPORT_BYTES)
    except ConnectionRefusedError as error:
        raise NoGatewayError(f"no gateway answers at {where} ({error.strerror})") from error
    except (OSError, http.client.HTTPException) as error:
        raise UntoldError(f"what listens at {where} does not answer ({error})") from error
    finally:
        connection.close()
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise ClosedError(f"the gateway at {where} does not tell this machine how it is: [http] local_role is public")
    return _report(body, where)


def _report(body: bytes, where: str) -> Report:
    try:
        report = json.loads(body)
    except ValueError as error:
        raise UntoldError(f"what answers at {where} is no gateway of Vigie") from error
    if not isinstance(report, dict) or not isinstance(report.get("parts"), dict):
        raise UntoldError(f"what answers at {where} is no gateway of Vigie")
    return report


def judge(report: Report) -> list[Finding]:
    """Every part that warns or fails, as a sentence; one ``pass`` when none does."""
    found = [
        Finding("gateway", _status(part), f"{name}: {sentence}", _REMEDIES.get(name, ""))
        for name, part in report["parts"].items()
        if isinstance(part, dict) and part.get("status") not in {"pass", "unknown"}
        for sentence in _sentences(name, part, float(report.get("now_ts") or 0.0))
    ]
    up_h = float(report.get("up_s") or 0.0) / 3600
    return [Finding("gateway", "pass", f"version {report.get('version')}, up for {up_h:.1f} h"), *found]


_REMEDIES = {
    "ingest": "journalctl -u vigie-gateway; systemd starts it again when it hangs",
    "store": "see the findings of the store",
    "backlog": "see what else is wrong here: the disk, the link of a node",
    "nodes": "look at that node's power, Wi-Fi and clock: systemctl status vigie-sensors, timedatectl there",
    "clock": "timedatectl says whether NTP answers; where it does not: sudo /opt/vigie/bin/vigie-gateway clock set",
    "disk": "delete what is not needed, or take a larger card",
    "heat": "give the machine air: open its case, take it out of the sun",
    "supply": "use the power supply made for this Raspberry Pi, with its own cable",
    "influxdb": "docs/influxdb.md; nothing is lost meanwhile: the store has every reading",
    "refused": "docs/protocol.md says what each reason means",
}


def _status(part: Report) -> Status:
    return "fail" if part.get("status") == "fail" else "warn"


_WAITING = {
    "on_nodes": ("on_nodes_readings", "readings wait on nodes"),
    "messages": ("messages", "messages wait for the ingest thread"),
    "uncommitted": ("uncommitted_readings", "readings wait for the disk"),
}
"""What may wait: the key of its number, and how it is called."""


def _sentences(name: str, part: Report, now_ts: float) -> Iterator[str]:
    if name == "backlog":
        for what, (key, words) in _WAITING.items():
            since_ts = part.get(f"{what}_since_ts")
            if since_ts is not None:
                yield f"{part.get(key)} {words}, some for {(now_ts - float(since_ts)) / 60:.0f} min"
    elif name == "refused":
        for reason, said in (part.get("by_reason") or {}).items():
            yield f"{reason}, {said.get('count')} times, last {said.get('last')}: {said.get('detail')}"
    elif name == "influxdb" and not part.get("trouble"):
        if part.get("set_aside"):
            yield f"{part['set_aside']} readings are refused and set aside, the last: {part.get('set_aside_last')}"
        if part.get("waiting_since_ts") is not None:
            minutes = (now_ts - float(part["waiting_since_ts"])) / 60
            yield f"{part.get('waiting_readings')} readings wait for it, some for {minutes:.0f} min"
    elif part.get("trouble"):
        yield str(part["trouble"])
    else:
        known = (f"{key} {value}" for key, value in part.items() if key != "status" and value is not None)
        yield ", ".join(known) or f"it says {part.get('status')}"
