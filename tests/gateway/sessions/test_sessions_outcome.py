"""What was foretold is put beside what came; what cannot be compared is not counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.gateway.conftest import Bench
from tests.gateway.sessions.conftest import Checkers, event, ts

from vigie_contract.readings import Reading
from vigie_gateway.sessions.forecast_log import AGAIN_S, GIVEN_UP_S, MARGIN_S, ForecastLog
from vigie_gateway.sessions.forecast_schema import FORECASTS
from vigie_gateway.sessions.observation import Observer
from vigie_gateway.sessions.outcome import Forecast, Outcome, came_true, outcome_of
from vigie_gateway.store import StoreError
from vigie_gateway.store.schema import check_identity

GO = Forecast("salle", "Calls", 1_000.0, 5_000.0, 40, "video-call", "go", "upload", 500.0)
NO_GO = replace(GO, verdict="no-go", limiting="outlets")
WELL = Outcome(40, frozenset({"seats", "outlets", "latency"}), frozenset())
BROKEN = Outcome(40, frozenset({"seats"}), frozenset({"latency"}))
FORTY = "DESCRIPTION:Vigie: 40 people\\, video call"
THURSDAY = event("2026-11-26T18:30", "2026-11-26T21:00", "Calls", FORTY)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[ForecastLog]:
    opened = ForecastLog(tmp_path / "forecasts.db")
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("forecast", "outcome", "expected"),
    [
        (GO, WELL, True),
        (GO, BROKEN, False),
        (GO, replace(WELL, held=frozenset({"seats"})), None),  # nobody measured the network
        (GO, replace(WELL, people=20), None),  # with half of the people it is no wonder
        (GO, replace(BROKEN, people=80), None),  # nor with twice as many
        (NO_GO, BROKEN, True),
        (NO_GO, WELL, False),
        (NO_GO, replace(WELL, people=20), None),
        (NO_GO, replace(WELL, held=frozenset({"seats"})), None),  # what was to give in was not measured
        (GO, replace(WELL, people=None), None),
        (replace(GO, verdict="tight"), WELL, None),  # promises neither
    ],
)
def test_a_forecast_held_or_not_only_where_that_can_be_told(
    forecast: Forecast, outcome: Outcome, expected: bool | None
) -> None:
    assert came_true(forecast, outcome) is expected


def test_a_resource_held_when_it_was_measured_throughout_and_broke_when_it_once_gave_in() -> None:
    assert outcome_of(40, 40, [3.0, 1.0], [1.0, 1.0], [0.2, 1.0]) == Outcome(
        40, frozenset({"seats", "outlets", "power", "latency"}), frozenset()
    )
    assert outcome_of(41, 40, [3.0, 0.5], [1.0, 0.4], [None, 1.1]) == Outcome(
        41, frozenset(), frozenset({"seats", "outlets", "power", "latency"})
    )
    assert outcome_of(None, 40, [None, 3.0], [], [None]) == Outcome(None, frozenset(), frozenset())


def test_the_last_word_before_a_session_is_what_it_is_measured_by(log: ForecastLog) -> None:
    log.keep(GO)
    log.keep(replace(GO, verdict="no-go", at_ts=900.0))
    (waiting,) = log.waiting(GO.ends_ts + MARGIN_S)
    assert (waiting.verdict, waiting.at_ts) == ("no-go", 900.0)
    assert log.waiting(GO.ends_ts + MARGIN_S - 1) == []


def test_what_came_is_kept_and_counted(log: ForecastLog) -> None:
    for number, outcome in enumerate((WELL, BROKEN, WELL, replace(WELL, people=None))):
        forecast = replace(GO, begins_ts=GO.begins_ts + number, name=None if number else "Calls")
        log.keep(forecast)
        log.judge(forecast, outcome, 9_000.0)
    assert log.hit_rate() == (2, 3)
    newest = log.compared(1)[0]
    assert (newest.forecast.name, newest.outcome, newest.came_true) == (None, replace(WELL, people=None), None)


def test_a_session_nobody_was_counted_in_is_looked_at_again_for_a_day(log: ForecastLog) -> None:
    log.keep(GO)
    judged_ts = GO.ends_ts + MARGIN_S
    log.judge(GO, replace(WELL, people=None), judged_ts)
    assert log.waiting(judged_ts + AGAIN_S - 1) == []
    assert log.waiting(judged_ts + AGAIN_S) == [GO]
    assert log.waiting(GO.ends_ts + GIVEN_UP_S) == []


def test_a_file_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="forecasts of sessions cannot be opened"):
        ForecastLog(tmp_path / "nowhere" / "forecasts.db")


def test_a_file_of_before_it_said_whose_it_is_is_taken_with_what_it_has(log: ForecastLog, tmp_path: Path) -> None:
    log.keep(GO)
    log.close()
    path = tmp_path / "forecasts.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript("PRAGMA application_id = 0; PRAGMA user_version = 0")
    with closing(ForecastLog(path)) as again:
        assert again.waiting(GO.ends_ts + MARGIN_S) == [GO]
    with closing(sqlite3.connect(path)) as database:
        check_identity(database, path, FORECASTS)
        assert database.execute("PRAGMA user_version").fetchone() == (FORECASTS.version,)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("PRAGMA application_id = 7", "of another program"),
        ("CREATE TABLE sheep (name TEXT)", "of another program"),
        (f"PRAGMA application_id = {FORECASTS.application_id}; PRAGMA user_version = 99", "newer Vigie"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_and_left_as_it_is(tmp_path: Path, written: str, said: str) -> None:
    path = tmp_path / "forecasts.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript(written)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=said):
        ForecastLog(path)
    assert path.read_bytes() == before


def test_after_its_end_a_session_is_compared_with_what_came(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.round("2026-11-26T17:00")
    checkers.came[ts("2026-11-26T18:30")] = BROKEN
    checkers.round("2026-11-26T21:14")
    assert checkers.log.compared() == []
    checkers.round("2026-11-26T21:16")
    (compared,) = checkers.log.compared()
    assert (compared.forecast.verdict, compared.outcome, compared.came_true) == ("no-go", BROKEN, True)
    assert checkers.log.hit_rate() == (1, 1)


def test_a_session_that_was_called_off_is_forgotten_and_never_judged(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.round("2026-11-26T17:00")
    checkers.write(THURSDAY + "\nSTATUS:CANCELLED")
    checkers.round("2026-11-26T21:16")
    assert checkers.log.compared() == []
    assert checkers.log.waiting(ts("2026-11-27T21:16")) == []


def test_an_answer_that_says_the_same_is_not_written_again(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.round("2026-11-25T10:00")
    checkers.round("2026-11-25T11:00")
    (forecast,) = checkers.log.waiting(ts("2026-11-27T10:00"))
    assert forecast.at_ts == ts("2026-11-25T10:00")
    assert len(checkers.asked) == 2


def test_what_was_measured_meanwhile_tells_what_gave_in(bench: Bench) -> None:
    bench.declare()
    begins_ts = (bench.clock.now // 900) * 900
    bench.clock.pass_time(2_000)
    bench.send(Reading("c4-mains", begins_ts + 60, 1.0), Reading("c4-mains", begins_ts + 900, 0.0), first=1)
    bench.commit()
    forecast = replace(GO, room="cafe", begins_ts=begins_ts, ends_ts=begins_ts + 1_800)
    outcome = Observer(bench.board, bench.store).outcome(forecast)
    assert outcome.broke == {"power"}
    assert "outlets" not in outcome.held
    assert Observer(bench.board, bench.store).outcome(replace(forecast, room="gone")).people is None
