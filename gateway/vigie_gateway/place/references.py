"""What one part of ``site.toml`` says of another: rooms that must exist, circuits that must not loop.

Pure. Called by ``site`` on the parsed file, before it is known to be well formed, so that every problem is told at
once: what has not the right shape is passed over here, its shape is told elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.capacity.activities import BUILT_IN
from vigie_gateway.place.problem import Collector, KeyPath, one_of

OUTSIDE = "outside"
"""The other side of an entrance."""

_WITH_IDS = (
    "rooms", "doors", "circuits", "access_points", "uplinks", "nodes", "devices", "calendars", "activities",
    "equipment", "rules", "told",
)  # fmt: skip
_EXCLUSIVE = (
    ("doors", ("in", "out")),
    ("motion", ("channel",)),
    ("outlets", ("in_use", "power")),
    ("circuits", ("power",)),
)
"""Keys whose channel counts once: named twice, the same person or ampere would be counted twice."""


def check_references(raw: dict[str, Any], collector: Collector) -> None:
    """Note every reference that does not hold."""
    for section in _WITH_IDS:
        _check_unique_ids(raw, section, collector)
    _check_outlet_ids(raw, collector)
    rooms = ids_of(raw, "rooms")
    circuits = ids_of(raw, "circuits")
    for section in ("motion", "outlets", "nodes", "devices"):
        for path, table in tables_of(raw, section):
            check_known((*path, "room"), table.get("room"), rooms, "the id of a room", collector)
    for section in ("outlets", "nodes", "devices"):
        for path, table in tables_of(raw, section):
            check_known((*path, "circuit"), table.get("circuit"), circuits, "the id of a circuit", collector)
    for section in ("access_points", "wifi"):
        for path, table in tables_of(raw, section):
            for index, room in enumerate(_list(table.get("rooms"))):
                check_known((*path, "rooms", index), room, rooms, "the id of a room", collector)
    _check_calendars(raw, rooms, collector)
    _check_lighter(raw, collector)
    _check_alerts(raw, collector)
    _check_doors(raw, rooms, collector)
    _check_circuits(raw, circuits, collector)
    _check_channels(raw, collector)
    _check_plan(raw, collector)


def _check_lighter(raw: dict[str, Any], collector: Collector) -> None:
    known = ids_of(raw, "activities") | set(BUILT_IN.by_id)
    for path, table in tables_of(raw, "activities"):
        check_known((*path, "lighter"), table.get("lighter"), known, "the id of an activity", collector)


def _check_alerts(raw: dict[str, Any], collector: Collector) -> None:
    """What rules are about, and who is told of which."""
    for section in ("rooms", "circuits", "doors", "access_points", "uplinks"):
        known = ids_of(raw, section)
        for part in ("rules", "told"):
            for path, table in tables_of(raw, part):
                for index, name in enumerate(_list(table.get(section))):
                    what = f"the id of one of [[{section}]]"
                    check_known((*path, section, index), name, known, what, collector)
    rules = ids_of(raw, "rules") | {rule.id for rule in DEFAULT_RULES}
    for path, table in tables_of(raw, "told"):
        for index, name in enumerate(_list(table.get("for"))):
            check_known((*path, "for", index), str(name), rules, "the id of a rule", collector)
    alerts = raw.get("alerts")
    if isinstance(alerts, dict):
        works = alerts.get("planned_works")
        check_known(("alerts", "planned_works"), works, ids_of(raw, "calendars"), "the id of a calendar", collector)


def tables_of(raw: dict[str, Any], section: str) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    """The tables of a section, each with where it is."""
    for index, table in enumerate(_list(raw.get(section))):
        if isinstance(table, dict):
            yield (section, index), table


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def ids_of(raw: dict[str, Any], section: str) -> set[str]:
    """The ids that the tables of a section have."""
    return {table["id"] for _, table in tables_of(raw, section) if isinstance(table.get("id"), str)}


def check_known(path: KeyPath, value: Any, known: set[str], what: str, collector: Collector) -> None:
    """Note a text that is none of those known."""
    if isinstance(value, str) and value not in known:
        collector.add(path, value, one_of(value, known, what))


def _check_unique_ids(raw: dict[str, Any], section: str, collector: Collector) -> None:
    seen: set[str] = set()
    for path, table in tables_of(raw, section):
        name = table.get("id")
        if not isinstance(name, str):
            continue
        if name in seen:
            collector.add((*path, "id"), name, f"an id that no other of [[{section}]] has")
        seen.add(name)


def _check_outlet_ids(raw: dict[str, Any], collector: Collector) -> None:
    seen: set[str] = set()
    for path, table in tables_of(raw, "outlets"):
        for key, name in outlet_ids(table):
            if name in seen:
                collector.add((*path, key), name, "an id that no other outlet has")
            seen.add(name)


def outlet_ids(table: dict[str, Any]) -> list[tuple[str, str]]:
    """The outlets of a table: by which key each is named, and its id."""
    if "ids" in table:
        # A name that is twice in one list is told by the list's own check.
        return [("ids", name) for name in sorted({one for one in _list(table["ids"]) if isinstance(one, str)})]
    name, count = table.get("id"), table.get("count")
    if not isinstance(name, str):
        return []
    if type(count) is int and 0 < count <= 1000:  # noqa: PLR2004 - as the file's own check bounds it
        return [("id", f"{name}-{number}") for number in range(1, count + 1)]
    return [("id", name)]


def _check_doors(raw: dict[str, Any], rooms: set[str], collector: Collector) -> None:
    for path, table in tables_of(raw, "doors"):
        between = _list(table.get("between"))
        for index, side in enumerate(between):
            check_known(
                (*path, "between", index), side, rooms | {OUTSIDE}, f'the id of a room or "{OUTSIDE}"', collector
            )
        if len(between) == 2 and between[0] == between[1]:  # noqa: PLR2004 - a door has two sides
            collector.add((*path, "between"), between, "two different sides")


def _check_calendars(raw: dict[str, Any], rooms: set[str], collector: Collector) -> None:
    activities = ids_of(raw, "activities") | set(BUILT_IN.by_id)
    for path, table in tables_of(raw, "calendars"):
        check_known((*path, "activity"), table.get("activity"), activities, "the id of an activity", collector)
        check_known((*path, "room"), table.get("room"), rooms, "the id of a room", collector)
        by_location = table.get("rooms")
        for location, room in by_location.items() if isinstance(by_location, dict) else ():
            check_known((*path, "rooms", location), room, rooms, "the id of a room", collector)


def _check_circuits(raw: dict[str, Any], circuits: set[str], collector: Collector) -> None:
    parents: dict[str, str] = {}
    for path, table in tables_of(raw, "circuits"):
        name, parent = table.get("id"), table.get("parent")
        check_known((*path, "parent"), parent, circuits, "the id of a circuit", collector)
        if isinstance(name, str) and isinstance(parent, str):
            parents[name] = parent
    for path, table in tables_of(raw, "circuits"):
        name = table.get("id")
        above, steps = parents.get(name) if isinstance(name, str) else None, 0
        while above is not None and above != name and steps <= len(parents):
            above, steps = parents.get(above), steps + 1
        if above is not None and above == name:
            collector.add((*path, "parent"), table["parent"], "a circuit that does not hang below this one")


def _check_channels(raw: dict[str, Any], collector: Collector) -> None:
    seen: dict[str, str] = {}
    for section, keys in _EXCLUSIVE:
        for path, table in tables_of(raw, section):
            for key in keys:
                channel = table.get(key)
                if not isinstance(channel, str):
                    continue
                for name in spread(channel, table) if section == "outlets" else [channel]:
                    if name in seen:
                        collector.add((*path, key), name, f"a channel of its own: {seen[name]} has this one")
                        break
                    seen[name] = f"{path[0]}[{path[1]}].{key}"


def spread(pattern: str, table: dict[str, Any]) -> list[str]:
    """The channels of an outlets' pattern."""
    if "{id}" not in pattern:
        return [pattern]
    return [pattern.replace("{id}", name) for _, name in outlet_ids(table)]


def _check_plan(raw: dict[str, Any], collector: Collector) -> None:
    plan = _numbers(raw.get("plan"), 2)
    if plan is None:
        return
    expected = f"a place on the plan, from [0, 0] to [{plan[0]:g}, {plan[1]:g}]"
    for path, table in tables_of(raw, "rooms"):
        rect = _numbers(table.get("rect"), 4)
        if rect is not None and not _is_on(plan, [rect[:2], [rect[0] + rect[2], rect[1] + rect[3]]]):
            collector.add((*path, "rect"), table["rect"], expected)
        if not _is_on(plan, _list(table.get("corners"))):
            collector.add((*path, "corners"), table["corners"], expected)
    for path, table in tables_of(raw, "doors"):
        if not _is_on(plan, _list(table.get("at"))):
            collector.add((*path, "at"), table["at"], expected)


def _is_on(plan: list[float], corners: list[Any]) -> bool:
    for corner in corners:
        point = _numbers(corner, 2)
        if point is not None and not (0 <= point[0] <= plan[0] and 0 <= point[1] <= plan[1]):
            return False
    return True


def _numbers(value: Any, length: int) -> list[float] | None:
    if isinstance(value, list) and len(value) == length and all(type(part) in (int, float) for part in value):
        return value
    return None
