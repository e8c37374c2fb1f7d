"""What was typed on a page of the set-up, as a form sends it, and what it means once read. Pure."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vigie_contract.topics import is_id
from vigie_gateway.place.references import OUTSIDE

Fields = dict[str, str]
"""By the names of the form: ``rooms-0-seats``."""

MOST_ROWS = 300
"""Rooms, doors or outlets of one page. Lower refuses a large place; higher lets a form take long to read."""
LONGEST_NAME = 60
"""Characters of a name. Longer ones do not fit on the board's plan."""
_LONGEST_ID = 32
_ROW = re.compile(r"(?P<prefix>[a-z]+)-(?P<number>[0-9]{1,4})-(?P<key>[a-z0-9_]+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of the file, as it is meant.

    Attributes:
        source: Which table of its section it was before, from 0; None for a new one.
        values: By key; None takes the key away. What is not here stays as it is.
    """

    source: int | None
    values: dict[str, Any]


@dataclass(slots=True)
class Meant:
    """What a page says: top-level keys, and whole sections in order; what is wrong, by the name of the field.

    Attributes:
        keys: By path, ``("name",)`` or ``("visitors", "wifi_name")``; None takes one away.
        sections: ``rooms`` and the like.
        troubles: A word for each field, which the page says in its reader's language; empty when all is right.
    """

    keys: dict[tuple[str, ...], Any] = field(default_factory=dict)
    sections: dict[str, list[Entry]] = field(default_factory=dict)
    troubles: dict[str, str] = field(default_factory=dict)


def rows_of(fields: Mapping[str, str], prefix: str) -> list[Fields]:
    """The rows of a table of the form, in the order of their numbers, at most MOST_ROWS."""
    found: dict[int, Fields] = {}
    for name, text in fields.items():
        match = _ROW.fullmatch(name)
        if match is not None and match["prefix"] == prefix:
            found.setdefault(int(match["number"]), {})[match["key"]] = text
    return [found[number] for number in sorted(found)][:MOST_ROWS]


def with_rows(fields: Mapping[str, str], prefix: str, rows: Iterable[Fields]) -> Fields:
    """The fields with these rows, numbered from 0, in place of the ones they had."""
    kept = {name: text for name, text in fields.items() if not _is_of(name, prefix)}
    for number, row in enumerate(rows):
        kept |= {f"{prefix}-{number}-{key}": text for key, text in row.items()}
    return kept


def _is_of(name: str, prefix: str) -> bool:
    match = _ROW.fullmatch(name)
    return match is not None and match["prefix"] == prefix


def tables_of(raw: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    """The tables of a section of the parsed file."""
    found = raw.get(section)
    return [table for table in found if isinstance(table, dict)] if isinstance(found, list) else []


def sources_of(raw: Mapping[str, Any], section: str) -> dict[str, int]:
    """Which table of its section has which id."""
    return {str(table.get("id")): number for number, table in enumerate(tables_of(raw, section))}


def spread(name: Any, languages: Collection[str]) -> dict[str, str]:
    """A name of the file by language: a plain one is the same in all."""
    if isinstance(name, str):
        return dict.fromkeys(languages, name)
    return {str(key): str(text) for key, text in name.items()} if isinstance(name, dict) else {}


def read_name(row: Mapping[str, str], key: str, languages: Iterable[str]) -> tuple[dict[str, str], str | None]:
    """The name typed in ``{key}_{language}`` fields; one that is left out is as in another language.

    Returns:
        By language, and the trouble: ``name`` where nothing was typed, ``name-long``, ``name-signs``.
    """
    typed = {one: " ".join(row.get(f"{key}_{one}", "").split()) for one in languages}
    other = next((text for text in typed.values() if text), "")
    if not other:
        return {}, "name"
    if any(len(text) > LONGEST_NAME for text in typed.values()):
        return {}, "name-long"
    if not all(text.isprintable() for text in typed.values()):
        return {}, "name-signs"
    return {one: text or other for one, text in typed.items()}, None


def name_value(names: Mapping[str, str], before: Any) -> Any:
    """A name as the file says it: as it said it before where that means the same, plain where all languages agree."""
    if isinstance(before, str) and set(names.values()) == {before}:
        return before
    if isinstance(before, dict):
        merged = {**before, **names}
        return merged if len(merged) > 1 or merged != dict(names) else next(iter(names.values()))
    return dict(names) if len(set(names.values())) > 1 else next(iter(names.values()))


def read_number(text: str) -> float | None:
    """A finite number, whole ones as int; a decimal comma is taken too. None when it is no number."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    if not math.isfinite(value) or abs(value) > 1e9:  # noqa: PLR2004 - no place is as large, and TOML's integers end
        return None
    return int(value) if value == int(value) else value


def read_count(text: str) -> int | None:
    """A whole number, 0 or more; None when it is none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None  # noqa: PLR2004 - see place.entries


def written(value: object) -> str:
    """A value of the file as it stands in a field of the form."""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return "" if value is None else str(value)


def new_id(name: str, taken: Collection[str], fallback: str) -> str:
    """An id made of a name, different from those that there are: ``Café & thé`` is ``cafe-the``."""
    plain = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("Œ", "oe").replace("æ", "ae").lower())
    base = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")[: _LONGEST_ID - 4].strip("-")
    if not is_own_id(base):
        base = fallback
    if base not in taken:
        return base
    return next(f"{base}-{number}" for number in range(2, len(taken) + 3) if f"{base}-{number}" not in taken)


def is_channel(text: str) -> bool:
    """Whether it is a channel's name, ``node.channel``."""
    node, dot, channel = text.partition(".")
    return bool(dot) and is_id(node) and is_id(channel)


def is_own_id(text: object) -> bool:
    """Whether it can be the id of something in the file: the street has one of its own."""
    return is_id(text) and text != OUTSIDE
