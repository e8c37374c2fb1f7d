"""Every name that people or the wire give is text wherever it is told: never markup, formula, header or log line."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient
from tests.gateway.api.hostile import PRINTABLE, UNPRINTABLE
from tests.gateway.api.named_place import PLAIN, Maker, feed_of, site_of
from tests.gateway.conftest import Bench, ask_from
from tests.gateway.routes import roles_of

from vigie_contract.errors import ContractError
from vigie_contract.messages import Birth, Channel, decode_birth, encode_birth
from vigie_dashboard.pages import board_fields
from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.accounts import AccountError, Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.calendars.ical import events_of
from vigie_gateway.formats.csv import FORMULA_STARTS

FORMS = {"/history/{name}": ("atelier", "atelier.csv", "atelier.json"), "/static/{name}": ()} | {
    "/history/series/{name}": ("tableau.linky-va", "tableau.linky-va.csv", "tableau.linky-va.json")
}


def as_admin(bench: Bench) -> TestClient:
    accounts, now_ts = bench.gateway.access.accounts, bench.clock.now
    if not accounts.users():
        accounts._database.execute("INSERT INTO user VALUES ('sam', ?, 'x', ?, ?)", (Role.ADMIN, now_ts, now_ts))
    client = ask_from(bench, "192.168.1.20", scheme="https")
    client.cookies.set(COOKIE, accounts.open_session("sam", now_ts))
    return client


def addresses(bench: Bench) -> list[str]:
    """Every GET of the application, with something that is there in place of its parameters."""
    found = []
    for method, path in roles_of(bench):
        if method != "GET" or path == "/events":
            continue
        if path in FORMS:
            stem = path.partition("{")[0]
            found += [stem + name for name in FORMS[path]]
        else:
            filled = path.replace("{room_id}", "atelier").replace("{series_id}", "tableau.linky-va")
            found.append(re.sub(r"\{.*?\}", "x", filled))
    return found


class Structure(HTMLParser):
    """What a page is made of, its texts left out: elements with the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self.targets: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts[tag, tuple(sorted(name for name, _ in attrs))] += 1
        self.targets |= {value for name, value in attrs if name in {"href", "src", "action"} and value is not None}

    def handle_comment(self, data: str) -> None:
        self.parts["comment", ()] += 1

    def handle_decl(self, decl: str) -> None:
        self.parts[decl, ()] += 1

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def told(bench: Bench) -> dict[str, tuple[str, str]]:
    """Type and text of every address in both languages."""
    client, found = as_admin(bench), {}
    for address in addresses(bench):
        for lang in ("fr", "en"):
            answer = client.get(f"{address}?l={lang}")
            assert answer.status_code < 500 or address == "/healthz", address
            assert "x-forged" not in answer.headers
            found[f"{address}?l={lang}"] = answer.headers.get("content-type", "").partition(";")[0], answer.text
    return found


@pytest.fixture
def plain(make: Maker) -> dict[str, Structure]:
    """The pages of a place with harmless names."""
    return {address: Structure(text) for address, (kind, text) in told(make(PLAIN)).items() if kind == "text/html"}


ACTIVE = ("script", "style", "iframe", "form", "input", "button", "link", "meta", "base", "a", "img", "object", "embed")
"""What does something by being there."""


def active(page: Structure) -> Counter[str]:
    """How many there are of each element that does something, and of handlers on any."""
    found: Counter[str] = Counter()
    for (tag, _), number in page.parts.items():
        if tag in ACTIVE:
            found[tag] += number
    handlers = [name for _, names in page.parts for name in names if name.startswith("on")]
    return found + Counter(handlers)


def check_page(address: str, page: Structure, plain: dict[str, Structure]) -> None:
    """It is made of the same elements and attributes, and points nowhere else."""
    assert set(page.parts) == set(plain[address].parts), address
    assert active(page) == active(plain[address]), address
    assert page.targets == plain[address].targets, address


def check_table(text: str) -> None:
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            is_number = re.fullmatch(r"-?\d+(\.\d+)?", cell) is not None
            assert is_number or not cell.startswith(FORMULA_STARTS), cell


_SAMPLE = re.compile(r'[A-Za-z_]+(\{([a-z]+="([^"\\\n]|\\[\\n"])*",?)+\})? [-+0-9.e]+')


def check_metrics(text: str) -> None:
    for line in text.splitlines():
        assert line.startswith("#") or _SAMPLE.fullmatch(line), line


@pytest.mark.parametrize("text", PRINTABLE[:14])
def test_a_name_that_stands_in_a_page_as_it_is_would_be_seen(make: Maker, text: str) -> None:
    page = as_admin(make(PLAIN)).get("/board").text
    assert PLAIN in page
    with pytest.raises(AssertionError):
        check_page("/board", Structure(page.replace(PLAIN, text)), {"/board": Structure(page)})


BATCHES = 7
"""So many parts of the list, of which one is tried every day: each name of it stands in some hundred places."""


@pytest.mark.parametrize("batch", [0, *(pytest.param(later, marks=pytest.mark.long) for later in range(1, BATCHES))])
def test_a_name_is_text_on_every_page_and_in_every_answer(
    make: Maker, plain: dict[str, Structure], batch: int, caplog: pytest.LogCaptureFixture
) -> None:
    for text in PRINTABLE[batch::BATCHES]:
        with caplog.at_level(logging.DEBUG):
            bench = make(text)
            answers = told(bench)
        shown = 0
        for address, (kind, body) in answers.items():
            if kind == "text/html":
                page = Structure(body)
                check_page(address, page, plain)
                shown += any(text in one for one in page.texts)
            elif kind in {"application/json", "application/problem+json"}:
                json.loads(body)
            elif kind == "text/csv":
                check_table(body)
            elif kind == "text/plain":
                check_metrics(body)
        assert shown >= 6, text
        fields = board_fields(bench.gateway.board_view(), "en")
        assert any(text in value for value in fields.values())
        for record in caplog.records:
            assert "\n" not in record.getMessage()
            assert record.exc_info is None


@pytest.mark.parametrize("text", UNPRINTABLE)
def test_a_name_with_characters_that_nobody_sees_is_refused_or_shown_without_them(make: Maker, text: str) -> None:
    with pytest.raises(ValueError, match="a name"):
        site_of(text)
    with pytest.raises(ContractError):
        encode_and_decode(text)
    events = events_of(feed_of(text, 1_795_527_000.0), 1_795_500_000.0, 1_795_600_000.0, "Europe/Paris")
    assert all(one.name is None or one.name.isprintable() for one in events)


def encode_and_decode(text: str) -> Birth:
    return decode_birth(encode_birth(Birth(text, "boot-1", (Channel("a", "mains", 1.0),))))


@pytest.mark.parametrize("text", [*PRINTABLE, *UNPRINTABLE])
def test_an_account_or_token_takes_no_such_name(accounts: Accounts, text: str) -> None:
    if re.fullmatch(r"[a-z0-9._-]+", text):
        return
    with pytest.raises(AccountError):
        accounts.add_token(text, "read", 2e9, "test", 1e9)
    with pytest.raises(AccountError):
        accounts.add_user(text, Role.ADMIN, "eight rooms, one lamp", "test", 1e9)


ASKED = {
    "q": "/history",
    "by": "/history",
    "from": "/history/atelier",
    "at": "/history/atelier",
    "l": "/",
    "theme": "/",
}


def test_what_an_address_says_is_text_too(make: Maker) -> None:
    client = as_admin(make(PLAIN))
    for field, path in ASKED.items():
        harmless = active(Structure(client.get(path, params={field: PLAIN}).text))
        for text in (*PRINTABLE, *UNPRINTABLE):
            answer = client.get(path, params={field: text})
            assert answer.status_code < 500
            found = active(Structure(answer.text))
            assert all(found[what] <= harmless[what] or what == "a" for what in found), (field, text)
    for text in (*PRINTABLE, *UNPRINTABLE):
        for stem in ("/history/", "/history/series/", "/rooms/", "/static/", "/api/v1/series/", "/"):
            address = stem + quote(text, safe="")
            answer = client.get(address, headers={"accept": "text/html"})
            assert answer.status_code in {404, 405} or address == "/.", address
            if answer.headers["content-type"].startswith("text/html"):
                assert not active(Structure(answer.text)).keys() - {"meta", "link", "a"}, address
            else:
                json.loads(answer.text)
