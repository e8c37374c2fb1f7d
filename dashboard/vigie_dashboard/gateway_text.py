"""The gateway in eight lines beside the alerts: its addresses, the internet, database, card, copy, clock, processor.

Called by ``alerts_page``; pure. ``health`` has every part in full, with what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from vigie_dashboard.health import ICONS
from vigie_dashboard.health_parts import facts_of
from vigie_dashboard.health_view import HealthView, PartHealth
from vigie_dashboard.language import Language


@dataclass(frozen=True, slots=True)
class Reach:
    """How the gateway is reached, and what it reaches.

    Attributes:
        asked_host: Host under which the reader asked for the page.
        address: URL of this gateway for people; None where the site gives none.
        second_address: URL of the other one; None where there is none.
        uplink: By language, the line in use; None where the site names none.
        internet: ``open``, ``portal``, ``none``, or None when not known.
    """

    asked_host: str
    address: str | None = None
    second_address: str | None = None
    uplink: Mapping[str, str] | None = None
    internet: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One of the eight; ``shape`` is the name of its icon."""

    title: str
    shape: str
    said: str
    detail: str


def gateway_lines(view: HealthView, reach: Reach, language: Language) -> list[Line]:
    """The eight, in their order."""
    parts = {part.name: part for part in view.parts}
    return [
        _address(language.gettext("Main address"), reach.address or f"//{reach.asked_host}", reach, language),
        _address(language.gettext("Second address"), reach.second_address, reach, language),
        _internet(reach, language),
        _part(language.gettext("Database"), parts.get("store"), view, language, skip_copy=True),
        _part(language.gettext("Card or disk"), parts.get("disk"), view, language),
        _copy(parts.get("store"), view, language),
        _part(language.gettext("Clock"), parts.get("clock"), view, language),
        _part(language.gettext("Processor"), parts.get("heat"), view, language),
    ]


def _address(title: str, address: str | None, reach: Reach, language: Language) -> Line:
    """One that the reader did not ask under was not tried: nothing is claimed of it."""
    if address is None:
        return Line(title, "unk", language.pgettext("address", "none is set up"), "")
    host = urlsplit(address).netloc
    if host == reach.asked_host:
        return Line(title, "ok", language.pgettext("address", "answers"), host)
    return Line(title, "unk", language.pgettext("address", "not tried from here"), host)


def _internet(reach: Reach, language: Language) -> Line:
    shape, said = {
        "open": ("ok", language.pgettext("internet", "answers")),
        "portal": ("warn", language.gettext("sign-in page")),
        "none": ("crit", language.gettext("no internet")),
    }.get(reach.internet or "", ("unk", language.gettext("not measured")))
    return Line(language.gettext("Internet"), shape, said, language.named(dict(reach.uplink or {})))


def _part(
    title: str, part: PartHealth | None, view: HealthView, language: Language, *, skip_copy: bool = False
) -> Line:
    if part is None:
        return Line(title, "unk", language.gettext("not measured"), "")
    bare = PartHealth(part.name, part.state, part.trouble, part.facts | {"newest_copy": None, "copies": None})
    facts = facts_of(bare if skip_copy else part, view, language)
    words = {
        "pass": language.pgettext("part", "in order"),
        "warn": language.pgettext("part", "needs a look"),
        "fail": language.pgettext("part", "outage"),
    }
    said = words.get(part.state, language.gettext("not measured"))
    return Line(title, ICONS.get(part.state, "unk"), said, " · ".join(facts))


def _copy(store: PartHealth | None, view: HealthView, language: Language) -> Line:
    """The newest daily copy: the last of the store's facts."""
    title = language.gettext("Backup")
    if store is None or store.facts.get("copies") is None:
        return Line(title, "unk", language.gettext("not known"), "")
    only = {key: store.facts.get(key) for key in ("newest_copy", "copies")}
    facts = facts_of(PartHealth("store", store.state, None, only), view, language)
    is_there = isinstance(store.facts.get("newest_copy"), str)
    return Line(title, "ok" if is_there else "warn", " · ".join(facts), "")
