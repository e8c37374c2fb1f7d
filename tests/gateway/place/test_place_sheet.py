"""A room in full: each outlet, access point and channel, as the board counts them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.gateway.place.test_place_warnings import PLACE, Place

from vigie_contract.clock import Clock
from vigie_dashboard.sheet_view import Heard, OutletState, RoomSheet
from vigie_gateway.place.site import Site

HALL = '[[rooms]]\nid = "hall"\nname = "Hall"\nseats = 0\n'


@pytest.fixture
def place(site_of: Callable[[str], Site], clock_at: Callable[[float], Clock]) -> Place:
    return Place(site_of(HALL + PLACE), clock_at(1_795_527_120.0))


def _sheet(place: Place, room: str = "cafe") -> RoomSheet:
    found = place.board.sheet(room, place.now_ts)
    assert found is not None
    return found


def test_every_outlet_has_its_state_and_circuit_and_they_add_up_to_the_board_s_count(place: Place) -> None:
    place.after_a_minute(m_p1=1)
    sheet = _sheet(place)
    assert [(one.id, one.state) for one in sheet.outlets] == [("p1", OutletState.IN_USE), ("p2", OutletState.FREE)]
    assert set(sheet.outlets[0].circuit.values()) == {"C4"}
    assert sheet.room.outlets is not None
    assert sheet.room.outlets.free == 1
    place.after_a_minute(m_c4=0)
    assert {one.state for one in _sheet(place).outlets} == {OutletState.NO_POWER}


def test_an_outlet_is_unknown_when_it_or_its_breaker_does_not_tell(place: Place) -> None:
    place.after_a_minute()
    place.after_a_minute(m_p1=None, m_c4=None)
    assert {one.state for one in _sheet(place).outlets} == {OutletState.UNKNOWN}
    assert [one.state for one in _sheet(place, "lab").outlets] == [OutletState.FREE]


def test_the_channels_that_speak_for_a_room_are_listed_once_with_how_far_they_can_be_believed(place: Place) -> None:
    place.after_a_minute()
    place.board.node_status("w", False, place.now_ts)
    for _ in range(4):
        place.after_a_minute("n.c-in", "w")
    rows = {one.channel: one for one in _sheet(place).sensors}
    assert set(rows) == {
        "n.c-in", "n.c-out", "m.p1", "m.p2", "m.c4", "m.main", "w.stations", "w.l-p50", "w.l-p95", "w.l-loss"
    }  # fmt: skip
    assert (rows["n.c-in"].heard, rows["n.c-in"].at_ts) == (Heard.OLD, place.now_ts - 240)
    assert rows["n.c-out"].heard is Heard.FRESH
    assert not rows["w.stations"].is_node_online
    assert rows["m.c4"].value == 1


def test_what_was_never_heard_or_is_unknown_has_no_value(place: Place) -> None:
    sensor = _sheet(place).sensors[0]
    assert (sensor.heard, sensor.value, sensor.at_ts) == (Heard.NEVER, None, None)
    place.after_a_minute(w_stations=None)
    unknown = next(one for one in _sheet(place).sensors if one.channel == "w.stations")
    assert (unknown.value, unknown.reason) == (None, "failed")
    assert [(one.stations, one.limit) for one in _sheet(place).access_points] == [(None, 30)]


def test_a_passage_and_a_room_that_is_not_there_have_no_sheet(place: Place) -> None:
    assert place.board.sheet("hall", place.now_ts) is None
    assert place.board.sheet("nowhere", place.now_ts) is None
