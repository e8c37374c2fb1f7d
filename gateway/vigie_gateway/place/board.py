"""The live board: takes judged readings, and says what the place is now.

Step 8 in the way of a reading. The ingest thread calls ``take``; the live thread calls ``view`` whenever a page may
have changed; a slow thread calls ``restore`` and ``refresh_day``, which read the store for long and only then, briefly,
take the board's lock. Everything that is computed lives in the pure modules beside this one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import timedelta
from threading import RLock
from typing import NamedTuple

from vigie_contract.clock import Clock
from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.notices import SessionCheck
from vigie_dashboard.sheet_view import RoomSheet
from vigie_dashboard.view import BoardView, DayCurve
from vigie_gateway.alerts.signals import Signal
from vigie_gateway.place.advice import advise
from vigie_gateway.place.cells import FRESH_PERIODS, Cell, last_change_ts
from vigie_gateway.place.corrections import CLOSED, OUT_OF_ORDER, PEOPLE, Standing
from vigie_gateway.place.day import CounterPair, Days
from vigie_gateway.place.figures import top_bar
from vigie_gateway.place.hours import Opening, last_reset, local_date, next_reset, openings_of
from vigie_gateway.place.outlets import total_power
from vigie_gateway.place.people import SETTLE_S, Passages, PeopleCounts, increase, replay
from vigie_gateway.place.room_state import Moment, known_people, room_view
from vigie_gateway.place.sessions import Agenda, SessionKey, sessions_today, with_checks
from vigie_gateway.place.sheet import room_sheet
from vigie_gateway.place.signals import Listening, place_signals
from vigie_gateway.place.site import Site
from vigie_gateway.place.strip import Calm, joined
from vigie_gateway.place.warnings import Memory, find_warnings
from vigie_gateway.place.wiring import Wiring
from vigie_gateway.store import Correction, Sample, Series, Store

RECENT_READINGS = 4096
"""Door readings remembered for ``restore``, because the store commits later than the board is told. Fewer would not
hold the readings of one commit interval of a big place; more only costs memory (100 bytes each)."""
BASELINE_S = (3_600.0, 86_400.0, 7 * 86_400.0)
"""How far before the reset a counter's last value is looked for, nearest first. Without one, the first value after the
reset counts from itself: who came before it is not known."""
LAST_VALUE_S = 86_400.0
"""How far back the last value is looked for where the newest reading is unknown: as long as a throughput is shown."""


class _Recent(NamedTuple):
    cell: Cell
    at_ts: float
    value: float


class Board:
    """What the place is now. Every method may be called from any thread.

    Attributes:
        agenda: What the calendars say; set by their thread.
        session_checks: Whether the sessions of the agenda will fit; set by the checks' thread.
        alerts: What fires, in the order of the strip, silenced ones too; set by the alerts' thread.
        count_alerts: How many of them are current; None while nobody knows.
        is_recording: Whether the store takes readings; set by the ingest thread.
        needs_restore: A door's reading came after a younger one of the same door: the counts are right again after the
            next ``restore``. The caller leaves some seconds between two of them.
    """

    def __init__(self, site: Site, clock: Clock) -> None:
        self.site = site
        self.is_recording = True
        self.needs_restore = False
        self._is_time_known = True
        self._clock_sets = 0
        self._clock = clock
        self._lock = RLock()
        self._zone = site.zone()
        self._hours = site.opening_hours()
        self.wiring = Wiring(site)
        self._cells = self.wiring.cells
        self._counts = PeopleCounts(self.wiring.counted)
        self._recent: deque[_Recent] = deque(maxlen=RECENT_READINGS)
        self._taken = 0
        self._standing = Standing()
        self._corrected = 0
        self._days = Days(self._hours, self._zone, self.wiring.counted)
        self._day: DayCurve | None = None
        self._seen = Memory()
        self._calm = Calm()
        self.agenda = Agenda()
        self.session_checks: Mapping[SessionKey, SessionCheck] = {}
        self.alerts: tuple[AlertView, ...] = ()
        self.count_alerts: Callable[[], int | None] = lambda: None
        now_ts = clock.now_ts()
        self._reset_ts = last_reset(self._hours, self._zone, now_ts)
        self._next_reset_ts = next_reset(self._hours, self._zone, now_ts)

    @property
    def is_time_known(self) -> bool:
        """Whether the gateway's clock is known to be right."""
        return self._is_time_known

    def now_ts(self) -> float:
        """By the gateway's clock."""
        return self._clock.now_ts()

    def set_clock(self, *, is_known: bool, step_s: float) -> None:
        """The clock is known to be right or no more, or was moved by so much: what it dated moves with it.

        Who is in stays in; the counts are made anew from history once that is of the right time.
        """
        now_ts = self._clock.now_ts()
        with self._lock:
            is_new = bool(step_s) or is_known != self._is_time_known
            self._is_time_known = is_known
            self._clock_sets += 1
            if step_s:
                for cell in self._cells.values():
                    cell.clock_moved(step_s, now_ts)
                self._counts.clock_moved(step_s)
                self._seen = self._seen.moved(step_s)
                self._calm.move(step_s)
                self._recent.clear()
            self._reset_ts = last_reset(self._hours, self._zone, now_ts)
            self._next_reset_ts = next_reset(self._hours, self._zone, now_ts)
            if is_new:
                self._day = None
                self.needs_restore = is_known
        self._days.forget()

    def declare(self, series: Series) -> None:
        """Learn a channel's period and labels from its node's birth; one that the place does not use is passed over."""
        cell = self._cells.get(series.name)
        if cell is None:
            return
        with self._lock:
            cell.declare(series)
            if cell.moves is not None:
                self._counts.settle_s = self._settle_s()

    def _settle_s(self) -> float:
        return max([SETTLE_S, *(2 * cell.period_s for cell in self._cells.values() if cell.moves is not None)])

    def node_status(self, node: str, is_online: bool, at_ts: float) -> None:  # noqa: ARG002 - ages say since when
        """A node came or left; what it measured is old one period after it left."""
        presence = self.wiring.nodes.get(node)
        if presence is not None:
            presence.is_online = is_online

    def take(self, name: str, at_ts: float, value: float | None, reason: str | None) -> bool:
        """Take one judged reading; the newest of a channel wins.

        Args:
            name: ``node.channel``.
            at_ts: Of the reading, epoch seconds.
            value: None when unknown.
            reason: Why it is unknown.

        Returns:
            Whether anything that a page shows could change by it.
        """
        cell = self._cells.get(name)
        if cell is None:
            return False
        with self._lock:
            if at_ts <= cell.at_ts:
                if cell.moves is not None and value is not None and self._reset_ts < at_ts < cell.at_ts:
                    self._remember(cell, at_ts, value)
                    self.needs_restore = True
                return False
            cell.at_ts = at_ts
            if value is None:
                is_news = cell.value is not None or cell.reason != reason
                cell.value, cell.reason = None, reason
                return is_news
            before, since_s = cell.known_value, at_ts - cell.known_ts
            is_news = cell.value != value or since_s > cell.fresh_s
            cell.value = value
            cell.know(at_ts, value)
            if cell.moves is not None:
                self._remember(cell, at_ts, value)
                self._count(cell, at_ts, increase(before, value))
            return is_news

    def stands(self, kind: str, subject: str, now_ts: float) -> int | None:
        """What a correction of that kind would change: the people on the board (None: unknown), or 1 and 0."""
        with self._lock:
            if kind == CLOSED:
                return int(self._standing.closing(subject, now_ts) is not None)
            if kind == OUT_OF_ORDER:
                return int(self._standing.defect(subject) is not None)
            moment = self._moment(now_ts)
            return next((known_people(room, moment) for room in self.wiring.rooms if room.site.id == subject), None)

    def is_closed_by_hand(self, room: str, at_ts: float) -> bool:
        """Whether what somebody said of a room keeps it closed at a time to come."""
        with self._lock:
            return self._standing.closing(room, at_ts) is not None

    def correct(self, correction: Correction) -> None:
        """Take what somebody said, once it is stored; the doors count on from there."""
        with self._lock:
            if not self._standing.take(correction):
                return  # ``restore`` has read it already
            self._corrected += 1
            if correction.at_ts >= self._next_reset_ts:
                self._roll(correction.at_ts)
            if correction.kind == PEOPLE:
                self._counts.correct(correction.subject, correction.value, correction.at_ts)

    def _remember(self, cell: Cell, at_ts: float, value: float) -> None:
        self._recent.append(_Recent(cell, at_ts, value))
        self._taken += 1

    def _count(self, cell: Cell, at_ts: float, number: int) -> None:
        if at_ts >= self._next_reset_ts and self._is_time_known:
            self._roll(at_ts)
        if number > 0 and (at_ts > self._reset_ts or not self._is_time_known) and cell.moves is not None:
            self._counts.move(Passages(at_ts, *cell.moves, number), self._is_open(at_ts))

    def _is_open(self, at_ts: float) -> bool:
        return self.wiring.watch is None or not self._is_time_known or self.wiring.watch.at(at_ts).is_open

    def _roll(self, now_ts: float) -> None:
        """Closing time has passed: everybody has gone."""
        self._counts.reset()
        self._reset_ts = last_reset(self._hours, self._zone, now_ts)
        self._next_reset_ts = next_reset(self._hours, self._zone, now_ts)

    def _settled(self, now_ts: float) -> Moment:
        if now_ts >= self._next_reset_ts and self._is_time_known:
            self._roll(now_ts)
        self._counts.settle(now_ts, self._is_open(now_ts))
        return self._moment(now_ts)

    def signals(self, now_ts: float, listening: Listening) -> list[Signal]:
        """What alert rules look at of the place."""
        with self._lock:
            return place_signals(self.wiring, self._settled(now_ts), listening)

    def view(self, now_ts: float) -> BoardView:
        """Everything on the board at ``now_ts``."""
        with self._lock:
            is_time_known = self._is_time_known
            moment = self._settled(now_ts)
            rooms = tuple(room_view(room, moment) for room in self.wiring.rooms)
            figures = top_bar(self.wiring, moment, rooms)
            warnings, self._seen = find_warnings(self.wiring, moment, rooms, self._seen, is_recording=self.is_recording)
            warnings, alerts = joined(warnings, self.alerts)
            calm_since_ts = self._calm.since(now_ts, is_empty=not warnings and not alerts)
            status = self.wiring.watch.at(now_ts) if self.wiring.watch is not None and is_time_known else None
            day = self._day
        agenda = self.agenda
        today = sessions_today(agenda, self._zone, now_ts) if is_time_known else ()
        sessions = with_checks(today, self.session_checks)
        return BoardView(
            site_id=self.site.id,
            site_name=self.site.name,
            timezone=self.site.timezone,
            now_ts=now_ts,
            is_open=None if status is None else status.is_open,
            closes_at_ts=None if status is None else status.closes_ts,
            opens_at_ts=None if status is None else status.opens_ts,
            second_address=self.site.second_address,
            figures=figures,
            rooms=rooms,
            doors=self.wiring.doors,
            advice=advise(rooms, sessions, now_ts),
            day=day,
            warnings=warnings,
            alerts=alerts,
            silenced=sum(one.is_silenced for one in self.alerts),
            current=self.count_alerts(),
            calm_since_ts=calm_since_ts,
            is_time_known=is_time_known,
            sessions=sessions,
            stale_calendars=agenda.stale,
        )

    def _moment(self, now_ts: float) -> Moment:
        return Moment(
            now_ts, self.wiring, self._counts, self._standing, self._reset_ts, is_time_known=self._is_time_known
        )

    def sheet(self, room: str, now_ts: float) -> RoomSheet | None:
        """Everything about one room at ``now_ts``; None where the place has no such room with seats."""
        with self._lock:
            view = self.view(now_ts)
            moment = self._moment(now_ts)
            return room_sheet(self.wiring, moment, view, room)

    def room_powers(self, now_ts: float) -> dict[str, float | None]:
        """The power of each room whose outlets have meters, in VA; None where one of them does not tell."""
        with self._lock:
            moment = self._settled(now_ts)
            metered: dict[str, list[float | None]] = {}
            for one in self.wiring.outlets:
                if one.power is not None:
                    metered.setdefault(one.site.room, []).append(moment.power_va(one.power))
            return {room: total_power(powers_va) for room, powers_va in metered.items()}

    def people_band(self, room: str) -> tuple[int, int] | None:
        """Between which two numbers the count of a room lies, 19 times of 20; None where doors do not count it."""
        with self._lock:
            count = self._counts.rooms.get(room)
            return None if count is None else (max(0, count.people - count.margin), count.people + count.margin)

    def refresh_day(self, store: Store, now_ts: float) -> None:
        """Compute the day's curve anew from the store; to be called about each minute.

        Raises:
            StoreError: The store cannot be read; the last curve stays.
        """
        if not self._is_time_known:
            return
        by_name = {series.name: series.id for series in store.series()}
        pairs = [(by_name.get(inward), by_name.get(outward)) for inward, outward in self.wiring.crossings]
        doors = [
            CounterPair(inward, outward) for inward, outward in pairs if inward is not None and outward is not None
        ]
        # A door that was never heard of would make the sum a lie.
        curve = self._days.curve(store, doors, now_ts) if len(doors) == len(pairs) else None
        with self._lock:
            self._day = curve

    def restore(self, store: Store, now_ts: float) -> None:
        """After a start, or late readings: the last value of every channel, and the counts since the last reset.

        Reads the store without the lock, then adds what was taken meanwhile, or not yet committed.

        Raises:
            StoreError: The store cannot be read; nothing has changed.
        """
        with self._lock:
            self.needs_restore = False
            is_time_known = self._is_time_known
            taken, recent, clock_sets = self._taken, list(self._recent), self._clock_sets
            corrected = self._corrected
        try:
            standing = Standing(store.corrections.standing())
            if not is_time_known:
                # History would be of another day: it is asked for again when the time is known.
                self._stand(standing, corrected)
                return
            used = [series for series in store.series() if series.name in self._cells]
            latest = store.latest()
            known = self._last_known(store, used, latest, now_ts)
            changed = self._last_changes(store, used, now_ts)
            reset_ts = last_reset(self._hours, self._zone, now_ts)
            readings = self._stored_readings(store, used, reset_ts, now_ts)
        except Exception:
            self.needs_restore = True
            raise
        for series in used:
            self.declare(series)
        for one in recent:
            readings.setdefault(one.cell.name, {})[one.at_ts] = one.value
        counts = replay(
            PeopleCounts(self.wiring.counted, self._settle_s()),
            self._passages(readings, reset_ts),
            self._openings(now_ts),
            standing.people_since(reset_ts, now_ts).values(),
        )
        with self._lock:
            if clock_sets != self._clock_sets:
                return  # counted up to a time that is not now any more; it was asked for anew
            if not self._stand(standing, corrected):
                return
            for series in used:
                self._adopt(self._cells[series.name], known.get(series.id))
                self._adopt(self._cells[series.name], latest.get(series.id))
                self._adopt_change(self._cells[series.name], changed.get(series.id))
            self._swap(counts, readings, reset_ts, taken)
        self._days.forget()

    def _stand(self, standing: Standing, corrected: int) -> bool:
        """Let the stored words stand; False, and asked for anew, when somebody said something since they were read."""
        with self._lock:
            self.needs_restore |= corrected != self._corrected
            if corrected == self._corrected:
                self._standing = standing
            return corrected == self._corrected

    def _last_known(
        self, store: Store, used: list[Series], latest: Mapping[int, Sample], now_ts: float
    ) -> dict[int, Sample]:
        """The last value of today where the newest reading is an unknown."""
        found = {}
        for series in used:
            newest = latest.get(series.id)
            if newest is None or newest.value is not None or self._cells[series.name].moves is not None:
                continue
            samples = store.samples(series.id, now_ts - LAST_VALUE_S, now_ts)
            known = [sample for sample in samples if sample.value is not None]
            if known:
                found[series.id] = known[-1]
        return found

    def _last_changes(self, store: Store, used: list[Series], now_ts: float) -> dict[int, tuple[float, float]]:
        """Of the channels whose changes matter: the value they have in the store, and since when in the last day."""
        found = {}
        for series in used:
            if series.name not in self.wiring.dated:
                continue
            samples = [one for one in store.samples(series.id, now_ts - LAST_VALUE_S, now_ts) if one.value is not None]
            since_ts = last_change_ts(samples, FRESH_PERIODS * series.channel.period_s)
            if samples and samples[-1].value is not None and since_ts is not None:
                found[series.id] = (samples[-1].value, since_ts)
        return found

    @staticmethod
    def _adopt_change(cell: Cell, change: tuple[float, float] | None) -> None:
        """Take the store's word of when the value began, where it is still the same."""
        if change is not None and cell.since_ts is None and cell.known_value == change[0]:
            cell.since_ts = change[1]

    def _stored_readings(
        self, store: Store, used: list[Series], reset_ts: float, now_ts: float
    ) -> dict[str, dict[float, float]]:
        """By door channel, known values by time: the last one before the reset, and all since."""
        readings: dict[str, dict[float, float]] = {}
        for series in used:
            if self._cells[series.name].moves is None:
                continue
            found: dict[float, float] = {}
            for back_s in BASELINE_S:
                before = _known(store.samples(series.id, reset_ts - back_s, reset_ts))
                if before:
                    last_ts = max(before)
                    found[last_ts] = before[last_ts]
                    break
            readings[series.name] = found | _known(store.samples(series.id, reset_ts, now_ts))
        return readings

    def _passages(self, readings: Mapping[str, Mapping[float, float]], reset_ts: float) -> list[Passages]:
        passages = []
        for name, by_time in readings.items():
            moves = self._cells[name].moves
            before: float | None = None
            for at_ts in sorted(by_time):
                number = increase(before, by_time[at_ts])
                before = by_time[at_ts]
                if number > 0 and at_ts > reset_ts and moves is not None:
                    passages.append(Passages(at_ts, *moves, number))
        return passages

    def _openings(self, now_ts: float) -> list[Opening] | None:
        if self._hours is None:
            return None
        today = local_date(self._zone, now_ts)
        days = [today + timedelta(days=offset) for offset in range(-2, 2)]
        return [opening for day in days for opening in openings_of(self._hours, self._zone, day)]

    @staticmethod
    def _adopt(cell: Cell, sample: Sample | None) -> None:
        """Take the store's newest reading where the board has none as young."""
        if sample is None or sample.at_ts <= cell.at_ts:
            return
        cell.at_ts, cell.value, cell.reason = sample.at_ts, sample.value, sample.reason
        if sample.value is not None:
            cell.known_ts, cell.known_value = sample.at_ts, sample.value

    def _swap(
        self, counts: PeopleCounts, readings: Mapping[str, Mapping[float, float]], reset_ts: float, taken: int
    ) -> None:
        """Put the new counts in place, and count on with what came while they were made."""
        if reset_ts < self._reset_ts:  # closing time passed meanwhile
            return
        last = {name: max(by_time) for name, by_time in readings.items() if by_time}
        values = {name: readings[name][at_ts] for name, at_ts in last.items()}
        for name, at_ts in last.items():
            cell = self._cells[name]
            if cell.known_value is None or at_ts > cell.known_ts:
                cell.known_ts, cell.known_value = at_ts, values[name]
        self._counts = counts
        self._reset_ts = reset_ts
        self._next_reset_ts = next_reset(self._hours, self._zone, reset_ts)
        missed = min(self._taken - taken, len(self._recent))
        for one in list(self._recent)[len(self._recent) - missed :]:
            name = one.cell.name
            if one.at_ts <= last.get(name, one.at_ts - 1):
                continue
            self._count(one.cell, one.at_ts, increase(values.get(name), one.value))
            last[name], values[name] = one.at_ts, one.value


def _known(samples: list[Sample]) -> dict[float, float]:
    return {sample.at_ts: sample.value for sample in samples if sample.value is not None}
