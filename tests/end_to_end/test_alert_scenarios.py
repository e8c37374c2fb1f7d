"""From the wire to people: what happens in a place, and every message that it makes, at its time; and no other.

The whole gateway is here, real pipeline, board, store, rules, book, outbox and words, but for the broker's socket and
the last step of a notifier. Each test tells what happens, then what was told, when. Times are minutes and seconds since
the scenario began, at 14:30 on a Tuesday.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from tests.conftest import ManualClock
from tests.gateway.conftest import SAMPLE_SITE, Bench, make_bench

from vigie_contract.readings import Reading
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.notify.notices import Message, NotifierError
from vigie_gateway.notify.sending import Sending
from vigie_gateway.place.site import load_site
from vigie_gateway.store import open_store

OUT = "Le Sémaphore \u2013 Outage: Café: 6 outlets without power"
NOBODY = "Le Sémaphore \u2013 Nobody is on it: Café: 6 outlets without power"
OVER = "Le Sémaphore \u2013 Over: Café: 6 outlets without power"
TOLD = """
[[told]]
id = "louise"
name = "Louise"
language = "en"
by = ["phone"]

[[told]]
id = "karim"
name = "Karim"
language = "en"
by = ["phone"]
after = "10 min"
"""
"""Louise is told at once; Karim of what nobody has in hand after ten minutes."""


@dataclass
class Phone:
    """The lowest seam: what would leave the machine, and when."""

    clock: ManualClock
    began_ts: float
    sent: list[tuple[str, str]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    is_cut: bool = False
    name: str = "phone"
    kind: str = "phone"
    is_local: bool = False

    def send(self, message: Message) -> None:
        if self.is_cut:
            raise NotifierError("no way out")
        minutes, seconds = divmod(round(self.clock.now - self.began_ts), 60)
        self.sent.append((f"{minutes}:{seconds:02}", message.title))
        self.keys.append(message.key)


class Venue:
    """A gateway of the sample place, second by second."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self.clock, self.folder = clock, folder
        self.phone = Phone(clock, clock.now)
        text = SAMPLE_SITE.read_text(encoding="utf-8")
        (folder / "site.toml").write_text(text + TOLD, encoding="utf-8")
        self.site = load_site(folder / "site.toml")
        self.accounts = Accounts(folder / "accounts.db")
        self.mains = 1.0
        self.is_heard = True
        self.sequence = 0
        self.start()

    def start(self) -> None:
        self.store = open_store(self.folder / "vigie.db", self.clock)
        self.bench: Bench = make_bench(self.store, self.clock, self.site, self.accounts)
        alerts = self.bench.alerts
        ids = [person.id for person in alerts.people]
        self.sending = Sending(self.phone, ids, alerts.outbox, alerts.words.compose, self.clock, Random(1))
        self.bench.declare()
        # As a node does, the sensor goes back to what is on the disk here.
        self.sequence = self.bench.pipeline.nodes["tableau"].accepted.get("j1", 0)

    def close(self) -> None:
        self.bench.gateway.forecasts.close()
        self.bench.alerts.close()
        self.store.close()

    def restart(self) -> None:
        """Stop, and start on the same files."""
        self.close()
        self.start()

    def run(self, minutes: float, mains: Callable[[int], float] | None = None) -> None:
        """Let time go by; the breaker's sensor says every ten seconds what it sees."""
        for second in range(round(minutes * 60)):
            self.clock.pass_time(1)
            if second % 10 == 0 and self.is_heard:
                self.mains = self.mains if mains is None else mains(second)
                self.sequence += 1
                self.bench.send(Reading("c4-mains", self.clock.now, self.mains), first=self.sequence)
            assert self.bench.alerts.watch.look(), self.bench.alerts.watch.report()["trouble"]
            self.sending.look()

    def number(self) -> int:
        return self.bench.alerts.desk.current()[0].number


@pytest.fixture
def venue(tmp_path: Path, clock: ManualClock) -> Iterator[Venue]:
    made = Venue(tmp_path, clock)
    yield made
    made.close()
    made.accounts.close()


def test_a_breaker_trips_and_is_put_back(venue: Venue) -> None:
    """Who is told at once hears of it once, who waits when nobody has it in hand, both when it is over."""
    venue.run(2)
    venue.run(12, lambda _second: 0.0)
    venue.run(5, lambda _second: 1.0)
    assert venue.phone.sent == [
        ("2:21", OUT),
        ("12:11", NOBODY),
        ("14:21", OVER),
        ("14:21", OVER),
    ]


def test_a_sensor_that_flaps_tells_nobody(venue: Venue) -> None:
    venue.run(10, lambda second: float(second // 10 % 2))
    assert venue.phone.sent == []


def test_one_who_has_it_in_hand_spares_the_other(venue: Venue) -> None:
    venue.run(2)
    venue.run(3, lambda _second: 0.0)
    venue.bench.alerts.desk.acknowledge(venue.number(), "louise")
    venue.run(15)
    assert venue.phone.sent == [("2:21", OUT)]


def test_a_restart_while_pending_firing_and_in_hand_tells_nothing_twice(venue: Venue) -> None:
    venue.run(2)
    venue.run(5 / 60, lambda _second: 0.0)
    venue.restart()
    venue.run(2)
    assert [title for _, title in venue.phone.sent] == [OUT]
    venue.restart()
    venue.run(1)
    venue.bench.alerts.desk.acknowledge(venue.number(), "louise")
    venue.restart()
    venue.run(12)
    assert [title for _, title in venue.phone.sent] == [OUT]


def test_of_what_is_silenced_only_its_end_is_told_to_whom_it_was_told_before_through_a_restart(venue: Venue) -> None:
    venue.run(2)
    venue.run(2, lambda _second: 0.0)
    venue.bench.alerts.desk.silence(venue.number(), "louise", "electrician at work", None)
    venue.restart()
    venue.run(12)
    venue.run(3, lambda _second: 1.0)
    assert [title for _, title in venue.phone.sent] == [OUT, OVER]


def test_what_could_not_leave_for_ten_minutes_leaves_after_with_its_own_time(venue: Venue) -> None:
    venue.run(2)
    venue.phone.is_cut = True
    venue.run(7, lambda _second: 0.0)
    assert venue.phone.sent == []
    venue.phone.is_cut = False
    venue.run(15)
    assert [title for _, title in venue.phone.sent] == [OUT, NOBODY]
    assert len(set(venue.phone.keys)) == 2


@pytest.mark.parametrize("step_s", [3_600.0, -3_600.0])
def test_a_clock_that_is_set_tells_nobody_anything(venue: Venue, step_s: float) -> None:
    venue.run(2)
    venue.clock.now += step_s
    venue.run(3)
    assert venue.phone.sent == []
