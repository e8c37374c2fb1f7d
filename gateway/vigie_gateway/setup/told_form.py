"""The form of somebody who is told of alerts: its fields as the file has them, and what was typed as a table. Pure.

Called by ``api.told``. By which notifiers they are told is a choice of names: addresses and passwords stay with the
notifiers of the machine. What is as it was stays untouched in the file; what is as if left out goes out of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from vigie_gateway.place.entries import LANGUAGES
from vigie_gateway.place.hours import find_overlap, parse_span
from vigie_gateway.setup.rule_form import ABOUT, read_duration, written_duration
from vigie_gateway.setup.typed import Fields

BY, RULE = "by-", "rule-"
"""Before the name of a notifier, and the id of a rule, in the names of their fields."""
LONGEST_NAME = 100
"""As the site file takes it."""
_DEFAULTS: Mapping[str, Any] = {"for": "all", "quiet_lets": "outages", "resolved": True}


def fields_of(table: Mapping[str, Any], after_s: float) -> Fields:
    """The fields as the file has them; of nobody yet, where the table is empty.

    Args:
        table: Of ``[[told]]``; right, as the gateway checked it.
        after_s: Its ``after``, which may be written in several ways.
    """
    wanted, quiet = table.get("for", "all"), table.get("quiet", [])
    ticked = [
        *(f"{BY}{one}" for one in table.get("by", ())),
        *(f"{RULE}{one}" for one in (wanted if isinstance(wanted, list) else ())),
        *(f"{ABOUT}{one}" for one in table.get("rooms", ())),
        *(("lets",) if table.get("quiet_lets", "outages") == "outages" else ()),
        *(("resolved",) if table.get("resolved", True) else ()),
    ]
    return {
        "name": str(table.get("name", "")),
        "language": str(table.get("language", "")),
        "for": "rules" if isinstance(wanted, list) else str(wanted),
        "quiet": "closed" if quiet == "closed" else "hours" if quiet else "never",
        "spans": "" if quiet == "closed" else ", ".join(map(str, quiet)),
        "after": written_duration(after_s) if after_s else "",
        **dict.fromkeys(ticked, "yes"),
    }


def read_told(
    fields: Mapping[str, str], table: Mapping[str, Any], after_s: float, rooms: Sequence[str]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What the form says.

    Args:
        fields: As typed.
        table: As the file has it; empty for somebody new.
        after_s: Its ``after``.
        rooms: Of the place, in its order.

    Returns:
        The keys of the table that change, None for one that goes; and a word for each field that is wrong.
    """
    meant: dict[str, Any] = {}
    troubles: dict[str, str] = {}
    name = " ".join(fields.get("name", "").split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        troubles["name"] = "name" if not name else "long" if len(name) > LONGEST_NAME else "signs"
    meant["name"] = name
    language = fields.get("language", "")
    if language and language not in LANGUAGES:
        troubles["language"] = "choice"
    meant["language"] = language or None
    meant["by"] = _ticked(fields, BY, table.get("by", ()))
    if not meant["by"]:
        troubles["by"] = "by"
    _read_wanted(fields, table, meant, troubles)
    meant["rooms"] = _ticked(fields, ABOUT, table.get("rooms") or rooms) or None
    _read_quiet(fields, meant, troubles)
    after = read_duration(fields.get("after", ""))
    if after is None:
        troubles["after"] = "duration"
    elif after != after_s:
        meant["after"] = written_duration(after) if after else None
    meant["resolved"] = "resolved" in fields
    return _changed(meant, table), troubles


def _read_wanted(
    fields: Mapping[str, str], table: Mapping[str, Any], meant: dict[str, Any], troubles: dict[str, str]
) -> None:
    wanted = fields.get("for", "")
    if wanted == "rules":
        before = table.get("for")
        meant["for"] = _ticked(fields, RULE, before if isinstance(before, list) else ())
        if not meant["for"]:
            troubles["for"] = "rules"
    elif wanted in ("all", "outages"):
        meant["for"] = wanted
    else:
        troubles["for"] = "choice"


def _read_quiet(fields: Mapping[str, str], meant: dict[str, Any], troubles: dict[str, str]) -> None:
    quiet = fields.get("quiet", "")
    meant["quiet_lets"] = "outages" if "lets" in fields else "nothing"
    if quiet == "hours":
        meant["quiet"] = re.sub(r"[,;]", " ", re.sub(r"\s*[-\u2013]\s*", "-", fields.get("spans", ""))).split()
        try:
            is_right = bool(meant["quiet"]) and find_overlap(tuple(parse_span(one) for one in meant["quiet"])) is None
        except ValueError:
            is_right = False
        if not is_right:
            troubles["spans"] = "spans"
    elif quiet in ("never", "closed"):
        meant["quiet"] = "closed" if quiet == "closed" else None
    else:
        troubles["quiet"] = "choice"


def _ticked(fields: Mapping[str, str], prefix: str, order: Collection[str]) -> list[str]:
    """What was ticked: as the file or the place has it in its order, then the rest."""
    chosen = {name.removeprefix(prefix) for name in fields if name.startswith(prefix)}
    return [one for one in order if one in chosen] + sorted(chosen - set(order))


def _changed(meant: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    changed = {}
    for key, value in meant.items():
        standard = _DEFAULTS.get(key)
        now = table.get(key, standard)
        if value != now:
            changed[key] = None if value == standard else value
    return changed
