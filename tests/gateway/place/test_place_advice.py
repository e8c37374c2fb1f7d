"""Where to send a visitor."""

from __future__ import annotations

import pytest

from vigie_dashboard.notices import SessionView
from vigie_dashboard.view import Advice, OutletsView, RoomState, RoomView, WifiFit, WifiView
from vigie_gateway.place.advice import advise


def _room(
    name: str,
    seats: int,
    people: int | None,
    outlets: int | None = 4,
    tags: tuple[str, ...] = (),
    state: RoomState = RoomState.FREE,
    fit: WifiFit | None = WifiFit.VIDEO,
) -> RoomView:
    return RoomView(
        id=name,
        name={"fr": name},
        seats=seats,
        corners=(),
        state=state,
        people=people,
        free=None if people is None else seats - people,
        at_ts=0.0,
        opens_at_ts=None,
        outlets=None if outlets is None else OutletsView(10, outlets, 0, 10, 0.0),
        wifi=WifiView(fit, None if fit is WifiFit.VIDEO else "silent", None, None, 0.0),
        tags=tags,
    )


def _answer(need: str, *rooms: RoomView) -> Advice:
    return next(one for one in advise(rooms) if one.need == need)


def test_work_goes_where_most_seats_have_a_free_outlet() -> None:
    assert _answer("work", _room("a", 40, 0, outlets=1), _room("b", 10, 4, outlets=8)) == Advice(
        "work", "b", 6, "free", "a", 1
    )


def test_work_without_any_free_outlet_says_so() -> None:
    assert _answer("work", _room("a", 40, 39, outlets=0), _room("b", 10, 4, outlets=None)) == Advice(
        "work", "b", 6, "no-outlets", "a", 1
    )


@pytest.mark.parametrize(
    "state", [RoomState.OLD, RoomState.SILENT, RoomState.NO_SENSOR, RoomState.CLOSED, RoomState.INCONSISTENT]
)
def test_a_room_whose_reading_is_not_to_be_believed_is_never_named(state: RoomState) -> None:
    tags = ("quiet", "group")
    for answer in advise([_room("a", 10, 2, tags=tags, state=state), _room("full", 1, 1, tags=("calls",))]):
        assert answer == Advice(answer.need, None, None, "none")


def test_quiet_says_when_the_room_is_nearly_full() -> None:
    assert _answer("quiet", _room("a", 14, 12, tags=("quiet",), state=RoomState.NEAR)) == Advice(
        "quiet", "a", 2, "near"
    )


def test_a_call_needs_wifi_that_is_known_to_hold_it() -> None:
    weak = _room("weak", 1, 0, tags=("calls",), fit=WifiFit.WEB)
    unknown = _room("unknown", 1, 0, tags=("calls",), fit=None)
    fit = _room("fit", 1, 0, tags=("calls",))
    assert _answer("call", weak, unknown, fit) == Advice("call", "fit", 1, "free")
    assert _answer("call", weak, unknown) == Advice("call", "unknown", 1, "wifi-unknown")
    assert _answer("call", weak) == Advice("call", None, None, "none")


def test_a_group_goes_where_most_seats_are_and_hears_of_cut_outlets() -> None:
    cafe = _room("cafe", 18, 7, outlets=0, tags=("group",))
    assert _answer("group", cafe, _room("hall", 40, 39, tags=("group",))) == Advice("group", "cafe", 11, "no-outlets")


def test_needs_that_no_room_could_ever_serve_are_left_out() -> None:
    assert advise([_room("a", 10, 0, outlets=None)]) == ()
    assert [one.need for one in advise([_room("a", 10, 0, tags=("quiet",))])] == ["work", "quiet"]


def test_a_passage_is_never_named() -> None:
    assert advise([_room("hall", 0, 0, tags=("group",))]) == ()


NOW_TS, MINUTE_S = 1_000_000.0, 60.0


def _call(*sessions: tuple[str, float, float]) -> Advice:
    """Where to make a call, of two free booths with sessions: room, minutes until begin and end."""
    booths = [_room(name, 1, 0, tags=("calls",), state=RoomState.EMPTY) for name in ("one", "two")]
    booked = [SessionView(room, None, NOW_TS + a * MINUTE_S, NOW_TS + b * MINUTE_S, False) for room, a, b in sessions]
    return next(one for one in advise(booths, booked, NOW_TS) if one.need == "call")


def test_a_booth_is_named_until_its_next_session() -> None:
    assert _call(("one", 45, 60), ("one", 90, 120)) == Advice(
        "call", "one", 1, "free", "two", 1, until_ts=NOW_TS + 45 * MINUTE_S
    )


def test_a_booth_that_is_booked_soon_comes_after_one_that_is_not() -> None:
    assert _call(("one", 20, 60)) == Advice("call", "two", 1, "free", "one", 1)
    assert _call(("one", 20, 60), ("two", 10, 60)).room == "one", "both are: the order of the site file"


def test_a_booth_that_is_booked_now_is_not_named_though_nobody_is_in_it() -> None:
    assert _call(("one", -5, 30), ("two", 0, 30)) == Advice("call", None, None, "none")
    assert _call(("one", -60, -5), ("two", 0, 30)).room == "one", "its session is over"
