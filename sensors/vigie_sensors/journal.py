"""The node's journal: every reading under its sequence number, until each configured gateway has it on disk.

Two tiers. What is young is in memory, and in a file in memory that outlives the process (``young``); what no gateway
has acknowledged within ``YOUNG_S``, and at a stop everything, goes to one SQLite file on the card (``card_file``). With
a gateway that answers, the card is hardly written to at all. Where there is no folder in memory, everything goes to the
card within a second. Sensor threads append, the publisher's thread reads and hands in acknowledgements, the daemon's
main thread flushes once a second; a lock makes each call whole.

**What is promised.** The end of the process, by whatever signal, takes nothing that ``append`` has returned from (of a
journal without young file: nothing that a flush has seen). A power cut takes what was young: a minute at most.

**Numbers are never used twice**: if some were sent and then forgotten, a gateway would take their next bearers for
duplicates. The card therefore says up to where numbers may be given, ``RESERVE_READINGS`` ahead at a time, and a
journal that was not closed, and whose young file is gone, goes on behind that (see ``opening``).
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from vigie_contract.clock import Clock
from vigie_contract.readings import Reading
from vigie_sensors.card_file import CardError, CardFile, NewerVersionError, State
from vigie_sensors.dating import Dating
from vigie_sensors.machine import boot_id
from vigie_sensors.opening import go_on, young_path
from vigie_sensors.young import Head, Row, YoungFile

YOUNG_S = 60.0
"""A reading is young for so long. Lower writes to the card what a gateway that commits slowly was about to acknowledge;
higher loses more at a power cut."""
YOUNG_READINGS = 6_000
"""And at most so many are. Lower wears the card on a node with very many series; higher takes memory, 400 bytes
each."""
RESERVE_READINGS = 4_000
"""Numbers that the card allows ahead. Lower wears it with more commits: 40 series every 10 s take one every 17 minutes;
higher widens the gap after a power cut."""
COMMIT_READINGS = 200
"""Without a young file, at most so many readings wait for their commit. Lower wears the card with more commits; higher
loses more when the process ends, and widens the gap after it."""
BULK_READINGS = 10_000
"""Readings of one transaction when many are appended at once. Higher holds the lock for longer than 50 ms."""
NO_CHANNEL = ""
"""The channel of numbers that were perhaps used before a crash: the publisher puts them on channels of the birth."""
AGE_CHECK_S = 3_600.0
"""How often readings older than ``keep_days`` are looked for."""

_LEAST_EVICTED = 1_000
"""Readings evicted at once at least, so that a full ring does not evict at each commit."""
_LINES_TO_SPARE = 1_000
"""Lines of the young file that are no longer needed, beside as many as are. Lower rewrites it more often; higher takes
memory, 100 bytes each."""

_log = logging.getLogger(__name__)


class JournalError(Exception):
    """The journal cannot be opened or written; one line for a person, naming the file and what to do."""


class Entry(NamedTuple):
    """A reading in the journal.

    Attributes:
        number: Its sequence number.
        reading: Its ``at_ts`` is right when ``at_mono`` is None.
        at_mono: When it was taken, on this boot's monotonic clock, where its date is not known: it must be sent as an
            age, computed at the moment of sending.
    """

    number: int
    reading: Reading
    at_mono: float | None


class Journal:
    """An open journal. Made by ``Journal.open``; every method may be called from any thread.

    Attributes:
        id: Random, made with the file; another one on another machine.
        evicted: Readings that the ring let go unacknowledged since the journal was opened.
    """

    @classmethod
    def open(
        cls,
        path: Path,
        gateways: Sequence[str],
        keep_days: float,
        max_bytes: int,
        clock: Clock,
        boot: str = "",
        *,
        young: Path | None = None,
        machine: Sequence[str] = (),
    ) -> Journal:
        """Open the file, or make it.

        Args:
            path: Of the file on the card; its folder is made when missing. A file that SQLite finds damaged is set
                aside, beside the new one.
            gateways: A reading is freed when all of these have acknowledged it.
            keep_days: A reading is let go when it is older, acknowledged or not.
            max_bytes: The oldest are let go when the file holds more.
            clock: Of the readings: their times and ages are taken from it.
            boot: The id of this boot; empty asks the kernel.
            young: Folder in memory for what is young; None writes everything to the card at once.
            machine: What identifies this machine, see ``machine_identities``; empty when nothing does.

        Raises:
            JournalError: Another process has it open, or it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise JournalError(f"the journal {path} cannot be written: {error.strerror}") from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise JournalError(
                    f"the journal {path} is in use by another vigie-sensors: stop that one, or give this one its own "
                    "node id and journal directory"
                ) from error
            card = CardFile(path)
            return cls(lock, card, path, gateways, keep_days, max_bytes, clock, boot or boot_id(), young, machine)
        except BaseException as error:
            os.close(lock)
            if isinstance(error, NewerVersionError):
                raise JournalError(str(error)) from error
            if isinstance(error, CardError):
                raise JournalError(f"the journal {path} cannot be written: {error}") from error
            raise

    def __init__(
        self,
        lock: int,
        card: CardFile,
        path: Path,
        gateways: Sequence[str],
        keep_days: float,
        max_bytes: int,
        clock: Clock,
        boot: str,
        young: Path | None,
        machine: Sequence[str],
    ) -> None:
        """Use ``Journal.open``."""
        self._lock_file = lock
        self._card = card
        self._path = path
        self._keep_s = keep_days * 86_400
        self._max_bytes = max_bytes
        self._dating = Dating(clock)
        self._opened_mono = self._checked_mono = self._committed_mono = self._dating.now_mono
        self._lock = threading.Lock()
        self._young: YoungFile | None = None
        self._session = ""
        self._is_failing = False
        self.evicted = 0
        with card.transaction():
            self._boot, self._offsets = card.boots(boot)
            self._boot_id = boot
            self._names = card.channels()
            self._channels = {name: key for key, name in self._names.items()}
            found = go_on(card, young, boot, machine, self._unknowns)
            self.id, self._machine = found.journal, found.machine
            self._last, self._floor, self._pending = found.last, found.floor, found.pending
            self._committed = self._last - len(self._pending)
            self._begin_young(young, found.session)
            card.add_channels(self._names)
            self._known_channels = len(self._names)
            self._kept = self._last
            self._reserved = self._last + self._ahead
            stored = card.cursors()
            # What is below the floor cannot be sent any more, whatever the cursors of before a crash say.
            self._cursors = {gateway: max(stored.get(gateway, 0), self._floor - 1) for gateway in gateways}
            self._evict_old()
            least = card.least()
            self._card_floor = self._committed + 1 if least is None else least
            card.write_state(State(self.id, self._committed, True, self._reserved, self._session, self._machine))

    @property
    def last(self) -> int:
        """The greatest number given, 0 when none ever was."""
        return self._last

    @property
    def floor(self) -> int:
        """The least number still held; ``last + 1`` when none is."""
        return self._floor

    @property
    def is_writable(self) -> bool:
        """False from a commit that failed until one that did not."""
        return not self._is_failing

    def acknowledged(self, gateway: str) -> int:
        """Up to which number a configured gateway has everything; 0 when nothing."""
        return self._cursors[gateway]

    def declare(self, quantities: Mapping[str, str]) -> None:
        """Say what each channel measures from now on; called once, before the first reading.

        What is still held of a channel that measured something else keeps its number, of no channel: under the new
        quantity its values would be wrong ones.

        Raises:
            JournalError: It cannot be written.
        """
        with self._lock, self._telling(), self._card.transaction():
            for name, former in self._card.quantities():
                if quantities.get(name, former) != former:
                    key = self._channels.pop(name)
                    # The blanks make it nobody's id; the number keeps two such changes apart.
                    self._names[key] = f"{name} as {former} until {self._last}, {key}"
                    self._card.rename_channel(key, self._names[key])
            for name in quantities:
                if name not in self._channels:
                    self._new_channel(name)
            self._card.add_channels(self._names)
            self._card.declare([(self._channels[name], quantity) for name, quantity in quantities.items()])
            self._known_channels = len(self._names)

    def append(self, readings: Iterable[Reading]) -> int:
        """Give each reading the next number. Many at once are committed as they come, in bounded memory.

        Returns:
            The last number given.

        Raises:
            JournalError: What may wait in memory does, and it cannot be committed (a full or broken disk): the reading
                is not taken.
        """
        source = iter(readings)
        with self._lock:
            self._dating.look()
            while bulk := list(islice(source, BULK_READINGS)):
                self._make_room(len(bulk))
                self._take(bulk)
                self._keep()
            return self._last

    def read(self, after: int, limit: int) -> list[Entry]:
        """Up to ``limit`` readings numbered above ``after``, in sequence, without a hole from the first on.

        Raises:
            JournalError: The disk does not give them back.
        """
        with self._lock:
            self._dating.look()
            rows: list[Row] = []
            pending_from = self._pending[0][0] if self._pending else self._last + 1
            if after + 1 < pending_from:
                try:
                    rows = self._card.read(max(after, self._floor - 1), limit)
                except CardError as error:
                    raise JournalError(f"the journal {self._path} cannot be read: {error}") from error
            if len(rows) < limit:
                start = max(0, after + 1 - pending_from)
                waiting = self._pending[start : start + limit - len(rows)]
                # Only numbers that a crash would not give again may be seen.
                rows += [row for row in waiting if row[0] <= self._visible_upto]
            return [self._entry(row) for row in rows]

    def acknowledge(self, gateway: str, journal: str, upto: int) -> bool:
        """A gateway has everything of ``journal`` up to and with ``upto`` on disk.

        A gateway restored from a backup says a lower number than before: it is believed, and gets what is still held.

        Returns:
            False when this is not about us: another journal, a gateway that is not configured, or a number never given.
        """
        with self._lock:
            if journal != self.id or gateway not in self._cursors or upto > self._last:
                return False
            self._cursors[gateway] = upto
            freed_upto = min(self._cursors.values())
            if freed_upto >= self._floor:
                self._floor = freed_upto + 1
                if self._pending:
                    del self._pending[: max(0, self._floor - self._pending[0][0])]
            return True

    def flush(self) -> None:
        """Move to the card what is no longer young; called every second.

        Raises:
            JournalError: The disk refuses; what waits is kept and tried again.
        """
        with self._lock:
            self._dating.look()
            if self._young is None:
                is_due = self._last > self._committed or bool(self._pending)
            else:
                is_due = self._is_failing or self._has_old_ones()
                self._trim_young(self._young)
            if is_due:
                self._commit()

    def close(self) -> None:
        """Commit, mark the journal closed, and let others have it. Safe to call twice."""
        with self._lock:
            if self._lock_file < 0:
                return
            try:
                self._commit(is_open=False)
                if self._young is not None:
                    self._young.remove()
            finally:
                self._card.close()
                os.close(self._lock_file)
                self._lock_file = -1

    def _begin_young(self, folder: Path | None, session: str) -> None:
        if folder is not None:
            try:
                head = Head(session, self._boot_id, self._floor, self._last)
                self._young = YoungFile(young_path(folder, self.id), head, self._pending)
                self._session = session
            except OSError as error:
                _log.warning("young readings cannot be kept in %s (%s): the card takes them", folder, error)
        if self._young is None:
            self._card.add_channels(self._names)
            self._card.append(self._pending)
            self._pending.clear()
            self._committed = self._last

    def _unknowns(self, first: int, last: int) -> list[Row]:
        """For numbers that were perhaps used before a crash."""
        key = self._channels.get(NO_CHANNEL) or self._new_channel(NO_CHANNEL)
        now_mono, is_dated = self._dating.now_mono, int(self._dating.is_synchronised)
        same = (key, now_mono + self._dating.offset_s, now_mono, self._boot, is_dated, None, "restarted")
        return [(number, *same) for number in range(first, last + 1)]

    @property
    def _ahead(self) -> int:
        """How many numbers the card allows beyond its last."""
        return COMMIT_READINGS if self._young is None else RESERVE_READINGS

    @property
    def _visible_upto(self) -> int:
        return self._reserved if self._young is None else self._kept

    def _make_room(self, count: int) -> None:
        """See to it that so many more may be taken; raises JournalError."""
        most = COMMIT_READINGS if self._young is None else YOUNG_READINGS
        if self._is_failing and len(self._pending) + count > most:
            self._commit()  # the disk may be back; else this raises and nothing was taken
        if self._young is not None and self._last + count > self._reserved:
            with self._telling(), self._card.transaction():
                self._card.reserve(self._last + count + RESERVE_READINGS)
            self._reserved = self._last + count + RESERVE_READINGS

    def _take(self, readings: list[Reading]) -> None:
        dating, boot, channels, number = self._dating, self._boot, self._channels, self._last
        is_dated = int(dating.is_synchronised)
        for channel, at_ts, value, reason in readings:
            number += 1
            key = channels.get(channel)
            if key is None:
                key = self._new_channel(channel)
            mono = dating.mono_of(at_ts)
            # A reading stamped before the clock was set is re-dated, see Dating.
            self._pending.append((number, key, mono + dating.offset_s, mono, boot, is_dated, value, reason))
        self._last = number

    def _keep(self) -> None:
        """Let what was just taken outlive the process: in memory, or on the card when it is much."""
        fresh = self._last - self._kept
        if self._young is not None and 0 < fresh < YOUNG_READINGS:
            try:
                if len(self._names) > self._known_channels:
                    with self._telling(), self._card.transaction():
                        self._card.add_channels(self._names)
                    self._known_channels = len(self._names)
                self._young.append(self._pending[-fresh:])
                self._kept = self._last
            except OSError as error:
                self._give_up_young(self._young, error)
                self._commit()
        if len(self._pending) >= (COMMIT_READINGS if self._young is None else YOUNG_READINGS):
            self._commit()

    def _give_up_young(self, young: YoungFile, error: OSError) -> None:
        _log.warning("young readings cannot be kept in memory any more (%s): the card takes them", error)
        young.remove()  # first: what follows it is nowhere but in this process, and a start must not go on with it
        self._young = None
        self._session = ""

    def _trim_young(self, young: YoungFile) -> None:
        if young.lines > 2 * len(self._pending) + _LINES_TO_SPARE and self._kept == self._last:
            try:
                young.rewrite(Head(self._session, self._boot_id, self._floor, self._last), self._pending)
            except OSError as error:
                self._give_up_young(young, error)

    def _has_old_ones(self) -> bool:
        """Whether something is no longer young, or the card still holds what is acknowledged."""
        now_mono = self._dating.now_mono
        if self._pending and now_mono - self._pending[0][3] >= YOUNG_S:
            return True
        return self._card_floor < min(self._floor, self._committed + 1) and now_mono - self._committed_mono >= YOUNG_S

    def _new_channel(self, name: str) -> int:
        key = max(self._names, default=0) + 1
        self._names[key] = name
        self._channels[name] = key
        return key

    def _entry(self, row: Row) -> Entry:
        number, key, at_ts, mono, boot, is_dated, value, reason = row
        channel = self._names[key]
        if is_dated:
            return Entry(number, Reading(channel, at_ts, value, reason), None)
        if boot == self._boot:
            if self._dating.is_synchronised:
                return Entry(number, Reading(channel, mono + self._dating.offset_s, value, reason), None)
            return Entry(number, Reading(channel, at_ts, value, reason), mono)
        offset_s = self._offsets.get(boot)
        if offset_s is not None:
            return Entry(number, Reading(channel, mono + offset_s, value, reason), None)
        # Taken in an earlier boot whose clock was never right: when that was, nobody can tell any more.
        started = Reading(channel, self._opened_mono + self._dating.offset_s, None, "restarted")
        return Entry(number, started, None if self._dating.is_synchronised else self._opened_mono)

    def _commit(self, *, is_open: bool = True) -> None:
        ahead = self._ahead if is_open else 0
        with self._telling(), self._card.transaction():
            self._write(is_open=is_open, reserved=self._last + ahead)
        self._is_failing = False
        self._pending.clear()
        self._known_channels = len(self._names)
        self._committed = self._kept = self._last
        self._committed_mono = self._dating.now_mono
        self._reserved = self._last + ahead

    def _write(self, *, is_open: bool, reserved: int) -> None:
        self._card.add_channels(self._names)
        self._card.append(self._pending)
        self._card.write_cursors(self._cursors)
        self._card.delete_below(self._floor)
        self._card.write_state(
            State(self.id, self._last, is_open, reserved, self._session if is_open else "", self._machine)
        )
        if self._dating.is_synchronised:
            self._remember_offset()
        if self._dating.now_mono - self._checked_mono > AGE_CHECK_S:
            self._checked_mono = self._dating.now_mono
            self._evict_old()
        while self._card.held_bytes() > self._max_bytes and self._floor <= self._last:
            held = self._last - self._floor + 1
            self._evict(self._floor + min(held, max(_LEAST_EVICTED, held // 20)), "full")
        self._card_floor = self._floor

    def _remember_offset(self) -> None:
        offset_s = self._dating.offset_s
        if abs(self._offsets.get(self._boot, -offset_s) - offset_s) > 1.0:
            self._offsets[self._boot] = offset_s
            self._card.remember_offset(self._boot, offset_s)

    def _evict_old(self) -> None:
        """Let go of the oldest readings, one by one from the floor, while they are past their days.

        Readings whose date is not known yet stay: the size bounds them.
        """
        if not self._dating.is_synchronised:
            return
        limit_ts = self._dating.now_mono + self._dating.offset_s - self._keep_s
        end = self._card.first_since(limit_ts, self._floor, self._offsets | {self._boot: self._dating.offset_s})
        if end > self._floor:
            self._evict(end, "older than keep_days")

    def _evict(self, floor: int, why: str) -> None:
        count = floor - self._floor
        self._card.delete_below(floor)
        self._floor = floor
        self.evicted += count
        _log.warning("journal %s: %d readings that no gateway fetched were let go", why, count)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """A disk that refuses becomes one line for a person."""
        try:
            yield
        except CardError as error:
            self._is_failing = True
            raise JournalError(f"the journal {self._path} cannot be written: {error}") from error
