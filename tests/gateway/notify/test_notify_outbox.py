"""The outbox: what is to be told gets through once, in order, as it was first written down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from vigie_gateway.alerts.alert import Alert, AlertKey, Change, Event, Phase, What
from vigie_gateway.alerts.book import Book
from vigie_gateway.alerts.book_file import BookError, BookFile
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.notify.notices import Message, Notice, Occasion
from vigie_gateway.notify.outbox import LONGEST_WAIT_S, Counts, Delivery, Outbox

NOW_TS = 1_795_527_000.0
MESSAGE = Message("", "Baie du fond : plus de courant", "Depuis 14:30", "critical", "fr", (1,), NOW_TS)


def a_notice(
    alert: int | None = 1, occasion: Occasion = Occasion.FIRED, due_ts: float = NOW_TS, to: str = "desk"
) -> Notice:
    return Notice(0, to, "mail", occasion, alert, NOW_TS, due_ts)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[BookFile]:
    with closing(BookFile(tmp_path / "alerts.db", "2026-11-24")) as opened:
        alert = Alert(0, AlertKey("circuit-dead", Subject(SubjectKind.CIRCUIT, "c4")), Phase.FIRING, NOW_TS, NOW_TS)
        Book(opened).write([Change(alert, (Event(0, 0, What.FIRED, NOW_TS),))])
        yield opened


@pytest.fixture
def outbox(file: BookFile) -> Outbox:
    return Outbox(file)


def course(file: BookFile) -> list[tuple[What, str]]:
    return [(event.what, event.reason) for event in Book(file).course(1)][1:]


def test_a_message_that_did_not_get_through_is_tried_again_as_it_was_under_the_same_key(
    file: BookFile, outbox: Outbox
) -> None:
    (waiting,) = outbox.add([a_notice()])
    claimed = outbox.claim("desk", "mail", [waiting.number], [], MESSAGE, NOW_TS)
    assert claimed is not None
    assert len(claimed.message.key) == 32
    assert replace(claimed.message, key="") == MESSAGE
    for number in range(200):
        outbox.failed(claimed.dispatch.key, NOW_TS + number, "no answer", NOW_TS + number + 1)
        (again,) = outbox.unfinished("mail")
        assert again.message == claimed.message
        assert (again.dispatch.tries, again.dispatch.retry_ts) == (number + 1, NOW_TS + number + 1)
    outbox.sent(claimed.dispatch.key, NOW_TS + 300)
    outbox.sent(claimed.dispatch.key, NOW_TS + 301)
    assert outbox.unfinished("mail") == []
    assert course(file) == [(What.NOT_TOLD, "desk mail: no answer"), (What.TOLD, "desk mail")]


def test_what_is_not_due_yet_waits_and_is_known_to_come(outbox: Outbox) -> None:
    outbox.add([a_notice(due_ts=NOW_TS + 30)])
    assert outbox.waiting("desk", "mail", NOW_TS + 29) == []
    assert outbox.counts(NOW_TS) == Counts(0, None, 1, 0)
    assert len(outbox.waiting("desk", "mail", NOW_TS + 30)) == 1
    assert outbox.counts(NOW_TS + 30) == Counts(1, NOW_TS, 0, 0)


def test_of_what_need_not_be_told_no_message_is_made(outbox: Outbox) -> None:
    fired, resolved = outbox.add([a_notice(), a_notice(occasion=Occasion.RESOLVED)])
    assert outbox.claim("desk", "mail", [], [fired.number, resolved.number], None, NOW_TS) is None
    assert outbox.waiting("desk", "mail", NOW_TS) == []
    assert outbox.last_by("desk", "mail") is None


@pytest.mark.parametrize("numbers", [[1, 9], [2], [1, 1]])
def test_only_what_waits_for_the_recipient_can_be_claimed(outbox: Outbox, numbers: list[int]) -> None:
    outbox.add([a_notice(), a_notice(to="admin")])
    with pytest.raises(BookError, match="does not wait"):
        outbox.claim("desk", "mail", numbers, [], MESSAGE, NOW_TS)
    assert len(outbox.waiting("desk", "mail", NOW_TS)) == 1
    assert outbox.unfinished("mail") == []


def test_to_one_person_one_message_is_on_its_way_at_a_time_and_to_others_theirs(outbox: Outbox) -> None:
    outbox.add([a_notice(), a_notice(occasion=Occasion.RESOLVED), a_notice(to="admin")])
    claimed = outbox.claim("desk", "mail", [1], [], MESSAGE, NOW_TS)
    assert claimed is not None
    outbox.failed(claimed.dispatch.key, NOW_TS, "no answer", NOW_TS + 60)
    with pytest.raises(BookError, match="on its way"):
        outbox.claim("desk", "mail", [2], [], MESSAGE, NOW_TS)
    assert outbox.claim("admin", "mail", [3], [], MESSAGE, NOW_TS) is not None
    outbox.sent(claimed.dispatch.key, NOW_TS + 60)
    assert outbox.claim("desk", "mail", [2], [], MESSAGE, NOW_TS + 60) is not None


@pytest.mark.parametrize(("told", "message"), [([], MESSAGE), ([1], None)])
def test_a_message_tells_something_and_what_is_told_has_a_message(
    outbox: Outbox, told: list[int], message: Message | None
) -> None:
    outbox.add([a_notice()])
    with pytest.raises(BookError, match="at least one notice"):
        outbox.claim("desk", "mail", told, [], message, NOW_TS)


def test_who_is_told_can_be_said_with_what_became_of_the_last_message(outbox: Outbox) -> None:
    outbox.add([a_notice()])
    claimed = outbox.claim("desk", "mail", [1], [], MESSAGE, NOW_TS)
    assert claimed is not None
    assert outbox.last_by("desk", "mail") == Delivery(claimed.message, "claimed", None, 0, "")
    outbox.failed(claimed.dispatch.key, NOW_TS + 1, "no answer", NOW_TS + 60)
    assert outbox.last_by("desk", "mail") == Delivery(claimed.message, "claimed", NOW_TS + 1, 1, "no answer")
    assert outbox.counts(NOW_TS) == Counts(1, NOW_TS, 0, 1)
    outbox.sent(claimed.dispatch.key, NOW_TS + 60)
    assert outbox.last_by("desk", "mail") == Delivery(claimed.message, "sent", NOW_TS + 60, 2, "")
    assert outbox.counts(NOW_TS) == Counts(0, None, 0, 0)


@pytest.mark.parametrize("step_s", [-3 * 3600.0, -30 * 86_400.0])
def test_a_clock_that_is_set_back_strands_nothing(outbox: Outbox, step_s: float) -> None:
    outbox.add([a_notice(due_ts=NOW_TS + 30), a_notice(to="admin")])
    claimed = outbox.claim("admin", "mail", [2], [], replace(MESSAGE, alerts=()), NOW_TS)
    assert claimed is not None
    outbox.failed(claimed.dispatch.key, NOW_TS, "no answer", NOW_TS + 30)
    outbox.moved(step_s)
    assert outbox.waiting("desk", "mail", NOW_TS + step_s + 29) == []
    assert len(outbox.waiting("desk", "mail", NOW_TS + step_s + 30)) == 1
    assert [one.dispatch.retry_ts for one in outbox.unfinished("mail")] == [NOW_TS + step_s + 30]


def test_a_clock_that_is_set_forward_makes_nobody_late_to_acknowledge(outbox: Outbox) -> None:
    outbox.add([a_notice(due_ts=NOW_TS + 30), a_notice(occasion=Occasion.ESCALATED, due_ts=NOW_TS + 900)])
    outbox.moved(3600.0)
    assert [one.occasion for one in outbox.waiting("desk", "mail", NOW_TS + 3600)] == [Occasion.FIRED]
    assert len(outbox.waiting("desk", "mail", NOW_TS + 4500)) == 2


def test_what_a_wrong_clock_dated_years_ahead_before_a_restart_is_told_now(outbox: Outbox) -> None:
    outbox.add([a_notice(due_ts=NOW_TS + LONGEST_WAIT_S + 1)])
    assert len(outbox.waiting("desk", "mail", NOW_TS)) == 1


def test_what_waits_for_somebody_whom_the_settings_no_longer_name_is_dropped_and_its_course_says_so(
    file: BookFile, outbox: Outbox
) -> None:
    on_its_way, *_ = outbox.add([a_notice(), a_notice(due_ts=NOW_TS + 600), a_notice(to="chief"), a_notice(None)])
    assert outbox.claim("desk", "mail", [on_its_way.number], [], MESSAGE, NOW_TS) is not None
    assert outbox.keep_only({("desk", "mail"), ("chief", "mail")}, NOW_TS) == 0
    assert outbox.keep_only({("desk", "sms"), ("chief", "mail")}, NOW_TS) == 3
    assert outbox.counts(NOW_TS) == Counts(1, NOW_TS, 0, 0)
    assert outbox.unfinished("mail") == []
    assert course(file) == [(What.NOT_TOLD, "desk mail: no longer in the settings")]
    assert outbox.keep_only({("desk", "sms"), ("chief", "mail")}, NOW_TS) == 0
