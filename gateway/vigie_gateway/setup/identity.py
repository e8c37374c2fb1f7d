"""The page of the place itself: name, id, timezone, languages. Pure; see ``typed``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vigie_gateway.place.entries import LANGUAGES
from vigie_gateway.place.hours import WEEKDAYS, find_overlap, parse_span
from vigie_gateway.setup.typed import Fields, Meant, is_own_id, name_value, new_id, read_name, spread, written

DEFAULT_TIMEZONE = "Europe/Paris"
"""Where this machine does not say its own."""

UNSET_ID = "vigie"
"""The short name of a place before it has one, which an installation gives to the sensors of its own machine. Another
here than there, and nobody hears them once the place is set up as the page proposes it."""


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
        "id": written(raw.get("id")) if raw else UNSET_ID,
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
    site = fields.get("id", "").strip() or new_id(next(iter(names.values()), ""), (), "lieu")
    if is_own_id(site):
        meant.keys["id",] = site
    else:
        meant.troubles["id"] = "id"
    if trouble is None:
        meant.keys["name",] = name_value(names, raw.get("name"))
    else:
        meant.troubles[f"name_{languages[0]}"] = trouble
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
        texts = _spans_of(fields.get(day, ""))
        try:
            spans = tuple(parse_span(text) for text in texts)
        except ValueError:
            meant.troubles[day] = "hours"
            continue
        if find_overlap(spans) is not None:
            meant.troubles[day] = "hours-order"
            continue
        before = raw.get("hours", {}).get(day)
        if texts or before is not None:
            meant.keys["hours", day] = texts or (None if before else before)
    is_any = any(meant.keys.get(("hours", day)) for day in WEEKDAYS) or meant.troubles.keys() & set(WEEKDAYS)
    if not is_any and "hours" in raw and "exceptions" not in raw["hours"]:
        # An empty table would say that the place is never open.
        meant.keys = {path: value for path, value in meant.keys.items() if path[0] != "hours"} | {("hours",): None}


def _spans_of(text: str) -> list[str]:
    """The spans of a day as the file writes them: of ``8h-12h30, 14 h - 18 h`` too."""
    text = re.sub(r"\b(\d{1,2})\s*[h:]\s*(\d{2})?(?!\d)", lambda at: f"{int(at[1]):02d}:{at[2] or '00'}", text.lower())
    return re.sub(r"[,;]", " ", re.sub(r"\s*[-\u2013]\s*", "-", text)).split()


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
