"""The set-up's pages: what is typed is kept, judged and put in place; what is wrong is told at its field."""

from __future__ import annotations

import dataclasses
import errno
import html
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.conftest import SAMPLE_SITE, Bench, ask_from

from vigie_contract.readings import Reading
from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.roles import Role
from vigie_gateway.place.site import load_site
from vigie_gateway.setup import doors, outlets, rooms, site_file
from vigie_gateway.setup.draft import Draft, DraftFile

SAMPLE = SAMPLE_SITE.read_text(encoding="utf-8")
PASSWORD = "a long enough password"
PLACE = {"name_fr": "La Ruche", "name_en": "", "language_fr": "yes", "id": "", "timezone": "Europe/Paris", "do": "save"}
ROOM = {"rooms-0-id": "", "rooms-0-name_fr": "Salle", "rooms-0-seats": "12"}
PLAN = {"plan-width": "48", "plan-height": "30", **ROOM, "rooms-0-x": "0", "rooms-0-y": "0"}
PLAN |= {"rooms-0-width": "8", "rooms-0-height": "6", "do": "save"}
DOOR = {"doors-0-id": "", "doors-0-between_a": "outside", "doors-0-between_b": "salle", "do": "save"}
CIRCUIT = {"circuits-0-id": "", "circuits-0-name_fr": "Tableau"}
OUTLET = {"outlets-0-source": "", "outlets-0-ids": "p01", "outlets-0-room": "salle", "outlets-0-circuit": "tableau"}
OUTLETS = {**CIRCUIT, **OUTLET, "do": "save"}


PAGES: dict[str, Callable[[dict[str, Any]], dict[str, str]]] = {
    "/doors": doors.fields_of,
    "/outlets": lambda raw: outlets.fields_of(raw, ("fr", "en")),
}


class Admin:
    """A browser of an administrator who signed in."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        accounts, now_ts = bench.gateway.access.accounts, bench.clock.now_ts()
        if not accounts.users():
            accounts.add_user("ada", Role.ADMIN, PASSWORD, "test", now_ts)
        self.client = ask_from(bench, "192.168.1.20", scheme="https")
        self.client.cookies.set(COOKIE, accounts.open_session("ada", now_ts))

    def again(self) -> Admin:
        """The same person, who signs in anew in another browser."""
        return Admin(self.bench)

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path, params={"l": "en"})
        assert answer.status_code == status, answer.text
        return answer.text

    def post(self, path: str, fields: dict[str, str], status: int = 303) -> str:
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.get("/setup"))
        assert csrf is not None
        answer = self.client.post(path, params={"l": "en"}, data={"csrf": csrf[1], **fields})
        assert answer.status_code == status, answer.text
        return answer.headers["location"] if status == 303 else answer.text


@pytest.fixture
def reread(bench: Bench) -> list[str]:
    """One entry for each time that the gateway was asked to read its place again."""
    asked: list[str] = []
    setup = dataclasses.replace(bench.gateway.setup, read_again=lambda: asked.append("again"))
    bench.gateway = dataclasses.replace(bench.gateway, setup=setup)
    return asked


@pytest.fixture
def admin(bench: Bench, reread: list[str]) -> Admin:
    return Admin(bench)


def test_every_page_can_be_looked_at_before_anything_was_typed(admin: Admin) -> None:
    for path in ("", "/place", "/plan", "/doors", "/outlets", "/review"):
        assert '<main id="main"' in admin.get(f"/setup{path}")


def test_a_place_is_set_up_from_nothing_to_its_file(admin: Admin, bench: Bench) -> None:
    assert admin.post("/setup/place", PLACE) == "/setup/plan?l=en"
    assert admin.post("/setup/plan", PLAN) == "/setup/doors?l=en"
    assert admin.post("/setup/doors", DOOR) == "/setup/outlets?l=en"
    assert admin.post("/setup/outlets", OUTLETS) == "/setup/review?l=en"
    assert "Put in place" in admin.get("/setup/review")
    assert admin.post("/setup/review", {"do": "apply"}) == "/setup/review?l=en&done=applied"
    assert bench.gateway.access.accounts.audit(1)[0][1:] == ("ada", "site file changed by the set-up")
    site = load_site(bench.gateway.setup.file.path)
    assert (site.id, site.name, site.timezone) == ("la-ruche", {"fr": "La Ruche"}, "Europe/Paris")
    assert [(room.id, room.seats, room.rect) for room in site.rooms] == [("salle", 12, (0, 0, 8, 6))]
    assert [door.between for door in site.doors] == [("outside", "salle")]
    assert [outlet[:3] for outlet in site.all_outlets()] == [("p01", "salle", "tableau")]


def toml_of(bench: Bench, text: str = SAMPLE) -> None:
    bench.gateway.setup.file.path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("path", "fields", "field", "said"),
    [
        ("/setup/place", PLACE | {"timezone": "Paris"}, "timezone", "A time zone such as Europe/Paris"),
        ("/setup/plan", PLAN | {"rooms-0-seats": "dou<ze"}, "rooms-0-seats", "A whole number, 0 or more"),
        ("/setup/doors", DOOR | {"doors-0-x1": "left"}, "doors-0-x1", "A number, or all four empty"),
        ("/setup/outlets", OUTLETS | {"outlets-0-ids": 'p"01'}, "outlets-0-ids", "One or several ids"),
    ],
)
def test_a_wrong_entry_is_told_at_its_field_and_nothing_typed_is_lost(
    admin: Admin, path: str, fields: dict[str, str], field: str, said: str
) -> None:
    admin.post("/setup/place", PLACE)
    admin.post("/setup/plan", PLAN)
    answers = admin.post(path, fields, status=422), admin.get(path), admin.again().get(path)
    for answer in answers:
        told = re.search(rf'<span class="said" id="said-{field}">(.*?)</span>', answer, re.DOTALL)
        assert told is not None
        assert said in told[1]
        assert f'name="{field}" value="{html.escape(fields[field], quote=True).replace("&quot;", "&#34;")}"' in answer
        for name, text in fields.items():
            if text and name not in {"do", field} and not name.startswith(("language", "doors-0-b", "outlets-0-r")):
                assert f'value="{text}"' in answer, name


def test_what_was_typed_survives_the_gateway(admin: Admin, bench: Bench) -> None:
    admin.post("/setup/place", PLACE)
    again = DraftFile(bench.store.file.path.parent).load()
    assert again.steps["place"]["name_fr"] == "La Ruche"


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"base": 1}', b'{"base": null, "steps": 3, "imported": null}', b"\xff"]
)
def test_a_draft_that_cannot_be_read_is_as_none(admin: Admin, bench: Bench, content: bytes) -> None:
    (bench.store.file.path.parent / "setup-draft.json").write_bytes(content)
    assert DraftFile(bench.store.file.path.parent).load() == Draft()
    admin.get("/setup/place")


def test_rows_are_added_and_taken_away_before_they_are_right(admin: Admin) -> None:
    fields = {"plan-width": "48", "plan-height": "30", "rooms-0-id": "", "rooms-0-name_fr": "A", "add": "room"}
    assert admin.post("/setup/plan", fields) == "/setup/plan?l=en"
    shown = admin.get("/setup/plan")
    assert 'name="rooms-1-seats"' in shown
    assert 'class="said"' not in shown
    admin.post("/setup/plan", {**fields, "remove": "0"} | {"rooms-1-id": "", "rooms-1-name_fr": "B"})
    assert 'name="rooms-0-name_fr" value="B"' in admin.get("/setup/plan")


def test_the_first_page_of_a_new_place_has_the_gateway_hear_its_nodes(admin: Admin, reread: list[str]) -> None:
    admin.post("/setup/place", PLACE)
    assert reread == ["again"]


def test_a_place_that_there_is_changes_when_it_is_put_in_place_and_not_before(
    admin: Admin, bench: Bench, reread: list[str]
) -> None:
    toml_of(bench)
    fields = dict(rooms.fields_of(tomllib.loads(SAMPLE), ("fr", "en")))
    admin.post("/setup/plan", fields | {"rooms-0-seats": "41", "do": "save"})
    assert bench.gateway.setup.file.path.read_text() == SAMPLE
    assert reread == []
    review = admin.get("/setup/review")
    assert "<code>seats = 41</code>" in review
    admin.post("/setup/review", {"do": "apply"})
    assert bench.gateway.setup.file.path.read_text() == SAMPLE.replace("seats = 40", "seats = 41")
    assert reread == ["again"]
    assert bench.gateway.setup.file.path.with_name("site.toml.before").read_text() == SAMPLE
    assert "<p>Nothing.</p>" in admin.get("/setup/review")


def test_a_file_that_somebody_else_changed_is_not_overwritten(admin: Admin, bench: Bench) -> None:
    toml_of(bench)
    fields = dict(rooms.fields_of(tomllib.loads(SAMPLE), ("fr", "en")))
    admin.post("/setup/plan", fields | {"rooms-0-seats": "41", "do": "save"})
    toml_of(bench, SAMPLE + "# by hand\n")
    assert "was changed by somebody else" in admin.get("/setup/plan")
    answer = admin.post("/setup/review", {"do": "apply"}, status=409)
    assert "was changed by somebody else" in answer
    assert bench.gateway.setup.file.path.read_text() == SAMPLE + "# by hand\n"
    assert 'value="41"' in admin.get("/setup/plan")


def test_where_the_file_cannot_be_written_what_was_typed_can_be_downloaded(
    admin: Admin, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.post("/setup/place", PLACE)

    def refuse(path: Path, _content: bytes, _mode: int) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(site_file, "replace_file", refuse)
    answer = admin.post("/setup/review", {"do": "apply"}, status=507)
    assert "cannot be written by the gateway" in answer
    assert "site.toml: cannot be written: Permission denied" in answer
    assert 'href="/setup/draft.toml"' in answer
    assert 'name = "La Ruche"' in admin.get("/setup/draft.toml")
    assert 'value="La Ruche"' in admin.get("/setup/place")


def test_a_room_that_goes_is_told_on_the_pages_that_name_it_and_let_go_by_what_has_no_page(
    admin: Admin, bench: Bench
) -> None:
    toml_of(bench)
    fields = rooms.fields_of(tomllib.loads(SAMPLE), ("fr", "en"))
    admin.post("/setup/plan", fields | {"remove": "4"})
    review = admin.get("/setup/review")
    assert "A page is still to be corrected" in review
    assert "Put in place</button>" not in review
    for path, row, said in (("/doors", "6", "doors-6-between_b"), ("/outlets", "3", "outlets-3-room")):
        assert f'id="said-{said}"' in admin.get(f"/setup{path}")
        button = "remove" if path == "/doors" else "remove-outlet"
        page = PAGES[path](tomllib.loads(SAMPLE))
        admin.post(f"/setup{path}", page | {button: row})
    admin.post("/setup/review", {"do": "apply"})
    site = load_site(bench.gateway.setup.file.path)
    assert "cabine-1" not in {room.id for room in site.rooms}
    assert [one.room for one in site.motion] == ["cabine-2"]
    assert [one.rooms for one in site.access_points][1] == ("atelier", "biblio", "cabine-2")
    assert "# The distribution board: what stands above what" in bench.gateway.setup.file.path.read_text()


def test_what_was_typed_can_be_forgotten(admin: Admin) -> None:
    admin.post("/setup/place", PLACE)
    assert admin.post("/setup/review", {"do": "drop"}) == "/setup?l=en"
    assert "La Ruche" not in admin.get("/setup/place")


def test_a_form_of_another_session_changes_nothing(admin: Admin, bench: Bench) -> None:
    answer = admin.client.post("/setup/place", data={"csrf": "x", **PLACE})
    assert answer.status_code == 403
    assert DraftFile(bench.store.file.path.parent).load() == Draft()


def test_channels_that_are_heard_are_shown_with_their_last_value(admin: Admin, bench: Bench) -> None:
    bench.declare()
    bench.send(Reading("porte-atelier-in", bench.clock.now_ts(), 7.0), first=1)
    bench.commit()
    shown = admin.get("/setup/doors")
    assert "<code>tableau.porte-atelier-in</code>" in shown
    assert ">7 \u00b7 1 min ago<" in shown
