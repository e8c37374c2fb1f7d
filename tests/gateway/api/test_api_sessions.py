"""The coming sessions with their verdicts: the list, the room's sheet, the board, and the calendar that goes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
from tests.conftest import ManualClock
from tests.gateway.conftest import Bench, ask_from, make_bench
from tests.gateway.routes import roles_of

from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.calendars.feeds import Calendars
from vigie_gateway.place.site import Site
from vigie_gateway.sessions.outcome import Forecast, Outcome
from vigie_gateway.store import open_store

PARIS = ZoneInfo("Europe/Paris")
ELSEWHERE = "192.168.1.20"
TUESDAY_TS = datetime(2026, 11, 24, 14, 30, tzinfo=PARIS).timestamp()


def event(uid: int, begins: str, ends: str, *lines: str) -> str:
    times = (f"DTSTART;TZID=Europe/Paris:{begins}", f"DTEND;TZID=Europe/Paris:{ends}", "LOCATION:Grande salle")
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", *times, *lines, "END:VEVENT"))


FULL = event(1, "20261124T183000", "20261124T210000", "SUMMARY:Calls", "DESCRIPTION:Vigie: 400 personnes\\, visio")
SMALL = event(2, "20261125T183000", "20261125T210000", "SUMMARY:Talk", "DESCRIPTION:Vigie: 5 people\\, listen")
UNSAID = event(3, "20261126T093000", "20261126T103000", "SUMMARY:Choir")
PRIVATE = event(4, "20261127T093000", "20261127T103000", "SUMMARY:Therapy", "CLASS:PRIVATE")
ALL_DAY = event(5, "X", "X", "SUMMARY:Fair").replace(";TZID=Europe/Paris:X", ";VALUE=DATE:20261128", 1)
ALL_DAY = ALL_DAY.replace(";TZID=Europe/Paris:X", ";VALUE=DATE:20261129")


@pytest.fixture
def looked_at(bench: Bench, tmp_path: Path) -> Callable[..., Bench]:
    """Has the calendar read, and its sessions checked, as both threads do."""

    def look(*events: str) -> Bench:
        site = bench.gateway.site
        file = tmp_path / "sessions.ics"
        lines = "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", *events, "END:VCALENDAR", ""))
        file.write_bytes(lines.encode())
        calendar = site.calendars[0].model_copy(update={"file": str(file)})
        own = site.model_copy(update={"calendars": (calendar,)})
        bench.clock.now = TUESDAY_TS
        Calendars(own, tmp_path / "kept", bench.clock, bench.board, lambda: None).round()
        bench.checks.round()
        return bench

    return look


def feed_of(bench: Bench, secret: str, query: str = "") -> icalendar.Calendar:
    answer = ask_from(bench, ELSEWHERE).get(f"/s/{secret}.ics{query}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    calendar = icalendar.Calendar.from_ical(answer.content)
    assert isinstance(calendar, icalendar.Calendar)
    assert not calendar.errors
    return calendar


def token(bench: Bench, name: str = "outlook", scope: str = "sessions") -> str:
    now_ts = bench.clock.now
    return bench.gateway.access.accounts.add_token(name, scope, now_ts + 86_400, "test", now_ts)


def page(bench: Bench, path: str) -> str:
    answer = ask_from(bench, "127.0.0.1").get(path)
    assert answer.status_code == 200
    return answer.text


def test_the_list_says_of_each_session_whether_it_fits_why_and_what_to_do(looked_at: Callable[..., Bench]) -> None:
    text = page(looked_at(FULL, SMALL, UNSAID), "/sessions?l=en")
    assert text.index("Tuesday 24 November") < text.index("Wednesday 25 November") < text.index("Thursday 26")
    assert "It does not fit" in text
    assert "seats are missing" in text
    assert "Limit to" in text
    assert "400 people · be on video calls" in text
    assert "It fits, just about" in text  # nothing measures the network of an empty store
    assert "The calendar does not say how many people come" in text
    assert "checked 14:30" in text


def test_the_list_is_in_french_too(looked_at: Callable[..., Bench]) -> None:
    text = page(looked_at(FULL, UNSAID), "/sessions?l=fr")
    assert "Ça ne passe pas" in text
    assert "Vigie: 40 personnes, visio" in text
    assert "mardi 24 novembre" in text


def test_a_link_leads_to_the_check_with_everything_filled_in(looked_at: Callable[..., Bench]) -> None:
    text = page(looked_at(FULL), "/sessions?l=en")
    link = text.partition('href="/check?')[2].partition('href="/check?')[2].partition('"')[0]
    for part in ("room=salle", "date=2026-11-24", "from=18%3A30", "to=21%3A00", "people=400", "activity=video-call"):
        assert part in link.replace("&amp;", "&").split("&")


def test_the_board_carries_the_verdict_in_its_lane_its_table_and_its_live_fields(
    looked_at: Callable[..., Bench],
) -> None:
    bench = looked_at(FULL)
    fields = page(bench, "/board?l=en")
    assert 'data-v="no-go"' in fields
    assert "#i-crit" in fields
    assert "It does not fit" in fields
    sheet = page(bench, "/rooms/salle?l=en")
    assert "seats are missing" in sheet
    assert 'href="/check?l=en&amp;room=salle' in sheet


def test_visitors_are_told_nothing_of_it(looked_at: Callable[..., Bench]) -> None:
    bench = looked_at(FULL)
    client = ask_from(bench, ELSEWHERE)
    for path in ("/?l=en", "/api/v1/public"):
        text = client.get(path).text
        assert "fit" not in text.replace("wifi_fit", "")
        assert ">400" not in text
        assert "Calls" not in text


def test_the_calendar_goes_out_with_verdict_resource_and_what_to_do(looked_at: Callable[..., Bench]) -> None:
    bench = looked_at(FULL, UNSAID, PRIVATE, ALL_DAY)
    calendar = feed_of(bench, token(bench), "?l=en")
    assert calendar["REFRESH-INTERVAL"].to_ical() == b"PT15M"
    events = {str(one["SUMMARY"]): one for one in calendar.events}
    assert set(events) == {"Calls", "Choir", "Booked", "Fair"}
    calls = events["Calls"]
    assert calls.start == datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    assert calls.end == datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    assert str(calls["LOCATION"]) == "Main hall"
    told = str(calls["DESCRIPTION"])
    assert told.startswith("It does not fit\n")
    assert "seats are missing" in told
    assert "What to do:\n\u2013 " in told
    assert told.endswith("Vigie, checked 14:30")
    assert str(events["Choir"]["DESCRIPTION"]).startswith("Not checked\nThe calendar does not say how many")
    assert "two days before" in str(events["Booked"]["DESCRIPTION"])
    assert not isinstance(events["Fair"].start, datetime)
    assert "Therapy" not in calendar.to_ical().decode()


def test_the_calendar_is_in_the_places_first_language_whatever_the_program_speaks(
    looked_at: Callable[..., Bench],
) -> None:
    bench = looked_at(FULL)
    answer = ask_from(bench, ELSEWHERE).get(f"/s/{token(bench)}.ics", headers={"accept-language": "en"})
    (event_,) = icalendar.Calendar.from_ical(answer.content).walk("VEVENT")
    assert str(event_["DESCRIPTION"]).startswith("Ça ne passe pas")


def test_a_session_keeps_its_uid_until_it_is_moved(looked_at: Callable[..., Bench]) -> None:
    bench = looked_at(FULL)
    secret = token(bench)

    def uid() -> str:
        return str(feed_of(bench, secret).walk("VEVENT")[0]["UID"])

    first = uid()
    looked_at(FULL)
    assert uid() == first
    looked_at(FULL.replace("T183000", "T193000"))
    assert uid() != first


def test_an_address_that_was_revoked_expired_or_is_for_something_else_has_no_calendar(
    looked_at: Callable[..., Bench],
) -> None:
    bench = looked_at(FULL)
    client, secret = ask_from(bench, ELSEWHERE), token(bench)
    read = token(bench, "grafana", "read")
    for other in ("x", read, secret[:-1], f"{secret}0", "vigie_", secret.upper()):
        answer = client.get(f"/s/{other}.ics")
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")
        assert "Calls" not in answer.text
    bench.gateway.access.accounts.remove_token("outlook", "test", bench.clock.now)
    assert client.get(f"/s/{secret}.ics").status_code == 404
    late = token(bench, "late")
    bench.clock.pass_time(86_401)
    assert client.get(f"/s/{late}.ics").status_code == 404


def test_the_secret_of_a_calendar_opens_nothing_else(looked_at: Callable[..., Bench]) -> None:
    bench = looked_at(FULL)
    client, headers = ask_from(bench, ELSEWHERE), {"authorization": f"Bearer {token(bench)}"}
    for path in ("/sessions", "/api/v1/rooms", "/board", "/healthz"):
        assert client.get(path, headers=headers).status_code == 403
    assert client.get("/api/v1/public", headers=headers).status_code == 200


def test_a_gateway_that_does_not_know_the_time_empties_nobodys_calendar(looked_at: Callable[..., Bench]) -> None:
    bench = looked_at(FULL)
    bench.board.set_clock(is_known=False, step_s=0.0)
    assert ask_from(bench, ELSEWHERE).get(f"/s/{token(bench)}.ics").status_code == 503
    assert "does not know what time it is" in page(bench, "/sessions?l=en")


def test_a_calendar_that_fails_is_said_beside_the_verdicts_it_left(
    looked_at: Callable[..., Bench], tmp_path: Path
) -> None:
    bench = looked_at(FULL)
    file = tmp_path / "sessions.ics"
    site = bench.gateway.site
    own = site.model_copy(update={"calendars": (site.calendars[0].model_copy(update={"file": str(file)}),)})
    calendars = Calendars(own, tmp_path / "kept", bench.clock, bench.board, lambda: None)
    calendars._feeds[0].recall()
    file.unlink()
    bench.clock.pass_time(600)
    calendars.round()
    bench.checks.round()
    text = page(bench, "/sessions?l=en")
    assert "calendar Calendar of the place: as of 14:30" in text
    assert "It does not fit" in text


def test_a_place_without_calendars_or_sessions_says_so(
    bench: Bench, tmp_path: Path, clock: ManualClock, site: Site, accounts: Accounts
) -> None:
    assert "No session in the next two weeks" in page(bench, "/sessions?l=en")
    store = open_store(tmp_path / "other.db", clock)
    bare = make_bench(store, clock, site.model_copy(update={"calendars": ()}), accounts)
    assert "No calendar yet" in page(bare, "/sessions?l=en")
    store.close()


def test_it_is_for_those_who_may_ask_whether_a_session_fits(bench: Bench) -> None:
    assert roles_of(bench)["GET", "/sessions"] == {Role.CONCIERGE, Role.ORGANISER, Role.ADMIN}


def test_what_was_foretold_stands_beside_what_came_and_how_often_it_held(bench: Bench) -> None:
    log, now_ts = bench.gateway.forecasts, bench.clock.now
    for number, (verdict, outcome) in enumerate(
        (
            ("go", Outcome(38, frozenset({"latency"}), frozenset())),
            ("no-go", Outcome(40, frozenset(), frozenset({"outlets"}))),
            ("tight", Outcome(None, frozenset(), frozenset())),
        )
    ):
        begins_ts = now_ts - (number + 1) * 86_400
        forecast = Forecast("salle", f"S{number}", begins_ts, begins_ts + 60, 40, "web-write", verdict, "outlets", 1.0)
        log.keep(forecast)
        log.judge(forecast, outcome, now_ts)
    text = page(bench, "/sessions?l=en")
    assert text.index("S0") < text.index("S1") < text.index("S2")
    assert "Our forecasts held 2 times in 2." in text
    assert text.count("As foretold") == 2
    assert "the outlets" in text
    assert "not known" in text
    assert "Nothing to compare" in text
    assert "Our forecasts held 2 times in 2." in page(bench, "/check?l=en&room=salle")
