"""What people say of an alert, and what ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.alerts import marks
from vigie_gateway.alerts.alert import Alert, AlertKey, Change, Phase, Silence, What
from vigie_gateway.alerts.marks import MarkError, Works
from vigie_gateway.alerts.signals import Subject, SubjectKind

NOW = 1_000_000.0
FIRING = Alert(7, AlertKey("wifi-slow", Subject(SubjectKind.ROOM, "salle")), Phase.FIRING, NOW - 60)


def rooms_of(subject: Subject) -> frozenset[str]:
    return frozenset({subject.id}) if subject.kind is SubjectKind.ROOM else frozenset()


def told(change: Change) -> tuple[What, str, str]:
    (event,) = change.events
    assert (event.alert, event.at_ts) == (7, NOW)
    return event.what, event.author, event.reason


def test_who_has_it_in_hand_is_known_until_they_release_it() -> None:
    taken = marks.acknowledge(FIRING, " Desk ", NOW, "je regarde")
    assert told(taken) == (What.ACKNOWLEDGED, "Desk", "je regarde")
    assert taken.alert.acknowledged is not None
    assert taken.alert.acknowledged.author == "Desk"
    released = marks.release(taken.alert, "Chief", NOW)
    assert told(released) == (What.RELEASED, "Chief", "")
    assert released.alert == FIRING


def test_a_silence_has_its_reason_and_ends_by_somebody() -> None:
    quiet = marks.silence(FIRING, "Desk", NOW, "peinture", None)
    assert told(quiet) == (What.SILENCED, "Desk", "peinture")
    assert quiet.alert.silence is not None
    ended = marks.unsilence(quiet.alert, "Chief", NOW)
    assert told(ended) == (What.UNSILENCED, "Chief", "")
    assert ended.alert == FIRING


def test_a_note_is_a_line_of_the_course_and_changes_nothing_else() -> None:
    noted = marks.note(replace(FIRING, phase=Phase.RESOLVED), "Desk", NOW, "vu\nrevu")
    assert told(noted) == (What.NOTED, "Desk", "vu\nrevu")
    assert noted.alert == replace(FIRING, phase=Phase.RESOLVED)


OVER = replace(FIRING, phase=Phase.RESOLVED)
REFUSED: tuple[tuple[Callable[[], Change], str, str], ...] = (
    (lambda: marks.silence(FIRING, "Desk", NOW, "  ", None), "reason", "missing"),
    (lambda: marks.silence(FIRING, "Desk", NOW, "x" * 501, None), "reason", "too-long"),
    (lambda: marks.silence(FIRING, "Desk", NOW, "a\x00b", None), "reason", "not-text"),
    (lambda: marks.silence(FIRING, "Desk", NOW, "works", NOW), "until_ts", "past"),
    (lambda: marks.silence(FIRING, "Desk", NOW, "works", float("nan")), "until_ts", "past"),
    (lambda: marks.silence(FIRING, "Desk", NOW, "works", NOW + 31 * 86_400), "until_ts", "too-far"),
    (lambda: marks.silence(OVER, "Desk", NOW, "works", None), "alert", "closed"),
    (lambda: marks.acknowledge(OVER, "Desk", NOW), "alert", "closed"),
    (lambda: marks.acknowledge(FIRING, "", NOW), "author", "missing"),
    (lambda: marks.release(FIRING, "Desk", NOW), "alert", "nothing"),
    (lambda: marks.unsilence(FIRING, "Desk", NOW), "alert", "nothing"),
    (lambda: marks.note(FIRING, "Desk", NOW, ""), "note", "missing"),
)


@pytest.mark.parametrize(("mark", "field", "reason"), REFUSED)
def test_what_cannot_stand_is_refused_by_field_and_reason(mark: Callable[[], Change], field: str, reason: str) -> None:
    with pytest.raises(MarkError) as refused:
        mark()
    assert (refused.value.field, refused.value.reason) == (field, reason)


def test_a_silence_ends_at_its_time_and_not_before() -> None:
    quiet = marks.silence(FIRING, "Desk", NOW - 10, "peinture", NOW).alert
    assert marks.lapse([quiet], NOW - 0.1) == []
    (ended,) = marks.lapse([quiet], NOW)
    assert told(ended) == (What.UNSILENCED, "", "time")
    assert ended.alert == FIRING


def test_one_until_the_alert_is_over_never_ends_by_the_clock() -> None:
    assert marks.lapse([marks.silence(FIRING, "Desk", NOW, "peinture", None).alert], NOW + 1e9) == []


WORKS = Works("Coupure Enedis", "Travaux", NOW - 60, NOW + 3_600, frozenset({"salle"}))


def test_planned_works_silence_the_alerts_of_their_rooms_until_their_end() -> None:
    (quiet,) = marks.lapse([FIRING], NOW, [WORKS], rooms_of)
    assert told(quiet) == (What.SILENCED, "Travaux", "Coupure Enedis")
    assert marks.lapse([quiet.alert], NOW + 1, [WORKS], rooms_of) == []
    (ended,) = marks.lapse([quiet.alert], NOW + 3_600, [WORKS], rooms_of)
    assert (ended.alert, ended.events[0].what) == (FIRING, What.UNSILENCED)


def test_works_whose_silence_somebody_ended_do_not_silence_it_again() -> None:
    (quiet,) = marks.lapse([FIRING], NOW, [WORKS], rooms_of)
    heard = marks.unsilence(quiet.alert, "Desk", NOW + 60).alert
    assert marks.lapse([heard], NOW + 61, [WORKS], rooms_of) == []
    again = marks.unsilence(marks.silence(heard, "Desk", NOW + 61, "peinture", None).alert, "Desk", NOW + 62).alert
    assert marks.lapse([again], NOW + 63, [WORKS], rooms_of) == []
    longer = replace(WORKS, ends_ts=WORKS.ends_ts + 600)
    assert len(marks.lapse([heard], NOW + 61, [longer], rooms_of)) == 1


@pytest.mark.parametrize(
    "subject", [Subject(SubjectKind.ROOM, "atelier"), Subject(SubjectKind.UPLINK, "fibre")], ids=str
)
def test_works_in_one_room_silence_neither_another_nor_the_whole_place(subject: Subject) -> None:
    other = replace(FIRING, key=AlertKey("rule", subject))
    assert marks.lapse([other], NOW, [WORKS], rooms_of) == []
    assert len(marks.lapse([other], NOW, [replace(WORKS, rooms=None)], rooms_of)) == 1


def test_what_somebody_silenced_keeps_their_reason_through_works() -> None:
    quiet = marks.silence(FIRING, "Desk", NOW, "peinture", None).alert
    assert marks.lapse([quiet], NOW, [WORKS], rooms_of) == []


@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 100)), max_size=4), st.floats(0, 100), st.floats(0, 100))
def test_a_second_look_at_the_same_time_changes_nothing(
    spans: list[tuple[float, float]], until_ts: float, now_ts: float
) -> None:
    works = [Works("w", "c", min(span), max(span), None) for span in spans]
    quiet = replace(FIRING, silence=Silence("Desk", 0.0, "x", until_ts))
    after = [change.alert for change in marks.lapse([quiet], now_ts, works)] or [quiet]
    assert marks.lapse(after, now_ts, works) == []
