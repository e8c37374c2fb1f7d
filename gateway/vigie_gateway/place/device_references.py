"""What ``[[devices]]`` of ``site.toml`` says of the rest of the file: what is theirs already is no device's.

Pure. Called by ``site`` on the parsed file, as ``references`` is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vigie_gateway.place.device_table import filled, with_derived
from vigie_gateway.place.problem import Collector
from vigie_gateway.place.references import check_known, ids_of, outlet_ids, tables_of

_SECTIONS = {"outlet": "outlets", "circuit": "circuits", "door": "doors", "access_point": "access_points"}
"""By what a device is about: where that stands."""


def check_device_references(raw: dict[str, Any], collector: Collector) -> None:
    """Note every device that is given what is not there, or what another has."""
    known = {about: ids_of(raw, section) for about, section in _SECTIONS.items()}
    known["outlet"] = {outlet for _, table in tables_of(raw, "outlets") for _, outlet in outlet_ids(table)}
    taken = dict(_taken(raw))
    nodes, identities = ids_of(raw, "nodes"), dict[tuple[str, str], str]()
    for path, table in tables_of(raw, "devices"):
        for about, section in _SECTIONS.items():
            check_known((*path, about), table.get(about), known[about], f"the id of one of [[{section}]]", collector)
        if table.get("id") in nodes:
            collector.add((*path, "id"), table["id"], "an id that no node has: both name channels")
        where = f"devices[{path[1]}]"
        for about, key in _given(table):
            place = about, str(table[about]), key
            if place in taken:
                collector.add((*path, about), table[about], f"one whose {key} nothing else tells: {taken[place]} does")
            taken[place] = where
        for number, measure in enumerate(_measures(table)):
            identity = str(table.get("device")), str(measure.get("key"))
            if identity in identities:
                is_at = (*path, "measures", number, "key")
                collector.add(is_at, measure.get("key"), f"a measure that no other table has: {identities[identity]}")
            identities[identity] = where


def _measures(table: dict[str, Any]) -> list[dict[str, Any]]:
    measures = table.get("measures")
    return [one for one in measures if isinstance(one, dict)] if isinstance(measures, list) else []


def _given(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What a device tells of: ``("outlet", "in_use")``."""
    about = [one for one in _SECTIONS if isinstance(table.get(one), str)]
    quantities = with_derived({str(one.get("quantity")) for one in _measures(table)}, about)
    for one in about:
        for key in filled(one, quantities):
            yield one, key


def _taken(raw: dict[str, Any]) -> Iterator[tuple[tuple[str, str, str], str]]:
    """Channels that the file gives itself."""
    for about, section in _SECTIONS.items():
        for path, table in tables_of(raw, section):
            names = [outlet for _, outlet in outlet_ids(table)] if about == "outlet" else [str(table.get("id"))]
            for key, value in table.items():
                if isinstance(value, str):
                    for name in names:
                        yield (about, name, key), f"{path[0]}[{path[1]}].{key}"
