"""Clocks that are wrong, that step, that nobody sets: every reading is stored once, at the time it was taken.

The node's journal, dating and publisher and the gateway's pipeline and store are the real ones; the network between
them carries at once, and the two clocks go as the test says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import TUESDAY_1430_TS, ManualClock
from tests.end_to_end.protocol_world import CHANNEL, NodeHere
from tests.gateway.conftest import SAMPLE_SITE, make_bench

from vigie_contract import topics
from vigie_contract.readings import Reading
from vigie_gateway.clock import word
from vigie_gateway.clock.belief import Witness, Word
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.ingest.bus import Message
from vigie_gateway.place.site import load_site
from vigie_gateway.store import open_store
from vigie_sensors.journal import Journal

PERIOD_S = 20.0
NODE = "hall"


class Gateway:
    """A gateway with a real store, on a clock of its own."""

    def __init__(self, folder: Path, clock: ManualClock) -> None:
        self.folder = folder
        self.clock = clock
        self.site = load_site(SAMPLE_SITE)
        self.start()

    def start(self) -> None:
        """Open the store and look at the clock, as ``app`` does."""
        self.store = open_store(self.folder / "vigie.db", self.clock)
        store = self.store
        watch = ClockWatch(
            self.clock,
            self.folder / "clock.json",
            lambda: max((sample.at_ts for sample in store.latest().values()), default=None),
            boot="boot-1",
            read_rtc=lambda: None,
        )
        # Accounts are asked by pages, of which there are none here.
        self.bench = make_bench(store, self.clock, self.site, None, watch)  # type: ignore[arg-type]

    def restart(self) -> None:
        """The process ends and starts again: what was not committed is gone."""
        self.store.close()
        self.start()

    def vouch(self, true_ts: float) -> None:
        """What `clock set TIME` does."""
        self.clock.now = true_ts
        said = Word(Witness.PERSON, "boot-1", self.clock.now, self.clock.mono)
        word.write(self.folder / "clock.json", said)


class Place:
    """A node and a gateway, each with its clock; and true time, which neither may know."""

    def __init__(self, folder: Path, gateway_off_s: float, node_off_s: float) -> None:
        self.folder = folder
        self.true_ts = TUESDAY_1430_TS
        self.clock, clock = ManualClock(self.true_ts + node_off_s), ManualClock(self.true_ts + gateway_off_s)
        self.clock.mono = 77.0
        self.clock.is_right, clock.is_right = not node_off_s, not gateway_off_s
        self.gateway = Gateway(folder, clock)
        self.site = self.gateway.site
        self.journal_type = Journal
        self.letters: list[tuple[str, bytes]] = []
        self.taken: dict[float, float] = {}
        self.is_cut = False
        self.node = NodeHere(self, NODE)  # type: ignore[arg-type] # what it asks of a world is there

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """A message to the gateway, which the broker holds until the next delivery."""
        if self.is_cut:
            return 0x10
        self.letters.append((topic, payload))
        return 0

    def run(self, duration_s: float) -> None:
        """Time goes by: a reading each period, sent and answered."""
        for _ in range(round(duration_s / PERIOD_S)):
            self.true_ts += PERIOD_S
            self.clock.pass_time(PERIOD_S)
            self.gateway.clock.pass_time(PERIOD_S)
            self.take()
            self.exchange()

    def take(self) -> None:
        """One reading, with a value that no other has."""
        value = float(len(self.taken) + 1)
        self.taken[value] = self.true_ts
        self.node.journal.append([Reading(CHANNEL.id, self.clock.now_ts(), value)])
        self.node.journal.flush()

    def exchange(self) -> None:
        """The publisher and the ingest thread each come round, and hear each other."""
        bench = self.gateway.bench
        for _ in range(2):
            self.node.work()
            letters, self.letters = self.letters, []
            bench.bus.waiting.extend(Message(*letter, self.gateway.clock.now_ts()) for letter in letters)
            bench.pipeline._round()
            bench.pipeline._round()
            answers, bench.bus.published[:] = list(bench.bus.published), []
            for topic, payload in answers:
                if topics.parse(topic).node == NODE and not self.is_cut:
                    self.node.connection.events.append(("message", topic, payload))
        self.node.work()

    def correct_gateway(self) -> None:
        """NTP reaches it."""
        self.gateway.clock.now, self.gateway.clock.is_right = self.true_ts, True

    def correct_node(self) -> None:
        """NTP reaches it."""
        self.clock.now, self.clock.is_right = self.true_ts, True

    def stored(self) -> list[tuple[float | None, float]]:
        """Value and time of all that is stored."""
        store = self.gateway.store
        return [
            (sample.value, sample.at_ts)
            for series in store.series()
            for sample in store.samples(series.id, -1e10, 1e11)
        ]


@pytest.fixture
def make_place(tmp_path: Path) -> Iterator[Callable[..., Place]]:
    made: list[Place] = []

    def make(*, gateway_off_s: float = 0.0, node_off_s: float = 0.0) -> Place:
        made.append(Place(tmp_path, gateway_off_s, node_off_s))
        return made[-1]

    yield make
    for place in made:
        place.node.journal.close()
        place.gateway.store.close()


def assert_all_is_stored_where_it_was_taken(place: Place) -> None:
    """0 lost, 0 misplaced, 0 overwritten, 0 doubled."""
    place.run(120)
    # Numbers that a crash may have used are sent as unknowns, of no reading.
    found = [(value, at_ts) for value, at_ts in place.stored() if value is not None]
    values = [value for value, _ in found]
    late = {value for value, true_ts in place.taken.items() if true_ts > place.true_ts - 60}
    assert set(place.taken) - set(values) <= late, "lost"
    assert len(values) == len(set(values)), "doubled"
    assert [(value, at_ts - place.taken[value]) for value, at_ts in found if abs(at_ts - place.taken[value]) > 1] == []
    assert place.gateway.bench.pipeline.counts["gaps"] == 0


EPOCH_S = 30.0 - TUESDAY_1430_TS
"""From true time to half a minute after the beginning of 1970."""


@pytest.mark.parametrize("node_off_s", [0.0, -3_600.0, 86_400.0, EPOCH_S])
@pytest.mark.parametrize("gateway_off_s", [-3_600.0, 86_400.0, EPOCH_S])
def test_a_boot_with_a_wrong_clock_and_ntp_ten_minutes_later(
    make_place: Callable[..., Place], gateway_off_s: float, node_off_s: float
) -> None:
    place = make_place(gateway_off_s=gateway_off_s, node_off_s=node_off_s)
    place.run(600)
    assert place.stored() == []
    place.correct_gateway()
    place.run(100)
    place.correct_node()
    assert_all_is_stored_where_it_was_taken(place)


@pytest.mark.parametrize("off_s", [-3_600.0, 86_400.0, EPOCH_S])
def test_one_machine_whose_only_clock_is_put_right_by_ntp(make_place: Callable[..., Place], off_s: float) -> None:
    place = make_place(gateway_off_s=off_s, node_off_s=off_s)
    place.run(600)
    place.correct_gateway()
    place.correct_node()
    assert_all_is_stored_where_it_was_taken(place)


@pytest.mark.parametrize("step_s", [-3_600.0, 86_400.0, EPOCH_S, -2.0, 2.0])
def test_a_gateway_whose_clock_is_moved_while_it_runs_and_put_right_later(
    make_place: Callable[..., Place], step_s: float
) -> None:
    place = make_place()
    place.run(125)
    place.gateway.clock.now += step_s
    place.gateway.clock.is_right = False  # settimeofday(2) takes the kernel's flag away
    place.run(600)
    place.correct_gateway()
    place.run(65)
    assert_all_is_stored_where_it_was_taken(place)
    assert place.gateway.bench.gateway.health.report()["parts"]["clock"]["steps"] == 2


@pytest.mark.parametrize("step_s", [-3_600.0, 86_400.0, EPOCH_S])
def test_a_node_whose_clock_is_moved_while_it_runs_and_put_right_later(
    make_place: Callable[..., Place], step_s: float
) -> None:
    place = make_place()
    place.run(125)
    place.clock.now += step_s
    place.clock.is_right = False
    place.run(600)
    place.correct_node()
    assert_all_is_stored_where_it_was_taken(place)


@pytest.mark.parametrize("node_off_s", [0.0, EPOCH_S])
def test_no_ntp_at_all_and_a_person_who_vouches_later(make_place: Callable[..., Place], node_off_s: float) -> None:
    place = make_place(gateway_off_s=EPOCH_S, node_off_s=node_off_s)
    place.run(1_200)
    assert place.stored() == []
    place.gateway.vouch(place.true_ts)
    place.run(60)
    assert len(place.stored()) > 50
    assert_all_is_stored_where_it_was_taken(place)


def test_no_ntp_at_all_and_programs_that_start_again(make_place: Callable[..., Place]) -> None:
    place = make_place(gateway_off_s=EPOCH_S, node_off_s=EPOCH_S)
    for restart in (place.gateway.restart, place.node.kill, place.node.connect, place.gateway.restart):
        place.run(95)
        restart()
        place.node.connect()
    place.gateway.vouch(place.true_ts)
    place.run(65)
    place.gateway.restart()
    place.node.connect()
    place.run(5)
    assert place.gateway.bench.pipeline._watch.is_known, "the word outlives the process"
    assert_all_is_stored_where_it_was_taken(place)


def test_an_outage_of_the_broker_across_a_step(make_place: Callable[..., Place]) -> None:
    place = make_place()
    place.run(65)
    place.is_cut = True
    place.run(600)
    place.gateway.clock.now -= 3_600
    place.gateway.clock.is_right = False
    place.run(600)
    place.is_cut = False
    place.node.connect()
    place.run(300)
    place.correct_gateway()
    assert_all_is_stored_where_it_was_taken(place)


def test_ntp_that_moves_the_clock_by_itself_loses_nothing(make_place: Callable[..., Place]) -> None:
    """A gateway three seconds wrong by the word of a person: NTP says so, and what was not on disk comes again."""
    place = make_place(gateway_off_s=3.0, node_off_s=EPOCH_S)
    place.run(60)
    place.gateway.clock.now -= 3.0
    place.gateway.vouch(place.true_ts)
    place.run(65)
    place.correct_gateway()
    assert_all_is_stored_where_it_was_taken(place)
