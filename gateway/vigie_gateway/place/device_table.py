"""``[[devices]]`` of ``site.toml``: devices of others that an administrator gave a place. Read by ``site``.

Pure. A table says which device it is, what it is about and which of its measures are taken; channels of its own name
follow from it (``prise-12.power``), which the place then uses as if they stood in the tables of outlets, circuits and
doors. A strip of outlets is one table an outlet, each with its own measures.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from vigie_contract.quantities import QUANTITIES
from vigie_gateway.devices.measures import MAX_ID_CHARACTERS
from vigie_gateway.place.entries import Id, Names, Positive, RoomRef
from vigie_gateway.place.problem import suggest
from vigie_gateway.place.table import Table

IN_USE_ABOVE_W = 3.0
"""From which power on an outlet feeds something. Lower takes the plug's own meter noise and an idle charger for a
person's computer; higher shows the outlet of a telephone that charges as free."""
MOST_MEASURES = 32
"""Of one table. Lower hides phases of a meter; higher lets one device fill the store."""
MOST_UNIT_CHARACTERS = 32
MOST_TOPIC_CHARACTERS = 256
POWERS = ("apparent_power", "power", "current")
"""What stands for the power of an outlet or circuit, the best first: active power is never more than apparent power; a
current is taken at nominal voltage, and only then is there no voltage to reckon with."""
_METERED = ("power", "apparent_power", "current")
"""By what is judged whether an outlet feeds something, the best first: an idle charger has current, and no power."""

_KEYS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "outlet": {"in_use": ("in_use",), "power": POWERS, "switched_on": ("switched_on",)},
    "circuit": {"power": POWERS, "mains": ("mains",), "subscribed": ("subscribed_power",)},
    "door": {"open": ("open",)},
    "access_point": {"stations": ("stations",), "utilisation": ("channel_utilisation",)},
}
"""By what a device is about: keys of that table, and the quantities that fill them, the best first."""


def with_derived(quantities: Collection[str], about: Collection[str]) -> set[str]:
    """The quantities of a table together with those that are reckoned from them.

    Args:
        quantities: Of its measures.
        about: The keys that it has of ``outlet``, ``circuit``, ``door``, ``access_point``.
    """
    all_ = set(quantities)
    if {"outlet", "circuit"} & set(about) and {"voltage", "current"} <= all_:
        all_.add("apparent_power")
    if "outlet" in about and all_ & set(_METERED):
        all_.add("in_use")
    return all_


def filled(about: str, quantities: Collection[str]) -> dict[str, str]:
    """Which keys of an outlet, circuit, door or access point such a device fills, and with which quantity."""
    found = {
        key: next((one for one in wanted if one in quantities), None) for key, wanted in _KEYS.get(about, {}).items()
    }
    return {key: quantity for key, quantity in found.items() if quantity is not None}


def _check_quantity(text: str) -> str:
    if text not in QUANTITIES:
        near = suggest(text, QUANTITIES)
        raise ValueError(f'did you mean "{near}"?' if near else "a quantity of docs/protocol.md")
    return text


def _check_device(text: str) -> str:
    family, slash, device = text.partition("/")
    if not (family and slash and device) or not text.isprintable():
        raise ValueError('a device as /devices names it, "family/id"')
    return text


class DeviceMeasure(Table):
    """One measure that is taken.

    Attributes:
        channel: What it is called within the device's channels.
        key: ``Entity.key``, as /devices shows it.
        quantity: What the device said that it measures, when it was approved.
        unit: In which unit it said so then. Another unit or quantity is asked about again.
        announced_on: The topic that announced it, which nobody else can take over; empty for families that do not
            announce.
    """

    channel: Id
    key: Annotated[str, StringConstraints(min_length=1, max_length=MAX_ID_CHARACTERS)]
    quantity: Annotated[str, AfterValidator(_check_quantity)]
    unit: Annotated[str, StringConstraints(max_length=MOST_UNIT_CHARACTERS)] = ""
    announced_on: Annotated[str, StringConstraints(max_length=MOST_TOPIC_CHARACTERS)] = ""


class DeviceTable(Table):
    """``[[devices]]``; ``id`` is the first part of its channels' names, and no node may have it."""

    id: Id
    device: Annotated[str, AfterValidator(_check_device)]
    name: Names | None = None
    room: RoomRef | None = None
    outlet: Id | None = None
    circuit: str | None = None
    door: str | None = None
    access_point: str | None = None
    in_use_above_w: Positive = IN_USE_ABOVE_W
    measures: Annotated[tuple[DeviceMeasure, ...], Field(min_length=1, max_length=MOST_MEASURES)]

    @model_validator(mode="after")
    def _check_channels(self) -> DeviceTable:
        if self.room is None and not self.about():
            raise ValueError("what it is about: room, outlet, circuit, door or access_point")
        channels = [one.channel for one in self.measures]
        twice = next((one for one in channels if channels.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f'a channel of its own for each measure: "{twice}" is there twice')
        derived = self._reckoned() & set(channels)
        if derived:
            raise ValueError(f'another channel than "{min(derived)}", which Vigie reckons itself')
        return self

    def about(self) -> dict[str, str]:
        """What it is about besides a room: ``outlet``, ``circuit``, ``door``, ``access_point`` by their ids."""
        given = {key: getattr(self, key) for key in _KEYS}
        return {key: value for key, value in given.items() if value is not None}

    def derived(self) -> set[str]:
        """Quantities that are reckoned from its measures: ``in_use``, ``apparent_power``."""
        told = {one.quantity for one in self.measures}
        return with_derived(told, self.about()) - told

    def _reckoned(self) -> set[str]:
        return {channel_id(quantity) for quantity in self.derived()}

    def channels(self) -> dict[str, str]:
        """By quantity, the full name of the first channel that tells it."""
        found = {quantity: f"{self.id}.{channel_id(quantity)}" for quantity in self.derived()}
        for one in self.measures:
            found.setdefault(one.quantity, f"{self.id}.{one.channel}")
        return found

    def fills(self, about: str) -> dict[str, str]:
        """Keys of the outlet, circuit, door or access point that it is about, and the channels that fill them."""
        channels = self.channels()
        return {key: channels[quantity] for key, quantity in filled(about, channels).items()}

    def metered_by(self) -> str | None:
        """The measure by which is judged whether its outlet feeds something; None where it tells that itself."""
        told = {one.quantity for one in self.measures}
        return next((one for one in _METERED if one in told), None) if "in_use" in self.derived() else None


def channel_id(quantity: str) -> str:
    """What a channel of that quantity is called where nothing else tells two apart."""
    return quantity.replace("_", "-")
