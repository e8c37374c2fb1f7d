"""The reading half on a real server: what retention took here comes back without a seam, or its absence is told."""

from __future__ import annotations

import dataclasses
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.conftest import ManualClock
from tests.gateway.conftest import Bench
from tests.gateway.store.influxdb.conftest import WHOLE, Load
from tests.gateway.store.influxdb.servers import Answer, FaultyServer
from tests.gateway.store.test_store_older import BASE_TS, DAY_S, END_TS, assert_same, expire, fill

from vigie_gateway.api.server import build
from vigie_gateway.broker import free_port
from vigie_gateway.place.past import Past
from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store import Sample, Series, Store, open_store
from vigie_gateway.store.influxdb import AwayError, InfluxdbError, MisconfiguredError, RefusedError, lines, query
from vigie_gateway.store.influxdb import older as reading_back
from vigie_gateway.store.influxdb.older import OlderReadings, joined_history

ERAS: list[list[tuple[int, int | None]]] = [
    [(10, 1), (10, 5), (10, None), (10, 7), (60, 2), (90, 3), (5, 9)] * 8,
    [(10, 40), (14, 2), (4_000, 4), (10, 6)] * 10,
    [(9, 3), (10, 8), (10, 8), (600, 1)] * 12,
    [(10, 12), (10, None), (16, 3)] * 20,
    [(10, 2), (10, 4)] * 30,
]
_SITES = (f"site-{number}" for number in itertools.count())


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """The same readings, with and without what retention deletes."""
    clock = ManualClock(BASE_TS - DAY_S)
    whole, cut = open_store(tmp_path / "whole.db", clock), open_store(tmp_path / "cut.db", clock)
    fill(whole, ERAS)
    fill(cut, ERAS)
    expire(cut)
    yield whole, cut
    whole.close()
    cut.close()


def load_all(store: Store, site: str, load: Load) -> list[Series]:
    every_series = store.every_series()
    for series in every_series:
        made = lines.key(site, series)
        load([lines.line(made, sample) for sample in store.samples(series.id, 0, END_TS)])
    return every_series


def test_a_history_joined_from_both_is_that_of_a_store_that_deleted_nothing(
    answering: tuple[InfluxdbSettings, Load], stores: tuple[Store, Store], clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(reading_back, "PAGE_READINGS", 7)
    (settings, load), (whole, cut), site = answering, stores, next(_SITES)
    older = OlderReadings(settings, site, clock)
    seen = set()
    spans = [(0, 600, 60), (0, 1_000, 7), (0.0004, 600, 10), (30, 5_000, 500), (0, DAY_S, 1_440), (0, 3 * DAY_S, 72)]
    spans += [(109.99, 2 * DAY_S, 200), (89, 30 * DAY_S, 5_000), (0, 191 * DAY_S, 191), (190, 600, 60)]
    for series in load_all(whole, site, load):
        for start_days, length_s, points in spans:
            from_ts = BASE_TS + start_days * DAY_S
            found = joined_history(cut, older, series, from_ts, from_ts + length_s, points)
            assert found.detail is None
            assert_same(found.points, whole.history(series.id, from_ts, from_ts + length_s, points))
            seen.add(found.older)
    assert seen == {"none", "joined"}


def test_an_unknown_comes_back_as_an_unknown(
    answering: tuple[InfluxdbSettings, Load], stores: tuple[Store, Store], clock: ManualClock
) -> None:
    (settings, load), (whole, _), site = answering, stores, next(_SITES)
    series, *_ = load_all(whole, site, load)
    found = OlderReadings(settings, site, clock).read(series, BASE_TS, BASE_TS + DAY_S)
    assert list(found.samples) == whole.samples(series.id, BASE_TS, BASE_TS + DAY_S)
    assert any(sample.value is None and sample.reason == "failed" for sample in found.samples)
    assert found.known_before is None


def test_a_place_reads_only_what_is_its_own(
    answering: tuple[InfluxdbSettings, Load], stores: tuple[Store, Store], clock: ManualClock
) -> None:
    (settings, load), (whole, _) = answering, stores
    series, *_ = load_all(whole, next(_SITES), load)
    assert not OlderReadings(settings, next(_SITES), clock).read(series, BASE_TS, END_TS).samples


@pytest.mark.skipif(WHOLE is not None, reason="the server of INFLUXDB_URL may know no such error")
def test_a_database_that_is_not_there_is_a_matter_of_configuration(answering: tuple[InfluxdbSettings, Load]) -> None:
    settings = answering[0].model_copy(update={"bucket": "another"})
    with pytest.raises(MisconfiguredError, match="database 'another': database not found"):
        query.ask(settings, "SELECT value FROM power", 5.0)


def test_a_statement_that_is_none_is_refused(answering: tuple[InfluxdbSettings, Load]) -> None:
    with pytest.raises((RefusedError, MisconfiguredError)):
        query.ask(answering[0], "SELECT FROM", 5.0)


# What may go wrong


@pytest.fixture
def cut_store(stores: tuple[Store, Store]) -> Store:
    return stores[1]


def unavailable(cut: Store, older: OlderReadings) -> str:
    """The detail that a history tells; its points are those of the store alone."""
    series = cut.every_series()[0]
    found = joined_history(cut, older, series, BASE_TS, BASE_TS + 600, 60)
    assert found.older == "unavailable"
    assert found.points == cut.history(series.id, BASE_TS, BASE_TS + 600, 60)
    assert found.detail is not None
    return found.detail


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer(401, {"error": "authorization failed"}), "401 for database 'vigie': authorization failed"),
        (Answer(404, {"message": "no dbrp mapping found"}), "404 for database 'vigie': no dbrp mapping found"),
        (Answer(400, {"error": "error parsing query"}), "400 for database 'vigie': error parsing query"),
        (Answer(429), "429"),
        (Answer(503, {"error": "starting"}), "503 for database 'vigie': starting"),
        (Answer(200), "no answer to InfluxQL"),
        (Answer(200, {"results": [{"error": "database not found: vigie"}]}), "database not found"),
        (Answer(200, {"results": [{"series": [{"columns": ["name"], "values": [["a"]]}]}]}), "knows no InfluxQL"),
        (
            Answer(
                200, {"results": [{"series": [{"columns": ["time", "value", "unknown"], "values": [[1, "x", None]]}]}]}
            ),
            "expected a number",
        ),
        (Answer(is_cut=True), "does not answer"),
    ],
)
def test_a_server_that_fails_leaves_the_history_of_the_store(
    cut_store: Store, faulty: FaultyServer, clock: ManualClock, answer: Answer, told: str
) -> None:
    faulty.behaviour = lambda _: answer
    assert told in unavailable(cut_store, OlderReadings(InfluxdbSettings(url=faulty.url), "semaphore", clock))


def test_a_server_that_never_answers_is_waited_for_once_and_then_left_alone(
    cut_store: Store, faulty: FaultyServer, clock: ManualClock
) -> None:
    held = threading.Event()
    faulty.behaviour = lambda _: Answer(200, {"results": [{}]}, held=held)
    older = OlderReadings(InfluxdbSettings(url=faulty.url, read_timeout_s=0.2), "semaphore", clock)
    detail = unavailable(cut_store, older)
    assert detail == unavailable(cut_store, older)
    assert len(faulty.requests) == 1
    held.set()
    clock.pass_time(reading_back.REST_S + 1)
    series = cut_store.every_series()[0]
    assert joined_history(cut_store, older, series, BASE_TS, BASE_TS + 600, 60).older == "joined"


def test_nobody_listening_is_told(cut_store: Store, clock: ManualClock) -> None:
    settings = InfluxdbSettings(url=f"http://127.0.0.1:{free_port()}")
    assert "does not answer" in unavailable(cut_store, OlderReadings(settings, "semaphore", clock))


def test_more_requests_than_may_wait_are_answered_without(
    cut_store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, release = threading.Semaphore(0), threading.Event()

    def slow(*_: object) -> query.Answer:
        asked.release()
        release.wait(10)
        raise AwayError("too late")

    older = OlderReadings(InfluxdbSettings(url="http://127.0.0.1:1"), "semaphore", clock, slow)
    waiting = [threading.Thread(target=unavailable, args=(cut_store, older)) for _ in range(2)]
    for thread in waiting:
        thread.start()
        assert asked.acquire(timeout=10)
    assert "wait for InfluxDB already" in unavailable(cut_store, older)
    release.set()
    for thread in waiting:
        thread.join()


def test_a_history_of_too_many_readings_is_not_read_back(
    cut_store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_back, "PAGE_READINGS", 5)
    monkeypatch.setattr(reading_back, "MOST_READINGS", 20)
    endless = query.Answer([[number, 1.0, None] for number in range(5)], None)
    older = OlderReadings(InfluxdbSettings(url="http://127.0.0.1:1"), "semaphore", clock, lambda *_: endless)
    assert "more than 20 single readings" in unavailable(cut_store, older)
    with pytest.raises(InfluxdbError, match="more than 20"):
        older.read(cut_store.every_series()[0], 0, 1)


def test_the_api_says_of_what_a_history_is_made(bench: Bench, faulty: FaultyServer) -> None:
    bench.declare()
    bench.commit()
    then_ts, series = bench.clock.now, bench.store.series()[0]
    bench.store.commit([Sample(series.id, then_ts, 900.0)], {})
    bench.clock.pass_time(DAY_S)
    bench.store.maintain(bench.clock.now)
    bench.clock.pass_time(60 * DAY_S)
    while bench.store.maintain(bench.clock.now).has_more:
        pass
    older = OlderReadings(InfluxdbSettings(url=faulty.url), "semaphore", bench.clock)
    gateway = dataclasses.replace(bench.gateway, older=older)
    asked = f"/api/v1/series/{series.name}/history?points=1&to={then_ts}&from="
    with TestClient(build(gateway, {"testserver"}), client=("127.0.0.1", 4321)) as client:
        recent = client.get(f"{asked}{then_ts - 3_600}").json()
        assert (recent["older"], recent["older_detail"]) == ("none", None), "roll-ups are enough"
        faulty.behaviour = lambda _: Answer(503)
        away = client.get(f"{asked}{then_ts - 10}").json()
        assert away["older"] == "unavailable"
        assert "answers 503" in away["older_detail"]
        assert away["points"][0]["coverage"] < 1, "of a whole minute"
        bench.clock.pass_time(reading_back.REST_S)
        rows = [[round(then_ts * 1000), 900.0, None]]
        faulty.behaviour = lambda _: Answer(
            200, {"results": [{"series": [{"columns": ["time", "value", "unknown"], "values": rows}]}]}
        )
        joined = client.get(f"{asked}{then_ts - 10}").json()
        assert (joined["older"], joined["older_detail"]) == ("joined", None)
        assert (joined["points"][0]["coverage"], joined["points"][0]["mean"]) == (1, 900.0)


def test_the_page_of_a_series_is_whole_or_says_that_it_is_coarse(
    cut_store: Store, faulty: FaultyServer, bench: Bench, clock: ManualClock
) -> None:
    faulty.behaviour = lambda _: Answer(503)
    older = OlderReadings(InfluxdbSettings(url=faulty.url), "semaphore", clock)
    past = Past(bench.gateway.site, cut_store, bench.board, older)
    series, coarse_from_ts = cut_store.series()[0], BASE_TS
    away = past._line(series, coarse_from_ts, coarse_from_ts + 600, 60)
    assert away.is_coarse
    assert away.points == tuple(cut_store.history(series.id, coarse_from_ts, coarse_from_ts + 600, 60))
    recent = past._line(series, END_TS - 2 * DAY_S, END_TS, 60)
    assert not recent.is_coarse
