"""Before each session of a calendar the check runs by itself, and what it found stays as old as it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.gateway.sessions.conftest import Checkers, event, ts

FORTY = "DESCRIPTION:Vigie: 40 people\\, video call"
THURSDAY = event("2026-11-26T18:30", "2026-11-26T21:00", "Calls", FORTY)


def test_the_day_before_and_an_hour_before_it_is_asked_and_not_with_each_look(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.round("2026-11-24T18:29")
    assert checkers.asked == []
    checkers.round("2026-11-24T18:31")
    assert len(checkers.asked) == 1
    for _ in range(5):
        checkers.board.view(checkers.clock.now)
        checkers.round()
    assert len(checkers.asked) == 1
    checkers.round("2026-11-25T18:31")
    checkers.round("2026-11-25T18:32")
    assert len(checkers.asked) == 2
    checkers.round("2026-11-26T17:29")
    checkers.round("2026-11-26T17:30")
    assert len(checkers.asked) == 4
    checkers.round("2026-11-26T18:30")
    assert len(checkers.asked) == 4
    assert checkers.check().at_ts == ts("2026-11-26T17:30")
    checkers.round("2026-11-26T21:00")
    assert checkers.board.session_checks == {}


def test_a_verdict_changes_with_the_forecast_and_the_board_is_told(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.round("2026-11-25T10:00")
    assert checkers.check().verdict == "no-go"
    checkers.upload_bps, changes = 500e6, checkers.changes
    checkers.round("2026-11-25T11:00")
    assert (checkers.check().verdict, checkers.changes) == ("tight", changes + 1)


def test_an_event_that_is_moved_is_another_question_and_one_called_off_is_none(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.round("2026-11-25T10:00")
    checkers.write(THURSDAY.replace("T183000", "T193000"))
    checkers.round("2026-11-25T10:01")
    assert checkers.asked[-1].starts_ts == ts("2026-11-26T19:30")
    assert len(checkers.board.session_checks) == 1
    checkers.write(THURSDAY + "\nSTATUS:CANCELLED")
    checkers.round("2026-11-25T10:02")
    assert checkers.board.session_checks == {}


def test_another_session_at_the_same_time_has_the_first_asked_again(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.round("2026-11-25T10:00")
    checkers.write(THURSDAY, event("2026-11-26T18:00", "2026-11-26T20:00", "Choir", FORTY))
    checkers.round("2026-11-25T10:01")
    assert len(checkers.asked) == 3


def test_while_the_feed_fails_the_session_and_its_verdict_stay_and_are_asked_about_again(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.round("2026-11-25T10:00")
    (checkers.folder / "sessions.ics").unlink()
    checkers.read_again()
    checkers.round("2026-11-25T10:10")
    assert checkers.board.agenda.stale
    assert len(checkers.asked) == 2
    checkers.round("2026-11-25T10:20")
    assert (len(checkers.asked), checkers.check().at_ts) == (2, ts("2026-11-25T10:10"))


def test_while_the_store_cannot_be_read_the_last_verdict_stays_and_says_so(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.round("2026-11-25T10:00")
    checkers.is_store_away = True
    checkers.round("2026-11-25T11:00")
    found = checkers.check()
    assert (found.verdict, found.is_old, found.at_ts) == ("no-go", True, ts("2026-11-25T10:00"))
    report = checkers.checks.report()
    assert (report["status"], report["failures"]) == ("warn", 1)
    assert "the disk is away" in report["trouble"]
    checkers.is_store_away = False
    checkers.round("2026-11-25T11:02")
    assert (checkers.check().is_old, checkers.checks.report()["status"]) == (False, "pass")


def test_a_session_that_could_never_be_asked_about_is_not_checked_and_says_why(checkers: Checkers) -> None:
    checkers.is_store_away = True
    checkers.write(THURSDAY)
    checkers.round("2026-11-25T10:00")
    assert (checkers.check().verdict, checkers.check().why) == ("not-checked", "store")


@pytest.mark.parametrize(
    ("line", "why"),
    [("", "people"), ("DESCRIPTION:Vigie: 40 people", "activity"), ("DESCRIPTION:Vigie: lots\\, visio", "unread")],
)
def test_where_people_or_activity_are_unknown_nothing_is_asked(checkers: Checkers, line: str, why: str) -> None:
    checkers.write(event("2026-11-26T18:30", "2026-11-26T21:00", "Calls", *([line] if line else [])))
    checkers.round("2026-11-25T10:00")
    assert (checkers.check().verdict, checkers.check().why, checkers.asked) == ("not-checked", why, [])
    assert checkers.checks.report()["unchecked_sessions"] == 1


def test_a_calendar_may_say_it_for_all_of_its_events(checkers_with: Callable[[str], Checkers]) -> None:
    checkers = checkers_with('people = 12\nactivity = "web-write"\n')
    checkers.write(event("2026-11-26T18:30", "2026-11-26T21:00"))
    checkers.round("2026-11-25T10:00")
    assert [(one.people, one.activity) for one in checkers.asked] == [(12, "web-write")]


@pytest.mark.parametrize(("day", "hours"), [("2026-10-25", 25), ("2027-03-28", 23)])
def test_a_change_of_clock_moves_neither_the_session_nor_the_day_before(
    checkers: Checkers, day: str, hours: int
) -> None:
    checkers.write(event(f"{day}T18:30", f"{day}T21:00", "Calls", FORTY))
    begins_ts = ts(f"{day}T18:30")
    assert begins_ts - ts(f"{day}T18:30") == 0
    checkers.clock.now = begins_ts - 86_400 - 30
    checkers.round()
    checkers.clock.now = begins_ts - 86_400
    checkers.round()
    assert [one.starts_ts for one in checkers.asked] == [begins_ts, begins_ts]
    assert ts(f"{day}T18:30") - ts(f"{day}T00:00") == (18.5 + hours - 24) * 3600


def test_a_gateway_that_does_not_know_the_time_asks_nothing(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.board.set_clock(is_known=False, step_s=0.0)
    checkers.round("2026-11-25T10:00")
    assert checkers.asked == []


def test_the_thread_asks_and_ends(checkers: Checkers) -> None:
    checkers.write(THURSDAY)
    checkers.clock.now = ts("2026-11-25T10:00")
    checkers.calendars.round()
    checkers.checks.start()
    for _ in range(400):
        if checkers.board.session_checks:
            break
        checkers.checks._stop.wait(0.02)
    checkers.checks.stop()
    assert checkers.check().verdict == "no-go"
    assert checkers.checks._thread is not None
    assert not checkers.checks._thread.is_alive()
