"""The page "will it fit?", as a browser asks for it."""

from __future__ import annotations

import html
import re
from datetime import datetime

import icalendar
import pytest
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from

from vigie_dashboard.notices import SessionView
from vigie_gateway.place.sessions import Agenda
from vigie_gateway.store import StoreError

BROWSER = {"accept": "text/html", "accept-language": "en"}


def asked(bench: Bench, **changes: str) -> dict[str, str]:
    """Tomorrow evening in the main hall."""
    tomorrow = datetime.fromtimestamp(bench.clock.now + 86_400, bench.gateway.site.zone())
    plain = {"room": "salle", "date": f"{tomorrow:%Y-%m-%d}", "from": "18:00", "to": "19:30", "people": "20",
             "activity": "listen-talk"}  # fmt: skip
    return plain | changes


def value_of(page: str, field: str) -> str:
    found = re.search(rf'name="{field}"[^>]*?value="([^"]*)"', page)
    assert found is not None, field
    return html.unescape(found[1])


def test_the_form_alone_asks_nothing_and_answers_nothing(client: TestClient) -> None:
    answer = client.get("/check", headers=BROWSER)
    assert answer.status_code == 200
    assert 'id="verdict"' not in answer.text
    assert "Ask before you invite" in answer.text


def test_an_address_that_asks_is_answered_with_a_verdict_and_a_gauge_for_each_resource(
    bench: Bench, client: TestClient
) -> None:
    page = client.get("/check", params=asked(bench), headers=BROWSER).text
    assert re.search(r'<h2 id="h-verdict">It fits, just about</h2>', page)
    assert "<title>It fits, just about" in page
    assert page.count('<svg class="gauge"') == 9
    assert "20 of 40" in page


def test_what_nothing_measures_is_never_said_to_fit(bench: Bench, client: TestClient) -> None:
    page = client.get("/check", params=asked(bench, people="1"), headers=BROWSER).text
    assert '<h2 id="h-verdict">It fits</h2>' not in page
    assert "this is an estimate" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"people": "0"}, "This is too few: at least 1."),
        ({"people": "1000000"}, "This is too many: at most 5,000."),
        ({"people": "<b>many</b>"}, "This is no whole number."),
        ({"to": "17:00"}, "The session ends before it begins"),
        ({"date": "2020-01-01"}, "The session has begun already"),
        ({"room": "cellar"}, "There is no such room here"),
        ({"date": "tomorrow"}, "This is no date."),
    ],
)
def test_a_wrong_entry_is_said_at_its_field_and_nothing_typed_is_lost(
    bench: Bench, client: TestClient, changes: dict[str, str], said: str
) -> None:
    typed = asked(bench, **{"bring-projector": "2", "strips": "7"}) | changes
    answer = client.get("/check", params=typed, headers=BROWSER)
    assert answer.status_code == 422
    assert said in html.unescape(answer.text)
    assert 'id="verdict"' not in answer.text
    assert "<b>many" not in answer.text
    for field in ("date", "from", "to", "people", "bring-projector", "strips"):
        assert value_of(answer.text, field) == typed[field]
    wrong = next(iter(changes))
    described = {"date": "from"}.get(wrong, wrong) if "begun" in said else wrong
    assert f'aria-describedby="said-{described}"' in answer.text


def test_a_closed_room_is_said_first_and_at_its_field(bench: Bench, client: TestClient) -> None:
    page = client.get("/check", params=asked(bench, **{"from": "02:00", "to": "03:00"}), headers=BROWSER).text
    assert page.count("The room is closed for at least part of that time.") == 2
    assert 'id="said-room"' in page


def test_a_room_that_somebody_else_has_is_booked_but_ones_own_session_is_not(bench: Bench, client: TestClient) -> None:
    zone, typed = bench.gateway.site.zone(), asked(bench)
    begins, ends = (
        datetime.fromisoformat(f"{typed['date']}T{typed[name]}").replace(tzinfo=zone) for name in ("from", "to")
    )
    session = SessionView("salle", "PapyCamp", begins.timestamp(), ends.timestamp(), False, 36, "video-call")
    bench.board.agenda = Agenda((session,), (), ends.timestamp() + 86_400)
    booked = "Somebody else has the room at that time."
    page = client.get("/check", params=typed, headers=BROWSER).text
    assert booked in page
    link = re.search(r'<a href="(\?[^"]*)">[^<]*<b>PapyCamp</b>', page)
    assert link is not None
    assert booked not in client.get(f"/check{html.unescape(link[1])}", headers=BROWSER).text


def test_each_action_leads_to_the_same_form_changed(bench: Bench, client: TestClient) -> None:
    page = client.get("/check", params=asked(bench, people="60"), headers=BROWSER).text
    links = re.findall(r'class="btn try" href="([^"]*)"', page)
    assert links
    for link in links:
        answer = client.get(f"/check{html.unescape(link)}", headers=BROWSER)
        assert answer.status_code == 200
        assert 'id="verdict"' in answer.text


def test_the_languages_and_colours_keep_what_was_asked(bench: Bench, client: TestClient) -> None:
    page = client.get("/check", params=asked(bench), headers=BROWSER).text
    french = re.search(r'href="([^"]*)" hreflang="fr"', page)
    assert french is not None
    page = client.get(f"/check{html.unescape(french[1])}", headers=BROWSER).text
    assert "Ça passe, mais juste" in page
    assert value_of(page, "people") == "20"


def test_the_session_can_be_taken_into_a_calendar_with_its_answer(bench: Bench, client: TestClient) -> None:
    page = client.get("/check", params=asked(bench), headers=BROWSER).text
    link = re.search(r'href="(/check\.ics[^"]*)"', page)
    assert link is not None
    answer = client.get(html.unescape(link[1]))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="salle_')
    (event,) = icalendar.Calendar.from_ical(answer.text).walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    assert (event.end - event.start).total_seconds() == 1.5 * 3600
    assert event["LOCATION"] == "Main hall"
    description = str(event["DESCRIPTION"])
    assert description.startswith("It fits, just about\n")
    assert "Seats: 20 spare, 20 of 40" in description
    assert description.splitlines()[-1].startswith("http://testserver/check?l=en&room=salle")


@pytest.mark.parametrize("query", ["", "?people=0"])
def test_a_calendar_entry_of_no_session_is_refused_in_a_line(client: TestClient, query: str) -> None:
    answer = client.get(f"/check.ics{query}")
    assert answer.status_code == 422
    assert "the session is wrong" in answer.text


def test_a_store_that_cannot_be_read_loses_nothing_typed(
    bench: Bench, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_given: object) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(type(bench.store), "history", refuse)
    bench.declare()
    answer = client.get("/check", params=asked(bench, strips="7"), headers=BROWSER)
    assert answer.status_code == 503
    assert "What was measured cannot be read now" in answer.text
    assert value_of(answer.text, "strips") == "7"
    assert client.get("/check.ics", params=asked(bench)).status_code == 503


def test_while_the_time_is_not_known_nothing_is_asked(bench: Bench, client: TestClient) -> None:
    bench.board.set_clock(is_known=False, step_s=0.0)
    page = client.get("/check", params=asked(bench), headers=BROWSER).text
    assert "The gateway does not know what time it is" in page
    assert "<form" not in page


def test_the_board_leads_here_for_those_who_may_ask(bench: Bench) -> None:
    page = ask_from(bench, "127.0.0.1").get("/board", headers=BROWSER).text
    assert 'href="/check?l=en"' in page
