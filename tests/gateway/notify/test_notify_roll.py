"""Who is told, over the real outbox, and the "test" button over a real notifier."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.gateway.notify.outbox_recorded import compose
from tests.gateway.notify.servers import Receiver

from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.alerts.showing import MarkError
from vigie_gateway.notify.notices import Message, Notice, Occasion
from vigie_gateway.notify.notifier_file import read_notifiers
from vigie_gateway.notify.outbox import Outbox
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.notify.roll import TEST_EVERY_S, Roll
from vigie_gateway.notify.sending import Senders

PEOPLE = (
    Recipient("technician", "Technician", "fr", ("hook", "fax"), is_for_outages=True, rooms=frozenset({"cafe"})),
    Recipient("chief", "Chief", "en", ("hook",)),
)


def words(recipient: str, author: str, now_ts: float) -> Message:
    return Message("", f"test for {recipient}", f"by {author}", "ok", "fr", (), now_ts)


class Place:
    """People, a webhook and an outbox."""

    def __init__(self, folder: Path, web: Receiver, clock: ManualClock) -> None:
        self.file = BookFile(folder / "alerts.db", "2026-11-24")
        self.outbox, self.clock = Outbox(self.file), clock
        path = folder / "notifiers.toml"
        path.write_text(f'[notifiers.hook]\nurl = "json://127.0.0.1:{web.port}/"\nloopback = true\n', encoding="utf-8")
        path.chmod(0o600)
        notifiers = read_notifiers(path, clock.now_ts).notifiers
        senders = Senders.of(notifiers, PEOPLE, self.outbox, compose, clock)
        by_name = {one.name: one for one in notifiers}
        rooms = {"cafe": {"fr": "Café"}}
        self.roll = Roll(PEOPLE, {}, rooms, by_name, self.outbox, words, senders.send_test, clock)


@pytest.fixture
def place(tmp_path: Path, web: Receiver, clock: ManualClock) -> Iterator[Place]:
    made = Place(tmp_path, web, clock)
    yield made
    made.file.close()


def test_each_way_is_a_line_in_the_order_of_the_site_file_and_one_that_is_not_here_is_said(place: Place) -> None:
    told = place.roll.told()
    assert [(one.recipient, one.notifier, one.is_here) for one in told] == [
        ("technician", "hook", True), ("technician", "fax", False), ("chief", "hook", True),
    ]  # fmt: skip
    assert (told[0].least, told[2].least) == (Severity.OUTAGE, Severity.UNKNOWN)
    assert told[0].rooms == ({"fr": "Café"},)
    assert [(one.last_ts, one.is_last_sent) for one in told] == [(None, None)] * 3


def test_a_test_gets_through_with_a_key_of_its_own_and_is_the_last_message(place: Place, web: Receiver) -> None:
    place.roll.test("technician", "hook", "chief")
    assert web.messages == ["test for technician"]
    technician, _, chief = place.roll.told()
    assert (technician.is_test, technician.is_last_sent, technician.error, technician.last_ts) == (
        True,
        True,
        "",
        place.clock.now,
    )
    assert chief.last_ts is None


def test_a_test_that_does_not_get_through_says_why(place: Place, web: Receiver) -> None:
    web.fault = "503"
    place.roll.test("technician", "hook", "chief")
    technician = place.roll.told()[0]
    assert (technician.is_last_sent, technician.error) == (False, "it answered 503")


def test_a_notifier_is_not_tested_again_at_once_whoever_it_tells(place: Place, web: Receiver) -> None:
    place.roll.test("technician", "hook", "chief")
    with pytest.raises(MarkError) as refused:
        place.roll.test("chief", "hook", "chief")
    assert refused.value.kind == "soon"
    place.clock.pass_time(TEST_EVERY_S)
    place.roll.test("chief", "hook", "chief")
    assert web.messages == ["test for technician", "test for chief"]


@pytest.mark.parametrize(("recipient", "notifier"), [("technician", "fax"), ("nobody", "hook"), ("chief", "screen")])
def test_nobody_is_tested_who_is_not_told_so(place: Place, recipient: str, notifier: str) -> None:
    with pytest.raises(MarkError) as refused:
        place.roll.test(recipient, notifier, "chief")
    assert refused.value.kind == "unknown"


def test_what_waits_is_counted_and_the_last_message_says_what_became_of_it(place: Place) -> None:
    now_ts = place.clock.now
    notices = [Notice(0, "technician", "hook", Occasion.FIRED, number, now_ts, now_ts) for number in (1, 2)]
    first, _ = place.outbox.add(notices)
    assert place.roll.told()[0].waiting == 2
    claimed = place.outbox.claim("technician", "hook", [first.number], [], words("technician", "", now_ts), now_ts)
    assert claimed is not None
    place.outbox.failed(claimed.dispatch.key, now_ts + 1, "no credit", now_ts + 60)
    technician = place.roll.told()[0]
    assert (technician.is_last_sent, technician.error, technician.last_ts, technician.waiting) == (
        False,
        "no credit",
        now_ts + 1,
        2,
    )
    place.outbox.sent(claimed.dispatch.key, now_ts + 60)
    technician = place.roll.told()[0]
    assert (technician.is_last_sent, technician.error, technician.last_ts, technician.is_test, technician.waiting) == (
        True, "", now_ts + 60, False, 1,
    )  # fmt: skip
