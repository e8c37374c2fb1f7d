"""Calendars are read, placed, kept on disk, and say how old they are when they fail."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import ManualClock

from vigie_gateway.calendars.feeds import Calendars
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import check_site, load_site

TUESDAY_TS = datetime(2026, 11, 24, 14, 32, tzinfo=ZoneInfo("Europe/Paris")).timestamp()
SAMPLE = Path(__file__).parents[3] / "gateway" / "vigie_gateway" / "sample"


class Place:
    """A place with one calendar, in a file; and the calendars' rounds, turned by hand."""

    def __init__(self, folder: Path, clock: ManualClock, keys: str = "") -> None:
        self.folder, self.clock = folder, clock
        self.file = folder / "sessions.ics"
        if not self.file.exists():
            self.file.write_bytes((SAMPLE / "sessions.ics").read_bytes())
        site = folder / "site.toml"
        site.write_text(
            f'id = "p"\nname = "P"\ntimezone = "Europe/Paris"\n'
            f'[[rooms]]\nid = "atelier"\nname = {{ fr = "Atelier", en = "Workshop" }}\nseats = 9\n'
            f'[[rooms]]\nid = "salle"\nname = "Main"\nseats = 9\n'
            f'[[calendars]]\nid = "a"\nname = "Agenda"\nfile = "sessions.ics"\n{keys}\n'
        )
        self.site = load_site(site)
        self.changes: list[float] = []
        self.start()

    def start(self) -> None:
        """Begin as after a start of the gateway."""
        self.board = Board(self.site, self.clock)
        self.calendars = Calendars(
            self.site, self.folder / "kept", self.clock, self.board, lambda: self.changes.append(self.clock.now)
        )
        for feed in self.calendars._feeds:
            feed.recall()

    def round(self, *, is_due: bool = True) -> None:
        """One round, with the calendar due."""
        for feed in self.calendars._feeds:
            feed.due_mono = 0.0 if is_due else feed.due_mono
        self.calendars.round()

    def sessions(self) -> list[tuple[str, str | None]]:
        """Room and name of today's, on the board."""
        return [(one.room, one.name) for one in self.board.view(self.clock.now).sessions]


@pytest.fixture
def place(tmp_path: Path, clock: ManualClock) -> Place:
    clock.now = TUESDAY_TS
    return Place(tmp_path, clock)


def test_sessions_are_in_the_room_that_is_their_location_and_others_are_counted(place: Place) -> None:
    place.round()
    assert place.sessions() == [("atelier", "Réparer ses appareils"), ("atelier", "Premiers programmes")]
    report = place.calendars.report()
    assert (report["status"], report["by_id"]["a"]["events"], report["by_id"]["a"]["unplaced_events"]) == ("pass", 5, 3)
    assert place.changes


def test_a_location_may_be_named_in_the_site_file_in_any_case(tmp_path: Path, clock: ManualClock) -> None:
    clock.now = TUESDAY_TS
    place = Place(tmp_path, clock, 'rooms = { "grande  SALLE" = "salle" }')
    place.round()
    assert ("salle", "Cartes et balises") in place.sessions()


def test_a_calendar_with_a_room_of_its_own_has_all_of_its_events_there(tmp_path: Path, clock: ManualClock) -> None:
    clock.now = TUESDAY_TS
    place = Place(tmp_path, clock, 'room = "salle"')
    place.round()
    assert {room for room, _ in place.sessions()} == {"salle"}
    assert len(place.sessions()) == 5


def test_planned_works_are_no_sessions_and_only_one_without_a_location_is_about_the_whole_place(
    tmp_path: Path, clock: ManualClock
) -> None:
    clock.now = TUESDAY_TS
    place = Place(tmp_path, clock, '[alerts]\nplanned_works = "a"')
    place.file.write_bytes(place.file.read_bytes().replace("LOCATION:Café".encode(), b"LOCATION:"))
    place.round()
    assert place.sessions() == []
    works = place.board.agenda.works
    assert {one.room for one in works} == {"atelier", None}
    assert {one.name for one in works if one.room is None} == {"Repas partagé"}
    # Of a room that nobody knows ("Grande salle" is none here) nothing is silenced, and it is counted.
    assert place.calendars.report()["by_id"]["a"]["unplaced_events"] == 2


def test_a_feed_that_fails_leaves_its_last_good_copy_and_its_time_also_over_a_restart(place: Place) -> None:
    place.round()
    seen = place.sessions()
    place.file.write_bytes(b"<html>sign in first</html>")
    place.clock.now += 1800
    place.start()
    place.round()
    assert place.sessions() == seen
    (stale,) = place.board.view(place.clock.now).stale_calendars
    assert stale.read_ts == TUESDAY_TS
    report = place.calendars.report()["by_id"]["a"]
    assert report["status"] == "warn"
    assert "no calendar" in report["trouble"]
    place.file.write_bytes((SAMPLE / "sessions.ics").read_bytes())
    place.round()
    assert place.board.view(place.clock.now).stale_calendars == ()


def test_a_calendar_that_was_never_read_says_so(place: Place) -> None:
    place.file.unlink()
    place.round()
    (stale,) = place.board.view(place.clock.now).stale_calendars
    assert stale.read_ts is None


def test_a_new_day_has_its_own_sessions_without_reading_again(place: Place) -> None:
    place.round()
    place.clock.now += 86_400
    place.round(is_due=False)
    assert place.sessions() == []
    place.clock.now += 6 * 86_400
    place.round(is_due=False)
    assert len(place.sessions()) == 2


def test_what_did_not_change_is_not_written_again(place: Place) -> None:
    place.round()
    kept = place.folder / "kept" / "a.ics"
    inode = kept.stat().st_ino
    place.clock.now += 900
    place.round()
    assert kept.stat().st_ino == inode
    assert kept.stat().st_mtime == place.clock.now


def test_the_thread_reads_and_ends(place: Place) -> None:
    place.calendars.start()
    for _ in range(200):
        if place.changes:
            break
        place.calendars._stop.wait(0.05)
    place.calendars.stop()
    assert place.changes
    assert place.calendars._thread is not None
    assert not place.calendars._thread.is_alive()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ('room = "nowhere"', "the id of a room"),
        ('rooms = { Hall = "nowhere" }', "the id of a room"),
        ('activity = "juggling"', "the id of an activity"),
        ("people = 0", "1 or more"),
        ("people = 5001", "5000 at most"),
        ('room = "atelier"\nrooms = { Hall = "salle" }', "either room"),
        ('url = "http://example.org/a.ics"', "either url or file"),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_a_problem_of_the_site_file(place: Place, keys: str, expected: str) -> None:
    site = place.folder / "site.toml"
    site.write_text(site.read_text() + keys)
    (problem,) = check_site(site)
    assert problem.key.startswith("calendars[0]")
    assert expected in problem.expected


@pytest.mark.parametrize(
    ("said", "people", "activity", "unread"),
    [
        ("Vigie: 9 people\\, web", 9, "web-write", ""),
        ("Vigie: 9 people", 9, "video-call", ""),
        ("Nothing for us", 30, "video-call", ""),
        ("Vigie: some people", None, None, "some people"),
    ],
)
def test_what_an_event_does_not_say_is_the_calendars_unless_it_is_not_understood(
    tmp_path: Path, clock: ManualClock, said: str, people: int | None, activity: str | None, unread: str
) -> None:
    clock.now = TUESDAY_TS
    place = Place(tmp_path, clock, 'room = "salle"\npeople = 30\nactivity = "video-call"')
    text = (SAMPLE / "sessions.ics").read_text()
    written = "Vigie: 36 personnes\\, visio\\, vidéoprojecteur"
    assert written in text
    place.file.write_text(text.replace(written, said))
    place.round()
    session = next(one for one in place.board.agenda.sessions if one.name == "Cartes et balises")
    assert (session.people, session.activity, session.unread) == (people, activity, unread)
