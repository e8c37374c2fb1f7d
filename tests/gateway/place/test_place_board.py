"""The live board: from readings to what a page shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigie_contract.clock import Clock
from vigie_contract.messages import Channel
from vigie_dashboard.view import MEASURED, BoardView, RoomState, RoomView, WifiFit
from vigie_gateway.place.board import Board
from vigie_gateway.place.room_state import measured_state
from vigie_gateway.place.site import Site, load_site
from vigie_gateway.store import Sample, Series, Store, StoreError

NOW_TS = datetime(2026, 11, 24, 14, 32, tzinfo=ZoneInfo("Europe/Paris")).timestamp()
PERIOD_S = 10.0
TWO_ROOMS = """
[hours]
monday = ["08:00-20:00"]
tuesday = ["08:00-20:00"]
[[rooms]]
id = "salle"
name = "Salle"
seats = 20
[[rooms]]
id = "booth"
name = "Booth"
seats = 1
[[rooms]]
id = "lab"
name = "Lab"
seats = 6
[[doors]]
id = "d"
between = ["outside", "salle"]
in = "n.in"
out = "n.out"
[[motion]]
room = "booth"
channel = "n.booth"
"""

SiteMaker = Callable[[str], Site]
ClockMaker = Callable[[float], Clock]


def _declare(board: Board, **quantities: str) -> None:
    for number, (name, quantity) in enumerate(quantities.items()):
        board.declare(Series(number + 1, "n", Channel(name.replace("_", "-"), quantity, PERIOD_S)))


@pytest.fixture
def board(site_of: SiteMaker, clock_at: ClockMaker) -> Board:
    made = Board(site_of(TWO_ROOMS), clock_at(NOW_TS))
    _declare(made, **{"in": "people_in", "out": "people_out", "booth": "occupied"})
    return made


def _room(view: BoardView, name: str) -> RoomView:
    return next(room for room in view.rooms if room.id == name)


def _enter(board: Board, people: int, at_ts: float) -> None:
    """The door is heard at ``at_ts``, with so many people in since a minute before."""
    for channel in ("n.in", "n.out"):
        board.take(channel, at_ts - 60, 100.0, None)
    board.take("n.in", at_ts, 100.0 + people, None)
    board.take("n.out", at_ts, 100.0, None)


@pytest.mark.parametrize(
    ("people", "age_s", "state"),
    [
        (0, 0, RoomState.EMPTY),
        (1, 0, RoomState.FREE),
        (16, 0, RoomState.FREE),
        (17, 0, RoomState.NEAR),
        (19, 0, RoomState.NEAR),
        (20, 0, RoomState.FULL),
        (21, 0, RoomState.FULL),
        (40, 0, RoomState.INCONSISTENT),
        (4, 3 * PERIOD_S, RoomState.FREE),
        (4, 3 * PERIOD_S + 1, RoomState.OLD),
        (4, 1800, RoomState.OLD),
        (4, 1801, RoomState.SILENT),
    ],
)
def test_the_state_of_a_room_follows_the_table(board: Board, people: int, age_s: float, state: RoomState) -> None:
    _enter(board, people, NOW_TS - age_s)
    view = board.view(NOW_TS)
    room = _room(view, "salle")
    assert room.state is state
    assert room.people == (None if state is RoomState.SILENT else people)
    assert room.at_ts == NOW_TS - age_s
    assert view.figures.seats_total == (20 if state in MEASURED else 0)
    assert view.figures.rooms_unmeasured == (2 if state in MEASURED else 3)
    assert (view.figures.people is None) == (state not in MEASURED)


def test_a_slow_channel_is_silent_after_twelve_of_its_own_periods(site_of: SiteMaker, clock_at: ClockMaker) -> None:
    board = Board(site_of(TWO_ROOMS), clock_at(NOW_TS))
    for number, name in enumerate(("in", "out")):
        board.declare(Series(number + 1, "n", Channel(name, f"people_{name}", 600)))
    _enter(board, 4, NOW_TS)
    states = [_room(board.view(NOW_TS + 600 * periods), "salle").state for periods in (3, 4, 8)]
    assert states == [RoomState.FREE, RoomState.OLD, RoomState.OLD]
    assert board.view(NOW_TS + 600 * 12 + 1).rooms[0].state is RoomState.SILENT


def test_a_room_that_was_never_heard_or_has_nothing_that_counts_has_no_sensor(board: Board) -> None:
    view = board.view(NOW_TS)
    assert {room.state for room in view.rooms} == {RoomState.NO_SENSOR}
    assert {room.people for room in view.rooms} == {None}
    assert view.figures.seats_free is None
    assert view.figures.people is None


def test_a_door_of_which_one_half_was_never_heard_is_silent_and_not_counted(board: Board) -> None:
    board.take("n.in", NOW_TS, 5.0, None)
    assert _room(board.view(NOW_TS), "salle").state is RoomState.SILENT


def test_outside_of_opening_hours_a_room_is_closed_and_says_when_it_opens(board: Board) -> None:
    _enter(board, 3, NOW_TS)
    evening_ts = NOW_TS + 8 * 3600
    view = board.view(evening_ts)
    room = _room(view, "salle")
    assert (room.state, room.people, room.free) == (RoomState.CLOSED, None, None)
    assert view.is_open is False
    assert room.opens_at_ts == view.opens_at_ts
    assert view.opens_at_ts == datetime(2026, 11, 30, 8, tzinfo=ZoneInfo("Europe/Paris")).timestamp()
    assert view.figures.rooms_unmeasured == 0


def test_closing_sends_everybody_home(board: Board) -> None:
    _enter(board, 3, NOW_TS)
    board.view(NOW_TS + 8 * 3600)
    for channel in ("n.in", "n.out"):
        board.take(channel, NOW_TS + 6 * 86_400, 103.0 if channel == "n.in" else 100.0, None)
    assert _room(board.view(NOW_TS + 6 * 86_400), "salle").people == 0


def test_a_booth_with_motion_alone_is_free_or_in_use(board: Board) -> None:
    board.take("n.booth", NOW_TS, 1.0, None)
    assert _room(board.view(NOW_TS), "booth").state is RoomState.FULL
    board.take("n.booth", NOW_TS + 1, 0.0, None)
    room = _room(board.view(NOW_TS + 1), "booth")
    assert (room.state, room.people, room.free) == (RoomState.EMPTY, 0, 1)


def test_an_unknown_does_not_renew_a_count(board: Board) -> None:
    _enter(board, 3, NOW_TS - 60)
    board.take("n.in", NOW_TS, None, "absent")
    board.take("n.out", NOW_TS, None, "absent")
    assert _room(board.view(NOW_TS), "salle").state is RoomState.OLD


def test_a_node_that_left_makes_its_rooms_old_one_period_later(board: Board) -> None:
    _enter(board, 3, NOW_TS)
    board.node_status("n", False, NOW_TS)
    assert _room(board.view(NOW_TS + 9), "salle").state is RoomState.FREE
    assert _room(board.view(NOW_TS + 11), "salle").state is RoomState.OLD
    board.node_status("n", True, NOW_TS + 12)
    assert _room(board.view(NOW_TS + 12), "salle").state is RoomState.FREE


def test_take_says_whether_a_page_could_change(board: Board) -> None:
    assert not board.take("n.other", NOW_TS, 1.0, None)
    assert board.take("n.booth", NOW_TS, 1.0, None)
    assert not board.take("n.booth", NOW_TS + 10, 1.0, None)
    assert board.take("n.booth", NOW_TS + 20, 0.0, None)
    assert board.take("n.booth", NOW_TS + 30, None, "failed")
    assert not board.take("n.booth", NOW_TS + 40, None, "failed")
    assert board.take("n.booth", NOW_TS + 50, 0.0, None)
    assert board.take("n.booth", NOW_TS + 500, 0.0, None), "it was old, and is not any more"


def test_a_late_reading_moves_nothing_live_and_asks_for_a_restore(board: Board) -> None:
    _enter(board, 3, NOW_TS)
    assert not board.take("n.in", NOW_TS - 30, 101.0, None)
    assert _room(board.view(NOW_TS), "salle").people == 3
    assert board.needs_restore


def test_a_late_reading_of_a_state_or_of_yesterday_asks_for_nothing(board: Board) -> None:
    _enter(board, 3, NOW_TS)
    board.take("n.booth", NOW_TS, 1.0, None)
    board.take("n.booth", NOW_TS - 30, 0.0, None)
    board.take("n.in", NOW_TS - 86_400, 90.0, None)
    assert not board.needs_restore


def test_a_restart_restores_what_the_store_holds_since_the_last_closing(board: Board, store: Store) -> None:
    morning_ts = NOW_TS - 6 * 3600
    store.put("n.in", "people_in", {morning_ts - 50_000: 40, morning_ts: 45, NOW_TS - 30: 3, NOW_TS - 5: 4})  # type: ignore[attr-defined]
    store.put("n.out", "people_out", {morning_ts - 50_000: 40, morning_ts: 40, NOW_TS - 5: 42})  # type: ignore[attr-defined]
    store.put("n.booth", "occupied", {NOW_TS - 5: 1.0})  # type: ignore[attr-defined]
    board.restore(store, NOW_TS)
    view = board.view(NOW_TS)
    assert _room(view, "salle").people == 5 + 3 + 1 - 2, "the counter restarted, and what it counted since is added"
    assert _room(view, "booth").state is RoomState.FULL
    board.take("n.in", NOW_TS, 6.0, None)
    assert _room(board.view(NOW_TS), "salle").people == 9


def test_a_restore_keeps_what_was_taken_and_is_not_committed_yet(board: Board, store: Store) -> None:
    _enter(board, 3, NOW_TS)
    board.take("n.in", NOW_TS - 30, 101.0, None)
    store.put("n.in", "people_in", {NOW_TS - 60: 100})  # type: ignore[attr-defined]
    store.put("n.out", "people_out", {NOW_TS - 60: 100})  # type: ignore[attr-defined]
    board.restore(store, NOW_TS)
    assert not board.needs_restore
    assert _room(board.view(NOW_TS), "salle").people == 3


def test_a_restore_comes_to_the_same_counts_as_counting_live(board: Board, store: Store) -> None:
    counted = {"n.in": 100.0, "n.out": 100.0}
    for step in range(200):
        name = "n.in" if step % 3 else "n.out"
        counted[name] += step % 4
        for channel, value in counted.items():
            at_ts = NOW_TS - 2000 + step * 10
            board.take(channel, at_ts, value, None)
            quantity = "people_in" if channel == "n.in" else "people_out"
            store.put(channel, quantity, {at_ts: value}, PERIOD_S)  # type: ignore[attr-defined]
    live = _room(board.view(NOW_TS), "salle")
    board.restore(store, NOW_TS)
    assert _room(board.view(NOW_TS), "salle") == live


def test_what_is_taken_while_the_store_is_read_is_counted_once(board: Board, store: Store) -> None:
    _enter(board, 3, NOW_TS - 20)
    store.put("n.in", "people_in", {NOW_TS - 80: 100, NOW_TS - 20: 103})  # type: ignore[attr-defined]
    store.put("n.out", "people_out", {NOW_TS - 80: 100, NOW_TS - 20: 100})  # type: ignore[attr-defined]
    read = store.samples

    def read_slowly(series: int, from_ts: float, to_ts: float, limit: int | None = None) -> list[Sample]:
        found = read(series, from_ts, to_ts, limit)
        board.take("n.in", NOW_TS - 10, 105.0, None)
        return found

    store.samples = read_slowly  # type: ignore[method-assign]
    board.restore(store, NOW_TS)
    assert _room(board.view(NOW_TS), "salle").people == 5


def test_a_store_that_cannot_be_read_changes_nothing_and_is_asked_again(board: Board, store: Store) -> None:
    _enter(board, 3, NOW_TS)

    def fail() -> list[Series]:
        raise StoreError("the disk is gone")

    store.series = fail  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        board.restore(store, NOW_TS)
    assert board.needs_restore
    assert _room(board.view(NOW_TS), "salle").people == 3


_NAMES = st.sampled_from(["n.in", "n.out", "n.booth", "n.other"])
_VALUES = st.none() | st.floats(0, 1e9) | st.integers(0, 30).map(float)
_READINGS = st.lists(st.tuples(_NAMES, st.integers(-4_000, 100_000), _VALUES), max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_READINGS)
def test_whatever_is_taken_the_board_stands_and_never_counts_below_zero(
    site_of: SiteMaker, clock_at: ClockMaker, readings: list[tuple[str, int, float | None]]
) -> None:
    made = Board(site_of(TWO_ROOMS), clock_at(NOW_TS))
    for name, offset_s, value in readings:
        made.take(name, NOW_TS + offset_s, value, None if value is not None else "failed")
        view = made.view(NOW_TS + max(0, offset_s))
        for room in view.rooms:
            assert room.people is None or room.people >= 0
            assert room.free is None or 0 <= room.free <= room.seats
            assert (room.state in MEASURED) <= (room.people is not None)


def test_the_band_is_honest_about_its_width(board: Board) -> None:
    _enter(board, 3, NOW_TS)
    assert board.people_band("salle") == (2, 4)
    assert board.people_band("lab") is None


@pytest.mark.parametrize(
    ("seats", "people", "state"),
    [(18, 0, RoomState.EMPTY), (1, 1, RoomState.FULL), (40, 34, RoomState.NEAR), (40, 33, RoomState.FREE),
     (0, 5, RoomState.FREE), (0, 0, RoomState.EMPTY)],
)  # fmt: skip
def test_a_measured_room_is_named_by_what_is_free(seats: int, people: int, state: RoomState) -> None:
    assert measured_state(seats, people) is state


def _alive(board: Board, at_ts: float) -> None:
    """Every channel of the sample place says that all is well."""
    for name in board.wiring.cells:
        value = 0.0
        for part, it in (
            ("-mains", 1.0), ("linky-va", 5100.0), ("subscribed", 9000.0), ("-p50", 12.0), ("-p95", 30.0),
            ("stations", 12.0), ("utilisation", 0.3), ("download", 84e6), ("upload", 20e6),
        ):  # fmt: skip
            value = it if part in name else value
        board.take(name, at_ts, value, None)


@pytest.fixture
def sample(sample_path: Path, clock_at: ClockMaker) -> Board:
    board = Board(load_site(sample_path), clock_at(NOW_TS))
    _alive(board, NOW_TS - 5)
    return board


def test_the_sample_place_shows_its_figures(sample: Board) -> None:
    sample.take("accueil.porte-entree-in", NOW_TS - 4, 30.0, None)
    sample.take("accueil.porte-salle-in", NOW_TS - 3, 25.0, None)
    sample.take("accueil.cabine-1", NOW_TS - 3, 1.0, None)
    view = sample.view(NOW_TS)
    figures = view.figures
    assert (figures.seats_free, figures.seats_total, figures.rooms_unmeasured) == (74, 100, 1)
    assert (figures.outlets_free, figures.outlets_total, figures.outlets_cut) == (30, 30, {})
    assert (figures.power_va, figures.power_limit_va, figures.has_power_meter) == (5100.0, 9000.0, True)
    assert (figures.wifi, figures.wifi_except, figures.internet) == (WifiFit.VIDEO, (), "open")
    assert (figures.download_bps, figures.uplink) == (84e6, {"fr": "ligne principale", "en": "main line"})
    assert figures.people == 30, "who is in a booth is still in the count of the hall"
    assert [one.need for one in view.advice] == ["work", "quiet", "call", "group"]
    assert len(view.doors) == 9
    assert _room(view, "hall").state is RoomState.FREE
    assert _room(view, "hall").free is None
    assert view.day is None


def test_a_tripped_breaker_cuts_the_outlets_below_it_and_a_main_one_all(sample: Board) -> None:
    sample.take("tableau.c4-mains", NOW_TS, 0.0, None)
    view = sample.view(NOW_TS)
    assert view.figures.outlets_cut == {"cafe": 6}
    outlets = _room(view, "cafe").outlets
    assert outlets is not None
    assert (outlets.free, outlets.cut, outlets.measured) == (0, 6, 6)


def test_a_saturated_access_point_lowers_its_rooms_alone(sample: Board) -> None:
    sample.take("ondes.scan-borne-1-stations", NOW_TS, 41.0, None)
    view = sample.view(NOW_TS)
    assert (view.figures.wifi, view.figures.wifi_except) == (WifiFit.VIDEO, ("salle",))
    wifi = _room(view, "salle").wifi
    assert wifi is not None
    assert (wifi.fit, wifi.reason, wifi.stations) == (WifiFit.SLOW, "too-many-stations", 41)


def test_nothing_unknown_is_ever_shown_as_zero(sample: Board) -> None:
    view = sample.view(NOW_TS + 2 * 3600)
    figures = view.figures
    assert figures.seats_free is None
    assert figures.outlets_free is None
    assert figures.wifi is None
    assert figures.power_va is None
    assert figures.internet is None
    assert figures.people is None
    assert figures.download_bps == 84e6, "measured twice a day, it stands for a day"
    assert figures.rooms_unmeasured == 8
    for room in view.rooms:
        assert room.people is None
        assert room.free is None
        assert room.outlets is None or room.outlets.free is None
        assert room.wifi is None or room.wifi.reason in {"silent", "no-sensor"}
    assert all(one.room is None for one in view.advice)
    assert sample.view(NOW_TS + 86_500).figures.download_bps is None


def test_a_spare_line_is_in_use_when_only_it_is_open(site_of: SiteMaker, clock_at: ClockMaker) -> None:
    lines = "".join(
        f'[[uplinks]]\nid = "{name}"\nname = "{name}"\nrole = "{role}"\nportal = "n.{name}"\n'
        for name, role in (("four-g", "spare"), ("fibre", "main"))
    )
    board = Board(site_of(lines), clock_at(NOW_TS))
    assert board.view(NOW_TS).figures.uplink == {"fr": "fibre", "en": "fibre"}
    board.take("n.fibre", NOW_TS, 2.0, None)
    board.take("n.four-g", NOW_TS, 0.0, None)
    figures = board.view(NOW_TS).figures
    assert (figures.uplink, figures.internet) == ({"fr": "four-g", "en": "four-g"}, "open")


def test_a_room_with_metered_outlets_has_their_power_and_another_has_none(
    site_of: SiteMaker, clock_at: ClockMaker
) -> None:
    outlets = """
[[circuits]]
id = "main"
name = "Main"
[[outlets]]
room = "salle"
circuit = "main"
ids = ["p1", "p2"]
power = "n.{id}-va"
[[outlets]]
room = "lab"
circuit = "main"
ids = ["p3"]
in_use = "n.p3"
"""
    board = Board(site_of(TWO_ROOMS + outlets), clock_at(NOW_TS))
    _declare(board, p1_va="apparent_power", p2_va="apparent_power", p3="in_use")
    board.take("n.p1-va", NOW_TS, 40.0, None)
    assert board.room_powers(NOW_TS) == {"salle": None}
    board.take("n.p2-va", NOW_TS, 2.0, None)
    assert board.room_powers(NOW_TS) == {"salle": 42.0}
    assert board.room_powers(NOW_TS + 3_600) == {"salle": None}
