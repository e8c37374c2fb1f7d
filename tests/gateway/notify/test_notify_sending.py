"""``notify.sending``: from the outbox to people, whatever the channel does (F34)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from tests.conftest import ManualClock
from tests.gateway.notify.outbox_recorded import Composed, RecordedOutbox, compose
from tests.gateway.notify.servers import Authority, Mailbox, Receiver, mail_server, receiver

from vigie_contract.clock import SystemClock
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.notify.notices import Message, NotifierError, Occasion
from vigie_gateway.notify.notifiers.apprise_service import AppriseService
from vigie_gateway.notify.notifiers.email import Email, MailServer
from vigie_gateway.notify.patience import FINAL_S, LONGEST_S, RESTS_AFTER
from vigie_gateway.notify.sending import Senders, Sending


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[RecordedOutbox]:
    with closing(BookFile(tmp_path / "alerts.db", "2026-11-24")) as file:
        yield RecordedOutbox(file)


def hook(web: Receiver, name: str = "hook", ca_file: str | None = None) -> AppriseService:
    scheme = "json" if web.scheme == "http" else "jsons"
    return AppriseService(name, f"{scheme}://127.0.0.1:{web.port}/in", ca_file=ca_file, may_be_here=True)


def sending(outbox: RecordedOutbox, notifier: AppriseService | Email, clock: ManualClock, *recipients: str) -> Sending:
    return Sending(notifier, recipients or ("technician",), outbox, compose, clock, Random(1))


def run_for(one: Sending, clock: ManualClock, seconds: float, step_s: float = 10.0) -> None:
    """What the thread does in so long a time."""
    for _ in range(int(seconds / step_s)):
        clock.pass_time(step_s)
        one.look()


def test_what_waits_for_a_recipient_leaves_as_one_message_under_the_key_of_its_dispatch(
    outbox: RecordedOutbox, web: Receiver, clock: ManualClock
) -> None:
    outbox.queue("technician", "hook", 1, clock.now)
    outbox.queue("technician", "hook", 2, clock.now)
    sending(outbox, hook(web), clock).look()
    assert web.messages == ["fired 1, fired 2"]
    assert web.received[0].headers["Idempotency-Key"] == outbox.done[0] == web.received[0].json["key"]


@pytest.mark.parametrize("fault", ["500", "503", "429", "401", "404", "302", "reset"])
def test_a_channel_that_is_down_for_an_hour_gets_everything_after_it_once_and_in_order(
    outbox: RecordedOutbox, web: Receiver, clock: ManualClock, fault: str
) -> None:
    one = sending(outbox, hook(web), clock)
    web.fault = fault
    for minute in range(60):
        if minute % 20 == 0:
            outbox.queue("technician", "hook", 1, clock.now, list(Occasion)[minute // 20])
        run_for(one, clock, 60, step_s=30)
    assert web.received == []
    assert one.state().failures >= 2
    assert one.state().waiting == 3
    web.fault = None
    run_for(one, clock, FINAL_S + LONGEST_S, step_s=60)
    assert web.messages == ["fired 1", "resolved 1, escalated 1"]
    assert [one.headers["Idempotency-Key"] for one in web.received] == outbox.done
    assert one.state().failures == 0
    assert one.state().error is None


def test_a_try_whose_answer_was_lost_is_repeated_under_the_same_key_and_with_the_same_words(
    outbox: RecordedOutbox, web: Receiver, clock: ManualClock
) -> None:
    service = hook(web)
    one = sending(outbox, service, clock)
    outbox.queue("technician", "hook", 1, clock.now)
    real = service.send

    def send_and_lose(message: Message) -> None:
        real(message)
        service.send = real  # type: ignore[method-assign] # once only
        raise NotifierError("it hung up")

    service.send = send_and_lose  # type: ignore[method-assign] # the answer is lost behind the real send
    one.look()
    run_for(one, clock, LONGEST_S)
    first, second = web.received
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert first.body == second.body


def test_after_a_restart_an_unmarked_message_leaves_under_its_key_at_once(
    outbox: RecordedOutbox, web: Receiver, clock: ManualClock
) -> None:
    web.fault = "401"
    outbox.queue("technician", "hook", 1, clock.now)
    sending(outbox, hook(web), clock).look()
    (key,) = (one.dispatch.key for one in outbox.unfinished("hook"))
    web.fault = None
    sending(outbox, hook(web), clock).look()
    assert outbox.done == [key] == [web.received[0].headers["Idempotency-Key"]]


def test_who_is_reached_otherwise_is_not_held_up_by_a_dead_notifier(
    outbox: RecordedOutbox, web: Receiver, clock: ManualClock
) -> None:
    with receiver() as dead:
        dead.fault = "500"
        broken, works = sending(outbox, hook(dead, "dead"), clock), sending(outbox, hook(web), clock)
        for alert in range(20):
            outbox.queue("technician", "dead", alert, clock.now)
            outbox.queue("technician", "hook", alert, clock.now)
            run_for(broken, clock, 30)
            works.look()
    assert len(web.received) == 20
    assert broken.state().waiting == 20
    assert works.state().waiting == 0


def test_a_notifier_that_rests_is_asked_for_one_message_at_a_time(
    outbox: RecordedOutbox, web: Receiver, clock: ManualClock
) -> None:
    web.fault = "503"
    people = [f"person-{number}" for number in range(12)]
    one = sending(outbox, hook(web), clock, *people)
    for person in people:
        outbox.queue(person, "hook", 1, clock.now)
    one.look()
    assert len(outbox.errors) == RESTS_AFTER
    run_for(one, clock, 3_600, step_s=60)
    assert len(outbox.errors) <= RESTS_AFTER + 60
    web.fault = None
    run_for(one, clock, 2 * LONGEST_S)
    assert sorted(web.messages) == ["fired 1"] * 12


def test_what_needs_no_telling_any_more_is_dropped_and_the_rest_told(
    outbox: RecordedOutbox, web: Receiver, clock: ManualClock
) -> None:
    outbox.queue("technician", "hook", 1, clock.now)
    outbox.queue("technician", "hook", 2, clock.now)

    def only_the_second(recipient: str, notices: object, now_ts: float) -> Composed:
        composed = compose(recipient, outbox.waiting(recipient, "hook", now_ts)[1:], now_ts)
        return replace(composed, dropped=(1,))

    Sending(hook(web), ["technician"], outbox, only_the_second, clock, Random(1)).look()
    assert web.messages == ["fired 2"]
    assert outbox.dropped == [1]


def test_a_test_passes_what_waits_and_says_what_it_failed_by(
    outbox: RecordedOutbox, web: Receiver, clock: ManualClock, message: Message
) -> None:
    senders = Senders([sending(outbox, hook(web), clock)])
    senders.send_test("hook", message)
    assert web.messages == [message.title]
    web.fault = "403"
    with pytest.raises(NotifierError, match="refused the user, password or token"):
        senders.send_test("hook", message)
    assert senders.report()["status"] == "warn"
    with pytest.raises(NotifierError, match="no notifier 'nobody'"):
        senders.send_test("nobody", message)


def test_the_threads_send_when_they_are_woken_and_end_while_a_send_is_under_way(
    outbox: RecordedOutbox, web: Receiver
) -> None:
    clock = SystemClock()
    with receiver() as slow:
        slow.fault = "slow"
        senders = Senders(
            [
                Sending(hook(there, name), ["technician"], outbox, compose, clock, Random(1))
                for name, there in (("hook", web), ("slow", slow))
            ]
        )
        senders.start()
        outbox.queue("technician", "slow", 1, clock.now_ts())
        outbox.queue("technician", "hook", 1, clock.now_ts())
        senders.wake()
        while not web.received or not outbox.unfinished("slow"):
            clock.wait(senders._by_name["hook"]._stopping, 0.01)
        senders.stop()
        assert [one.dispatch.recipient for one in outbox.unfinished("slow")] == ["technician"]


@pytest.fixture
def tls_mail(authority: Authority) -> Iterator[Mailbox]:
    with mail_server(authority.server) as box:
        yield box


@pytest.mark.parametrize("fault", ["450", "550", "reset"])
def test_a_mail_server_that_refuses_for_an_hour_gets_each_mail_after_it_once(
    outbox: RecordedOutbox, tls_mail: Mailbox, authority: Authority, clock: ManualClock, fault: str
) -> None:
    server = MailServer("localhost", tls_mail.port, "starttls", ca_file=str(authority.file))
    mail = Email("mail", server, "vigie@example.org", ["a@example.org"], clock.now_ts, may_be_here=True)
    one = sending(outbox, mail, clock)
    tls_mail.fault = fault
    outbox.queue("technician", "mail", 1, clock.now)
    run_for(one, clock, 1_800, step_s=300)
    outbox.queue("technician", "mail", 1, clock.now, Occasion.RESOLVED)
    run_for(one, clock, 1_800, step_s=300)
    assert tls_mail.taken == []
    tls_mail.fault = None
    run_for(one, clock, FINAL_S + LONGEST_S, step_s=300)
    assert tls_mail.subjects == ["fired 1", "resolved 1"]
    assert [str(mail["Message-ID"]) for _, mail in tls_mail.taken] == [f"<{key}@example.org>" for key in outbox.done]


def test_a_certificate_that_was_bad_for_a_while_loses_nothing(
    outbox: RecordedOutbox, authority: Authority, clock: ManualClock, tmp_path: Path
) -> None:
    with receiver(authority.stranger) as bad, receiver(authority.server) as good:
        service = hook(bad, ca_file=str(authority.file))
        one = sending(outbox, service, clock)
        outbox.queue("technician", "hook", 1, clock.now)
        one.look()
        assert outbox.errors == ["its certificate cannot be trusted"]
        assert bad.received == []
        service._service.port = good.port
        run_for(one, clock, LONGEST_S)
        assert good.messages == ["fired 1"]


class Broken:
    """A notifier whose library fails in a way that nobody foresaw."""

    name, kind, is_local = "hook", "webhook", True

    def send(self, message: Message) -> None:
        raise ValueError(message.title)


def test_a_fault_of_a_library_delays_its_own_messages_and_is_told_without_what_it_said(
    outbox: RecordedOutbox, clock: ManualClock
) -> None:
    one = Sending(Broken(), ("technician", "desk"), outbox, compose, clock, Random(1))
    outbox.queue("technician", "hook", 1, clock.now)
    outbox.queue("desk", "hook", 2, clock.now)
    one.look()
    assert one.state().error == "a fault of its own (ValueError)"
    assert [claimed.dispatch.recipient for claimed in outbox.unfinished("hook")] == ["technician", "desk"]
