"""Both halves on one server: copied by the sink, deleted here by retention, and read back as if it were still here.

On INFLUXDB_URL where it is set. Else on Debian's influxdb behind what 1.8 added to it: ``/api/v2/write`` passed on to
``/write``.
"""

from __future__ import annotations

import gzip
import itertools
import threading
import urllib.error
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.gateway.store.influxdb.conftest import WHOLE, turn, whole_settings
from tests.gateway.store.influxdb.servers import Server, ask
from tests.gateway.store.influxdb.test_influxdb_older import ERAS
from tests.gateway.store.test_store_older import BASE_TS, CHANNELS, DAY_S, ERAS_DAYS, assert_same, expire, fill

from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store import Sample, Store, open_store
from vigie_gateway.store.influxdb import query
from vigie_gateway.store.influxdb.older import OlderReadings, joined_history
from vigie_gateway.store.influxdb.sink import Sink

_SITES = (f"whole-{number}" for number in itertools.count())


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Iterator[InfluxdbSettings]:
    """A server that takes what the sink writes and answers InfluxQL."""
    if WHOLE is not None:
        yield whole_settings()
        return
    influxdb: Server = request.getfixturevalue("_reading_server")
    ask(influxdb.url, "/query", {"q": "CREATE DATABASE vigie"}, b"")
    door = ThreadingHTTPServer(("127.0.0.1", 0), _as_of_1_8(influxdb.url))
    thread = threading.Thread(target=door.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield InfluxdbSettings(url=f"http://127.0.0.1:{door.server_address[1]}", read_timeout_s=20.0)
    door.shutdown()
    door.server_close()
    thread.join()


def _as_of_1_8(url: str) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            lines = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
            parameters = {"db": asked["bucket"][0], "precision": asked["precision"][0]}
            self._pass_on("/write", parameters, lines)

        def do_GET(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            self._pass_on(parts.path, dict(urllib.parse.parse_qsl(parts.query)), None)

        def _pass_on(self, path: str, parameters: dict[str, str], data: bytes | None) -> None:
            try:
                body, status = ask(url, path, parameters, data), 200 if data is None else 204
            except urllib.error.HTTPError as error:
                body, status = error.read(), error.code
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    return Door


def live(store: Store, sink: Sink) -> None:
    """The readings of ``fill``, era by era, each copied before the next."""
    series = [entry.id for entry in store.register("node", CHANNELS).values()]
    turn(sink)
    for start_days, era in zip(ERAS_DAYS, ERAS, strict=True):
        at_ts, samples = BASE_TS + start_days * DAY_S, []
        for step_s, value in era:
            at_ts += step_s
            reason = "failed" if value is None else None
            samples += [Sample(one, at_ts, None if value is None else float(value), reason) for one in series]
        store.commit(samples, {})
        while store.maintain(BASE_TS + DAY_S).has_more:
            pass
        turn(sink)


def counted(settings: InfluxdbSettings, site: str, field: str) -> int:
    statement = f"SELECT count({query.name(field)}) FROM /.*/ WHERE site = {query.string(site)}"  # noqa: S608 - quoted
    return sum(row[1] for row in query.ask(settings, statement, 10.0).rows)


def test_what_was_copied_and_deleted_here_comes_back_whole(settings: InfluxdbSettings, tmp_path: Path) -> None:
    clock, site = ManualClock(BASE_TS - DAY_S), next(_SITES)
    whole, cut = open_store(tmp_path / "whole.db", clock), open_store(tmp_path / "cut.db", clock)
    try:
        fill(whole, ERAS)
        live(cut, Sink(cut, settings, site, clock))
        samples = [sample for entry in whole.every_series() for sample in whole.samples(entry.id, 0, 2e9)]
        known = [sample.value is not None for sample in samples]
        assert counted(settings, site, "value") == sum(known)
        assert counted(settings, site, "unknown") == len(known) - sum(known)
        # A cursor that is lost: what is here of the last 37 days is sent again, and is there once all the same.
        clock.now = BASE_TS + 31 * DAY_S
        again = Sink(cut, settings, site, clock)
        again._cursor = None
        turn(again)
        assert counted(settings, site, "value") == sum(known)
        expire(cut)
        older = OlderReadings(settings, site, clock)
        for series in cut.every_series():
            for start_days, length_s, points in ((0, 600, 60), (0, DAY_S, 1_440), (109.99, 2 * DAY_S, 200)):
                from_ts = BASE_TS + start_days * DAY_S
                found = joined_history(cut, older, series, from_ts, from_ts + length_s, points)
                assert found.older == ("joined" if start_days == 0 else "none"), "minutes are kept for 100 days"
                assert_same(found.points, whole.history(series.id, from_ts, from_ts + length_s, points))
    finally:
        whole.close()
        cut.close()
