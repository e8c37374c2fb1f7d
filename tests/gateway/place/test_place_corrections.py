"""What a person says: read strictly, in force until the next word, and forgotten when it is too old to help."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigie_contract.clock import Clock
from vigie_contract.messages import Channel
from vigie_dashboard.view import BoardView, RoomState, RoomView
from vigie_gateway.place.board import Board
from vigie_gateway.place.corrections import (
    FRESH_S,
    MOST_REASON,
    OLD_S,
    CorrectionError,
    Standing,
    Word,
    channel_of,
    most_people,
    read_word,
)
from vigie_gateway.place.people import Passages, PeopleCounts, is_inconsistent, replay
from vigie_gateway.place.site import Site
from vigie_gateway.place.visitors import visitors_view
from vigie_gateway.store import Correction, Series

NOW_TS = datetime(2026, 11, 24, 14, 32, tzinfo=ZoneInfo("Europe/Paris")).timestamp()
TEXT = """
[hours]
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
[[rooms]]
id = "hall"
name = "Hall"
seats = 0
[[doors]]
id = "d"
between = ["outside", "salle"]
in = "n.in"
out = "n.out"
[[motion]]
room = "booth"
channel = "n.booth"
[[circuits]]
id = "c1"
name = "C1"
[[outlets]]
room = "salle"
circuit = "c1"
id = "p"
count = 3
in_use = "n.{id}"
"""

SiteMaker = Callable[[str], Site]


@pytest.fixture
def site(site_of: SiteMaker) -> Site:
    return site_of(TEXT)


@pytest.fixture
def board(site: Site, clock_at: Callable[[float], Clock]) -> Board:
    made = Board(site, clock_at(NOW_TS))
    for number, (name, quantity) in enumerate((("in", "people_in"), ("out", "people_out"), ("booth", "occupied"))):
        made.declare(Series(number + 1, "n", Channel(name, quantity, 10.0)))
    for number in (1, 2, 3):
        made.declare(Series(number + 3, "n", Channel(f"p-{number}", "in_use", 10.0)))
    return made


def said(kind: str, subject: str, value: int, at_ts: float = NOW_TS, **more: object) -> Correction:
    return Correction(kind, subject, value, None, str(more.get("reason", "")), "lou", at_ts, more.get("until_ts"))  # type: ignore[arg-type] # a time or None


def room(view: BoardView, name: str) -> RoomView:
    return next(one for one in view.rooms if one.id == name)


def pass_door(board: Board, at_ts: float, came_in: float, went_out: float = 0) -> None:
    board.take("n.in", at_ts, 100.0 + came_in, None)
    board.take("n.out", at_ts, 100.0 + went_out, None)


@pytest.mark.parametrize(
    ("given_word", "field", "kind"),
    [
        ({"value": "-1"}, "value", "number"),
        ({"value": ""}, "value", "number"),
        ({"value": "twelve"}, "value", "number"),
        ({"value": "1.5"}, "value", "number"),
        ({"value": "\N{ARABIC-INDIC DIGIT THREE}"}, "value", "number"),
        ({"value": "61"}, "value", "too-many"),
        ({"value": "9" * 5_000}, "value", "too-many"),
        ({"subject": "attic"}, "subject", "unknown"),
        ({"subject": "hall"}, "subject", "unknown"),
        ({"kind": "occupied"}, "kind", "unknown"),
        ({"kind": "closed", "value": "2", "reason": "leak"}, "value", "too-many"),
        ({"kind": "closed", "value": "1", "reason": " \t "}, "reason", "no-reason"),
        ({"kind": "closed", "value": "1", "reason": "x" * (MOST_REASON + 1)}, "reason", "long"),
        ({"kind": "closed", "value": "1", "reason": "a\N{RIGHT-TO-LEFT OVERRIDE}b"}, "reason", "characters"),
        ({"kind": "closed", "value": "1", "reason": "leak", "until": "soon"}, "until", "time"),
        ({"kind": "closed", "value": "1", "reason": "leak", "until": "2026-11-24T14:00"}, "until", "past"),
        ({"kind": "closed", "value": "1", "reason": "leak", "until": "2096-01-01T14:00"}, "until", "far"),
        ({"kind": "closed", "value": "0", "until": "2026-11-24T18:00"}, "until", "time"),
        ({"kind": "out_of_order", "subject": "p-9", "value": "1", "reason": "loose"}, "subject", "unknown"),
        ({"kind": "out_of_order", "subject": "p-1", "value": "1"}, "reason", "no-reason"),
    ],
)
def test_a_wrong_word_is_refused_at_its_field(site: Site, given_word: dict[str, str], field: str, kind: str) -> None:
    with pytest.raises(CorrectionError) as found:
        read_word(site, NOW_TS, **({"kind": "people", "subject": "salle", "value": "12"} | given_word))
    assert (found.value.field, found.value.kind) == (field, kind)
    assert len(str(found.value)) < 200


_TEXT = st.one_of(st.text(max_size=30), st.sampled_from(["1", "0", "12", "2026-11-24T18:00"]))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([("people", "lab"), ("closed", "lab"), ("out_of_order", "p-1"), None]), *[_TEXT] * 5)
def test_any_text_gives_a_word_of_the_place_or_one_clear_refusal(
    site: Site, of: tuple[str, str] | None, kind: str, subject: str, value: str, reason: str, until: str
) -> None:
    kind, subject = of or (kind, subject)
    found = read(site, kind=kind, subject=subject, value=value, reason=reason, until=until)
    if isinstance(found, CorrectionError):
        assert found.kind
        assert str(found).isprintable()
    else:
        assert 0 <= found.value <= most_people(6)
        assert found.reason.isprintable()


def read(site: Site, **given_word: str) -> Word | CorrectionError:
    try:
        return read_word(site, NOW_TS, **given_word)
    except CorrectionError as error:
        return error


def test_a_good_word_names_its_reading_and_until_is_local_time(site: Site) -> None:
    word = read_word(
        site, NOW_TS, kind="closed", subject="lab", value=" 1 ", reason="  water\n leak ", until="2026-11-24T18:00"
    )
    assert (word.reason, word.until_ts) == ("water leak", NOW_TS + 3 * 3_600 + 28 * 60)
    assert channel_of(word, site) == Channel("closed-lab", "closed", 1.0, "lab")
    outlet = read_word(site, NOW_TS, kind="out_of_order", subject="p-2", value="1", reason="loose")
    assert channel_of(outlet, site) == Channel("out-of-order-p-2", "out_of_order", 1.0, "salle")


def test_doors_count_on_from_what_somebody_counted_and_the_margin_begins_anew(board: Board) -> None:
    pass_door(board, NOW_TS - 60, 0)
    pass_door(board, NOW_TS - 50, 15, 1)
    assert board.people_band("salle") != (14, 14)
    board.correct(said("people", "salle", 12, NOW_TS - 45))
    assert room(board.view(NOW_TS - 44), "salle").people == 12
    assert board.people_band("salle") == (12, 12)
    pass_door(board, NOW_TS - 40, 18, 2)
    assert room(board.view(NOW_TS - 39), "salle").people == 14


def test_a_passage_of_before_the_count_that_is_heard_after_it_is_in_it_already(board: Board) -> None:
    pass_door(board, NOW_TS - 60, 0)
    board.correct(said("people", "salle", 12, NOW_TS - 30))
    pass_door(board, NOW_TS - 40, 5)
    assert room(board.view(NOW_TS - 29), "salle").people == 12


def test_a_count_by_hand_ends_what_could_not_be(board: Board) -> None:
    pass_door(board, NOW_TS - 60, 0)
    pass_door(board, NOW_TS - 50, 40)
    assert room(board.view(NOW_TS - 49), "salle").state is RoomState.INCONSISTENT
    board.correct(said("people", "salle", 18, NOW_TS - 45))
    assert room(board.view(NOW_TS - 44), "salle").state is RoomState.NEAR


def test_more_people_than_seats_are_believed_when_somebody_counted_them(board: Board) -> None:
    pass_door(board, NOW_TS - 60, 0)
    board.correct(said("people", "salle", 40, NOW_TS - 45))
    pass_door(board, NOW_TS - 40, 1)
    assert room(board.view(NOW_TS - 39), "salle").state is RoomState.FULL


def test_a_number_that_no_sensor_follows_grows_old_and_is_then_unknown_again(board: Board) -> None:
    board.correct(said("people", "lab", 4))
    states = [
        (found.state, found.people, found.is_by_hand)
        for age_s in (0, FRESH_S, FRESH_S + 1, OLD_S, OLD_S + 1)
        for found in (room(board.view(NOW_TS + age_s), "lab"),)
    ]
    assert states == [
        (RoomState.NEAR, 4, True),
        (RoomState.NEAR, 4, True),
        (RoomState.OLD, 4, True),
        (RoomState.OLD, 4, True),
        (RoomState.NO_SENSOR, None, False),
    ]
    old = board.view(NOW_TS + FRESH_S + 1)
    assert old.figures.seats_free is None
    assert not [one for one in old.warnings if "lab" in one.rooms]


def test_a_count_by_hand_stands_in_for_a_silent_door_and_hides_it_no_longer_than_it_is_fresh(board: Board) -> None:
    pass_door(board, NOW_TS - 4_000, 0)
    assert room(board.view(NOW_TS), "salle").state is RoomState.SILENT
    board.correct(said("people", "salle", 9))
    assert room(board.view(NOW_TS + 1), "salle").people == 9
    later = board.view(NOW_TS + FRESH_S + 1)
    assert room(later, "salle").state is RoomState.OLD
    assert [one.rooms for one in later.warnings] == [("salle",)]
    assert room(board.view(NOW_TS + OLD_S + 1), "salle").state is RoomState.SILENT


def test_a_motion_sensor_takes_over_once_it_has_seen_a_change(board: Board) -> None:
    board.take("n.booth", NOW_TS - 20, 0.0, None)
    board.take("n.booth", NOW_TS - 10, 1.0, None)
    board.correct(said("people", "booth", 0, NOW_TS - 5))
    board.take("n.booth", NOW_TS, 1.0, None)
    assert room(board.view(NOW_TS), "booth").people == 0
    board.take("n.booth", NOW_TS + 10, 0.0, None)
    board.take("n.booth", NOW_TS + 20, 1.0, None)
    assert room(board.view(NOW_TS + 20), "booth").people == 1


def test_a_closed_room_is_closed_for_everybody_until_its_time_or_another_word(board: Board, site: Site) -> None:
    pass_door(board, NOW_TS - 60, 0)
    pass_door(board, NOW_TS, 5)
    board.correct(said("closed", "salle", 1, reason="water leak", until_ts=NOW_TS + 600))
    view = board.view(NOW_TS + 1)
    closed = room(view, "salle")
    assert (closed.state, closed.closed_reason, closed.people) == (RoomState.CLOSED, "water leak", None)
    assert closed.opens_at_ts == NOW_TS + 600
    assert view.figures.seats_free is None
    assert (view.figures.outlets_total, view.figures.has_outlet_meters) == (0, True)
    assert not [one for one in view.advice if one.room == "salle" or one.otherwise == "salle"]
    public = next(one for one in visitors_view(view, site).rooms if one.id == "salle")
    assert (public.state, public.free) == ("closed", None)
    assert "leak" not in repr(visitors_view(view, site))
    pass_door(board, NOW_TS + 595, 7)
    assert room(board.view(NOW_TS + 600), "salle").people == 7
    board.correct(said("closed", "salle", 1, NOW_TS + 601, reason="again"))
    assert room(board.view(NOW_TS + 86_400 * 30), "salle").state is RoomState.CLOSED
    board.correct(said("closed", "salle", 0, NOW_TS + 602))
    assert room(board.view(NOW_TS + 602), "salle").state is not RoomState.CLOSED


def test_an_outlet_that_is_out_of_order_is_neither_free_nor_in_use_until_it_is_back(board: Board) -> None:
    for outlet in ("p-1", "p-2", "p-3"):
        board.take(f"n.{outlet}", NOW_TS, 0.0, None)

    def figures() -> tuple[int | None, int, int]:
        outlets = room(board.view(NOW_TS + 1), "salle").outlets
        assert outlets is not None
        return outlets.free, outlets.measured, outlets.out_of_order

    assert figures() == (3, 3, 0)
    board.correct(said("out_of_order", "p-2", 1, reason="loose"))
    assert figures() == (2, 2, 1)
    board.correct(said("out_of_order", "p-2", 0, NOW_TS + 1))
    assert figures() == (3, 3, 0)


def test_what_is_said_of_a_room_or_outlet_that_has_left_the_site_disturbs_nothing(board: Board) -> None:
    before = board.view(NOW_TS)
    for kind, subject in (("people", "attic"), ("closed", "attic"), ("out_of_order", "p-9")):
        board.correct(said(kind, subject, 1, reason="gone"))
    assert board.view(NOW_TS) == before


def test_everybody_goes_at_closing_whoever_counted_them(board: Board) -> None:
    board.correct(said("people", "lab", 4, NOW_TS))
    closes_ts = NOW_TS + 5 * 3_600 + 28 * 60
    assert room(board.view(closes_ts - 1), "lab").state is RoomState.NO_SENSOR
    board.correct(said("people", "lab", 4, closes_ts - 60))
    assert board.stands("people", "lab", closes_ts - 1) == 4
    board.view(closes_ts)
    assert board.stands("people", "lab", closes_ts) is None


def test_the_last_word_stands_and_the_same_word_twice_is_one() -> None:
    standing = Standing()
    first = said("closed", "lab", 1, reason="leak")
    assert standing.take(first)
    assert not standing.take(first)
    assert standing.take(said("closed", "lab", 0, NOW_TS + 1))
    assert standing.closing("lab", NOW_TS + 2) is None


_ROOMS = ("hall", "salle")
_PASSAGES = st.lists(
    st.builds(
        Passages, st.integers(0, 900).map(float), st.sampled_from(("outside", *_ROOMS)),
        st.sampled_from(("outside", *_ROOMS)), st.integers(1, 4),
    ).filter(lambda one: one.origin != one.target),
    max_size=30,
)  # fmt: skip
_SAID = st.lists(
    st.builds(said, st.just("people"), st.sampled_from(_ROOMS), st.integers(0, 30), st.integers(0, 900).map(float)),
    max_size=6,
    unique_by=lambda one: (one.subject, one.at_ts),
)


@given(_PASSAGES, _SAID)
def test_with_corrections_too_no_room_is_ever_negative_nor_less_sure_than_since_the_last_one(
    passages: list[Passages], corrections: list[Correction]
) -> None:
    counts = replay(PeopleCounts(_ROOMS), passages, None, corrections)
    for name, count in counts.rooms.items():
        last_ts = max((one.at_ts for one in corrections if one.subject == name), default=-1.0)
        since = [one for one in passages if one.at_ts > last_ts and name in (one.origin, one.target)]
        assert count.people >= 0
        assert count.passages == sum(one.number for one in since)


@given(_PASSAGES, _SAID, st.randoms(use_true_random=False))
def test_stored_passages_and_corrections_give_one_count_in_whatever_order_they_are_read(
    passages: list[Passages], corrections: list[Correction], chance: object
) -> None:
    first = replay(PeopleCounts(_ROOMS), passages, None, corrections)
    chance.shuffle(corrections)  # type: ignore[attr-defined] # a random.Random
    again = replay(PeopleCounts(_ROOMS), passages, None, corrections)
    assert first.rooms == again.rooms


def test_a_count_by_hand_forgives_what_the_doors_owed() -> None:
    counts = PeopleCounts(_ROOMS)
    counts.move(Passages(100, "salle", "hall", 9), is_open=True)
    counts.settle(130, is_open=True)
    counts.correct("salle", 5, 140.0)
    counts.settle(900, is_open=True)
    assert (counts.rooms["salle"].people, counts.rooms["salle"].margin) == (5, 0)
    assert not is_inconsistent(counts.rooms["salle"], 20)
