"""The page of who is told: a list in the order of escalation, and a form that writes ``[[told]]`` and no secret."""

from __future__ import annotations

import dataclasses
import tomllib
from typing import Any

import pytest
from tests.gateway.api.test_api_rules import SAMPLE, Reader
from tests.gateway.conftest import Bench

from vigie_gateway.auth.roles import Role

PATH = "/alerts/told"
OWN = '\n# Whom to wake.\n[[told]]\nid = "garde"\nname = "La garde" # by turns\nby = ["sms"]\nafter = "15 min"\n'
NEW = {"name": "Équipe", "by-screen": "yes", "for": "all", "quiet": "never", "resolved": "yes", "lets": "yes"}


@pytest.fixture
def reread(bench: Bench) -> list[str]:
    """One entry for each time that the gateway was asked to read its place again."""
    asked: list[str] = []
    setup = dataclasses.replace(bench.gateway.setup, read_again=lambda: asked.append("again"))
    bench.gateway = dataclasses.replace(bench.gateway, setup=setup)
    setup.file.path.write_text(SAMPLE + OWN, encoding="utf-8")
    return asked


@pytest.fixture
def admin(bench: Bench, reread: list[str]) -> Reader:
    return Reader(bench)


def told_in(reader: Reader) -> dict[str, dict[str, Any]]:
    """The tables of the file, by id."""
    return {one["id"]: one for one in tomllib.loads(reader.path.read_text(encoding="utf-8"))["told"]}


def form_of(reader: Reader, who: str) -> dict[str, str]:
    """What a browser would send of somebody's form."""
    return reader.fields(f"{PATH}?who={who}") | {"do": "save"}


def test_the_list_begins_with_who_is_told_at_once_and_names_notifiers_without_their_secrets(admin: Reader) -> None:
    page = admin.get(PATH)
    assert page.index("\u00c9cran de l\u2019accueil") < page.index("La garde")
    assert "sms (not on this machine)" in page
    assert "if nobody is on it after 15\xa0min" in page
    assert "<form" not in page
    admin.get(f"{PATH}?who=nobody", 404)


def test_somebody_new_is_added_with_an_id_of_their_name(admin: Reader, reread: list[str]) -> None:
    fields = form_of(admin, "") | NEW | {"after": "30 min", "about-cafe": "yes"}
    assert admin.post(PATH, fields, 303) == "/alerts/told?l=en&done=saved"
    assert told_in(admin)["equipe"] == {
        "id": "equipe", "name": "Équipe", "by": ["screen"], "rooms": ["cafe"], "after": "30 min",
    }  # fmt: skip
    assert admin.path.read_text(encoding="utf-8").startswith(SAMPLE + OWN)
    assert reread == ["again"]
    assert admin.bench.gateway.access.accounts.audit(1)[0][2].startswith("who is told of alerts, equipe: ")


def test_what_is_sent_as_it_was_changes_nothing(admin: Reader, reread: list[str]) -> None:
    for who in ("accueil", "garde"):
        admin.post(PATH, form_of(admin, who), 303)
    assert admin.path.read_text(encoding="utf-8") == SAMPLE + OWN
    assert reread == []


def test_each_setting_is_written_and_the_comments_stay(admin: Reader) -> None:
    fields = form_of(admin, "garde") | {"for": "rules", "rule-internet-down": "yes", "rule-dns": "yes"}
    fields |= {"quiet": "hours", "spans": "22:00 - 07:00", "language": "en", "after": "", "by-screen": "yes"}
    del fields["lets"], fields["resolved"]
    admin.post(PATH, fields, 303)
    assert told_in(admin)["garde"] == {
        "id": "garde", "name": "La garde", "by": ["sms", "screen"], "language": "en", "for": ["dns", "internet-down"],
        "quiet": ["22:00-07:00"], "quiet_lets": "nothing", "resolved": False,
    }  # fmt: skip
    text = admin.path.read_text(encoding="utf-8")
    assert "# Whom to wake." in text
    assert "# by turns" in text
    assert "not at 22:00\u201307:00" in admin.get(PATH)


WRONG = (
    ({"name": " "}, "name", "A name is needed."),
    ({"after": "later"}, "after", "A time such as"),
    ({"quiet": "hours", "spans": "at night"}, "spans", "Hours such as"),
    ({"quiet": "hours", "spans": ""}, "spans", "Hours such as"),
    ({"for": "rules"}, "for", "Choose one rule at least."),
)
"""What is typed, and at which field what is said."""


def test_what_is_wrong_is_said_at_its_field_with_all_that_was_typed(admin: Reader) -> None:
    fields = form_of(admin, "garde") | {"about-cafe": "yes"}
    for typed, field, said in WRONG:
        page = admin.post(PATH, fields | typed, 422)
        assert said in page[page.index(f'id="said-{field}"') :][:400]
        assert 'name="about-cafe" value="yes" checked' in page
    del fields["by-sms"]
    assert "Choose by what they are told." in admin.post(PATH, fields, 422)
    assert admin.path.read_text(encoding="utf-8") == SAMPLE + OWN


def test_somebody_is_taken_off_and_a_file_changed_meanwhile_is_not_overwritten(admin: Reader) -> None:
    fields = form_of(admin, "garde") | {"do": "remove"}
    admin.path.write_text(f"{SAMPLE}{OWN}\n# theirs\n", encoding="utf-8")
    assert "nothing was overwritten" in admin.post(PATH, fields, 409)
    admin.post(PATH, form_of(admin, "garde") | {"do": "remove"}, 303)
    assert set(told_in(admin)) == {"accueil"}
    assert "# theirs" in admin.path.read_text(encoding="utf-8")


def test_whoever_is_no_administrator_reads_and_has_no_form(bench: Bench, reread: list[str]) -> None:
    desk = Reader(bench, Role.CONCIERGE)
    assert "La garde" in desk.get(PATH)
    assert "<form" not in desk.get(f"{PATH}?who=garde")
    desk.post(PATH, {"who": "garde", "do": "remove"}, 403)
    assert reread == []
