"""What a family of devices has read of one message, gathered. Pure."""

from __future__ import annotations

from typing import Any, Protocol

from vigie_gateway.devices.measures import (
    MAX_ID_CHARACTERS,
    REFUSALS,
    Decoded,
    Device,
    Entity,
    Measure,
    Message,
    Presence,
    RefusedError,
    clean,
)
from vigie_gateway.devices.payloads import believed_ts, measured

MAX_MEASURES = 128
"""Of one message. Lower cuts what gateways of a dozen sensors say at once; higher lets one message fill the queue."""


class Family(Protocol):
    """Reads the messages of one family of devices, and may remember what they announced."""

    @property
    def name(self) -> str:
        """Of the family, as measures and settings have it."""

    @property
    def filters(self) -> tuple[str, ...]:
        """Topic filters to subscribe to for it. They may bring topics of others, which ``claims`` tells apart."""

    def claims(self, levels: list[str]) -> bool:
        """Whether a topic, by its levels, may be one of the family's. Cheap: every foreign message is asked."""

    def read(self, message: Message, levels: list[str]) -> Decoded:
        """What a message on a claimed topic says.

        Raises:
            RefusedError: Nothing, and why.
        """


class Told:
    """Gathers a message's measures.

    Args:
        family: The family's name.
        message: The message.
        device: Identity of the device that speaks, until ``of`` names another.
    """

    def __init__(self, family: str, message: Message, device: str) -> None:
        self._family = family
        self._message = message
        self._device = clean(device, MAX_ID_CHARACTERS)
        self._at_ts = message.at_ts
        self._measures: list[Measure] = []
        self._presences: list[Presence] = []
        self._devices: list[Device] = []
        self._is_person = False

    def at(self, told_ts: float | None) -> None:
        """When it was so, as the device says; the receipt where that cannot be."""
        self._at_ts = believed_ts(told_ts, self._message)

    def of(self, device: str, **described: Any) -> None:
        """What follows is said of another device, described by whatever of ``Device`` the message holds."""
        self._device = clean(device, MAX_ID_CHARACTERS)
        self.describe(**described)

    def describe(self, name: Any = "", **described: Any) -> None:
        """Describe the device that speaks."""
        given = {key: clean(value) for key, value in described.items()}
        self._devices.append(Device(self._family, self._device, clean(name) or self._device, **given))

    def say(self, key: str, value: Any, quantity: str, unit: str = "", label: str = "", told: Any = None) -> None:
        """One value of a known quantity, in its told unit (empty for a state); ``told`` as a page shows it."""
        self._put(Entity(self._family, self._device, _key(key), clean(label or key), quantity, unit), value, told)

    def mention(self, key: str, value: Any, trouble: str = "unit-not-told", unit: str = "", label: str = "") -> None:
        """One value that is listed and not stored, with the reason."""
        detail = f"{clean(label or key)}: {REFUSALS[trouble]}"
        self._put(
            Entity(self._family, self._device, _key(key), clean(label or key), None, unit, trouble, detail), value
        )

    def _put(self, entity: Entity, value: Any, told: Any = None) -> None:
        if len(self._measures) >= MAX_MEASURES:
            raise RefusedError("too-many", f"more than {MAX_MEASURES} values in one message")
        self._measures.append(measured(entity, value, self._message, self._at_ts, told))

    def is_there(self, online: bool) -> None:
        """The device says that it is there, or its last will that it is gone."""
        self._presences.append(
            Presence(self._family, self._device, None, online, self._message.at_ts, self._message.is_retained)
        )

    def saw_person(self) -> None:
        """The message holds where a person's device is: it is not read, and says so if there is nothing else."""
        self._is_person = True

    def decoded(self, listen: tuple[str, ...] = ()) -> Decoded:
        """All that was gathered.

        Raises:
            RefusedError: There is nothing.
        """
        if not (self._measures or self._presences or self._devices):
            if self._is_person:
                raise RefusedError("person", "it says where a person's device or card is, which Vigie does not read")
            raise RefusedError("nothing", f"no value that Vigie measures, from {self._device!r}")
        return Decoded(
            self._family,
            devices=tuple(self._devices),
            measures=tuple(self._measures),
            presences=tuple(self._presences),
            listen=listen,
        )


def _key(key: str) -> str:
    return clean(key, MAX_ID_CHARACTERS)
