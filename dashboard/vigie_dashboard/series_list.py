"""The list of all that has a history: what a search leaves of it, in groups. Called by ``pages``; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from vigie_dashboard.history_view import SeriesEntry, SeriesListView
from vigie_dashboard.language import Language
from vigie_dashboard.quantity_names import quantity_name

GROUPINGS = ("room", "node", "quantity")
"""The first is the fallback."""
MOST_SEARCHED = 80
"""Characters of a search that are looked for and repeated. Nothing that can be found has a longer name in one piece."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the list, in words."""

    name: str
    called: str
    room: str
    quantity: str
    unit: str
    heard: str


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under one heading."""

    title: str
    entries: tuple[Entry, ...]


def groups_of(view: SeriesListView, search: str, by: str, language: Language) -> list[Group]:
    """The lines that hold every word of ``search``, whatever its case and accents, grouped by one of GROUPINGS."""
    words = plain(search[:MOST_SEARCHED]).split()
    groups: dict[str, list[Entry]] = {}
    for entry in (_entry(one, view, language) for one in view.series):
        text = plain(f"{entry.name} {entry.called} {entry.room} {entry.quantity}")
        if all(word in text for word in words):
            title = {"node": entry.name.partition(".")[0], "quantity": entry.quantity}.get(by, entry.room)
            groups.setdefault(title, []).append(entry)
    titles: Iterable[str] = groups if by not in {"node", "quantity"} else sorted(groups, key=plain)
    return [Group(title, tuple(groups[title])) for title in titles]


def plain(text: str) -> str:
    """Without case and accents: ``Réserve`` is found by ``reserve``."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in parted if not unicodedata.combining(character))


def _entry(one: SeriesEntry, view: SeriesListView, language: Language) -> Entry:
    return Entry(
        name=one.name,
        called=language.named(dict(one.called)) or one.label or one.channel,
        room=language.gettext("No room") if one.room is None else language.named(one.room),
        quantity=quantity_name(one.quantity, language),
        unit=one.unit,
        heard=language.gettext("never") if one.at_ts is None else language.when(one.at_ts, view.now_ts, view.timezone),
    )
