"""A hostile name is text in all that tells of an alert: pages, feed, answers, series. Messages have their own test."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from xml.etree import ElementTree as ET

import pytest
from starlette.testclient import TestClient
from tests.gateway.api.hostile import PRINTABLE, UNPRINTABLE
from tests.gateway.api.named_place import PLAIN, Maker, reason_of
from tests.gateway.api.test_api_names import Structure, as_admin, check_metrics, check_page
from tests.gateway.conftest import Bench

from vigie_contract import topics
from vigie_contract.messages import Birth, Channel, encode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.alerts.showing import MarkError
from vigie_gateway.auth.accounts import ALERTS_SCOPE

PAGES = (
    "/alerts", "/alerts?tab=silenced", "/alerts?tab=history", "/alerts/1", "/alerts/2", "/alerts/rules",
    "/alerts/rules/circuit-dead", "/alerts/told", "/health", "/board", "/rooms/cafe", "/history/cafe",
)  # fmt: skip
ANSWERS = ("/api/v1/alerts", "/api/v1/alerts?state=silenced", "/api/v1/alerts/1", "/api/v1/alerts/told", "/healthz")
BATCHES = 25
"""So many parts of the list, of which one is tried every day."""
ATOM = "{http://www.w3.org/2005/Atom}"


def alerted(bench: Bench, text: str) -> Bench:
    """Two circuits of the place are dead: one is in hand, the other silenced, both with words of that text."""
    channels = tuple(Channel(name, "mains", 10.0, None, text) for name in ("c4-mains", "c2-mains"))
    bench.receive("vigie/1/semaphore/tableau/about", encode_birth(Birth(text, "boot-1", channels)))
    for number in range(8):
        bench.clock.pass_time(10)
        value = 1.0 if number < 4 else 0.0
        readings = [Reading(channel.id, bench.clock.now, value) for channel in channels]
        pack = [(QUANTITIES["mains"], reading) for reading in readings]
        payload = encode_pack("semaphore", "tableau", "j1", 2 + 2 * number, 1, pack)
        bench.receive(topics.data("semaphore", "tableau"), payload)
        bench.commit()
        assert bench.alerts.watch.look()
    desk = bench.gateway.alerts
    first, second = (one.number for one in desk.current() if one.signal == "circuit-dead")
    desk.acknowledge(first, text, reason_of(text))
    desk.note(first, text, reason_of(text))
    desk.silence(second, text, reason_of(text), None)
    return bench


def told(bench: Bench) -> dict[str, Structure]:
    """Every page, one in French and the next in English, as it is made."""
    client, found = as_admin(bench), {}
    for number, path in enumerate(PAGES):
        address = f"{path}{'&' if '?' in path else '?'}l={('fr', 'en')[number % 2]}"
        answer = client.get(address)
        assert answer.status_code == 200, address
        found[address] = Structure(answer.text)
    return found


@pytest.fixture
def plain(make: Maker) -> dict[str, Structure]:
    return told(alerted(make(PLAIN), PLAIN))


@pytest.mark.parametrize("batch", [0, *(pytest.param(later, marks=pytest.mark.long) for later in range(1, BATCHES))])
def test_a_name_is_text_in_all_that_tells_of_an_alert(make: Maker, plain: dict[str, Structure], batch: int) -> None:
    for text in PRINTABLE[batch::BATCHES]:
        bench = alerted(make(text), text)
        for address, page in told(bench).items():
            check_page(address, page, plain)
            assert not address.startswith("/alerts") or any(text in one for one in page.texts), (address, text)
        client = as_admin(bench)
        for path in ANSWERS:
            json.loads(client.get(path).text)
        check_metrics(client.get("/metrics").text)
        check_feed(client, bench, text)


def check_feed(client: TestClient, bench: Bench, text: str) -> None:
    """The text is text in it, by both of its addresses, and it leads nowhere else."""
    accounts, now_ts = bench.gateway.access.accounts, bench.clock.now
    secret = accounts.add_token(f"feed-{len(accounts.tokens())}", ALERTS_SCOPE, now_ts + 60, "test", now_ts)
    for path in ("/alerts/feed.atom", f"/a/{secret}.atom"):
        feed = ET.fromstring(client.get(f"{path}?l=en").content)  # noqa: S314 - our own
        assert {one.tag.removeprefix(ATOM) for one in feed.iter()} == {
            "feed", "id", "title", "updated", "link", "author", "name", "entry", "published", "summary",
        }  # fmt: skip
        assert sum(text in (one.text or "") for one in feed.iter(f"{ATOM}title")) == 3
        assert {one.get("href", "").partition("?")[0] for one in feed.iter(f"{ATOM}link")} == {
            f"https://testserver{one}" for one in (path, "/alerts/1", "/alerts/2")
        }


def test_what_cannot_be_seen_is_refused_in_a_mark_or_left_out(make: Maker) -> None:
    bench = alerted(make(PLAIN), PLAIN)
    for text in UNPRINTABLE:
        with suppress(MarkError):
            bench.gateway.alerts.note(1, "sam", text)
    page = as_admin(bench).get("/alerts/1?l=en").text
    assert not re.search("[\0\x07\x1b\x85\u200b\u2028\u202e\u2066\u2069\ufeff]", page)
