"""Readings of devices of others that the place took in, from their ingest thread to the store's writer.

Steps 7 to 9 of a reading's way for third parties. Their ingest thread gives every message to ``offer``; the ingest
thread of own nodes, which alone writes to the store, calls ``serve`` in each of its rounds, stores ``uncommitted`` with
its own readings and then says ``committed``: only then is a message acknowledged. Built anew for each place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from queue import Empty, SimpleQueue
from typing import NamedTuple, Protocol

from vigie_contract.clock import Clock
from vigie_contract.messages import Channel
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.devices.measures import Decoded, Device, Entity, Measure, Presence, clean
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
from vigie_gateway.registry.holding import Standing, Terms, next_word, terms_of
from vigie_gateway.registry.period import Period
from vigie_gateway.registry.registry import Known, Registry
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


HOLD_EVERY_S = 1.0
"""How often is looked for what silent devices say by their silence. Lower costs a Pi for nothing; higher shows a plug
for longer that is known to be away."""


class Word(NamedTuple):
    """What a device says of one channel.

    Attributes:
        table: Id of its table.
        channel: Id within it.
        at_ts: When it was so.
        value: In the quantity's unit; None when unknown.
        reason: Why it is unknown.
        source: Who said it: its entity, and what is known of that for good. None where the device itself is silent, and
            for what is reckoned.
    """

    table: str
    channel: str
    at_ts: float
    value: float | None
    reason: str | None
    source: tuple[Entity, Terms] | None = None


class _Offer(NamedTuple):
    receipt: Receipt | None
    words: tuple[Word, ...]


class _Channels:
    """The channels of one table: writer's thread, after they were made."""

    def __init__(self, table: DeviceTable, site: Site, learnt_s: Mapping[str, float]) -> None:
        self.id = table.id
        quantities = {one.channel: one.quantity for one in table.measures}
        self._told = frozenset(quantities)
        self.derived, self.metered_by = table.derived(), table.metered_by()
        self.quantities = quantities | {channel_id(one): one for one in sorted(self.derived)}
        self.room = table.room or next((one.room for one in site.all_outlets() if one.id == table.outlet), None)
        self.periods = {channel: Period(known_s=learnt_s.get(channel)) for channel in self.quantities}
        by_quantity = {quantity: name.partition(".")[2] for quantity, name in table.channels().items()}
        self._follows = {
            channel_id("apparent_power"): by_quantity.get("current"),
            channel_id("in_use"): by_quantity.get(self.metered_by or ""),
        }
        # Of two that measure the same, the first is reckoned with.
        self.reckoned_with = {channel: one for channel, one in quantities.items() if by_quantity[one] == channel}
        self.states: dict[str, ChannelState] = {}
        self.standing: dict[str, tuple[Standing, Entity, Terms]] = {}

    def declared(self) -> list[Channel]:
        """As a node's birth would declare them."""
        return [
            Channel(channel, quantity, self.period_s(channel), self.room)
            for channel, quantity in self.quantities.items()
        ]

    def period_s(self, channel: str) -> float:
        """Of a channel; of one that is reckoned, that of what it is reckoned from."""
        followed = None if channel in self._told else self._follows.get(channel)
        return self.periods[followed or channel].period_s

    def fresh_s(self, channel: str) -> float:
        """For how long what it said counts."""
        return FRESH_PERIODS * self.period_s(channel)


class Acknowledging(Protocol):
    """What is needed of the devices' connection."""

    @property
    def is_connected(self) -> bool:
        """Whether the broker knows us now."""

    def done(self, receipt: Receipt) -> None:
        """Let a message go; from any thread."""


class DeviceReadings:
    """What approved devices say, on its way into the store.

    Args:
        site: The place; its devices.
        store: Registers their channels.
        board: Shows what they say.
        clock: The time.
        watch: Whether it is known to be right: nothing is stored before.
        refusals: Of devices.
        registry: Says through which others they speak.
        bus: Lets a message go, from the writer's thread, and knows whether the broker is there.

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
        registry: Registry,
        bus: Acknowledging,
    ) -> None:
        self._site = site
        self._store = store
        self._board = board
        self._clock = clock
        self._watch = watch
        self._refusals = refusals
        self._registry = registry
        self._bus = bus
        self.approved = Approved(site.devices)
        self._tables = {table.id: table for table in site.devices}
        self._presences: dict[tuple[str, str | None], Presence] = {}
        self._connection = 0
        self._held_ts = 0.0
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
        if receipt.connection != self._connection:
            # Who is there was said in another connection: the broker tells it again.
            self._connection, self._presences = receipt.connection, {}
        for presence in decoded.presences:
            self._presences[f"{presence.family}/{presence.device}", presence.key] = presence
        words = [word for measure in decoded.measures for word in self._words(measure)]
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
        by_device = {one.device.identity: one for one in known}
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
        entity = measure.entity
        device = self._registry.device(entity.family, entity.device) or Device(entity.family, entity.device, "")
        terms = terms_of(entity, device)
        source = None if terms is None else (entity, terms)
        return [Word(table.id, approved.channel, measure.at_ts, measure.value, measure.reason, source)]

    # The writer's thread

    def _derived(self, said: Word) -> Iterable[Word]:
        """What is reckoned from a measure: unknown where the measure is."""
        table, channels = self._tables[said.table], self._channels[said.table]
        quantity = channels.reckoned_with.get(said.channel)
        if quantity is None:
            return
        said = said._replace(source=None)
        if said.value is None:
            self._last.pop((table.id, quantity), None)
        else:
            self._last[table.id, quantity] = said.at_ts, said.value
        if "apparent_power" in channels.derived and quantity in {"voltage", "current"}:
            other = self._last.get((table.id, "current" if quantity == "voltage" else "voltage"))
            if said.value is None:
                yield said._replace(channel=channel_id("apparent_power"))
            elif other is not None and said.at_ts - other[0] <= channels.fresh_s(said.channel):
                yield said._replace(channel=channel_id("apparent_power"), value=abs(said.value * other[1]))
        if quantity == channels.metered_by:
            value = said.value
            if value is not None:
                power = abs(value) * (MAINS_V if quantity == "current" else 1)
                value = float(power > table.in_use_above_w)
            yield said._replace(channel=channel_id("in_use"), value=value)

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
        now_ts = self._clock.now_ts()
        if not self._kept and not 0 <= now_ts - self._held_ts < HOLD_EVERY_S:
            self._held_ts = now_ts
            changed |= self._hold(now_ts)
        return changed

    def _hold(self, now_ts: float) -> bool:
        """Say what silent devices say by their silence."""
        changed = False
        for table, channels in self._channels.items():
            device = self._tables[table].device
            for channel, (standing, entity, terms) in list(channels.standing.items()):
                presence = self._presence(device, entity.key)
                period_s = channels.periods[channel].period_s
                held = next_word(standing, terms, presence, period_s, now_ts)
                if held is not None:
                    channels.standing[channel] = standing.after(held), entity, terms
                    changed |= self._take_word(Word(table, channel, held.at_ts, held.value, held.reason), now_ts)[1]
        return changed

    def _presence(self, device: str, key: str) -> Presence | None:
        """The newest word of whether it is there; None where nobody would tell that it is gone."""
        if not self._bus.is_connected:
            return None
        return self._presences.get((device, key)) or self._presences.get((device, None))

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
            self._bus.done(receipt)
        self._unanswered = []

    def clock_moved(self, step_s: float) -> None:
        """The gateway's clock was moved: what was dated by it moves with it."""
        self.uncommitted = [one._replace(at_ts=one.at_ts + step_s) for one in self.uncommitted]
        for channels in self._channels.values():
            for period in channels.periods.values():
                period.moved(step_s)
            for state in channels.states.values():
                state.previous = None
            channels.standing = {
                channel: (standing.moved(step_s), entity, terms)
                for channel, (standing, entity, terms) in channels.standing.items()
            }

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
            if word.source is not None:
                self._stand(word, *word.source)
            stored, shown = self._take_word(word, now_ts)
            is_stored |= stored
            changed |= shown
        if offer.receipt is not None:
            if is_stored:
                self._unanswered.append(offer.receipt)
            else:
                self._bus.done(offer.receipt)
        return changed

    def _stand(self, word: Word, entity: Entity, terms: Terms) -> None:
        """Learn the channel's period, and what a silence from now on says."""
        channels = self._channels[word.table]
        channels.standing[word.channel] = Standing(word.value, word.at_ts, word.at_ts), entity, terms
        period = channels.periods[word.channel]
        if period.tell(entity.expire_after_s) | period.heard(word.at_ts):
            self._register(channels)

    def _take_word(self, word: Word, now_ts: float) -> tuple[bool, bool]:
        """Judge and show a word, and what is reckoned from it.

        Returns:
            Whether some of it is to be stored, and whether something shown may have changed.
        """
        is_stored = changed = False
        for one in (word, *self._derived(word)):
            state = self._channels[one.table].states[one.channel]
            at_ts, value = one.at_ts, None if one.value is None else state.quantity.rounded(one.value)
            verdict = judge(state.quantity, at_ts, value, one.reason, state.previous, now_ts)
            if verdict.flag is not None:
                self._refusals.add(f"quality-{verdict.flag}", state.name, f"value {value!r} at {at_ts:.3f}", now_ts)
                if verdict.flag == "duplicate":
                    continue
            state.previous = verdict.at_ts, verdict.value
            changed |= self._board.take(state.name, verdict.at_ts, verdict.value, verdict.reason)
            if self._watch.is_known:
                self.uncommitted.append(Sample(state.series, verdict.at_ts, verdict.value, verdict.reason))
                is_stored = True
        return is_stored, changed
