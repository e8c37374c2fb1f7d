"""The set-up's pages: what is typed is kept, judged and put in place; what is wrong is told at its field."""

from __future__ import annotations

import re

import pytest
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.roles import Role
from vigie_gateway.place.site import load_site

PASSWORD = "a long enough password"
PLACE = {"name_fr": "La Ruche", "name_en": "", "language_fr": "yes", "id": "", "timezone": "Europe/Paris", "do": "save"}
ROOM = {"rooms-0-id": "", "rooms-0-name_fr": "Salle", "rooms-0-seats": "12"}
PLAN = {"plan-width": "48", "plan-height": "30", **ROOM, "rooms-0-x": "0", "rooms-0-y": "0"}
PLAN |= {"rooms-0-width": "8", "rooms-0-height": "6", "do": "save"}
DOOR = {"doors-0-id": "", "doors-0-between_a": "outside", "doors-0-between_b": "salle", "do": "save"}
CIRCUIT = {"circuits-0-id": "", "circuits-0-name_fr": "Tableau"}
OUTLET = {"outlets-0-source": "", "outlets-0-ids": "p01", "outlets-0-room": "salle", "outlets-0-circuit": "tableau"}
OUTLETS = {**CIRCUIT, **OUTLET, "do": "save"}


class Admin:
    """A browser of an administrator who signed in."""

    def __init__(self, bench: Bench) -> None:
        accounts, now_ts = bench.gateway.access.accounts, bench.clock.now_ts()
        accounts.add_user("ada", Role.ADMIN, PASSWORD, "test", now_ts)
        self.client = ask_from(bench, "192.168.1.20", scheme="https")
        self.client.cookies.set(COOKIE, accounts.open_session("ada", now_ts))

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
def admin(bench: Bench) -> Admin:
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
    site = load_site(bench.gateway.setup.file.path)
    assert (site.id, site.name, site.timezone) == ("la-ruche", {"fr": "La Ruche"}, "Europe/Paris")
    assert [(room.id, room.seats, room.rect) for room in site.rooms] == [("salle", 12, (0, 0, 8, 6))]
    assert [door.between for door in site.doors] == [("outside", "salle")]
    assert [outlet[:3] for outlet in site.all_outlets()] == [("p01", "salle", "tableau")]
