"""A small world for the protocol's model: nodes, gateways and a network that a test moves by hand, in one process.

Everything that decides is the real code: journal, publisher and lane on the node, the ingest pipeline on the gateway,
packs and acknowledgements encoded between them. Left out are what only carries: sockets, threads, the gateway's disk
(a list that a commit extends) and time.
"""

from __future__ import annotations

import shutil
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import ManualClock
from tests.gateway.conftest import BusInMemory
from tests.gateway.pipeline_alone import pipeline_alone
from tests.sensors.journals import crash, cut_power

from vigie_contract import topics
from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_gateway.ingest.bus import Message
from vigie_gateway.ingest.pipeline import Pipeline
from vigie_gateway.place.site import Site
from vigie_gateway.store import Gap, MaintenanceReport, Sample, Series
from vigie_sensors.config import BrokerConfig, JournalConfig, SensorsConfig
from vigie_sensors.daemon import FLUSH_S
from vigie_sensors.journal import YOUNG_S, Journal
from vigie_sensors.publisher import Publisher

GATEWAYS = ("main", "mirror")
CHANNEL = Channel("linky-va", "apparent_power", 10.0)


class Code(NamedTuple):
    """An MQTT 5 reason code."""

    value: int


class Letter(NamedTuple):
    """A message on its way from the broker to one who has subscribed."""

    receiver: str
    topic: str
    payload: bytes


class NoRehearsals:
    """Of ``Store.rehearsals`` what a gateway asks at its start: none was under way."""

    def under_way(self) -> list[Any]:
        """See ``Store``."""
        return []


class Disk:
    """A gateway's store, of which only what was committed outlives the process."""

    rehearsals = NoRehearsals()

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], Series] = {}
        self.samples_stored: list[Sample] = []
        self.stored_upto: dict[tuple[str, str], int] = {}
        self.written_off: list[Gap] = []

    def copy(self) -> Disk:
        """A backup."""
        other = Disk()
        other._series = dict(self._series)
        other.samples_stored = list(self.samples_stored)
        other.stored_upto = dict(self.stored_upto)
        other.written_off = list(self.written_off)
        return other

    def values(self, node: str) -> Counter[float | None]:
        """How often each value of a node is stored."""
        ids = {series.id for series in self._series.values() if series.node == node}
        return Counter(sample.value for sample in self.samples_stored if sample.series in ids)

    def register(self, node: str, channels: Sequence[Channel]) -> dict[str, Series]:
        """See ``Store``."""
        for channel in channels:
            self._series.setdefault((node, channel.id), Series(len(self._series) + 1, node, channel))
        return {channel.id: self._series[node, channel.id] for channel in channels}

    def series(self) -> list[Series]:
        """See ``Store``."""
        return list(self._series.values())

    def progress(self) -> dict[tuple[str, str], int]:
        """See ``Store``."""
        return dict(self.stored_upto)

    def commit(
        self, samples: Sequence[Sample], progress: Mapping[tuple[str, str], int], gaps: Sequence[Gap] = ()
    ) -> None:
        """See ``Store``."""
        self.samples_stored += samples
        self.stored_upto |= progress
        self.written_off += gaps

    def maintain(self, now_ts: float) -> MaintenanceReport:
        """See ``Store``."""
        return MaintenanceReport(0, 0, 0, has_more=False)


class World:
    """Nodes, gateways, one broker, and what is on its way."""

    def __init__(self, folder: Path, site: Site, journal_type: type[Journal] = Journal) -> None:
        self.folder = folder
        self.site = site
        self.journal_type = journal_type
        self.clock = ManualClock(1_795_527_000.0)
        self.letters: list[Letter] = []
        self.retained: dict[str, bytes] = {}
        self.gateways = {name: GatewayHere(self, name) for name in GATEWAYS}
        self.nodes = {name: NodeHere(self, name) for name in ("hall", "attic")}

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """A message reaches the broker; returns the reason code of its PUBACK."""
        if retain:
            self.retained[topic] = payload
        found = topics.parse(topic)
        if found.leaf == "ack":
            receivers = [found.node]
        else:
            receivers = [name for name, gateway in self.gateways.items() if gateway.pipeline is not None]
        self.letters += [Letter(receiver, topic, payload) for receiver in receivers]
        return 0 if receivers else 0x10

    def deliver(self, letter: Letter) -> None:
        """A message arrives; at a gateway that is away it does not."""
        if letter.receiver in self.nodes:
            self.nodes[letter.receiver].hear(letter)
        else:
            self.gateways[letter.receiver].hear(letter)

    def deliver_all(self) -> None:
        """What is on its way arrives, in order; what is sent meanwhile does not yet."""
        letters, self.letters = self.letters, []
        for letter in letters:
            self.deliver(letter)

    def restart_broker(self) -> None:
        """It keeps nothing; everybody connects anew."""
        self.letters.clear()
        self.retained.clear()
        for node in self.nodes.values():
            node.connect()

    def pass_time(self, seconds: float) -> None:
        """Timers run; every program does what it does each second."""
        self.clock.pass_time(seconds)
        for node in self.nodes.values():
            node.journal.flush()
            node.work()
        for gateway in self.gateways.values():
            gateway.turn()

    def close(self) -> None:
        """Let go of the journals' files."""
        for node in self.nodes.values():
            node.journal.close()


class GatewayHere:
    """One gateway: its disk, and its pipeline while it runs."""

    def __init__(self, world: World, name: str) -> None:
        self._world = world
        self.name = name
        self.disk = Disk()
        self.backup = self.disk.copy()
        self.pipeline: Pipeline | None = None
        self.start()

    def start(self) -> None:
        """Read the disk, subscribe, and get what is retained."""
        self.bus = BusInMemory()
        # What the pipeline asks of a store is there; what pages ask is not.
        disk: Any = self.disk
        self.pipeline = pipeline_alone(self.name, self._world.site, disk, self.bus, self._world.clock)
        retained = [Letter(self.name, *message) for message in self._world.retained.items()]
        self._world.letters += retained

    def kill(self) -> None:
        """What was not committed is gone, and what is on its way to it."""
        self.pipeline = None
        self._world.letters = [letter for letter in self._world.letters if letter.receiver != self.name]

    def hear(self, letter: Letter) -> None:
        """Take a message off the network and handle it."""
        if self.pipeline is not None:
            self.bus.waiting.append(Message(letter.topic, letter.payload, self._world.clock.now_ts()))
            self.turn()

    def turn(self, *, is_commit_asked: bool = False) -> None:
        """One round of the ingest thread, a hundredth of a second after the last; what it says is on its way."""
        if self.pipeline is None:
            return
        self._world.clock.pass_time(0.01)
        if is_commit_asked:
            self.pipeline.commit_soon()
        self.pipeline._round()
        published = self.bus.published
        while published:
            self._world.publish(*published.pop(0))


class _Connection:
    """As the publisher's own, without a socket."""

    def __init__(self, node: NodeHere) -> None:
        self._node = node
        self._mids = 0
        self.events: deque[tuple[str, Any, Any]] = deque()
        self.data_mids: set[int] = set()

    def subscribe(self) -> None:
        """The broker of this world knows who hears what."""

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """The broker answers at once."""
        self._mids += 1
        self.events.append(("published", self._mids, Code(self._node.world.publish(topic, payload, retain=retain))))
        return self._mids


class NodeHere:
    """One node: its card, its journal, its publisher.

    Attributes:
        card: How many cards it has had; each has a journal of its own.
        taken: Value by (card, number): every reading that was taken.
        let_go: (card, number) of those that went with a card or with the power, or that the ring evicted.
    """

    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.card = 0
        self.taken: dict[tuple[int, int], float] = {}
        self._taken_mono: dict[tuple[int, int], float] = {}
        self._young = world.folder / f"{name}-young"
        self._young.mkdir()
        self.let_go: set[tuple[int, int]] = set()
        self.journal_ids: list[str] = []
        self._config = SensorsConfig(
            path=world.folder / "sensors.toml",
            site=world.site.id,
            node=name,
            broker=BrokerConfig("127.0.0.1", 1883, name, None, None),
            journal=JournalConfig(world.folder, 7.0, 64.0),
            gateways=GATEWAYS,
            sensors=(),
            channels={},
            simulation=None,
        )
        self.start()

    def start(self) -> None:
        """Open the journal of the card, and connect."""
        path = self.world.folder / self.name / "journal.sqlite"
        self.journal = self.world.journal_type.open(
            path, GATEWAYS, 7.0, 64_000_000, self.world.clock, young=self._young
        )
        if len(self.journal_ids) == self.card:
            self.journal_ids.append(self.journal.id)
        self.journal.declare({CHANNEL.id: CHANNEL.quantity})
        self.publisher = Publisher(self._config, [CHANNEL], self.journal, self.world.clock, self.world.clock)
        self.connect()

    def connect(self) -> None:
        """A new connection: what the former one had in its queues is gone."""
        self.connection = _Connection(self)
        self.publisher._introduce(self.connection)  # type: ignore[arg-type] # all that it asks of one is there

    def take(self, count: int) -> None:
        """So many readings, whose values no others have; they are sent at once."""
        for _ in range(count):
            value = float(len(self.taken) + 1)
            number = self.journal.append([Reading(CHANNEL.id, self.world.clock.now_ts(), value)])
            self.taken[self.card, number] = value
            self._taken_mono[self.card, number] = self.world.clock.now_mono()
            self.world.clock.pass_time(0.01)
        self.work()

    def work(self) -> None:
        """What the publisher's thread does when it is woken."""
        connection: Any = self.connection
        self.publisher._handle(connection)
        while self.publisher._send(connection):
            self.publisher._handle(connection)

    def hear(self, letter: Letter) -> None:
        """An acknowledgement."""
        self.connection.events.append(("message", letter.topic, letter.payload))
        self.work()

    def kill(self) -> None:
        """The process ends and is started again."""
        crash(self.journal)
        self.start()

    def cut_power(self) -> None:
        """What was young is gone, and nothing else."""
        held = self.held()
        cut_power(self.journal, self._young)
        self.start()
        gone = {(self.card, number) for number, value in held.items() if self.held().get(number) != value}
        oldest_s = max((self.world.clock.now_mono() - self._taken_mono[key] for key in gone), default=0.0)
        assert oldest_s <= YOUNG_S + FLUSH_S, f"a power cut took a reading that was {oldest_s:.0f} s old"
        self.let_go |= gone

    def change_card(self) -> None:
        """All that was held is gone; a new journal begins."""
        self.journal.close()
        shutil.rmtree(self.world.folder / self.name)
        for file in self._young.iterdir():
            file.unlink()
        self.let_go |= {key for key in self.taken if key[0] == self.card}
        self.card += 1
        self.start()

    def evict(self, count: int) -> None:
        """The ring is full: the oldest go, acknowledged or not."""
        end = min(self.journal.floor + count, self.journal.last + 1)
        self.let_go |= {(self.card, number) for number in range(self.journal.floor, end)}
        with self.journal._lock:
            self.journal._commit()  # the ring looks at its size when what was young has been written
        with self.journal._lock, self.journal._card.transaction():
            self.journal._evict(end, "test")
        self.work()

    def held(self) -> dict[int, float | None]:
        """Value by number of what the journal holds."""
        return {entry.number: entry.reading.value for entry in self.journal.read(0, 1_000_000)}

    def here(self) -> Iterator[tuple[int, float]]:
        """Number and value of what was taken on the present card."""
        return ((number, value) for (card, number), value in self.taken.items() if card == self.card)
