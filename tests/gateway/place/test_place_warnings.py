"""What is wrong, since when, and one warning a cause."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.clock import Clock
from vigie_contract.messages import Channel
from vigie_dashboard.notices import WarningKind
from vigie_dashboard.view import BoardView
from vigie_gateway.place.board import Board
from vigie_gateway.place.cells import last_change_ts
from vigie_gateway.place.site import Site
from vigie_gateway.store import Sample, Series, Store

NOW_TS = 1_795_527_120.0
PLACE = """
[[rooms]]
id = "cafe"
name = "Café"
seats = 18
[[rooms]]
id = "lab"
name = "Lab"
seats = 6
[[doors]]
id = "c"
between = ["outside", "cafe"]
in = "n.c-in"
out = "n.c-out"
[[doors]]
id = "l"
between = ["outside", "lab"]
in = "n.l-in"
out = "n.l-out"
[[circuits]]
id = "main"
name = "Main"
mains = "m.main"
[[circuits]]
id = "c4"
name = "C4"
parent = "main"
mains = "m.c4"
[[circuits]]
id = "c5"
name = "C5"
parent = "main"
mains = "m.c5"
[[outlets]]
room = "cafe"
circuit = "c4"
ids = ["p1", "p2"]
in_use = "m.{id}"
[[outlets]]
room = "lab"
circuit = "c5"
ids = ["p3"]
in_use = "m.{id}"
[[access_points]]
id = "a"
name = "A"
rooms = ["cafe"]
client_limit = 30
stations = "w.stations"
[[access_points]]
id = "b"
name = "B"
rooms = ["lab"]
[[wifi]]
latency = "w.l"
[[uplinks]]
id = "u"
name = "U"
portal = "w.portal"
dns = "w.dns"
"""
QUANTITIES = {
    "n.c-in": "people_in", "n.c-out": "people_out", "n.l-in": "people_in", "n.l-out": "people_out",
    "m.main": "mains", "m.c4": "mains", "m.c5": "mains", "m.p1": "in_use", "m.p2": "in_use", "m.p3": "in_use",
    "w.stations": "stations", "w.l-p50": "latency_p50", "w.l-p95": "latency_p95", "w.l-loss": "loss",
    "w.portal": "internet_access", "w.dns": "dns_time",
}  # fmt: skip
WELL = {
    "n.c-in": 3.0, "n.c-out": 0.0, "n.l-in": 1.0, "n.l-out": 0.0, "m.main": 1.0, "m.c4": 1.0, "m.c5": 1.0,
    "m.p1": 0.0, "m.p2": 0.0, "m.p3": 0.0, "w.stations": 10.0, "w.l-p50": 10.0, "w.l-p95": 20.0, "w.l-loss": 0.0,
    "w.portal": 0.0, "w.dns": 20.0,
}  # fmt: skip
"""One reading of each channel, with nothing wrong."""


class Place:
    """A board that is told the state of everything, a minute at a time."""

    def __init__(self, site: Site, clock: Clock) -> None:
        self.board = Board(site, clock)
        for number, (name, quantity) in enumerate(QUANTITIES.items()):
            node, _, channel = name.partition(".")
            self.board.declare(Series(number, node, Channel(channel, quantity, 60)))
        self.now_ts = NOW_TS

    def after_a_minute(self, *silent: str, **changes: float | None) -> BoardView:
        """The board once every channel but those ``silent`` was read again; ``_`` stands for ``.`` and ``-`` alike."""
        self.now_ts += 60
        for name, value in WELL.items():
            if name.partition(".")[0] in silent or name in silent:
                continue
            told = changes.get(name.replace(".", "_").replace("-", "_"), value)
            self.board.take(name, self.now_ts, told, None if told is not None else "failed")
        return self.board.view(self.now_ts)


@pytest.fixture
def place(site_of: Callable[[str], Site], clock_at: Callable[[float], Clock]) -> Place:
    return Place(site_of(PLACE), clock_at(NOW_TS))


def _kinds(view: BoardView) -> list[WarningKind]:
    return [one.kind for one in view.warnings]


def test_a_place_where_all_is_well_has_no_warning(place: Place) -> None:
    view = place.after_a_minute()
    assert view.warnings == ()
    assert view.calm_since_ts is None


def test_outlets_without_power_tell_their_breaker_since_when_and_where_else(place: Place) -> None:
    place.after_a_minute()
    began_ts = place.now_ts + 60
    place.after_a_minute(m_c4=0)
    (warning,) = place.after_a_minute(m_c4=0).warnings
    assert warning.kind is WarningKind.NO_POWER
    assert (warning.rooms, warning.count) == (("cafe",), 2)
    assert warning.circuit is not None
    assert set(warning.circuit.values()) == {"C4"}
    assert warning.since_ts == began_ts
    assert warning.instead == ("lab",)


def test_a_breaker_above_others_is_one_warning(place: Place) -> None:
    place.after_a_minute()
    (warning,) = place.after_a_minute(m_main=0, m_c4=0, m_c5=0).warnings
    assert (warning.rooms, warning.count) == (("cafe", "lab"), 3)
    assert warning.circuit is not None
    assert "Main" in warning.circuit.values()


def test_what_was_wrong_at_the_first_look_has_no_beginning(place: Place) -> None:
    (warning,) = place.after_a_minute(m_c4=0, w_stations=10).warnings
    assert warning.since_ts is None
    assert place.after_a_minute(m_c4=0).warnings[0].since_ts is None


def test_a_crowded_access_point_is_told_in_figures_with_a_better_room(place: Place) -> None:
    place.after_a_minute()
    (warning,) = place.after_a_minute(w_stations=41).warnings
    assert warning.kind is WarningKind.WIFI_SLOW
    assert (warning.rooms, warning.count, warning.limit, warning.instead) == (("cafe",), 41, 30, ("lab",))
    assert warning.since_ts == place.now_ts
    place.after_a_minute(w_stations=43)
    assert place.after_a_minute(w_stations=44).warnings[0].since_ts == warning.since_ts


def test_wi_fi_that_was_not_measured_for_a_while_has_no_beginning_when_it_is_found_slow(place: Place) -> None:
    place.after_a_minute()
    for _ in range(5):
        assert WarningKind.WIFI_SLOW not in _kinds(place.after_a_minute("w"))
    assert place.after_a_minute(w_stations=41).warnings[0].since_ts is None


def test_a_line_that_is_down_is_one_warning_and_not_one_a_room(place: Place) -> None:
    place.after_a_minute()
    view = place.after_a_minute(w_portal=2)
    assert _kinds(view) == [WarningKind.INTERNET_DOWN]
    assert view.warnings[0].since_ts == place.now_ts
    assert _kinds(place.after_a_minute(w_portal=1)) == [WarningKind.PORTAL]


def test_names_that_are_slow_to_find_are_one_warning_for_the_whole_place(place: Place) -> None:
    place.after_a_minute()
    (warning,) = place.after_a_minute(w_dns=2000).warnings
    assert (warning.kind, warning.rooms, warning.reason) == (WarningKind.WIFI_SLOW, (), "dns")
    assert warning.since_ts == place.now_ts


def test_an_old_room_says_its_last_value_and_a_silent_one_does_not(place: Place) -> None:
    place.after_a_minute()
    last_ts = place.now_ts
    for _ in range(4):
        view = place.after_a_minute("n.l-in", "n.l-out")
    (warning,) = view.warnings
    assert (warning.kind, warning.rooms, warning.since_ts, warning.count) == (WarningKind.OLD, ("lab",), last_ts, 6)
    for _ in range(30):
        view = place.after_a_minute("n.l-in", "n.l-out")
    assert [(one.kind, one.since_ts, one.count) for one in view.warnings] == [(WarningKind.SILENT, last_ts, None)]


def test_the_rooms_of_a_node_that_left_are_one_warning(place: Place) -> None:
    place.after_a_minute()
    place.board.node_status("n", False, place.now_ts)
    for _ in range(4):
        view = place.after_a_minute("n")
    (warning,) = view.warnings
    assert (warning.kind, warning.rooms) == (WarningKind.OLD, ("cafe", "lab"))


def test_a_count_that_cannot_be_is_told_in_figures(place: Place) -> None:
    place.after_a_minute()
    (warning,) = place.after_a_minute(n_l_in=40).warnings
    assert (warning.kind, warning.count, warning.limit) == (WarningKind.INCONSISTENT, 39, 6)


def test_a_store_that_takes_nothing_is_a_warning_until_it_does(place: Place) -> None:
    place.after_a_minute()
    place.board.is_recording = False
    view = place.after_a_minute()
    assert _kinds(view) == [WarningKind.NOT_RECORDING]
    assert view.warnings[0].since_ts == place.now_ts
    place.board.is_recording = True
    view = place.after_a_minute()
    assert view.warnings == ()
    assert view.calm_since_ts == place.now_ts
    assert place.after_a_minute().calm_since_ts == place.now_ts - 60


def test_the_worst_comes_first(place: Place) -> None:
    place.after_a_minute()
    place.board.is_recording = False
    for _ in range(4):
        view = place.after_a_minute("n.l-in", "n.l-out", w_stations=41, m_c5=0)
    assert _kinds(view) == [
        WarningKind.NO_POWER,
        WarningKind.NOT_RECORDING,
        WarningKind.WIFI_SLOW,
        WarningKind.OLD,
    ]


def test_after_a_restart_a_breaker_is_dated_by_its_readings(place: Place, store: Store) -> None:
    tripped_ts = NOW_TS - 3000
    readings = {tripped_ts + 60 * step: float(step < 0) for step in range(-60, 51)}
    store.put("m.c4", "mains", readings)  # type: ignore[attr-defined]  # of the store in memory
    for breaker in ("m.main", "m.c5"):
        store.put(breaker, "mains", dict.fromkeys(readings, 1.0))  # type: ignore[attr-defined]  # of the store in memory
    place.board.restore(store, NOW_TS)
    (warning,) = place.board.view(NOW_TS).warnings
    assert (warning.kind, warning.since_ts) == (WarningKind.NO_POWER, tripped_ts)
    assert place.after_a_minute(m_c4=0).warnings[0].since_ts == tripped_ts


def test_after_a_restart_a_breaker_that_tripped_while_nothing_was_heard_has_no_beginning(
    place: Place, store: Store
) -> None:
    for breaker in ("m.main", "m.c4", "m.c5"):
        store.put(breaker, "mains", {NOW_TS - 9000: 1.0, NOW_TS - 60: float(breaker != "m.c4")})  # type: ignore[attr-defined]  # of the store in memory
    place.board.restore(store, NOW_TS)
    (warning,) = place.board.view(NOW_TS).warnings
    assert warning.since_ts is None


@given(st.lists(st.tuples(st.sampled_from([10.0, 100.0]), st.sampled_from([None, 0.0, 1.0]))))
def test_a_change_is_dated_only_if_it_was_seen(steps: list[tuple[float, float | None]]) -> None:
    at_ts, samples = 0.0, []
    for step_s, value in steps:
        at_ts += step_s
        samples.append(Sample(1, at_ts, value, None if value is not None else "failed"))
    since_ts = last_change_ts(samples, 30)
    known = [one for one in samples if one.value is not None]
    if since_ts is None:
        return
    index = next(number for number, one in enumerate(known) if one.at_ts == since_ts)
    assert known[index - 1].value != known[index].value
    assert known[index].at_ts - known[index - 1].at_ts <= 30
    assert {one.value for one in known[index:]} == {known[-1].value}
