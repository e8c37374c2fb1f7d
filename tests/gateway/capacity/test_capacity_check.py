"""The answer: its rules, what it does with what nobody measured, and that it never gets better with more people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateway.capacity.conftest import GOOD_PATH, measured

from vigie_gateway.capacity.activities import BUILT_IN
from vigie_gateway.capacity.answer import ActionKind, Answer, Confidence, Obstacle, Unsaid
from vigie_gateway.capacity.check import check
from vigie_gateway.capacity.judgement import SEVERITY, Caution, Gauge, Verdict, gauges, worst
from vigie_gateway.capacity.question import ProblemKind, Question, problems
from vigie_gateway.capacity.supply import (
    NETWORK,
    Basis,
    Capacity,
    Latency,
    Missing,
    OtherSession,
    Radio,
    Rehearsal,
    Resource,
    Supply,
    declared,
    estimated,
)
from vigie_gateway.place.wifi import Path

ALL = frozenset(Resource)


def gauge(answer: Answer, resource: Resource) -> Gauge:
    return next(one for one in answer.gauges if one.resource is resource)


def without(supply: Supply, field: str, reason: str) -> Supply:
    missing: dict[str, Any] = {field: Missing(reason)}
    return replace(supply, **missing)


def test_a_session_with_room_to_spare_fits(hall: Supply, question: Question) -> None:
    answer = check(question, hall)
    assert answer.verdict is Verdict.GO
    assert answer.actions == ()
    assert answer.obstacles == ()
    assert answer.confidence is Confidence.HIGH
    assert {one.resource for one in answer.gauges} == ALL


def test_one_more_than_is_dependable_is_tight_and_one_more_than_was_ever_measured_is_not(
    hall: Supply, question: Question
) -> None:
    """50 Mb/s nine times in ten is 33 calls, 58 the most that was measured is 38; the rest of the room is larger."""
    assert isinstance(hall.radio, Radio)
    roomy = replace(hall, seats=declared(200), outlets=declared(200), radio=replace(hall.radio, access_points=9))
    verdicts = {
        people: gauge(check(replace(question, people=people), roomy), Resource.UPLOAD).verdict
        for people in (30, 31, 33, 34, 38, 39)
    }
    assert verdicts == {
        30: Verdict.GO,
        31: Verdict.TIGHT,
        33: Verdict.TIGHT,
        34: Verdict.TIGHT,
        38: Verdict.TIGHT,
        39: Verdict.NO_GO,
    }
    assert dict(check(question, roomy).breaks_at)[Resource.UPLOAD] == 33


def test_seats_are_what_they_are(hall: Supply, question: Question) -> None:
    wide = replace(hall, outlets=declared(500))
    answers = {
        people: gauge(check(replace(question, people=people, activity="listen-talk"), wide), Resource.SEATS).verdict
        for people in (36, 37, 40, 41)
    }
    assert answers == {36: Verdict.GO, 37: Verdict.TIGHT, 40: Verdict.TIGHT, 41: Verdict.NO_GO}


def test_the_worst_resource_decides_and_comes_first(hall: Supply, question: Question) -> None:
    answer = check(question, replace(hall, outlets=declared(5)))
    assert answer.verdict is Verdict.NO_GO
    assert answer.limiting is Resource.OUTLETS
    assert answer.gauges[0].resource is Resource.OUTLETS
    assert answer.fits_people == 7


def test_what_is_brought_takes_its_outlets_and_watts(hall: Supply, question: Question) -> None:
    bare, laden = check(question, hall), check(replace(question, equipment=(("kettle", 1), ("projector", 2))), hall)
    for resource, more in ((Resource.OUTLETS, 3), (Resource.POWER, 2_600)):
        before, after = gauge(bare, resource).need, gauge(laden, resource).need
        assert before is not None
        assert after is not None
        assert after.mid - before.mid == more


MISSING_FIELDS = {
    Resource.DEVICES: "devices",
    Resource.DOWNLOAD: "download_bps",
    Resource.UPLOAD: "upload_bps",
    Resource.AIRTIME: "radio",
    Resource.LATENCY: "latency",
}


@pytest.mark.parametrize("resource", sorted(NETWORK))
def test_radio_or_uplink_that_was_not_measured_forbids_a_go(
    resource: Resource, hall: Supply, question: Question
) -> None:
    answer = check(replace(question, people=2), without(hall, MISSING_FIELDS[resource], "power-save"))
    assert answer.verdict is Verdict.TIGHT
    assert gauge(answer, resource).verdict is Verdict.NOT_CHECKED
    assert gauge(answer, resource).missing == "power-save"
    assert gauge(answer, resource).ratio is None
    assert Unsaid.NOT_CHECKED in answer.unsaid
    assert answer.go_people == 0


@pytest.mark.parametrize("field", ["seats", "outlets", "power_w", "addresses"])
def test_another_resource_that_was_not_measured_is_told_and_forbids_nothing(
    field: str, hall: Supply, question: Question
) -> None:
    answer = check(replace(question, people=2), without(hall, field, "no-sensor"))
    assert answer.verdict is Verdict.GO
    assert Unsaid.NOT_CHECKED in answer.unsaid


def test_of_a_place_without_any_measure_nothing_is_promised(question: Question) -> None:
    answer = check(question, Supply("hall"))
    assert answer.verdict is Verdict.TIGHT
    assert answer.limiting is None
    assert answer.fits_people is None
    assert answer.confidence is Confidence.LOW
    assert {one.verdict for one in answer.gauges} == {Verdict.NOT_CHECKED}


def test_fewer_than_three_comparable_days_make_a_prudent_verdict(hall: Supply, question: Question) -> None:
    young = replace(hall, upload_bps=Capacity(50e6, 56e6, 58e6, days=2, effective=4.0))
    answer = check(replace(question, people=2), young)
    assert answer.verdict is Verdict.TIGHT
    assert gauge(answer, Resource.UPLOAD).cautions == (Caution.FEW_DAYS,)
    assert Unsaid.FEW_DAYS in answer.unsaid
    assert answer.confidence is Confidence.LOW


def test_a_usual_value_in_place_of_a_measure_is_never_a_go(hall: Supply, question: Question) -> None:
    answer = check(replace(question, people=2), replace(hall, devices=estimated(30)))
    assert answer.verdict is Verdict.TIGHT
    assert gauge(answer, Resource.DEVICES).cautions == (Caution.ESTIMATED,)


def test_other_sessions_on_the_same_line_are_added(hall: Supply, question: Question) -> None:
    alone, beside = (
        gauge(check(question, replace(hall, others=others)), Resource.UPLOAD).need
        for others in ((), (OtherSession(10, "video-call", frozenset({Resource.UPLOAD})),))
    )
    assert alone is not None
    assert beside is not None
    assert beside.mid - alone.mid == 15e6


@pytest.mark.parametrize(
    "other", [OtherSession(None, "web-write", ALL), OtherSession(5, "unheard-of", ALL)], ids=["people", "activity"]
)
def test_another_session_of_unknown_needs_forbids_a_go(other: OtherSession, hall: Supply, question: Question) -> None:
    answer = check(replace(question, people=2), replace(hall, others=(other,)))
    assert answer.verdict is Verdict.TIGHT
    assert Caution.OTHERS_UNKNOWN in gauge(answer, Resource.UPLOAD).cautions
    assert gauge(answer, Resource.SEATS).cautions == ()


def test_a_calendar_that_cannot_be_read_forbids_a_go(hall: Supply, question: Question) -> None:
    answer = check(replace(question, people=2), replace(hall, unknown_calendar="feed-failed"))
    assert answer.verdict is Verdict.TIGHT
    assert Unsaid.OTHERS_UNKNOWN in answer.unsaid


@pytest.mark.parametrize(
    ("supply", "obstacle"), [({"is_open": False}, Obstacle.CLOSED), ({"is_booked": True}, Obstacle.BOOKED)]
)
def test_a_room_that_is_closed_or_booked_is_said_first_and_still_reckoned(
    supply: dict[str, Any], obstacle: Obstacle, hall: Supply, question: Question
) -> None:
    answer = check(replace(question, people=2), replace(hall, **supply))
    assert answer.obstacles == (obstacle,)
    assert answer.verdict is Verdict.TIGHT
    assert gauge(answer, Resource.SEATS).verdict is Verdict.GO


def test_no_signal_is_no_air(hall: Supply, question: Question) -> None:
    assert isinstance(hall.radio, Radio)
    answer = check(question, replace(hall, radio=replace(hall.radio, rssi_dbm=-95)))
    assert gauge(answer, Resource.AIRTIME).verdict is Verdict.NO_GO


def test_latency_that_a_call_cannot_bear_is_a_no_go_which_pages_can_bear(hall: Supply, question: Question) -> None:
    slow = Path(600.0, 900.0, 0.0)
    far = replace(hall, latency=Latency(slow, slow, slow, is_loaded=True, days=4, effective=25.0))
    assert check(question, far).limiting is Resource.LATENCY
    assert check(question, far).verdict is Verdict.NO_GO
    assert gauge(check(replace(question, activity="web-write"), far), Resource.LATENCY).verdict is not Verdict.NO_GO
    assert Resource.LATENCY not in dict(check(question, far).breaks_at)


def test_latency_measured_without_load_is_told(hall: Supply, question: Question) -> None:
    assert isinstance(hall.latency, Latency)
    answer = check(question, replace(hall, latency=replace(hall.latency, is_loaded=False)))
    assert Unsaid.LATENCY_NOT_LOADED in answer.unsaid
    assert answer.confidence is Confidence.MEDIUM


def test_a_crowd_that_was_never_seen_widens_what_the_radio_may_need(hall: Supply, question: Question) -> None:
    known, unknown = (check(question, replace(hall, most_people_seen=seen)) for seen in (20, 10))
    before, after = (gauge(one, Resource.AIRTIME).need for one in (known, unknown))
    assert before is not None
    assert after is not None
    assert after.high == pytest.approx(2 * before.high)
    assert after.mid == before.mid
    assert Unsaid.NEVER_SO_MANY in unknown.unsaid
    assert Unsaid.NEVER_SO_MANY not in known.unsaid


def test_a_rehearsal_that_held_stands_in_for_what_was_not_measured(hall: Supply, question: Question) -> None:
    bare = replace(hall, download_bps=Missing("no-sensor"), upload_bps=Missing("no-sensor"), latency=Missing("silent"))
    rehearsal = Rehearsal(39e6, 39e6, path=GOOD_PATH, at_ts=0.0)
    assert check(question, bare).verdict is Verdict.TIGHT
    held = check(question, replace(bare, rehearsal=rehearsal))
    assert held.verdict is Verdict.GO
    capacity = gauge(held, Resource.UPLOAD).capacity
    assert capacity is not None
    assert capacity.basis is Basis.REHEARSED


def test_a_rehearsal_for_fewer_people_is_no_no_to_more(hall: Supply, question: Question) -> None:
    """It held 39 Mb/s and stopped; whether there are 45 is not known."""
    bare = replace(hall, upload_bps=Missing("no-sensor"))
    rehearsal = Rehearsal(39e6, 39e6, path=GOOD_PATH, at_ts=0.0)
    answer = check(replace(question, people=30), replace(bare, rehearsal=rehearsal))
    assert gauge(answer, Resource.UPLOAD).verdict is Verdict.TIGHT


def test_a_rehearsal_that_did_not_hold_is_a_no_go_whatever_was_measured_before(
    hall: Supply, question: Question
) -> None:
    rehearsal = Rehearsal(39e6, 20e6, path=GOOD_PATH, at_ts=0.0, is_upload_all=True)
    assert check(question, replace(hall, rehearsal=rehearsal)).verdict is Verdict.NO_GO


def test_a_way_that_had_more_to_give_forbids_nothing_because_the_other_gave_all(
    hall: Supply, question: Question
) -> None:
    rehearsal = Rehearsal(10e6, 60e6, path=GOOD_PATH, at_ts=0.0, is_upload_all=True)
    found = check(question, replace(hall, rehearsal=rehearsal))
    by_resource = {gauge.resource: gauge.verdict for gauge in found.gauges}
    assert by_resource[Resource.DOWNLOAD] is Verdict.TIGHT
    exhausted = check(question, replace(hall, rehearsal=replace(rehearsal, is_download_all=True)))
    assert {gauge.resource: gauge.verdict for gauge in exhausted.gauges}[Resource.DOWNLOAD] is Verdict.NO_GO


def test_a_rehearsal_carries_the_air_less_what_more_stations_cost(hall: Supply, question: Question) -> None:
    unmeasured = replace(hall, radio=Missing("no-sensor"))
    rehearsal = Rehearsal(39e6, 39e6, path=GOOD_PATH, at_ts=0.0)
    assert gauge(check(question, unmeasured), Resource.AIRTIME).verdict is Verdict.NOT_CHECKED
    assert gauge(check(question, replace(unmeasured, rehearsal=rehearsal)), Resource.AIRTIME).verdict is Verdict.TIGHT


def test_each_action_gives_the_verdict_that_its_own_question_gets(hall: Supply, question: Question) -> None:
    """Those that change the question alone: Try leads to the same answer."""
    crowd = replace(question, people=36, equipment=(("projector", 1),))
    answer = check(crowd, replace(hall, is_free_after=True))
    assert 2 <= len(answer.actions) <= 4
    for action in answer.actions:
        if action.kind not in {ActionKind.MORE_ACCESS_POINTS, ActionKind.REHEARSE}:
            assert check(action.question, hall).verdict is action.verdict
        assert SEVERITY[action.verdict] < SEVERITY[answer.verdict]


def test_fewer_people_is_the_most_that_fits(hall: Supply, question: Question) -> None:
    answer = check(replace(question, people=52), hall)
    fewer = {one.verdict: one.question.people for one in answer.actions if one.kind is ActionKind.FEWER_PEOPLE}
    assert fewer[Verdict.GO] == answer.go_people
    for verdict, people in fewer.items():
        assert SEVERITY[check(replace(question, people=people + 1), hall).verdict] > SEVERITY[verdict]


def test_cameras_off_is_offered_where_the_line_is_short_and_strips_where_outlets_are(
    hall: Supply, question: Question
) -> None:
    narrow = replace(hall, upload_bps=measured(18e6, 20e6, 22e6))
    by_line = {one.kind for one in check(question, narrow).actions}
    by_outlets = {one.kind for one in check(question, replace(hall, outlets=declared(8))).actions}
    assert ActionKind.ALL_LIGHTER in by_line
    assert ActionKind.POWER_STRIP in by_outlets
    assert ActionKind.POWER_STRIP not in by_line


def test_leaving_the_kettle_is_offered_where_the_circuit_is_short(hall: Supply, question: Question) -> None:
    laden = replace(question, equipment=(("kettle", 1),))
    actions = check(laden, replace(hall, power_w=measured(2500, 2600, 2700))).actions
    assert (ActionKind.WITHOUT_EQUIPMENT, "kettle") in {(one.kind, one.equipment) for one in actions}


def test_another_room_and_both_rooms_are_offered_where_they_help(hall: Supply, question: Question) -> None:
    small = replace(hall, room="cabin", seats=declared(12), alternatives=(hall,))
    offered = {one.kind: one for one in check(question, small).actions}
    assert offered[ActionKind.OTHER_ROOM].verdict is Verdict.GO
    assert offered[ActionKind.OTHER_ROOM].question.room == "hall"
    split = offered[ActionKind.SPLIT_ROOMS]
    assert split.amount is not None
    assert 0 < split.amount < question.people


def test_a_rehearsal_is_offered_where_only_a_measure_is_missing(hall: Supply, question: Question) -> None:
    actions = check(replace(question, people=5), replace(hall, upload_bps=Missing("no-history"))).actions
    assert [(one.kind, one.verdict) for one in actions] == [(ActionKind.REHEARSE, Verdict.GO)]


BAD = [
    ({"people": 0}, "people", ProblemKind.TOO_FEW),
    ({"people": 1_000_000}, "people", ProblemKind.TOO_MANY),
    ({"ends_ts": 100_000.0}, "ends_ts", ProblemKind.NOT_AFTER),
    ({"ends_ts": 1e9}, "ends_ts", ProblemKind.TOO_LONG),
    ({"activity": "sleep"}, "activity", ProblemKind.UNKNOWN),
    ({"lighter_share": 1.5}, "lighter_share", ProblemKind.TOO_MANY),
    ({"lighter_share": float("nan")}, "lighter_share", ProblemKind.TOO_FEW),
    ({"activity": "web-write", "lighter_share": 0.5}, "lighter_share", ProblemKind.TOO_MANY),
    ({"equipment": (("oven", 1),)}, "equipment", ProblemKind.UNKNOWN),
    ({"equipment": (("kettle", -1),)}, "equipment", ProblemKind.TOO_FEW),
    ({"plugged_share": -0.1}, "plugged_share", ProblemKind.TOO_FEW),
    ({"extra_outlets": -1}, "extra_outlets", ProblemKind.TOO_FEW),
]


@pytest.mark.parametrize(("change", "field", "kind"), BAD)
def test_a_question_that_makes_no_sense_is_told_at_its_field_and_not_answered(
    change: dict[str, object], field: str, kind: ProblemKind, hall: Supply, question: Question
) -> None:
    wrong = replace(question, **change)  # type: ignore[arg-type] # values that no form should let through
    assert [(one.field, one.kind) for one in problems(wrong, BUILT_IN)] == [(field, kind)]
    with pytest.raises(ValueError, match=rf"^{field} is .*, expected"):
        check(wrong, hall)


def test_the_past_is_refused_when_the_time_is_known(question: Question) -> None:
    assert [one.kind for one in problems(question, BUILT_IN, now_ts=200_000.0)] == [ProblemKind.PAST]
    assert problems(question, BUILT_IN, now_ts=1.0) == ()


def test_capacities_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="expected them in rising order"):
        Capacity(3, 2, 1)
    with pytest.raises(ValueError, match="busy shares are"):
        Radio(-60, 0.5, 0.4, 0.6)
    with pytest.raises(ValueError, match="access_points is 0"):
        Radio(-60, 0.1, 0.2, 0.3, access_points=0)


questions = st.builds(
    Question,
    room=st.just("hall"),
    starts_ts=st.just(0.0),
    ends_ts=st.just(3_600.0),
    people=st.integers(1, 120),
    activity=st.sampled_from(list(BUILT_IN.by_id)),
    equipment=st.sampled_from([(), (("kettle", 1),), (("projector", 2),)]),
)
lenient = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def rank(question: Question, supply: Supply) -> int:
    """Of the verdict, without the rest of the answer: `test_an_answer_agrees_with_itself` is about that."""
    return SEVERITY[worst(gauges(question, supply, BUILT_IN))]


@lenient
@given(asked=questions, more=st.integers(0, 100), others=st.sampled_from([(), (OtherSession(8, "web-write", ALL),)]))
def test_more_people_never_make_it_better(
    asked: Question, more: int, others: tuple[OtherSession, ...], hall: Supply
) -> None:
    supply = replace(hall, others=others, most_people_seen=30)
    assert rank(asked, supply) <= rank(replace(asked, people=asked.people + more), supply)


@lenient
@given(
    asked=questions,
    field=st.sampled_from(["seats", "outlets", "power_w", "devices", "addresses", "download_bps", "upload_bps"]),
    factor=st.floats(1, 10),
)
def test_more_of_a_resource_never_makes_it_worse(asked: Question, field: str, factor: float, hall: Supply) -> None:
    amount = getattr(hall, field)
    larger = replace(
        amount,
        dependable=amount.dependable * factor,
        usual=amount.usual * factor,
        highest=amount.highest * factor,
    )
    assert rank(asked, replace(hall, **{field: larger})) <= rank(asked, hall)


@lenient
@given(asked=questions, busy=st.floats(0, 0.9), access_points=st.integers(1, 6))
def test_quieter_air_and_more_access_points_never_make_it_worse(
    asked: Question, busy: float, access_points: int, hall: Supply
) -> None:
    loud = Radio(-60, busy, busy, busy, access_points=access_points, days=4)
    quiet = replace(loud, quiet_busy=busy / 2, usual_busy=busy / 2, worst_busy=busy / 2)
    more = replace(loud, access_points=access_points + 1)
    now = rank(asked, replace(hall, radio=loud))
    assert rank(asked, replace(hall, radio=quiet)) <= now
    assert rank(asked, replace(hall, radio=more)) <= now


@settings(lenient, max_examples=20)
@given(asked=questions)
def test_an_answer_agrees_with_itself(asked: Question, hall: Supply) -> None:
    answer = check(asked, hall)
    assert answer == check(asked, hall)
    assert SEVERITY[answer.verdict] == rank(asked, hall)
    assert (asked.people <= answer.go_people) == (answer.verdict is Verdict.GO)
    for one in answer.gauges:
        assert one.ratio is not None
        assert one.ratio.low <= one.ratio.mid <= one.ratio.high
        if asked.people <= dict(answer.breaks_at).get(one.resource, 0):
            assert one.ratio.high <= 1 + 1e-9
    severities = [SEVERITY[one.verdict] for one in answer.gauges]
    assert severities == sorted(severities, reverse=True)
