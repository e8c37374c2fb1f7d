"""A rehearsal from the order to its result: who is asked, when none is begun, and what is told when nobody answers."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateway.rehearsals.conftest import DEMAND, HELD, NODE, Stage

from vigie_contract import topics
from vigie_contract.commands import MOST_BPS
from vigie_contract.rehearsal import OVERHEAD, most_bytes, usual_bytes
from vigie_dashboard.notices import SessionView, StaleCalendar
from vigie_gateway.ingest import handover
from vigie_gateway.place.sessions import Agenda
from vigie_gateway.rehearsals.order import FORCIBLE, NOT_BEGUN, NotBegunError, Order, check_demand
from vigie_gateway.rehearsals.rehearsals import EXPIRES_S, FIRST_ANSWER_S, SILENT_S
from vigie_gateway.store import StoreError
from vigie_gateway.store.rehearsals import STATES


def refused(stage: Stage, order: Order = DEMAND) -> str:
    with pytest.raises(NotBegunError) as told:
        stage.begin(order)
    assert told.value.kind in NOT_BEGUN
    return told.value.kind


def test_the_rooms_node_is_asked_at_the_demand_and_within_what_was_told(stage: Stage) -> None:
    begun = stage.begin()
    ((topic, _, expires_s),) = stage.bench.bus.commands
    assert (topic, expires_s) == (topics.do("semaphore", NODE), EXPIRES_S)
    (command,) = stage.sent()
    assert (command.id, command.download_bps, command.upload_bps) == (begun.command, 24e6, 9e6)
    assert command.most_bytes == begun.most_bytes == DEMAND.cost().most_bytes == most_bytes(24e6, 9e6)
    assert (begun.author, begun.room, begun.at_ts) == ("lou", "salle", stage.bench.clock.now)


def test_what_is_told_on_the_way_is_seen_and_the_result_is_kept(stage: Stage) -> None:
    rehearsals = stage.bench.gateway.rehearsals
    begun = stage.begin()
    assert rehearsals.current() == begun
    stage.answer(begun.command, "running", 0.4)
    seen = rehearsals.one(begun.id)
    assert seen is not None
    assert (seen.state, seen.share) == ("running", 0.4)
    stage.bench.clock.pass_time(6)
    stage.finish(begun)
    assert rehearsals.current() is None
    told = rehearsals.newest(5)
    assert [(one.state, one.result, one.ended_ts) for one in told] == [("finished", HELD, begun.at_ts + 6)]
    assert stage.bench.store.rehearsals.one(begun.id) == told[0]


def test_a_node_that_refuses_says_why_and_the_next_may_begin(stage: Stage) -> None:
    begun = stage.begin()
    stage.answer(begun.command, "refused", reason="power-save", detail="wlan0 saves power")
    (told,) = stage.bench.gateway.rehearsals.newest(5)
    assert (told.state, told.reason, told.detail, told.result) == ("refused", "power-save", "wlan0 saves power", None)
    assert stage.begin().id == told.id + 1


def test_only_one_at_a_time(stage: Stage) -> None:
    stage.begin()
    assert refused(stage) == "busy"
    assert refused(stage, replace(DEMAND, is_forced=True)) == "busy"
    assert len(stage.sent()) == 1


def counted(stage: Stage) -> int:
    return sum(one.count for one in stage.bench.refusals.all().values())


def session(stage: Stage, begins_s: float, ends_s: float, room: str = "cafe") -> Agenda:
    now_ts = stage.bench.clock.now
    return Agenda((SessionView(room, "Yoga", now_ts + begins_s, now_ts + ends_s, is_all_day=False),), until_ts=2e9)


def test_no_session_of_the_place_is_disturbed_unless_somebody_says_so(stage: Stage) -> None:
    stage.bench.board.agenda = session(stage, -60, 60)
    assert refused(stage) == "session"
    assert stage.sent() == []
    assert stage.begin(replace(DEMAND, is_forced=True)).is_forced


@pytest.mark.parametrize(("begins_s", "ends_s"), [(-60, 0), (1, 60)])
def test_a_session_that_is_over_or_to_come_disturbs_nobody(stage: Stage, begins_s: float, ends_s: float) -> None:
    stage.bench.board.agenda = session(stage, begins_s, ends_s)
    stage.begin()


@pytest.mark.parametrize("agenda", [Agenda(), Agenda((), (StaleCalendar({"fr": "Agenda"}, None),), 2e9)])
def test_a_calendar_that_cannot_be_read_is_no_free_place(stage: Stage, agenda: Agenda) -> None:
    stage.bench.board.agenda = agenda
    assert refused(stage) == "calendar"
    stage.begin(replace(DEMAND, is_forced=True))


def test_nothing_but_the_calendar_can_be_overruled(stage: Stage) -> None:
    forced = replace(DEMAND, is_forced=True)
    assert {"session", "calendar"} == FORCIBLE
    stage.bench.bus.is_connected = False
    assert refused(stage, forced) == "broker"
    assert stage.bench.gateway.rehearsals.newest(1)[0].state == "silent"
    stage.bench.clock.is_right = False
    stage.bench.pipeline._watch.look()
    assert refused(stage, replace(forced, room="nowhere")) == "room"


def test_a_room_without_such_a_node_is_told_apart_from_one_whose_node_is_away(stage: Stage) -> None:
    assert refused(stage, replace(DEMAND, room="cafe")) == "no-node"
    assert stage.begin(replace(DEMAND, room=None)).node == NODE
    stage.leave()
    assert refused(stage) == "offline"
    stage.declare(is_able=False)
    assert refused(stage) == "no-node"
    assert stage.bench.gateway.rehearsals.places() == ((), False, False)


def test_a_node_that_was_taken_out_of_the_place_is_asked_no_more(stage: Stage) -> None:
    assert stage.bench.gateway.rehearsals.places() == (("salle",), True, True)
    stage.bench.receive(topics.about("semaphore", NODE), b"")
    assert refused(stage) == "no-node"


@given(
    st.sampled_from([(0.0, 0.0), (-1.0, 1.0), (float("nan"), 1.0), (float("inf"), 1.0), (MOST_BPS * 1.1, 0.0)]),
    st.booleans(),
)
def test_a_demand_that_no_line_has_is_no_demand(rates: tuple[float, float], is_swapped: bool) -> None:
    with pytest.raises(NotBegunError) as told:
        check_demand(Order(None, *(rates[::-1] if is_swapped else rates)))
    assert told.value.kind == "demand"


@given(st.floats(0, MOST_BPS), st.floats(0, MOST_BPS), st.none() | st.integers(0, 10**12))
def test_the_cost_that_is_told_is_never_passed(download_bps: float, upload_bps: float, most: int | None) -> None:
    cost = Order(None, download_bps, upload_bps, most).cost()
    assert 0 <= cost.usual_bytes <= cost.most_bytes <= most_bytes(download_bps, upload_bps)
    assert most is None or cost.most_bytes <= most
    assert usual_bytes(download_bps, upload_bps) <= most_bytes(download_bps, upload_bps)


def test_the_cost_is_that_of_the_documentation() -> None:
    assert usual_bytes(10e6, 5e6) / 1e6 == pytest.approx(8, abs=0.5)
    assert most_bytes(8e6, 0) / 1e6 == pytest.approx(13.65 * OVERHEAD, rel=1e-3)


def test_a_node_that_never_answers_is_given_up(stage: Stage) -> None:
    begun = stage.begin()
    stage.bench.clock.pass_time(FIRST_ANSWER_S - 1)
    stage.bench.pipeline._round()
    assert stage.bench.gateway.rehearsals.current() == begun
    stage.bench.clock.pass_time(1)
    stage.bench.pipeline._round()
    (told,) = stage.bench.gateway.rehearsals.newest(5)
    assert (told.state, told.result) == ("silent", None)
    assert stage.begin().id == begun.id + 1


def test_each_answer_is_patience_for_the_next(stage: Stage) -> None:
    begun = stage.begin()
    for number in range(3):
        stage.answer(begun.command, "running", 0.1 * number)
        stage.bench.clock.pass_time(SILENT_S - 1)
        stage.bench.pipeline._round()
    assert stage.bench.gateway.rehearsals.current() is not None
    stage.bench.clock.pass_time(1)
    stage.bench.pipeline._round()
    assert stage.bench.gateway.rehearsals.newest(1)[0].state == "silent"


def test_a_node_that_goes_offline_ends_it_at_once_and_may_still_bring_its_result(stage: Stage) -> None:
    begun = stage.begin()
    stage.leave()
    (told,) = stage.bench.gateway.rehearsals.newest(1)
    assert (told.state, told.detail) == ("silent", "the node went offline")
    stage.answer(begun.command, "running", 0.5)
    assert stage.bench.gateway.rehearsals.newest(1) == [told]
    stage.finish(begun)
    assert stage.bench.gateway.rehearsals.newest(1)[0].result == HELD


def test_what_was_under_way_when_the_gateway_stopped_is_not_known(stage: Stage) -> None:
    begun = stage.begin()
    stage.bench.gateway.rehearsals._live = None  # as in a process that begins
    stage.bench.pipeline._load()
    (told,) = stage.bench.gateway.rehearsals.newest(1)
    assert (told.state, told.result, told.ended_ts) == ("lost", None, None)
    stage.bench.pipeline._load()
    stage.finish(begun)
    assert stage.bench.gateway.rehearsals.newest(1)[0].state == "finished"


def test_an_answer_that_another_gateway_asked_for_changes_nothing(stage: Stage) -> None:
    begun = stage.begin()
    stage.answer("somebody-elses", "finished", 1.0, result=HELD)
    assert stage.bench.gateway.rehearsals.current() == begun
    assert stage.bench.refusals.all() == {}


def test_an_answer_for_another_node_is_refused_and_counted(stage: Stage) -> None:
    begun = stage.begin()
    stage.declare(node="other")
    stage.answer(begun.command, "finished", 1.0, node="other", result=HELD)
    assert stage.bench.gateway.rehearsals.current() == begun
    assert {reason: one.count for reason, one in stage.bench.refusals.all().items()} == {"id": 1}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])  # each example only counts one more
@given(payload=st.binary(max_size=200) | st.sampled_from([b"{}", b'{"id":"x","state":"finished"}', b"null", b"[" * 99]))
def test_any_bytes_as_an_answer_are_refused_and_counted(stage: Stage, payload: bytes) -> None:
    before = counted(stage)
    stage.bench.receive(topics.done("semaphore", NODE), payload)
    assert counted(stage) == before + 1


def test_a_result_that_the_disk_refuses_is_shown_and_kept_later(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun = stage.begin()
    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):

        def refuse(_work: object) -> int:
            raise StoreError("the disk is full")

        patch.setattr(stage.bench.store.rehearsals, "_written", refuse)
        stage.finish(begun)
        assert stage.bench.gateway.rehearsals.newest(1)[0].result == HELD
        stage.bench.clock.pass_time(60)
        stage.bench.pipeline._round()
    assert "not on the disk yet: the disk is full" in caplog.text
    stage.bench.clock.pass_time(60)
    stage.bench.pipeline._round()
    kept = stage.bench.store.rehearsals.one(begun.id)
    assert kept is not None
    assert kept.result == HELD


def test_nothing_is_sent_that_is_not_on_the_disk(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_work: object) -> int:
        raise StoreError("the disk is full")

    monkeypatch.setattr(stage.bench.store.rehearsals, "_written", refuse)
    assert refused(stage) == "store"
    assert stage.sent() == []


def test_who_gets_no_turn_is_told_so_and_nothing_is_sent_later(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "PATIENCE_S", 0.01)
    with pytest.raises(NotBegunError, match="busy"):
        stage.bench.gateway.rehearsals.begin(DEMAND, "lou")
    stage.bench.pipeline._round()
    assert stage.sent() == []


@pytest.mark.parametrize("words", [NOT_BEGUN, STATES], ids=["why none is begun", "where one stands"])
def test_every_word_stands_in_the_documentation(words: dict[str, str]) -> None:
    text = (Path(__file__).parents[3] / "docs/rehearsal.md").read_text(encoding="utf-8")
    for word, meaning in words.items():
        assert f"| `{word}` | {meaning} |" in text
