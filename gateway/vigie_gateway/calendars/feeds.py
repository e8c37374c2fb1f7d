"""The place's calendars: read again and again, kept on disk as last read, and told to the board.

A thread of its own: a slow feed delays nothing else. Each feed is due on its own; after a failure its last good copy
goes on being used, and the board and ``/healthz`` say from when it is.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from vigie_contract.clock import Clock
from vigie_dashboard.notices import SessionView, StaleCalendar
from vigie_gateway.calendars.events import CalendarEvent, FeedError
from vigie_gateway.calendars.expansion import expand
from vigie_gateway.calendars.fetch import Fetcher
from vigie_gateway.place.board import Board
from vigie_gateway.place.hours import local_date, local_ts
from vigie_gateway.place.sessions import Agenda, PlannedWorks, place_events, works_of
from vigie_gateway.place.site import Calendar, Site

log = logging.getLogger(__name__)

ROUND_S = 0.5
REFRESH_S = 900.0
"""Between two reads of a feed, what calendars ask of their readers (REFRESH-INTERVAL of our own). Lower is a burden to
whoever serves it; higher shows a session that was moved at its old time."""
RETRY_S = (30.0, 120.0, 300.0, 900.0)
"""Until the next try after failures in a row; the last stands for all further ones."""
STOP_S = 1.0
"""How long a read may hold up the end of the gateway; it is hung up on before."""
DAYS_BEFORE, DAYS_AFTER = 112, 62
"""Expanded around today: what was, as far back as a forecast remembers, so that a session's own hours are not taken
for the place's; and what comes, so that one two months ahead can be asked about. Fewer know less; more cost seconds."""
NEAR_DAYS = 2
"""Of which ``/healthz`` counts the events: today and tomorrow."""


class Feed:
    """One calendar of the site file.

    Attributes:
        calendar: As in the site file.
        body: Last read and understood; None until then.
        read_ts: When that was; None until then.
        events: Of ``body``, for the days that ``Calendars`` asked for.
        trouble: What the last read failed by; None when it did not.
    """

    def __init__(self, calendar: Calendar, kept: Path) -> None:
        self.calendar = calendar
        self.body: bytes | None = None
        self.read_ts: float | None = None
        self.events: tuple[CalendarEvent, ...] = ()
        self.trouble: str | None = None
        self.due_mono = 0.0
        self._kept = kept
        self._failures = 0

    def recall(self) -> None:
        """Take the copy that an earlier run kept."""
        with contextlib.suppress(OSError):  # none yet
            self.body, self.read_ts = self._kept.read_bytes(), self._kept.stat().st_mtime

    def succeeded(self, body: bytes, events: tuple[CalendarEvent, ...], now_ts: float) -> None:
        """Keep what was read; the disk is only written when it changed."""
        is_new = body != self.body
        self.body, self.events, self.read_ts = body, events, now_ts
        self.trouble, self._failures = None, 0
        self.due_mono = time.monotonic() + REFRESH_S
        try:
            if is_new or not self._kept.exists():
                self._kept.parent.mkdir(mode=0o700, exist_ok=True)
                partial = self._kept.with_suffix(".partial")
                partial.write_bytes(body)
                partial.replace(self._kept)
            os.utime(self._kept, (now_ts, now_ts))
        except OSError as error:
            log.warning("calendar %s: no copy of it is kept: %s", self.calendar.id, error.strerror)

    def failed(self, trouble: str) -> None:
        """Say so once, and try again later."""
        if self.trouble is None:
            log.warning("calendar %s %s", self.calendar.id, trouble)
        self.trouble = trouble
        self.due_mono = time.monotonic() + RETRY_S[min(self._failures, len(RETRY_S) - 1)]
        self._failures += 1


class Calendars:
    """The thread.

    Args:
        site: The place, with its calendars.
        folder: Where copies are kept.
        clock: What day it is.
        board: Is given the sessions.
        on_change: Called when what the board shows may have changed.
    """

    def __init__(self, site: Site, folder: Path, clock: Clock, board: Board, on_change: Callable[[], None]) -> None:
        self._site = site
        self._clock = clock
        self._board = board
        self._on_change = on_change
        self._feeds = [Feed(calendar, folder / f"{calendar.id}.ics") for calendar in site.calendars]
        self._fetcher = Fetcher()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._day: date | None = None
        self._near: dict[str, int] = {}
        self._unplaced: dict[str, int] = {}

    def start(self) -> None:
        """Start the thread, where there is a calendar to read."""
        if not self._feeds:
            return
        for feed in self._feeds:
            feed.recall()
        # A look-up of a name cannot be ended: the process may, with it under way.
        self._thread = threading.Thread(target=self._run, name="calendars", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._fetcher.stop()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def report(self) -> dict[str, Any]:
        """For ``/healthz``."""
        by_id = {
            feed.calendar.id: {
                "status": "pass" if feed.trouble is None else "warn",
                "trouble": feed.trouble,
                "read_ts": feed.read_ts,
                "events": self._near.get(feed.calendar.id, 0),
                "unplaced_events": self._unplaced.get(feed.calendar.id, 0),
            }
            for feed in self._feeds
        }
        is_well = all(one["status"] == "pass" for one in by_id.values())
        reads_ts = [feed.read_ts for feed in self._feeds]
        return {
            "status": "pass" if is_well else "warn",
            "calendars": len(by_id),
            "oldest_read_ts": min((at_ts for at_ts in reads_ts if at_ts is not None), default=None),
            "by_id": by_id,
        }

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.round()
            except Exception:  # this loop owns recovery: what failed is said, and tried again in its time
                log.exception("the calendars could not be read")
            self._stop.wait(ROUND_S)

    def round(self) -> None:
        """Read what is due, and tell the board when anything is new, the day too."""
        now_ts = self._clock.now_ts()
        zone = self._site.zone()
        today = local_date(zone, now_ts)
        first, end = today - timedelta(days=DAYS_BEFORE), today + timedelta(days=DAYS_AFTER)
        window = (local_ts(zone, first, 0), local_ts(zone, end, 0))
        is_new_day = today != self._day
        due = [feed for feed in self._feeds if time.monotonic() >= feed.due_mono]
        if is_new_day:
            self._day = today
            for feed in self._feeds:
                self._expand_again(feed, window)
        for feed in due:
            if self._stop.is_set():
                return
            self._read(feed, window)
        if due or is_new_day:
            self._count_near(local_ts(zone, today, 0), local_ts(zone, today + timedelta(days=NEAR_DAYS), 0))
            self._board.agenda = self._agenda(self._feeds, window[1])
            self._on_change()

    def _expand_again(self, feed: Feed, window: tuple[float, float]) -> None:
        if feed.body is None:
            return
        try:
            feed.events = expand(feed.body, *window, self._site.timezone)
        except FeedError as error:
            feed.events = ()
            feed.failed(str(error))

    def _read(self, feed: Feed, window: tuple[float, float]) -> None:
        calendar = feed.calendar
        try:
            if calendar.url is not None:
                body = self._fetcher.url(calendar.url, may_be_here=calendar.loopback)
            else:
                body = self._fetcher.file(Path(calendar.file or ""))
            events = expand(body, *window, self._site.timezone)
        except FeedError as error:
            feed.failed(str(error))
            return
        feed.succeeded(body, events, self._clock.now_ts())

    def _count_near(self, from_ts: float, to_ts: float) -> None:
        for feed in self._feeds:
            near = [one for one in feed.events if one.begins_ts < to_ts and one.ends_ts > from_ts]
            self._near[feed.calendar.id] = len(near)
            place = works_of if feed.calendar.id == self._site.alerts.planned_works else place_events
            self._unplaced[feed.calendar.id] = place(near, feed.calendar, self._site)[1]

    def _agenda(self, feeds: Sequence[Feed], until_ts: float) -> Agenda:
        sessions: list[SessionView] = []
        works: tuple[PlannedWorks, ...] = ()
        for feed in feeds:
            if feed.calendar.id == self._site.alerts.planned_works:
                works, _ = works_of(feed.events, feed.calendar, self._site)
                continue
            placed, _ = place_events(feed.events, feed.calendar, self._site)
            sessions += placed
        stale = [StaleCalendar(feed.calendar.name, feed.read_ts) for feed in feeds if feed.trouble is not None]
        in_order = tuple(sorted(sessions, key=lambda one: (one.begins_ts, one.ends_ts)))
        is_told = all(feed.read_ts is not None or feed.trouble is not None for feed in feeds)
        return Agenda(in_order, tuple(stale), until_ts if is_told else None, works)
