"""Readings of devices of others that the place took in, from their ingest thread to the store's writer.

Steps 7 to 9 of a reading's way for third parties. Their ingest thread gives every message to ``offer``; the ingest
thread of own nodes, which alone writes to the store, calls ``serve`` in each of its rounds, stores ``uncommitted`` with
its own readings and then says ``committed``: only then is a message acknowledged. Built anew for each place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from queue import Empty, SimpleQueue
from typing import NamedTuple

from vigie_contract.clock import Clock
from vigie_contract.messages import Channel
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.devices.measures import Decoded, Measure, clean
from vigie_gateway.ingest.device_bus import Receipt
from vigie_gateway.ingest.nodes import ChannelState
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.place.board import Board
from vigie_gateway.place.cells import FRESH_PERIODS
from vigie_gateway.place.circuits import MAINS_V
from vigie_gateway.place.device_table import DeviceTable, channel_id
from vigie_gateway.place.site import Site
from vigie_gateway.quality import judge
from vigie_gateway.registry.approval import Approved, is_as_approved
from vigie_gateway.registry.period import Period
from vigie_gateway.registry.registry import Known
from vigie_gateway.store import Sample, Store

MAX_OFFERED = 5_000
"""Messages between the two threads. Lower drops what comes while a slow card commits; higher takes more memory, about
500 bytes each, while the disk refuses readings."""
MAX_UNCOMMITTED = 20_000
"""Readings held while the disk refuses them; beyond that what comes waits, and then stays with the broker. Lower turns
a short stall into lost readings; higher takes memory, about 200 bytes each."""
COMMIT_SOON = 50
"""Messages that wait for their acknowledgement until a commit is asked for: half of what the broker sends without.
Lower writes to the card more often; higher lets the broker stop in the middle of an ordinary minute."""


class Word(NamedTuple):
    """What a device says of one channel.

    Attributes:
        table: Id of its table.
        channel: Id within it.
        at_ts: When it was so.
        value: In the quantity's unit; None when unknown.
        reason: Why it is unknown.
        is_heard: Whether the device said it just now: its period is learnt from that.
    """

    table: str
    channel: str
    at_ts: float
    value: float | None
    reason: str | None
    is_heard: bool = True


class _Offer(NamedTuple):
    receipt: Receipt | None
    words: tuple[Word, ...]


class _Channels:
    """The channels of one table: writer's thread, after they were made."""

    def __init__(self, table: DeviceTable, site: Site, learnt_s: Mapping[str, float]) -> None:
        self.id = table.id
        quantities = {one.channel: one.quantity for one in table.measures}
        self.quantities = quantities | {channel_id(one): one for one in sorted(table.derived())}
        self.room = table.room or next((one.room for one in site.all_outlets() if one.id == table.outlet), None)
        self.periods = {channel: Period(known_s=learnt_s.get(channel)) for channel in self.quantities}
        self.states: dict[str, ChannelState] = {}

    def declared(self) -> list[Channel]:
        """As a node's birth would declare them."""
        return [
            Channel(channel, quantity, self.periods[channel].period_s, self.room)
            for channel, quantity in self.quantities.items()
        ]


class DeviceReadings:
    """What approved devices say, on its way into the store.

    Args:
        site: The place; its devices.
        store: Registers their channels.
        board: Shows what they say.
        clock: The time.
        watch: Whether it is known to be right: nothing is stored before.
        refusals: Of devices.
        acknowledge: Lets a message go, from the writer's thread.

    Attributes:
        uncommitted: Readings that are not on the disk yet. Writer's thread only.
        stored: How many went to the disk since the place is served.
    """

    def __init__(
        self,
        site: Site,
        store: Store,
        board: Board,
        clock: Clock,
        watch: ClockWatch,
        refusals: Refusals,
        acknowledge: Callable[[Receipt], None],
    ) -> None:
        self._site = site
        self._store = store
        self._board = board
        self._clock = clock
        self._watch = watch
        self._refusals = refusals
        self._acknowledge = acknowledge
        self.approved = Approved(site.devices)
        self._tables = {table.id: table for table in site.devices}
        self._by_device: dict[str, list[DeviceTable]] = {}
        for table in site.devices:
            self._by_device.setdefault(table.device, []).append(table)
        self._last: dict[tuple[str, str], tuple[float, float]] = {}
        self._offered: SimpleQueue[_Offer] = SimpleQueue()
        self._kept: list[_Offer] = []
        self._channels: dict[str, _Channels] = {}
        self._unanswered: list[Receipt] = []
        self.uncommitted: list[Sample] = []
        self.stored = 0

    # Their ingest thread

    def offer(self, receipt: Receipt, decoded: Decoded) -> bool:
        """Take what a message says of approved measures.

        Returns:
            Whether its acknowledgement is left to ``committed``.
        """
        words = [word for measure in decoded.measures for word in self._words(measure)]
        for presence in decoded.presences:
            if not presence.is_online:
                words += self._gone(f"{presence.family}/{presence.device}", presence.key, presence.at_ts)
        if not words:
            return False
        if self._offered.qsize() >= MAX_OFFERED:
            subject = clean(receipt.message.topic, 120)
            self._refusals.add("store-behind", subject, "the disk takes no readings", receipt.message.at_ts)
            return receipt.qos > 0  # the broker has it still, and sends it with the next connection
        self._offered.put(_Offer(receipt, tuple(words)))
        return True

    def given(self, known: Iterable[Known]) -> dict[str, dict[str, object]]:
        """For the health report: by its table, whether a device is there and when it was heard. From any thread."""
        by_device = {f"{one.device.family}/{one.device.id}": one for one in known}
        found: dict[str, dict[str, object]] = {}
        for table in self._tables.values():
            one = by_device.get(table.device)
            found[table.id] = {
                "is_online": None if one is None else one.is_online,
                "heard_ts": None if one is None else one.heard_ts,
            }
        return found

    def feed(self, known: Iterable[Known], already: frozenset[str]) -> None:
        """Take what devices said last before they were approved, so that nobody waits for them to speak again.

        Args:
            known: The devices.
            already: Identities whose measures were taken before.
        """
        for device in known:
            words = []
            for unique_id, said in device.entities.items():
                if unique_id not in already and said.heard_ts is not None and self.approved.of(unique_id) is not None:
                    words += self._words(Measure(said.entity, said.value, said.reason, said.said, said.heard_ts))
            if words:
                self._offered.put(_Offer(None, tuple(words)))

    def _words(self, measure: Measure) -> list[Word]:
        given = self.approved.of(measure.entity.unique_id)
        if given is None or measure.is_retained:
            return []
        table, approved = given
        if not is_as_approved(measure.entity, approved):
            entity = measure.entity
            detail = (
                f"told as {entity.quantity or 'nothing known'} in {entity.told_unit!r}, approved as {approved.quantity}"
                f" in {approved.unit!r}: /devices asks again"
            )
            self._refusals.add("changed", clean(entity.unique_id, 120), detail, measure.at_ts)
            return []
        said = Word(table.id, approved.channel, measure.at_ts, measure.value, measure.reason)
        is_first = table.channels()[approved.quantity] == f"{table.id}.{approved.channel}"
        return [said, *self._derived(table, approved.quantity, said)] if is_first else [said]

    def _derived(self, table: DeviceTable, quantity: str, said: Word) -> Iterable[Word]:
        """What is reckoned from a measure: unknown where the measure is."""
        if said.value is None:
            self._last.pop((table.id, quantity), None)
        else:
            self._last[table.id, quantity] = said.at_ts, said.value
        derived = table.derived()
        if "apparent_power" in derived and quantity in {"voltage", "current"}:
            other = self._last.get((table.id, "current" if quantity == "voltage" else "voltage"))
            if said.value is None:
                yield said._replace(channel=channel_id("apparent_power"))
            elif other is not None and said.at_ts - other[0] <= FRESH_PERIODS * Period().period_s:
                yield said._replace(channel=channel_id("apparent_power"), value=abs(said.value * other[1]))
        if quantity == table.metered_by():
            value = said.value
            if value is not None:
                power = abs(value) * (MAINS_V if quantity == "current" else 1)
                value = float(power > table.in_use_above_w)
            yield said._replace(channel=channel_id("in_use"), value=value)

    def _gone(self, device: str, key: str | None, at_ts: float) -> Iterable[Word]:
        """A device, or one measure of it, is said to be away: what it measured is unknown."""
        for table in self._by_device.get(device, ()):
            for one in table.measures:
                if key is None or one.key == key:
                    said = Word(table.id, one.channel, at_ts, None, "absent", is_heard=False)
                    yield said
                    yield from self._derived(table, one.quantity, said)

    # The writer's thread

    def serve(self) -> bool:
        """Take all that was offered; whether something shown may have changed.

        Raises:
            StoreError: A channel could not be registered; what was offered waits.
        """
        if not self._kept:
            self._kept += self._drained()
        changed = False
        while self._kept and len(self.uncommitted) < MAX_UNCOMMITTED:
            offer = self._kept[0]
            for word in offer.words:
                self._registered(word.table)  # before any is taken: a message is taken whole
            changed |= self._take(offer)
            del self._kept[0]
        return changed

    def is_blocked(self) -> bool:
        """Whether something waits for a disk that takes no more."""
        return bool(self._kept)

    def is_pressing(self) -> bool:
        """Whether so many messages wait for their acknowledgement that a commit is due."""
        return len(self._unanswered) >= COMMIT_SOON

    def committed(self) -> None:
        """What was uncommitted is on the disk."""
        self.stored += len(self.uncommitted)
        self.uncommitted = []
        for receipt in self._unanswered:
            self._acknowledge(receipt)
        self._unanswered = []

    def clock_moved(self, step_s: float) -> None:
        """The gateway's clock was moved: what was dated by it moves with it."""
        self.uncommitted = [one._replace(at_ts=one.at_ts + step_s) for one in self.uncommitted]
        for channels in self._channels.values():
            for period in channels.periods.values():
                period.moved(step_s)
            for state in channels.states.values():
                state.previous = None

    def _drained(self) -> Iterable[_Offer]:
        while True:
            try:
                yield self._offered.get_nowait()
            except Empty:
                return

    def _registered(self, table: str) -> _Channels:
        channels = self._channels.get(table)
        if channels is None:
            learnt_s = {one.channel.id: one.channel.period_s for one in self._store.series() if one.node == table}
            channels = _Channels(self._tables[table], self._site, learnt_s)
            self._register(channels)
            self._channels[table] = channels
        return channels

    def _register(self, channels: _Channels) -> None:
        for channel, series in self._store.register(channels.id, channels.declared()).items():
            known = channels.states.get(channel)
            previous = known.previous if known is not None and known.series == series.id else None
            channels.states[channel] = ChannelState(series.id, series.name, series.quantity, previous)
            self._board.declare(series)

    def _take(self, offer: _Offer) -> bool:
        changed = is_stored = False
        now_ts = self._clock.now_ts()
        for word in offer.words:
            channels = self._channels[word.table]
            state = channels.states[word.channel]
            if word.is_heard and channels.periods[word.channel].heard(word.at_ts):
                self._register(channels)
                state = channels.states[word.channel]
            at_ts, value = word.at_ts, None if word.value is None else state.quantity.rounded(word.value)
            verdict = judge(state.quantity, at_ts, value, word.reason, state.previous, now_ts)
            if verdict.flag is not None:
                self._refusals.add(f"quality-{verdict.flag}", state.name, f"value {value!r} at {at_ts:.3f}", now_ts)
                if verdict.flag == "duplicate":
                    continue
            state.previous = verdict.at_ts, verdict.value
            changed |= self._board.take(state.name, verdict.at_ts, verdict.value, verdict.reason)
            if self._watch.is_known:
                self.uncommitted.append(Sample(state.series, verdict.at_ts, verdict.value, verdict.reason))
                is_stored = True
        if offer.receipt is not None:
            if is_stored:
                self._unanswered.append(offer.receipt)
            else:
                self._acknowledge(offer.receipt)
        return changed
