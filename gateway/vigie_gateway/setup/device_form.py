"""The form that gives a device of others its place: its fields, and what was typed as a table of ``[[devices]]``. Pure.

Called by ``api.devices``. What a device calls itself is no name of a field: its measures are addressed by a digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vigie_dashboard.device_view import Names
from vigie_gateway.devices.measures import Entity
from vigie_gateway.place.device_table import IN_USE_ABOVE_W, DeviceTable, channel_id, filled, with_derived
from vigie_gateway.place.site import Site
from vigie_gateway.registry.registry import Known
from vigie_gateway.setup.typed import Fields, new_id, read_number, written

LONGEST_NAME = 60
"""Characters of what people call it. Longer ones do not fit beside an outlet."""
MEASURE = "measure-"
"""Before the digest of a measure's key, in the name of its field."""
NEW_OUTLET = "new"
"""Kind of a place that is not there yet: an outlet more in a room."""


@dataclass(slots=True)
class Read:
    """What the form says.

    Attributes:
        table: Id of the table.
        values: Its keys; None takes one away.
        outlet: A new table of ``[[outlets]]``; None for none.
        troubles: A word by the name of a field; empty when all is right.
    """

    table: str
    values: dict[str, Any] = field(default_factory=dict)
    outlet: dict[str, Any] | None = None
    troubles: dict[str, str] = field(default_factory=dict)


def measure_field(key: str) -> str:
    """The name of a measure's field."""
    return MEASURE + hashlib.sha256(key.encode()).hexdigest()[:12]


def measures_of(known: Known | None, table: DeviceTable | None, others: Iterable[DeviceTable]) -> list[Entity]:
    """What of a device can be taken: what it tells now, and what was taken and is not told now.

    Args:
        known: The device; None while it is away.
        table: The one that is changed.
        others: Further tables of the same device: what they take is theirs.
    """
    theirs = {one.key for other in others for one in other.measures}
    told = [] if known is None else [said.entity for said in known.entities.values()]
    found = [one for one in told if one.quantity is not None and one.key not in theirs]
    there = {one.key for one in found}
    if table is not None:
        family, _, device = table.device.partition("/")
        found += [
            Entity(family, device, one.key, one.channel, one.quantity, one.unit, announced_on=one.announced_on)
            for one in table.measures
            if one.key not in there
        ]
    return found


def places_of(
    site: Site, table: DeviceTable | None, quantities: Collection[str]
) -> list[tuple[str, str, Names, Names]]:
    """Value, kind, name and room of all that a device with such quantities can be given, the likeliest first."""
    rooms = {room.id: room.name for room in site.rooms}
    taken = {
        (about, name) for device in site.devices if table is None or device.id != table.id
        for about, name in device.about().items()
    }  # fmt: skip
    found: list[tuple[str, str, Names, Names]] = []

    def fits(about: str, name: str) -> bool:
        return bool(filled(about, with_derived(quantities, {about}))) and (about, name) not in taken

    own = {one.id: one for group in site.outlets for one in group.outlets()}
    for outlet in own.values():
        if fits("outlet", outlet.id) and outlet.in_use is None and outlet.power is None:
            name: Names = dict.fromkeys(site.languages, outlet.id)
            found.append((f"outlet {outlet.id}", "outlet", name, rooms.get(outlet.room, {})))
    if site.circuits and filled("outlet", with_derived(quantities, {"outlet"})):
        found += [(f"{NEW_OUTLET} {room.id}", NEW_OUTLET, room.name, {}) for room in site.rooms]
    found += [(f"door {one.id}", "door", dict.fromkeys(site.languages, one.id), {}) for one in site.doors
              if fits("door", one.id)]  # fmt: skip
    found += [(f"circuit {one.id}", "circuit", one.name, {}) for one in site.circuits if fits("circuit", one.id)]
    points = [one for one in site.access_points if fits("access_point", one.id)]
    found += [(f"access_point {one.id}", "access_point", one.name, {}) for one in points]
    return found + [(f"room {room.id}", "room", room.name, {}) for room in site.rooms]


def fields_of(
    known: Known | None,
    table: DeviceTable | None,
    measures: Sequence[Entity],
    places: Sequence[tuple[str, Any, Any, Any]],
) -> Fields:
    """The fields as the file has them; of a device that is pending, what is likeliest."""
    if table is None:
        name = "" if known is None else known.device.name[:LONGEST_NAME]
        ticked = [one.key for one in measures]
        return {
            "name": name,
            "place": places[0][0] if places else "",
            "room": "",
            "above": written(IN_USE_ABOVE_W),
            **{measure_field(key): "yes" for key in ticked},
        }
    about = next(iter(table.about().items()), ("room", table.room or ""))
    return {
        "name": next(iter((table.name or {}).values()), ""),
        "place": " ".join(about),
        "room": table.room or "" if table.about() else "",
        "above": written(table.in_use_above_w),
        **{measure_field(one.key): "yes" for one in table.measures},
    }


def read_device(
    fields: Mapping[str, str],
    device: str,
    table: DeviceTable | None,
    measures: Sequence[Entity],
    site: Site,
    taken: Collection[str],
) -> Read:
    """What the form says.

    Args:
        fields: As typed.
        device: ``family/id``.
        table: As the file has it; None for a new one.
        measures: As ``measures_of``.
        site: The place.
        taken: Ids of nodes and devices that there are.
    """
    name = " ".join(fields.get("name", "").split())
    read = Read(table.id if table is not None else new_id(name, taken, "appareil"))
    if len(name) > LONGEST_NAME or not name.isprintable():
        read.troubles["name"] = "long" if len(name) > LONGEST_NAME else "signs"
    ticked = [one for one in measures if measure_field(one.key) in fields]
    if not ticked:
        read.troubles["measures"] = "measures"
    above = read_number(fields.get("above", "") or written(IN_USE_ABOVE_W))
    if above is None or above <= 0:
        read.troubles["above"] = "number"
    kind, _, given = fields.get("place", "").partition(" ")
    values: dict[str, Any] = dict.fromkeys(("room", "outlet", "circuit", "door", "access_point"))
    room = fields.get("room", "")
    if room and room not in {one.id for one in site.rooms}:
        read.troubles["room"] = "choice"
    if (fields.get("place"),) not in [
        one[:1] for one in places_of(site, table, {str(one.quantity) for one in measures})
    ]:
        read.troubles["place"] = "choice"
    elif kind == NEW_OUTLET:
        _read_new_outlet(fields, given, site, read)
        values["outlet"] = None if read.outlet is None else read.outlet["id"]
    else:
        values[kind] = given
    if room and kind != "room":
        values["room"] = room
    read.values = {
        "device": device,
        "name": _name(name, table),
        **values,
        "in_use_above_w": None if above == IN_USE_ABOVE_W else above,
        "measures": _measures(ticked, table),
    }
    return read


def _name(name: str, table: DeviceTable | None) -> Any:
    before = {} if table is None or table.name is None else dict(table.name)
    if before and name == next(iter(before.values())):
        return before if len(set(before.values())) > 1 else name
    return name or None


def _read_new_outlet(fields: Mapping[str, str], room: str, site: Site, read: Read) -> None:
    circuit = fields.get("circuit", "")
    if circuit not in {one.id for one in site.circuits}:
        read.troubles["circuit"] = "choice"
        return
    ids = {one.id for one in site.all_outlets()}
    number = next(count for count in range(1, len(ids) + 2) if f"{room[:24]}-{count}" not in ids)
    read.outlet = {"id": f"{room[:24]}-{number}", "room": room, "circuit": circuit}


def _measures(ticked: Iterable[Entity], table: DeviceTable | None) -> list[dict[str, Any]]:
    """As the file says them: a measure keeps its channel, whatever it is told as now."""
    before = {} if table is None else {one.key: one for one in table.measures}
    used = {one.channel for one in before.values()}
    found = []
    for entity in ticked:
        kept = before.get(entity.key)
        quantity = str(entity.quantity)
        channel = kept.channel if kept is not None else _channel(quantity, used)
        used.add(channel)
        values = {"channel": channel, "key": entity.key, "quantity": quantity, "unit": entity.told_unit}
        found.append(values | ({"announced_on": entity.announced_on} if entity.announced_on else {}))
    return found


def _channel(quantity: str, used: Collection[str]) -> str:
    base = channel_id(quantity)
    return (
        base if base not in used else next(f"{base}-{n}" for n in range(2, len(used) + 3) if f"{base}-{n}" not in used)
    )
