"""The page of the place itself: name, id, timezone, languages. Pure; see ``typed``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vigie_contract.topics import is_id
from vigie_gateway.place.entries import LANGUAGES
from vigie_gateway.place.hours import WEEKDAYS, find_overlap, parse_span
from vigie_gateway.setup.typed import Fields, Meant, name_value, new_id, read_name, spread, written

DEFAULT_TIMEZONE = "Europe/Paris"
"""Where this machine does not say its own."""


def languages_of(fields: Mapping[str, str]) -> list[str]:
    """The languages that were chosen, in the pages' order; all where none was."""
    chosen = [one for one in LANGUAGES if fields.get(f"language_{one}")]
    return chosen or list(LANGUAGES)


def fields_of(raw: Mapping[str, Any]) -> Fields:
    """The page's fields as the file has them."""
    languages = raw.get("languages")
    spoken = [one for one in LANGUAGES if one in languages] if isinstance(languages, list) else list(LANGUAGES)
    names = spread(raw.get("name"), spoken)
    hours = raw.get("hours") if isinstance(raw.get("hours"), dict) else {}
    assert isinstance(hours, dict)  # noqa: S101 - told to the type checker
    return {
        "id": written(raw.get("id")),
        **{f"name_{one}": names.get(one, "") for one in LANGUAGES},
        "timezone": written(raw.get("timezone")) or own_timezone(),
        **{f"language_{one}": "yes" for one in spoken},
        **{day: ", ".join(str(span) for span in hours.get(day, [])) for day in WEEKDAYS},
    }


def read_identity(fields: Mapping[str, str], raw: Mapping[str, Any]) -> Meant:
    """What the page says."""
    meant = Meant()
    languages = languages_of(fields)
    if not any(fields.get(f"language_{one}") for one in LANGUAGES):
        meant.troubles["languages"] = "languages"
    names, trouble = read_name(fields, "name", languages)
    if trouble is not None:
        meant.troubles[f"name_{languages[0]}"] = trouble
    else:
        meant.keys["name",] = name_value(names, raw.get("name"))
    site = fields.get("id", "").strip() or new_id(next(iter(names.values()), ""), (), "lieu")
    if is_id(site):
        meant.keys["id",] = site
    else:
        meant.troubles["id"] = "id"
    timezone = fields.get("timezone", "").strip()
    if _is_timezone(timezone):
        meant.keys["timezone",] = timezone
    else:
        meant.troubles["timezone"] = "timezone"
    before = raw.get("languages")
    is_same = isinstance(before, list) and sorted(map(str, before)) == sorted(languages)
    meant.keys["languages",] = before if is_same else languages
    _read_hours(fields, raw, meant)
    return meant


def _read_hours(fields: Mapping[str, str], raw: Mapping[str, Any], meant: Meant) -> None:
    for day in WEEKDAYS:
        texts = (
            fields.get(day, "").replace(";", ",").replace("\u2013", "-").replace(" - ", "-").replace(",", " ").split()
        )
        try:
            spans = tuple(parse_span(text) for text in texts)
        except ValueError:
            meant.troubles[day] = "hours"
            continue
        if find_overlap(spans) is not None:
            meant.troubles[day] = "hours-order"
            continue
        before = raw.get("hours")
        is_there = isinstance(before, dict) and day in before
        if texts or is_there:
            meant.keys["hours", day] = texts or (before[day] if is_there and not before[day] else None)  # type: ignore[index] # is_there says it is a table


def _is_timezone(text: str) -> bool:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return bool(text)


def own_timezone() -> str:
    """This machine's, as Debian keeps it."""
    try:
        own = Path("/etc/timezone").read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return DEFAULT_TIMEZONE
    return own if "/" in own and own != "Etc/UTC" and _is_timezone(own) else DEFAULT_TIMEZONE
