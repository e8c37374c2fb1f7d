"""The pages of the rules: all in sentences; one is tried on history before it is saved, and saved without harm."""

from __future__ import annotations

import dataclasses
import re
import threading
import tomllib
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.gateway.conftest import SAMPLE_SITE, Bench, ask_from

from vigie_contract.readings import Reading
from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.alerts.recorded import try_rule
from vigie_gateway.alerts.trial import Trial
from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.roles import Role

SAMPLE = SAMPLE_SITE.read_text(encoding="utf-8")


class Reader:
    """A browser of somebody who signed in."""

    def __init__(self, bench: Bench, role: Role = Role.ADMIN) -> None:
        self.bench = bench
        self.path = bench.gateway.setup.file.path
        accounts, now_ts = bench.gateway.access.accounts, bench.clock.now_ts()
        accounts._database.execute("INSERT INTO user VALUES (?, ?, 'x', ?, ?)", (role, role, now_ts, now_ts))
        self.client: TestClient = ask_from(bench, "192.168.1.20", scheme="https")
        self.client.cookies.set(COOKIE, accounts.open_session(role, now_ts))

    def get(self, path: str, status: int = 200, lang: str = "en") -> str:
        answer = self.client.get(f"{path}{'&' if '?' in path else '?'}l={lang}")
        assert answer.status_code == status, answer.text
        return answer.text

    def fields(self, path: str) -> dict[str, str]:
        """What a browser would send of the page's form."""
        page = self.get(path)
        form = page[page.index('id="setup-') :]
        found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
        found |= dict(re.findall(r'<input id="([^"]+)" name="[^"]+" value="([^"]*)"', form))
        found |= dict.fromkeys(re.findall(r'type="checkbox" name="([^"]+)" value="yes" checked', form), "yes")
        found |= dict(re.findall(r'type="radio" name="([^"]+)" value="([^"]+)" checked', form))
        selects = re.findall(r'<select id="([^"]+)".*?<option value="([^"]*)" selected', form)
        return found | dict(selects)

    def post(self, path: str, fields: dict[str, str], status: int) -> str:
        answer = self.client.post(path, params={"l": "en"}, data=fields)
        assert answer.status_code == status, answer.text
        return answer.headers.get("location", "") if status == 303 else answer.text

    def send(self, path: str, typed: dict[str, str], status: int = 303, do: str = "save") -> str:
        """Load the form, type, press a button."""
        return self.post(path, self.fields(path) | {"do": do} | typed, status)


@pytest.fixture
def reread(bench: Bench) -> list[str]:
    """One entry for each time that the gateway was asked to read its place again."""
    asked: list[str] = []
    setup = dataclasses.replace(bench.gateway.setup, read_again=lambda: asked.append("again"))
    bench.gateway = dataclasses.replace(bench.gateway, setup=setup)
    setup.file.path.write_text(SAMPLE, encoding="utf-8")
    return asked


@pytest.fixture
def admin(bench: Bench, reread: list[str]) -> Reader:
    return Reader(bench)


def rules_in(reader: Reader) -> dict[str, dict[str, object]]:
    """The tables of the file, by id."""
    return {one["id"]: one for one in tomllib.loads(reader.path.read_text(encoding="utf-8"))["rules"]}


def test_every_rule_is_listed_in_a_sentence_of_either_language(admin: Reader) -> None:
    english, french = admin.get("/alerts/rules"), admin.get("/alerts/rules", lang="fr")
    for rule in DEFAULT_RULES:
        assert f"<code>{rule.id}</code>" in english
    assert "People in a room, as a share of its seats: above 110%" in english
    assert "for 10\xa0min · during opening hours · in every room · over at 100% · over after 5\xa0min well" in english
    assert "Un circuit est sans tension" in french
    assert english.count("changed here") == 2
    admin.get("/alerts/rules/no-such-rule", 404)


def test_a_saved_level_is_the_only_change_of_the_file_and_the_gateway_reads_it(
    admin: Reader, reread: list[str]
) -> None:
    assert admin.send("/alerts/rules/room-full-over", {"level": "125", "for": "15 min"}) == (
        "/alerts/rules/room-full-over?l=en&done=saved"
    )
    assert rules_in(admin)["room-full-over"] == {"id": "room-full-over", "above": 1.25, "for": "15 min"}
    text = admin.path.read_text(encoding="utf-8")
    assert [line for line in SAMPLE.splitlines() if line not in text.splitlines()] == []
    assert reread == ["again"]
    assert "Saved: it holds from now on." in admin.get("/alerts/rules/room-full-over?done=saved")
    assert "above 125%" in admin.get("/alerts/rules/room-full-over")
    assert admin.bench.gateway.access.accounts.audit(1)[0][1:] == ("admin", "alert rule room-full-over: above, for")


def test_what_is_set_back_to_vigies_own_goes_out_of_the_file(admin: Reader) -> None:
    admin.send("/alerts/rules/room-full-over", {"level": "125", "severity": "outage"})
    admin.send("/alerts/rules/room-full-over", {"level": "110", "severity": "warning"})
    assert rules_in(admin)["room-full-over"] == {"id": "room-full-over"}


def test_a_rule_is_switched_off_and_narrowed_down_to_a_room(admin: Reader) -> None:
    path = "/alerts/rules/wifi-slow"
    fields = admin.fields(path)
    del fields["on"]
    admin.post(path, fields | {"about-atelier": "yes", "do": "save"}, 303)
    assert rules_in(admin)["wifi-slow"] == {"id": "wifi-slow", "off": True, "rooms": ["atelier"]}
    assert admin.fields(path).keys() >= {"about-atelier"}
    assert "on" not in admin.fields(path)


def test_nothing_typed_changes_nothing(admin: Reader, reread: list[str]) -> None:
    for rule in DEFAULT_RULES:
        admin.send(f"/alerts/rules/{rule.id}", {})
    assert admin.path.read_text(encoding="utf-8") == SAMPLE
    assert reread == []


WRONG = (
    ("level", "a lot", "A number is expected here."),
    ("clears", "200", "At most the level above"),
    ("for", "soon", "A time such as"),
    ("for", "31 d", "A time such as"),
    ("when", "never", "Choose one of the list."),
    ("severity", "panic", "Choose one of the list."),
    ("name_fr", "x" * 61, "This is too long."),
)
"""A field, what is typed into it, what is said there."""


def test_what_is_wrong_is_said_at_its_field_with_all_that_was_typed(admin: Reader) -> None:
    fields = admin.fields("/alerts/rules/room-full-over") | {"keep": "7 min", "do": "save"}
    for field, typed, said in WRONG:
        page = admin.post("/alerts/rules/room-full-over", fields | {field: typed}, 422)
        assert re.search(rf'id="said-{field}">.*?{said}', page), (field, typed)
        assert 'value="7 min"' in page
        assert field in {"when", "severity"} or f'value="{typed}"' in page
    assert admin.path.read_text(encoding="utf-8") == SAMPLE


def test_a_file_that_somebody_else_wrote_meanwhile_is_not_overwritten_until_one_saves_again(admin: Reader) -> None:
    path = "/alerts/rules/room-full-over"
    fields = admin.fields(path) | {"level": "130", "do": "save"}
    admin.path.write_text(f"{SAMPLE}\n# theirs\n", encoding="utf-8")
    page = admin.post(path, fields, 409)
    assert "nothing was overwritten" in page
    assert 'value="130"' in page
    assert admin.path.read_text(encoding="utf-8") == f"{SAMPLE}\n# theirs\n"
    base = re.search(r'name="base" value="([^"]+)"', page)
    assert base is not None
    admin.post(path, fields | {"base": base[1]}, 303)
    assert "# theirs" in admin.path.read_text(encoding="utf-8")
    assert rules_in(admin)["room-full-over"]["above"] == 1.3


def test_a_file_that_cannot_be_written_keeps_what_was_typed(admin: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_given: object) -> None:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("vigie_gateway.setup.site_file.replace_file", refuse)
    page = admin.send("/alerts/rules/room-full-over", {"level": "130"}, 507)
    assert "Read-only file system" in page
    assert 'value="130"' in page


def test_a_file_that_is_wrong_as_it_is_shows_why_and_no_form(admin: Reader) -> None:
    admin.path.write_text(SAMPLE + '\n[[rules]]\nid = "x"\n', encoding="utf-8")
    page = admin.get("/alerts/rules/room-full-over")
    assert "The site file is wrong as it is." in page
    assert "<form" not in page


def test_a_trial_of_what_is_typed_tells_when_and_where_it_would_have_fired_and_saves_nothing(admin: Reader) -> None:
    bench = admin.bench
    admin.path.write_text(
        SAMPLE + '\n[[rules]]\nid = "load"\nchannel = "tableau.linky-va"\nabove = 9000\nfor = 0\n', encoding="utf-8"
    )
    before = admin.path.read_text(encoding="utf-8")
    bench.declare()
    start_ts = bench.clock.now_ts()
    for number, power in enumerate((1000.0, 5200.0, 1000.0), 1):
        bench.send(Reading("linky-va", bench.clock.now_ts(), power), first=number)
        bench.commit()
    assert start_ts < bench.clock.now_ts()
    nothing = admin.send("/alerts/rules/load", {}, 200, "try")
    assert "it would not have fired in the last 7 days." in nothing
    page = admin.send("/alerts/rules/load", {"level": "5000", "days": "1"}, 200, "try")
    assert "It would have fired 1 time in the last 1 day." in page
    assert "of that time nothing is known" in page
    assert re.search(r'href="/history/series/tableau.linky-va\?[^"]*from=\d{4}-', page)
    assert 'value="5000"' in page
    assert admin.path.read_text(encoding="utf-8") == before


def test_a_trial_of_which_history_tells_nothing_says_that_nobody_knows(admin: Reader) -> None:
    for rule, said in (
        ("heat", "of what this rule looks at, no history is stored"),
        ("battery-low", "nothing of it was measured here in the last 7 days"),
    ):
        page = admin.send(f"/alerts/rules/{rule}", {}, 200, "try")
        assert said in page
        assert "would not have fired" not in page


def test_a_second_trial_at_the_same_time_is_told_to_wait(admin: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    is_in, may_go = threading.Event(), threading.Event()

    def slow(*given: Any) -> Trial:
        is_in.set()
        assert may_go.wait(20)
        return try_rule(*given)

    monkeypatch.setattr("vigie_gateway.alerts.attempts.try_rule", slow)
    fields = admin.fields("/alerts/rules/room-full-over")
    first = threading.Thread(target=admin.post, args=("/alerts/rules/room-full-over", fields | {"do": "try"}, 200))
    first.start()
    assert is_in.wait(20)
    page = admin.post("/alerts/rules/room-full-over", fields | {"do": "try"}, 503)
    may_go.set()
    first.join(20)
    assert "Another rule is being tried" in page


def test_whoever_is_no_administrator_reads_and_has_no_form(bench: Bench, reread: list[str]) -> None:
    desk = Reader(bench, Role.CONCIERGE)
    assert "People in a room" in desk.get("/alerts/rules")
    assert "<form" not in desk.get("/alerts/rules/room-full-over")
    desk.post("/alerts/rules/room-full-over", {"level": "130", "do": "save"}, 403)
    assert reread == []


def test_a_program_reads_the_rules_and_tries_one_with_a_token_of_the_right_scope(bench: Bench) -> None:
    accounts, now_ts = bench.gateway.access.accounts, bench.clock.now_ts()
    client = ask_from(bench, "192.168.1.20")
    read, admin = (
        {"authorization": f"Bearer {accounts.add_token(scope, scope, now_ts + 3600, 'test', now_ts)}"}
        for scope in ("read", "admin")
    )
    bench.declare()
    for number, mains in enumerate((1.0, 0.0, 0.0, 1.0, 1.0), 1):
        bench.send(Reading("c4-mains", bench.clock.now_ts(), mains), first=number)
        bench.commit()
    rules = {rule["id"]: rule for rule in client.get("/api/v1/alerts/rules", headers=read).json()}
    assert rules["room-full-over"] == {
        "id": "room-full-over", "signal": "people", "is_above": True, "level": 1.1, "clears": 1.0, "for_s": 600.0,
        "keep_firing_s": 300.0, "when": "open", "severity": "warning", "subjects": None, "absent_s": None, "name": {},
        "is_on": True, "is_own": False,
    }  # fmt: skip
    path = "/api/v1/alerts/rules/circuit-dead/trial?days=1"
    assert client.get(path, headers=read).status_code == 403
    trial = client.get(path, headers=admin).json()
    assert [episode["subject"] for episode in trial["episodes"]] == ["circuit:c4"]
    assert 0.99 < trial["unknown_share"] < 1
    assert not client.get("/api/v1/alerts/rules/heat/trial", headers=admin).json()["is_told"]
    assert client.get("/api/v1/alerts/rules/none/trial", headers=admin).status_code == 404
    assert client.get("/api/v1/alerts/rules/heat/trial?days=99", headers=admin).status_code == 422


def test_a_rule_of_the_place_is_added_off_tried_switched_on_and_taken_away(admin: Reader) -> None:
    admin.bench.declare()
    form = admin.fields("/alerts/rules") | {"name": "Gros chauffage", "channel": "tableau.linky-va", "level": "5000,5"}
    page = admin.post("/alerts/rules", form | {"level": "lots", "channel": "no.such"}, 422)
    for field, said in (("level", "A number is expected here."), ("channel", "Choose one of the list.")):
        assert re.search(rf'id="said-{field}">.*?{said}', page)
    assert 'value="Gros chauffage"' in page
    assert admin.post("/alerts/rules", form, 303) == "/alerts/rules/gros-chauffage?l=en&done=added"
    assert rules_in(admin)["gros-chauffage"] == {
        "id": "gros-chauffage", "off": True, "name": "Gros chauffage", "channel": "tableau.linky-va", "above": 5000.5,
    }  # fmt: skip
    path = "/alerts/rules/gros-chauffage"
    assert "It would" in admin.send(path, {}, 200, "try") or "Nobody knows" in admin.send(path, {}, 200, "try")
    admin.send(path, {"on": "yes"})
    assert "off" not in rules_in(admin)["gros-chauffage"]
    admin.send(path, {}, 303, "remove")
    assert admin.path.read_text(encoding="utf-8") == SAMPLE
