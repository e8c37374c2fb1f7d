"""Alerts for people and for programs: lists, forms, API and feed, over the real book and engine."""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree as ET

import pytest
from httpx2 import Response
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from

from vigie_contract.readings import Reading
from vigie_gateway.alerts.book_file import BookError
from vigie_gateway.alerts.watch import STALLED_S
from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.accounts import ALERTS_SCOPE, Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.formats.atom import CONTENT_TYPE
from vigie_gateway.store import StoreError

ELSEWHERE = "192.168.1.20"
ORIGIN = {"origin": "https://testserver"}


def signed_in(bench: Bench, accounts: Accounts, role: Role, name: str = "") -> TestClient:
    now_ts, user = bench.clock.now_ts(), name or f"of-{role}"
    accounts._database.execute("INSERT INTO user VALUES (?, ?, 'x', ?, ?)", (user, role, now_ts, now_ts))
    client = ask_from(bench, ELSEWHERE, scheme="https")
    client.cookies.set(COOKIE, accounts.open_session(user, now_ts))
    return client


def token(bench: Bench, accounts: Accounts, scope: str) -> TestClient:
    now_ts = bench.clock.now_ts()
    secret = accounts.add_token(f"t-{scope}", scope, now_ts + 3600, "test", now_ts)
    client = ask_from(bench, ELSEWHERE)
    client.headers["authorization"] = f"Bearer {secret}"
    return client


def measure(bench: Bench, value: float, seconds: int = 40, channel: str = "c4-mains") -> None:
    """Have a channel (the mains of the café's circuit) measured for so long, with a round of the alerts at each."""
    known = {one.channel.id for one in bench.store.series()}
    first = sum(len(bench.stored(one)) for one in ("linky-va", "c4-mains") if one in known) + 1
    for number in range(first, first + seconds // 10):
        bench.clock.pass_time(10)
        bench.send(Reading(channel, bench.clock.now, value), first=number)
        bench.commit()
        assert bench.alerts.watch.look()


@pytest.fixture
def number(bench: Bench) -> int:
    """Of the alert that the café's circuit is dead."""
    bench.declare()
    measure(bench, 1.0)
    measure(bench, 0.0)
    found = next(one for one in bench.alerts.watch.standing if one.key.rule == "circuit-dead")
    assert found.fired_ts is not None
    return found.number


@pytest.fixture
def desk(bench: Bench, accounts: Accounts) -> TestClient:
    return signed_in(bench, accounts, Role.CONCIERGE)


@pytest.fixture
def admin(bench: Bench, accounts: Accounts) -> TestClient:
    return signed_in(bench, accounts, Role.ADMIN)


def submit(client: TestClient, number: int, verb: str, **fields: str) -> Response:
    csrf = re.findall(r'name="csrf" value="([^"]+)"', client.get(f"/alerts/{number}").text)[0]
    return client.post(f"/alerts/{number}/{verb}?l=en", data={"csrf": csrf} | fields, headers=ORIGIN)


def text_of(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return html.unescape(answer.text)


def test_what_fires_is_listed_in_both_languages_and_shown_in_full(desk: TestClient, number: int) -> None:
    for lang, words in (("en", "Outage"), ("fr", "Panne")):
        page = text_of(desk, f"/alerts?l={lang}")
        assert f"/alerts/{number}?l={lang}" in page
        assert words in page
    assert "Course of events" in text_of(desk, f"/alerts/{number}?l=en")


def test_a_place_where_nothing_was_ever_wrong_says_so(bench: Bench, desk: TestClient) -> None:
    assert bench.alerts.watch.look()
    assert "No alert has ever been raised here" in text_of(desk, "/alerts?l=en")
    assert "est en silence." in text_of(desk, "/alerts?l=fr&tab=silenced")


def test_where_nobody_is_told_an_administrator_is_led_to_the_page_and_others_are_told_who_can(
    desk: TestClient, admin: TestClient
) -> None:
    assert re.search(r'<a href="/alerts/told[^"]*">Say who is told</a>', admin.get("/alerts?l=en").text)
    page = desk.get("/alerts?l=en").text
    assert "Say who is told" not in page
    assert "An administrator can say who is told" in page


def test_somebody_is_on_it_and_the_course_says_who(desk: TestClient, number: int) -> None:
    answer = submit(desk, number, "acknowledge")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/alerts/{number}?l=en#alert")
    assert "of-concierge is on it" in text_of(desk, f"/alerts/{number}?l=en").rpartition('class="course"')[2]


@pytest.mark.parametrize(("fields", "back"), [
    ({"from": "board"}, "/board?l=en"),
    ({"from": "board", "theme": "dark"}, "/board?l=en&theme=dark"),
    ({"from": "board", "theme": "x&y=//evil.example"}, "/board?l=en"),
    ({"from": "//evil.example/board"}, "/alerts/{number}?l=en#alert"),
])  # fmt: skip
def test_a_form_on_the_board_leads_back_to_it_and_nowhere_else(
    desk: TestClient, number: int, fields: dict[str, str], back: str
) -> None:
    answer = submit(desk, number, "acknowledge", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, back.format(number=number))


@pytest.mark.parametrize("also", ["", "x", "-1,,999999", "9" * 3000, "0", "\u0663"])
def test_what_else_a_line_of_the_board_names_is_taken_too_or_passed_over(
    desk: TestClient, number: int, also: str
) -> None:
    assert submit(desk, number, "acknowledge", **{"from": "board", "also": also}).status_code == 303
    assert desk.get(f"/api/v1/alerts/{number}").json()["alert"]["taken_by"] == "of-concierge"


def test_one_press_takes_all_alerts_of_a_line_but_what_somebody_else_has(
    bench: Bench, accounts: Accounts, desk: TestClient, number: int
) -> None:
    measure(bench, 12_000.0, 200, channel="linky-va")
    second = next(one.number for one in bench.alerts.watch.standing if one.key.rule == "circuit-overload")
    submit(signed_in(bench, accounts, Role.ADMIN, "lou"), number, "acknowledge")
    submit(desk, second, "acknowledge", **{"from": "board", "also": f"{number},{number + 999}"})
    submit(desk, number, "release")
    assert desk.get(f"/api/v1/alerts/{second}").json()["alert"]["taken_by"] == "of-concierge"
    submit(desk, second, "acknowledge", **{"from": "board", "also": f"{number},{number + 999}"})
    assert desk.get(f"/api/v1/alerts/{number}").json()["alert"]["taken_by"] == "of-concierge"


def test_the_board_has_the_form_for_who_may_act_and_says_who_has_it(desk: TestClient, number: int) -> None:
    page = text_of(desk, "/board?l=en")
    assert f'action="/alerts/{number}/acknowledge?l=en"' in page
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    desk.post(f"/alerts/{number}/acknowledge?l=en", data={"csrf": csrf, "from": "board"}, headers=ORIGIN)
    assert ">of-concierge, " in text_of(desk, "/board?l=en")


def test_what_is_silenced_leaves_the_board_which_counts_it(desk: TestClient, admin: TestClient, number: int) -> None:
    page = text_of(desk, "/board?l=en")
    assert "Café: 6 outlets without power" in page
    submit(admin, number, "silence", reason="works", until="end")
    page = text_of(desk, "/board?l=en")
    assert "Café: 6 outlets without power" not in page
    assert "1 silenced alert" in page


def test_a_rooms_sheet_shows_the_alerts_about_it(desk: TestClient, number: int) -> None:
    assert "breaker C4" in text_of(desk, "/rooms/cafe?l=en")
    assert "breaker C4" not in text_of(desk, "/rooms/atelier?l=en")


def test_whoever_comes_second_is_told_who_has_it_and_may_take_it_over(
    bench: Bench, accounts: Accounts, desk: TestClient, number: int
) -> None:
    other = signed_in(bench, accounts, Role.ADMIN, "second")
    submit(desk, number, "acknowledge")
    refused = submit(other, number, "acknowledge")
    assert refused.status_code == 409
    assert "of-concierge is on it already." in html.unescape(refused.text)
    assert submit(other, number, "acknowledge", known="of-concierge").status_code == 303
    assert "second is on it" in text_of(other, f"/alerts/{number}?l=en")


def test_who_has_it_in_hand_is_not_asked_to_take_it_over(desk: TestClient, admin: TestClient, number: int) -> None:
    submit(desk, number, "acknowledge")
    assert "Take it over" not in desk.get(f"/alerts/{number}?l=en").text
    assert "Give it back" in desk.get(f"/alerts/{number}?l=en").text
    assert "Take it over" in admin.get(f"/alerts/{number}?l=en").text


def test_who_may_not_silence_is_told_who_can(desk: TestClient, admin: TestClient, number: int) -> None:
    said = "An administrator can silence it, once signed in."
    assert said in desk.get(f"/alerts/{number}?l=en").text
    assert said not in admin.get(f"/alerts/{number}?l=en").text


def test_what_is_given_back_is_in_nobodys_hand(desk: TestClient, number: int) -> None:
    submit(desk, number, "acknowledge")
    assert submit(desk, number, "release").status_code == 303
    assert desk.get(f"/api/v1/alerts/{number}").json()["alert"]["taken_by"] == ""


def test_a_silence_without_a_reason_is_refused_at_its_field_and_keeps_what_was_chosen(
    admin: TestClient, number: int
) -> None:
    refused = submit(admin, number, "silence", until="end", reason="  ")
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.text
    assert re.search(r'value="end" checked', refused.text)


def test_a_reason_too_long_is_shown_again_as_it_was_typed(admin: TestClient, number: int) -> None:
    typed = "paint " * 90
    refused = submit(admin, number, "silence", until="hour", reason=typed)
    assert refused.status_code == 422
    assert f'value="{typed}"' in refused.text


def test_a_silence_moves_the_alert_to_its_own_list_until_it_is_ended(admin: TestClient, number: int) -> None:
    assert submit(admin, number, "silence", until="hour", reason="painting works").status_code == 303
    silenced = text_of(admin, "/alerts?l=en&tab=silenced")
    assert "of-admin: “painting works”" in silenced
    assert f"/alerts/{number}?" not in text_of(admin, "/alerts?l=en")
    assert submit(admin, number, "unsilence").status_code == 303
    assert f"/alerts/{number}?" in text_of(admin, "/alerts?l=en")


def test_a_silence_until_closing_ends_when_the_place_closes(bench: Bench, admin: TestClient, number: int) -> None:
    assert submit(admin, number, "silence", until="closing", reason="works").status_code == 303
    silence = next(one.silence for one in bench.alerts.watch.standing if one.number == number)
    assert silence is not None
    assert silence.until_ts is not None
    assert bench.gateway.site.opening_hours() is not None
    assert bench.clock.now < silence.until_ts < bench.clock.now + 86_400


def test_the_front_desk_may_not_silence(desk: TestClient, number: int) -> None:
    assert submit(desk, number, "silence", until="end", reason="quiet").status_code == 403
    assert 'name="reason"' not in text_of(desk, f"/alerts/{number}")


def test_who_only_reads_has_no_forms(bench: Bench, accounts: Accounts, number: int) -> None:
    reader = signed_in(bench, accounts, Role.NETWORK)
    assert "<form" not in text_of(reader, f"/alerts/{number}")


def test_a_form_of_another_session_changes_nothing(desk: TestClient, number: int) -> None:
    answer = desk.post(f"/alerts/{number}/acknowledge", data={"csrf": "of another"}, headers=ORIGIN)
    assert answer.status_code == 403
    assert desk.get("/api/v1/alerts").json()[0]["taken_by"] == ""


def test_where_nothing_looks_for_alerts_the_pages_say_so_and_count_none(
    bench: Bench, desk: TestClient, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Alerts: 1" in text_of(desk, "/rooms/atelier?l=en")
    assert "stands still" not in text_of(desk, "/alerts?l=en")
    monkeypatch.setattr(bench.alerts.watch, "_progress_mono", bench.alerts.watch._monotonic() - STALLED_S)
    for path in ("/board", "/rooms/atelier", "/health", "/history/atelier"):
        assert "Alerts: not known" in text_of(desk, f"{path}?l=en")
    page = text_of(desk, "/alerts?l=en")
    assert "Nobody looks for outages: the alert thread stands still." in page.partition("<article")[0]
    assert f"/alerts/{number}?" in page
    assert "<b>1</b></a>" not in page


def test_what_is_over_is_listed_as_recovered_and_takes_no_marks(bench: Bench, desk: TestClient, number: int) -> None:
    measure(bench, 1.0, 120)
    page = text_of(desk, "/alerts?l=en&tab=recovered")
    assert f"/alerts/{number}?" in page
    assert "Nothing is wrong. Last alert:" in text_of(desk, "/alerts?l=en")
    csrf = re.findall(r'name="csrf" value="([^"]+)"', desk.get("/rooms/atelier").text)[0]
    answer = desk.post(f"/alerts/{number}/note?l=en", data={"csrf": csrf, "note": "late"}, headers=ORIGIN)
    assert answer.status_code == 409
    assert f"/alerts/{number}?" in text_of(desk, "/alerts?l=en&tab=history")


def test_a_number_that_nobody_has_is_not_found(desk: TestClient) -> None:
    assert desk.get("/alerts/4711").status_code == 404
    assert desk.get("/api/v1/alerts/4711").json()["status"] == 404


def test_programs_list_read_and_mark_with_a_token_of_the_right_scope(
    bench: Bench, accounts: Accounts, number: int
) -> None:
    read, correct, admin = (token(bench, accounts, scope) for scope in ("read", "correct", "admin"))
    assert [one["number"] for one in read.get("/api/v1/alerts").json()] == [number]
    assert read.post(f"/api/v1/alerts/{number}/acknowledge", json={}).status_code == 403
    taken = correct.post(f"/api/v1/alerts/{number}/acknowledge", json={"note": "on my way"}).json()
    assert taken["alert"]["taken_by"] == "token t-correct"
    assert taken["course"][-1]["what"] == "acknowledged"
    assert correct.post(f"/api/v1/alerts/{number}/silence", json={"reason": "x"}).status_code == 403
    past = admin.post(f"/api/v1/alerts/{number}/silence", json={"reason": "x", "until_ts": 1.0})
    assert (past.status_code, past.headers["content-type"]) == (422, "application/problem+json")
    assert admin.post(f"/api/v1/alerts/{number}/acknowledge", json={}).status_code == 409
    assert admin.post(f"/api/v1/alerts/{number}/silence", json={"reason": "x"}).json()["alert"]["is_silenced"]
    assert read.get("/api/v1/alerts?state=silenced").json()[0]["silence_reason"] == "x"


def test_the_feed_has_the_alert_and_is_not_for_the_public(bench: Bench, desk: TestClient, number: int) -> None:
    feed = ET.fromstring(desk.get("/alerts/feed.atom?l=en").content)  # noqa: S314 - our own
    links = [link.get("href") for link in feed.iter("{http://www.w3.org/2005/Atom}link")]
    assert links[1] == f"https://testserver/alerts/{number}?l=en"
    assert ask_from(bench, ELSEWHERE).get("/alerts/feed.atom").status_code == 401


def test_the_feed_by_its_address_is_the_same_until_it_is_revoked_and_opens_nothing_else(
    bench: Bench, accounts: Accounts, number: int
) -> None:
    now_ts = bench.clock.now_ts()
    secret = accounts.add_token("reader", ALERTS_SCOPE, now_ts + 86_400, "test", now_ts)
    client, address = ask_from(bench, ELSEWHERE), f"/a/{secret}.atom"
    answer = client.get(f"{address}?l=en", headers={"accept-language": "fr"})
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (CONTENT_TYPE, "no-store")
    assert f"/alerts/{number}?l=en" in answer.text
    assert "Outage" in answer.text
    assert "Panne" in client.get(address, headers={"accept-language": "en"}).text
    calendar = accounts.add_token("outlook", "sessions", now_ts + 86_400, "test", now_ts)
    for other in ("x", secret[:-1], f"{secret}0", secret.upper(), calendar):
        assert client.get(f"/a/{other}.atom").status_code == 404
    assert client.get(f"/s/{secret}.ics").status_code == 404
    headers = {"authorization": f"Bearer {secret}"}
    for path in ("/alerts", "/alerts/feed.atom", "/api/v1/alerts", "/board"):
        assert client.get(path, headers=headers).status_code == 403
    accounts.remove_token("reader", "test", now_ts)
    assert client.get(address).status_code == 404


def test_an_address_that_is_a_key_is_not_logged_where_the_answer_fails(
    bench: Bench, accounts: Accounts, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now_ts = bench.clock.now_ts()
    secret = accounts.add_token("reader", ALERTS_SCOPE, now_ts + 86_400, "test", now_ts)

    def unreadable(*_asked: object) -> list[object]:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(bench.gateway.alerts, "history", unreadable)
    assert ask_from(bench, ELSEWHERE).get(f"/a/{secret}.atom").status_code == 503
    assert caplog.messages == ["GET '/a/…' failed: disk I/O error"]


def test_who_is_told_is_listed_and_only_the_administrator_may_test(desk: TestClient, admin: TestClient) -> None:
    for client, may in ((desk, False), (admin, True)):
        page = text_of(client, "/alerts?l=fr").partition('id="told"')[2]
        assert "Écran de l" in page
        assert "affichage" in page
        assert ('action="/alerts/told/test?l=fr"' in page) == may


def test_a_test_comes_back_with_its_result_and_not_at_once_again(
    bench: Bench, desk: TestClient, admin: TestClient
) -> None:
    csrf = re.findall(r'name="csrf" value="([^"]+)"', admin.get("/alerts").text)[0]
    form = {"csrf": csrf, "recipient": "accueil", "notifier": "screen"}
    answer = admin.post("/alerts/told/test?l=en", data=form, headers=ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/alerts?l=en#told")
    assert "test got through" in text_of(desk, "/alerts?l=en")
    again = admin.post("/alerts/told/test?l=en", data=form, headers=ORIGIN)
    assert again.status_code == 429
    assert "tested just now" in again.text
    bench.clock.pass_time(60)
    assert admin.post("/alerts/told/test?l=en", data=form | {"notifier": "fax"}, headers=ORIGIN).status_code == 404
    assert admin.post("/alerts/told/test?l=en", data=form | {"csrf": "no"}, headers=ORIGIN).status_code == 403


def test_a_program_reads_who_is_told(bench: Bench, accounts: Accounts) -> None:
    (told,) = token(bench, accounts, "read").get("/api/v1/alerts/told").json()
    assert (told["recipient"], told["notifier"], told["is_here"], told["kind"]) == ("accueil", "screen", True, "screen")
    assert (told["rules"], told["last_ts"], told["is_sent"]) == (None, None, None)


def test_a_place_where_nobody_is_told_says_so(bench: Bench, desk: TestClient) -> None:
    bench.gateway.roll._people = ()
    assert "le lieu n" in text_of(desk, "/alerts?l=fr")


def test_what_is_missing_is_told_from_what_is_too_long(desk: TestClient, number: int) -> None:
    assert "Some words are expected" in html.unescape(submit(desk, number, "note", note=" ").text)
    refused = submit(desk, number, "note", note="x" * 501)
    assert refused.status_code == 422
    assert "At most 500 characters" in html.unescape(refused.text)


def test_alerts_that_cannot_be_read_are_a_503_that_names_the_log_and_nothing_of_the_disk(
    bench: Bench, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise BookError("/var/lib/vigie/alerts.db: the alerts cannot be read: disk I/O error")

    monkeypatch.setattr(bench.alerts.book._file, "read", fail)
    client = token(bench, accounts, "read")
    for path in ("/api/v1/alerts?state=history", "/alerts?tab=history"):
        answer = client.get(path)
        assert answer.status_code == 503, path
        assert answer.json()["detail"] == "what is stored cannot be read or written now; the gateway's log says why"
