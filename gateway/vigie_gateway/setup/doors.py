"""The page of the doors: which rooms each joins, where it is on the plan, its counters. Pure; see ``typed``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from vigie_gateway.place.references import OUTSIDE
from vigie_gateway.setup.rooms import Grid
from vigie_gateway.setup.typed import (
    Entry,
    Fields,
    Meant,
    is_channel,
    is_own_id,
    new_id,
    read_number,
    rows_of,
    sources_of,
    tables_of,
    with_rows,
    written,
)

_ENDS = ("x1", "y1", "x2", "y2")
_COUNTERS = ("in", "out")


def fields_of(raw: Mapping[str, Any]) -> Fields:
    """The page's fields as the file has them."""
    rows = []
    for door in tables_of(raw, "doors"):
        between = door.get("between")
        one, other = between if isinstance(between, list) and len(between) == 2 else ("", "")  # noqa: PLR2004 - a pair
        at = door.get("at")
        ends = [value for point in at for value in point] if isinstance(at, list) else [None] * 4
        rows.append(
            {
                "id": written(door.get("id")),
                "between_a": written(one),
                "between_b": written(other),
                **{key: written(value) for key, value in zip(_ENDS, ends, strict=True)},
                **{key: written(door.get(key)) for key in _COUNTERS},
            }
        )
    return with_rows({}, "doors", rows)


def add_door(fields: Fields) -> Fields:
    """The fields with an empty door more; the first is the entrance."""
    rows = rows_of(fields, "doors")
    empty = dict.fromkeys(("id", "between_a", "between_b", *_ENDS, *_COUNTERS), "")
    return with_rows(fields, "doors", [*rows, empty | {"between_a": "" if rows else OUTSIDE}])


def read_doors(fields: Mapping[str, str], raw: Mapping[str, Any], rooms: Collection[str], grid: Grid) -> Meant:
    """What the page says."""
    meant = Meant()
    sources, rows = sources_of(raw, "doors"), rows_of(fields, "doors")
    tables = tables_of(raw, "doors")
    taken = {row["id"] for row in rows if is_own_id(row.get("id"))}
    entries: list[Entry] = []
    heard: dict[str, str] = {}
    for number, row in enumerate(rows):
        door_id = row.get("id", "")
        if not is_own_id(door_id) or any(entry.values["id"] == door_id for entry in entries):
            door_id = new_id(_name_of(row), taken, "porte")
            taken.add(door_id)
        source = sources.get(door_id)
        values, troubles = _read_door(row, rooms, grid)
        before = {} if source is None else tables[source]
        values = {key: value for key, value in values.items() if value is not None or key in before}
        for key in _COUNTERS:
            if row.get(key) and row[key] in heard:
                troubles.setdefault(key, "counter-twice")
            heard[row.get(key, "")] = door_id
        meant.troubles |= {f"doors-{number}-{key}": word for key, word in troubles.items()}
        entries.append(Entry(source, {"id": door_id, **values}))
    meant.sections["doors"] = entries
    return meant


def _name_of(row: Mapping[str, str]) -> str:
    pair = [row.get("between_a", ""), row.get("between_b", "")]
    return "entree" if OUTSIDE in pair else "-".join(pair)


def _read_door(row: Mapping[str, str], rooms: Collection[str], grid: Grid) -> tuple[dict[str, Any], dict[str, str]]:
    troubles: dict[str, str] = {}
    one, other = row.get("between_a", ""), row.get("between_b", "")
    for key, room in (("between_a", one), ("between_b", other)):
        if room not in rooms and room != OUTSIDE:
            troubles[key] = "room"
    if not troubles and one == other:
        troubles["between_b"] = "same-room"
    at, wrong = _read_ends(row, grid)
    troubles |= wrong
    counters = {key: row.get(key, "").strip() for key in _COUNTERS}
    for key, channel in counters.items():
        if channel and not is_channel(channel):
            troubles[key] = "channel"
    if not troubles.keys() & counters.keys() and bool(counters["in"]) != bool(counters["out"]):
        troubles["out" if counters["in"] else "in"] = "both-counters"
    return {
        "between": [one, other],
        "at": at,
        **{key: channel or None for key, channel in counters.items()},
    }, troubles


def _read_ends(row: Mapping[str, str], grid: Grid) -> tuple[list[list[float]] | None, dict[str, str]]:
    if not any(row.get(key, "").strip() for key in _ENDS):
        return None, {}
    numbers = {key: read_number(row.get(key, "")) for key in _ENDS}
    wrong: dict[str, str] = {}
    for key, value in numbers.items():
        most = grid.width if key.startswith("x") else grid.height
        if value is None:
            wrong[key] = "number"
        elif not 0 <= value <= most:
            wrong[key] = "off-plan"
    x1, y1, x2, y2 = (0 if value is None else value for value in numbers.values())
    return [[x1, y1], [x2, y2]], wrong
