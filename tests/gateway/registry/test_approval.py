"""Whether a device is pending, approved, or asks again."""

from __future__ import annotations

import pytest

from vigie_gateway.devices.measures import Device, Entity
from vigie_gateway.place.device_table import DeviceMeasure, DeviceTable
from vigie_gateway.registry.approval import Approved, State, changes_of, state_of, tables_of
from vigie_gateway.registry.registry import Known, Said

TABLE = DeviceTable(
    id="m",
    device="homeassistant/m",
    circuit="c1",
    measures=(DeviceMeasure(channel="power", key="p", quantity="power", unit="W"),),
)


def known(quantity: str | None = "power", unit: str = "W") -> Known:
    entity = Entity("homeassistant", "m", "p", "Power", quantity, unit)
    return Known(Device("homeassistant", "m", "Meter"), 0.0, entities={entity.unique_id: Said(entity)})


def test_a_device_that_no_table_names_is_pending() -> None:
    assert state_of(known(), tables_of("homeassistant/other", [TABLE])) is State.PENDING


def test_one_that_is_told_as_it_was_approved_stays_so() -> None:
    assert state_of(known(), tables_of("homeassistant/m", [TABLE])) is State.APPROVED


@pytest.mark.parametrize(("quantity", "unit"), [("power", "kW"), ("energy", "W"), (None, "W")])
def test_another_unit_or_quantity_asks_again(quantity: str | None, unit: str) -> None:
    assert state_of(known(quantity, unit), [TABLE]) is State.CHANGED
    [change] = changes_of(known(quantity, unit), [TABLE])
    assert (change.measure.channel, change.quantity, change.unit) == ("power", quantity, unit)


def test_what_was_not_approved_of_a_device_is_not_taken() -> None:
    approved = Approved([TABLE])
    assert approved.of("homeassistant/m/p") == (TABLE, TABLE.measures[0])
    assert approved.of("homeassistant/m/q") is None
    assert approved.identities() == {"homeassistant/m/p"}
