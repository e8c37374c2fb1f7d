"""The sample place with one name for everything: site, rooms, circuits, sessions, and all that the wire tells."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.conftest import ManualClock
from tests.gateway.conftest import SAMPLE_SITE, Bench, make_bench

from vigie_contract.messages import Birth, Channel, encode_birth
from vigie_contract.readings import Reading
from vigie_dashboard.notices import StaleCalendar
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.calendars.ical import events_of
from vigie_gateway.place.corrections import MOST_REASON, read_word
from vigie_gateway.place.sessions import Agenda, place_events
from vigie_gateway.place.site import Site
from vigie_gateway.store import open_store
from vigie_gateway.store.sqlite import SqliteStore

PLAIN = "Zebra"
NAMES = ("name", "where", "kind", "wifi_note")


def named(value: Any, text: str) -> Any:
    """The site's tables with that text for every name."""
    if isinstance(value, list):
        return [named(one, text) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: dict.fromkeys(("fr", "en"), text) if key in NAMES else named(inner, text) for key, inner in value.items()
    }


def site_of(text: str) -> Site:
    raw = named(tomllib.loads(SAMPLE_SITE.read_text(encoding="utf-8")), text)
    network = text.encode()[:32].decode(errors="ignore")
    raw["visitors"] |= {"wifi_name": network, "wifi_password": "phare du quai"}
    raw["calendars"][0]["room"] = "atelier"
    words = dict.fromkeys(("fr", "en"), text)
    runbook = {code: [text] for code in words}
    raw["rules"] = [rule | {"name": words, "tell": words, "runbook": runbook} for rule in raw["rules"]]
    raw["told"] = [told | {"name": text[:100]} for told in raw["told"]]
    return Site.model_validate(raw, context={"folder": str(SAMPLE_SITE.parent)})


def feed_of(text: str, now_ts: float) -> bytes:
    """A calendar with a session of that name under way, and one for which nobody understands who is expected."""
    tomorrow_ts = (now_ts // 86_400 + 1) * 86_400
    begin, end, next_begin, next_end = (
        datetime.fromtimestamp(at_ts, UTC).strftime("%Y%m%dT%H%M%SZ")
        for at_ts in (now_ts - 600, now_ts + 6000, tomorrow_ts + 30_000, tomorrow_ts + 37_200)
    )
    escaped = text.replace("\\", "\\\\").replace(",", "\\,").replace(";", "\\;").replace("\n", "\\n").replace("\r", "")
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", "UID:1", f"DTSTART:{begin}", f"DTEND:{end}")
    following = (f"SUMMARY:{escaped}", f"DESCRIPTION:Vigie: {escaped}", "END:VEVENT", "BEGIN:VEVENT", "UID:2")
    more = (f"DTSTART:{next_begin}", f"DTEND:{next_end}", *following[:2], "END:VEVENT", "END:VCALENDAR", "")
    return "\r\n".join((*lines, *following, *more)).encode()


def reason_of(text: str) -> str:
    """As much of it as a correction's reason may have."""
    return " ".join(text[:MOST_REASON].split())


Maker = Callable[[str], Bench]


@contextmanager
def named_places(directory: Path, clock: ManualClock, accounts: Accounts) -> Iterator[Maker]:
    """Makes places in which everything that has a name has the same one."""
    stores: list[SqliteStore] = []

    def made(text: str, wire: str | None = None) -> Bench:
        wire = text if wire is None else wire
        folder = directory / f"place-{len(stores)}"
        folder.mkdir()
        store = open_store(folder / "vigie.db", clock)
        stores.append(store)
        bench = make_bench(store, clock, site_of(text), accounts)
        channels = (
            Channel("linky-va", "apparent_power", 10.0, None, wire),
            Channel("porte-atelier-in", "people_in", 10.0, "atelier", wire),
            Channel("portail", "internet_access", 10.0, None, wire, (wire, "portal", "none")),
        )
        bench.receive("vigie/1/semaphore/tableau/about", encode_birth(Birth(wire, "boot-1", channels)))
        bench.receive("vigie/1/semaphore/tableau/status", b"online")
        bench.send(Reading("linky-va", clock.now - 5, 9_900.0), first=1)
        bench.receive("vigie/1/semaphore/tableau/data", wire.encode(errors="surrogatepass"))
        bench.refusals.add("type", wire, wire, clock.now)
        bench.bus.trouble, bench.bus.broker_version = wire, wire
        bench.commit()
        for kind, subject, value in (("people", "atelier", "3"), ("out_of_order", "p09", "1"), ("closed", "cafe", "1")):
            word = read_word(
                bench.gateway.site, clock.now, kind=kind, subject=subject, value=value, reason=reason_of(wire)
            )
            bench.gateway.desk._take((word, "sam"))  # as the ingest thread does, which does not run here
        events = events_of(feed_of(wire, clock.now), clock.now - 86_400, clock.now + 86_400, "Europe/Paris")
        placed, _ = place_events(events, bench.gateway.site.calendars[0], bench.gateway.site)
        stale = (StaleCalendar(bench.gateway.site.calendars[0].name, clock.now - 9_000),)
        bench.board.agenda = Agenda(placed, stale)
        bench.checks.round()
        return bench

    yield made
    for store in stores:
        store.close()
