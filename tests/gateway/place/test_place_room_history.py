"""A room's history page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from vigie_contract.clock import Clock
from vigie_dashboard.history_view import HistorySeries
from vigie_gateway.place.board import Board
from vigie_gateway.place.room_history import room_lines
from vigie_gateway.place.site import Site, load_site
from vigie_gateway.store import Correction, Store

NOON_TS = datetime(2026, 11, 24, 12, tzinfo=ZoneInfo("Europe/Paris")).timestamp()


class Keeper(Store, Protocol):
    """The store of the tests, which can be filled."""

    def put(self, name: str, quantity: str, readings: Mapping[float, float | None], period_s: float = 60) -> None: ...


@pytest.fixture
def site(sample_path: Path) -> Site:
    return load_site(sample_path)


@pytest.fixture
def board(site: Site, clock_at: Callable[[float], Clock]) -> Board:
    return Board(site, clock_at(NOON_TS))


def _hour(values: Callable[[int], float | None]) -> dict[float, float | None]:
    """A reading each minute of the hour before noon, and the one at its beginning."""
    return {NOON_TS - 3600 + minute * 60: values(minute) for minute in range(61)}


def _lines(site: Site, store: Store, board: Board, room: str, points: int = 12) -> dict[str, HistorySeries]:
    lines = room_lines(site, store, board.wiring, room, NOON_TS - 3600, NOON_TS, points)
    return {line.id: line for line in lines}


def test_people_come_from_the_doors_counted_since_the_last_closing(site: Site, store: Keeper, board: Board) -> None:
    before = {NOON_TS - 7200: 10.0, NOON_TS - 5400: 14.0}
    store.put("accueil.porte-salle-in", "people_in", before | _hour(lambda minute: 14.0 + minute // 10))
    store.put("accueil.porte-salle-out", "people_out", {NOON_TS - 7200: 0.0} | _hour(lambda minute: 0.0))
    people = _lines(site, store, board, "salle")["people"]
    assert len(people.points) == 12
    assert people.points[-1].at_ts == NOON_TS
    assert people.points[0].last == 4
    assert people.points[-1].last == 4 + 6
    assert all(point.coverage == 1 for point in people.points)


def _said(store: Store, at_ts: float, people: int, was: int | None = None, room: str = "salle") -> None:
    store.commit([], {}, (), [Correction("people", room, people, was, "", "lou", at_ts)])


def test_people_go_on_from_what_somebody_counted(site: Site, store: Keeper, board: Board) -> None:
    store.put("accueil.porte-salle-in", "people_in", _hour(lambda minute: float(minute // 10)))
    store.put("accueil.porte-salle-out", "people_out", _hour(lambda minute: 0.0))
    _said(store, NOON_TS - 1800 + 30, 20)
    _said(store, NOON_TS - 1800, 90, room="atelier")
    points = _lines(site, store, board, "salle", 60)["people"].points
    assert [points[minute].last for minute in (0, 28, 29, 30, 31, 39, 59)] == [0, 2, 3, 20, 20, 21, 23]


def test_a_page_that_begins_after_somebody_counted_begins_with_that(site: Site, store: Keeper, board: Board) -> None:
    came_in = {NOON_TS - 7_200: 3.0, NOON_TS - 5_400: 7.0}
    store.put("accueil.porte-salle-in", "people_in", came_in | _hour(lambda minute: 7.0))
    store.put("accueil.porte-salle-out", "people_out", {NOON_TS - 7_200: 0.0} | _hour(lambda minute: 0.0))
    _said(store, NOON_TS - 6_000, 30)
    assert _lines(site, store, board, "salle")["people"].points[0].last == 34


def test_who_was_counted_goes_at_closing_like_all_others(site: Site, store: Keeper, board: Board) -> None:
    days = [NOON_TS - 86_400 * back for back in (1, 0)]
    store.put("accueil.porte-salle-in", "people_in", dict.fromkeys(days, 5.0))
    store.put("accueil.porte-salle-out", "people_out", dict.fromkeys(days, 5.0))
    _said(store, NOON_TS - 86_400 + 60, 30)
    lines = room_lines(site, store, board.wiring, "salle", NOON_TS - 3_600, NOON_TS, 12)
    assert next(line for line in lines if line.id == "people").points[-1].last == 0


def test_a_season_is_followed_by_the_hour(site: Site, store: Keeper, board: Board) -> None:
    hours = [NOON_TS - 3600 * back for back in (4, 3, 2, 1, 0)]
    store.put("accueil.porte-salle-in", "people_in", dict(zip(hours, (5.0, 5.0, 8.0, 8.0, 12.0), strict=True)))
    store.put("accueil.porte-salle-out", "people_out", dict(zip(hours, (0.0, 0.0, 0.0, 1.0, 1.0), strict=True)))
    days = 70
    lines = room_lines(site, store, board.wiring, "salle", NOON_TS - days * 86_400, NOON_TS, days)
    points = next(line for line in lines if line.id == "people").points
    assert len(points) == days
    assert (points[-1].last, points[-1].high, points[-1].low) == (6, 6, 0)
    assert points[-1].coverage == pytest.approx(5 / 24)


def test_what_was_not_measured_has_no_value_and_no_coverage(site: Site, store: Keeper, board: Board) -> None:
    silent = _hour(lambda minute: 3.0 if minute < 30 else None)
    store.put("accueil.porte-salle-in", "people_in", silent)
    store.put("accueil.porte-salle-out", "people_out", silent)
    last = _lines(site, store, board, "salle")["people"].points[-1]
    assert (last.mean, last.low, last.high, last.last, last.coverage) == (None, None, None, None, 0)


def test_a_booth_shows_how_long_somebody_was_in(site: Site, store: Keeper, board: Board) -> None:
    store.put("accueil.cabine-1", "occupied", _hour(lambda minute: float(minute % 2)))
    points = _lines(site, store, board, "cabine-1", points=6)["people"].points
    assert [point.mean for point in points] == [0.5] * 6


def test_outlets_power_latency_and_stations_are_shown_as_far_as_the_room_has_them(
    site: Site, store: Keeper, board: Board
) -> None:
    for number in range(25, 31):
        store.put(f"tableau.p{number}-in-use", "in_use", _hour(lambda minute: 1.0))
        store.put(f"tableau.p{number}-va", "apparent_power", _hour(lambda minute: 50.0))
    store.put("ondes.latence-gateway-p95", "latency_p95", _hour(lambda minute: 12.5))
    store.put("ondes.scan-borne-3-stations", "stations", _hour(lambda minute: 9.0))
    lines = _lines(site, store, board, "cafe")
    assert list(lines) == ["outlets-in-use", "power-c4", "latency-p95", "stations"]
    assert [line.unit for line in lines.values()] == ["count", "VA", "ms", "count"]
    assert [line.points[0].mean for line in lines.values()] == [6.0, 300.0, 12.5, 9.0]
    assert all(set(line.label) == {"fr", "en"} for line in lines.values())


def test_a_sum_is_unknown_where_one_part_is(site: Site, store: Keeper, board: Board) -> None:
    for number in range(25, 31):
        gone = number == 30
        store.put(f"tableau.p{number}-va", "apparent_power", _hour(lambda minute, gone=gone: None if gone else 50.0))  # type: ignore[misc]  # bound per outlet
    points = _lines(site, store, board, "cafe")["power-c4"].points
    assert all(point.mean is None and point.coverage == 0 for point in points)


def test_a_room_without_sensors_has_no_line(site: Site, store: Keeper, board: Board) -> None:
    assert _lines(site, store, board, "reserve") == {}


def test_a_room_that_is_not_there_or_a_span_that_is_none_is_an_error(site: Site, store: Keeper, board: Board) -> None:
    with pytest.raises(KeyError, match="cellar"):
        room_lines(site, store, board.wiring, "cellar", 0, 60, 10)
    with pytest.raises(ValueError, match="no history of 0 points"):
        room_lines(site, store, board.wiring, "salle", 0, 60, 0)
    with pytest.raises(ValueError, match="no history of 10 points from 60 to 60"):
        room_lines(site, store, board.wiring, "salle", 60, 60, 10)
