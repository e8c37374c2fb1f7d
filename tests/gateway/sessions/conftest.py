"""A place whose calendar is a file, its checks turned by hand, and rooms that offer what a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import ManualClock

from vigie_dashboard.notices import SessionCheck, SessionView
from vigie_gateway.calendars.feeds import Calendars
from vigie_gateway.capacity.answer import Answer
from vigie_gateway.capacity.check import check
from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import Capacity, Supply, declared
from vigie_gateway.place.board import Board
from vigie_gateway.place.sessions import key_of
from vigie_gateway.place.site import Site, load_site
from vigie_gateway.sessions.checks import SessionChecks
from vigie_gateway.sessions.forecast_log import ForecastLog
from vigie_gateway.sessions.outcome import Outcome
from vigie_gateway.store import StoreError

PARIS = ZoneInfo("Europe/Paris")
SITE = """id = "p"
name = "P"
timezone = "Europe/Paris"
[[rooms]]
id = "salle"
name = { fr = "Grande salle", en = "Main hall" }
seats = 60
[[calendars]]
id = "a"
name = "Agenda"
file = "sessions.ics"
room = "salle"
"""


def ts(text: str) -> float:
    """Epoch seconds of a local time."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


def event(begins: str, ends: str, summary: str = "Calls", *lines: str) -> str:
    """One event, at local times such as ``2026-11-26T18:30``."""
    local = [text.replace("-", "").replace(":", "") + "00" for text in (begins, ends)]
    parts = [f"DTSTART;TZID=Europe/Paris:{local[0]}", f"DTEND;TZID=Europe/Paris:{local[1]}", f"SUMMARY:{summary}"]
    return "\n".join([*parts, *lines])


@dataclass
class Checkers:
    """The calendars' and the checks' rounds, turned by hand."""

    folder: Path
    clock: ManualClock
    site: Site
    upload_bps: float = 20e6
    is_store_away: bool = False
    asked: list[Question] = field(default_factory=list)
    came: dict[float, Outcome] = field(default_factory=dict)
    changes: int = 0

    def __post_init__(self) -> None:
        self.board = Board(self.site, self.clock)
        self.calendars = Calendars(self.site, self.folder / "kept", self.clock, self.board, lambda: None)
        self.log = ForecastLog(self.folder / "forecasts.db")
        self.checks = SessionChecks(
            self.board, self.clock, self._answer, lambda forecast: self.came[forecast.begins_ts], self.log, self._change
        )

    def _change(self) -> None:
        self.changes += 1

    def _answer(self, question: Question, session: SessionView) -> Answer:
        if self.is_store_away:
            raise StoreError("the disk is away")
        assert session in self.board.agenda.sessions
        self.asked.append(question)
        uplink = Capacity(self.upload_bps, self.upload_bps, self.upload_bps, days=8, effective=30.0)
        supply = Supply(question.room, seats=declared(60), outlets=declared(60), upload_bps=uplink, download_bps=uplink)
        return check(question, supply, self.site.session_activities())

    def write(self, *events: str) -> None:
        """Another feed, read with the next round."""
        parts = [f"BEGIN:VEVENT\nUID:{number}\n{one}\nEND:VEVENT" for number, one in enumerate(events)]
        lines = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *parts, "END:VCALENDAR", ""])
        (self.folder / "sessions.ics").write_text(lines)
        self.read_again()

    def read_again(self) -> None:
        """Have the feed read with the next round."""
        for feed in self.calendars._feeds:
            feed.due_mono = 0.0

    def round(self, at: str | None = None) -> None:
        """One round of both threads, at a local time."""
        if at is not None:
            self.clock.now = ts(at)
        self.calendars.round()
        self.checks.round()

    def check(self, name: str = "Calls") -> SessionCheck:
        """What the board is given of a session."""
        session = next(one for one in self.board.agenda.sessions if one.name == name)
        return self.board.session_checks[key_of(session)]


@pytest.fixture
def checkers(checkers_with: Callable[[str], Checkers]) -> Checkers:
    return checkers_with("")


@pytest.fixture
def checkers_with(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[[str], Checkers]]:
    """The same with more keys of the calendar."""
    made = []

    def make(keys: str) -> Checkers:
        (tmp_path / "site.toml").write_text(SITE + keys)
        made.append(Checkers(tmp_path, clock, load_site(tmp_path / "site.toml")))
        return made[-1]

    yield make
    for one in made:
        one.log.close()
