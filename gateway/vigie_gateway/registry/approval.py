"""Which measures of devices the place took in, and whether they are still what was approved. Pure.

Called by ``ingest.device_readings`` for each measure, and by the pages of devices.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from vigie_gateway.devices.measures import Entity
from vigie_gateway.place.device_table import DeviceMeasure, DeviceTable
from vigie_gateway.registry.registry import Known


class State(StrEnum):
    """Of a device."""

    PENDING = "pending"
    """Nobody said yet what it is about: nothing that it says enters the readings."""
    APPROVED = "approved"
    CHANGED = "changed"
    """It tells a measure in another quantity or unit than the approved one: that measure is not taken."""


class Change(NamedTuple):
    """A measure that is told in another way than was approved.

    Attributes:
        measure: As approved.
        quantity: As it is told now; None when Vigie has none for it.
        unit: As it is told now.
    """

    measure: DeviceMeasure
    quantity: str | None
    unit: str


class Approved:
    """The measures that the place took in."""

    def __init__(self, tables: Iterable[DeviceTable] = ()) -> None:
        self._by_identity = {f"{table.device}/{one.key}": (table, one) for table in tables for one in table.measures}

    def of(self, unique_id: str) -> tuple[DeviceTable, DeviceMeasure] | None:
        """What was approved under this ``Entity.unique_id``; None when nothing was."""
        return self._by_identity.get(unique_id)

    def announced_on(self) -> dict[str, str]:
        """By ``Entity.unique_id``, the only topic that may announce it; without those that nobody announces."""
        found = {identity: one.announced_on for identity, (_, one) in self._by_identity.items()}
        return {identity: topic for identity, topic in found.items() if topic}

    def devices(self) -> frozenset[str]:
        """Every device of which something was approved, ``family/id``."""
        return frozenset(table.device for table, _ in self._by_identity.values())

    def identities(self) -> frozenset[str]:
        """Every ``Entity.unique_id`` that was approved."""
        return frozenset(self._by_identity)


def is_as_approved(entity: Entity, measure: DeviceMeasure) -> bool:
    """Whether an entity is told as it was when it was approved."""
    return entity.quantity == measure.quantity and entity.told_unit == measure.unit


def changes_of(known: Known, tables: Iterable[DeviceTable]) -> list[Change]:
    """What a device tells in another way than was approved.

    Args:
        known: The device.
        tables: Those of the site that name it.
    """
    approved = Approved(tables)
    found = []
    for unique_id, said in known.entities.items():
        given, entity = approved.of(unique_id), said.entity
        if given is not None and not is_as_approved(entity, given[1]):
            found.append(Change(given[1], entity.quantity, entity.told_unit))
    return found


def state_of(known: Known, tables: Iterable[DeviceTable]) -> State:
    """Of a device that is known.

    Args:
        known: The device.
        tables: Those of the site that name it; none while it is pending.
    """
    tables = list(tables)
    if not tables:
        return State.PENDING
    return State.CHANGED if changes_of(known, tables) else State.APPROVED


def tables_of(device: str, tables: Iterable[DeviceTable]) -> list[DeviceTable]:
    """The tables that name a device, ``family/id``."""
    return [table for table in tables if table.device == device]
