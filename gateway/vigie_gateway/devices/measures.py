"""What a message of a third-party device says: devices, their entities, measures, or why there are none.

Values alone, made by the decoders of this package on the ingest thread of third parties, taken by the registry.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

MAX_NAME_CHARACTERS = 64
"""Of a device's or entity's name. Lower cuts names that people gave; higher lets one name fill a page."""
MAX_ID_CHARACTERS = 128
"""Of an identity. Lower makes one of long ids that differ at their end; higher only costs memory."""
MAX_SAID_CHARACTERS = 64
"""Of what an entity is quoted with. Lower hides what a person would recognise it by; higher lets it fill a page."""

REFUSALS = {
    "topic": "no decoder knows such a topic",
    "empty": "the payload is empty",
    "too-large": "the payload is larger than a device's may be",
    "not-utf8": "the payload is not UTF-8 text",
    "not-json": "the payload is not JSON",
    "shape": "the payload is not of the shape that its topic asks for",
    "missing": "what is needed to name or read the entity is missing",
    "component": "this kind of entity carries no measure",
    "setting": "it is a setting of the device, no measure",
    "class": "Vigie has no quantity for this class or unit",
    "unit": "the unit is none of the quantity's",
    "unit-not-told": "neither class nor unit say what is measured",
    "template": "template not understood",
    "taken": "another announcement already has this identity",
    "own-topic": "the topic belongs to Vigie or to the broker",
    "too-many": "the device or the bus announces more entities than are taken",
    "nothing": "the message carries nothing that Vigie measures",
    "flood": "too many messages of its topic or device wait already",
    "changed": "its quantity or unit is not the one that was approved",
    "person": "it says where a person or a person's device is",
    "failed": "the decoder itself failed: a mistake of Vigie's",
}
"""Why a message or an entity gives no measure: the word to count by, and what it means."""


class Message(NamedTuple):
    """What came off the bus.

    Attributes:
        topic: As received.
        payload: As received.
        at_ts: When it was received, epoch seconds.
        is_retained: The broker had kept it: a last known state of no known age.
    """

    topic: str
    payload: bytes
    at_ts: float
    is_retained: bool = False


@dataclass(frozen=True, slots=True)
class Device:
    """A thing that somebody bought.

    Attributes:
        family: The decoder that knows it: ``homeassistant``, ``tasmota``, ``shelly``, ...
        id: Its identity within the family; stays when it is renamed, wherever the family has such an id.
        name: What it calls itself, cleaned for a page; its id where it told none.
        maker: Of the device; empty when not told.
        model: Of the device; empty when not told.
        software: Its version; empty when not told.
        area: Where it says that it stands; a suggestion only, empty when not told.
        software_name: What announced it (``origin`` of Home Assistant discovery); empty when not told.
        via: Identity of the device that it speaks through; empty when it speaks for itself.
    """

    family: str
    id: str
    name: str
    maker: str = ""
    model: str = ""
    software: str = ""
    area: str = ""
    software_name: str = ""
    via: str = ""

    @property
    def identity(self) -> str:
        """``family/id``, as site.toml and ``/devices`` name it."""
        return f"{self.family}/{self.id}"


@dataclass(frozen=True, slots=True)
class Entity:
    """One thing that a device measures or says.

    Attributes:
        family: Of its device.
        device: ``Device.id``.
        key: Its identity within the device; the ``unique_id`` of Home Assistant discovery where there is one.
        label: What it is called, cleaned for a page.
        quantity: A name of ``vigie_contract.quantities``; None when what it says is listed and never stored.
        told_unit: Its unit as the device told it; empty when not told.
        trouble: A word of REFUSALS when ``quantity`` is None, else None.
        detail: The trouble in one sentence, with what was found; empty without trouble.
        template: The ``value_template``, to be shown when it was not understood; empty where there is none.
        expire_after_s: Silence after which the device itself calls the value unknown; None when not told.
        off_delay_s: How long after its last "on" a binary sensor is off without saying so; None when not told.
        is_enabled: False for what its maker thinks few people want to see.
        announced_on: The topic that announced it; empty for a family that does not announce.
    """

    family: str
    device: str
    key: str
    label: str
    quantity: str | None
    told_unit: str = ""
    trouble: str | None = None
    detail: str = ""
    template: str = ""
    expire_after_s: float | None = None
    off_delay_s: float | None = None
    is_enabled: bool = True
    announced_on: str = ""

    @property
    def unique_id(self) -> str:
        """The identity that a place remembers, whatever the entity is called."""
        return f"{self.family}/{self.device}/{self.key}"


class Measure(NamedTuple):
    """What an entity says at one time.

    Attributes:
        entity: Whose. Compare its quantity and ``told_unit`` with what an admin approved.
        value: In the unit of the entity's quantity; of a state 1.0 or 0.0. None when unknown, or without a quantity.
        reason: A word of ``vigie_contract.readings.UNKNOWN_REASONS`` when ``value`` is None and there is a quantity.
        said: What it says as a person may read it, cleaned and cut short: for the pages of devices, never parsed.
        at_ts: When it was so: the device's own time when it is believable, else the receipt's.
        is_retained: A last known state, which is no fresh measure.
    """

    entity: Entity
    value: float | None
    reason: str | None
    said: str
    at_ts: float
    is_retained: bool = False


class Presence(NamedTuple):
    """Whether a device, or one entity of it, says that it is there.

    Attributes:
        family: Of the device.
        device: ``Device.id``.
        key: Of the entity; None when it is said of the whole device.
        is_online: What was said.
        at_ts: When it was received.
        is_retained: It may be long past.
    """

    family: str
    device: str
    key: str | None
    is_online: bool
    at_ts: float
    is_retained: bool = False


class Refusal(NamedTuple):
    """Why a message gives nothing.

    Attributes:
        reason: A word of REFUSALS, to count by.
        detail: One sentence for a person: what was found, what was expected.
    """

    reason: str
    detail: str


class RefusedError(Exception):
    """Raised within a decoder, and turned into the message's one refusal.

    Attributes:
        refusal: What is told.
        family: Whose decoder refused; empty where none would read it.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.refusal = Refusal(reason, detail)
        self.family = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """All that one message says; when ``refusal`` is there, nothing else is.

    Attributes:
        decoder: The family that read it; empty when none would.
        devices: Described, or described anew.
        entities: Announced, or announced anew; those with ``trouble`` are to be listed.
        removed: Identities (``Entity.unique_id``) that their device withdrew.
        measures: In the order of the message.
        presences: Who said to be there or gone.
        listen: Topic filters to subscribe to from now on; never one of ours or the broker's own.
        refusal: Why there is nothing.
    """

    decoder: str = ""
    devices: tuple[Device, ...] = ()
    entities: tuple[Entity, ...] = ()
    removed: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    presences: tuple[Presence, ...] = ()
    listen: tuple[str, ...] = ()
    refusal: Refusal | None = None


def clean(text: object, characters: int = MAX_NAME_CHARACTERS) -> str:
    """A name or value of others as it may stand on a page: NFC, one line, no control or direction marks, cut short.

    It is not escaped: that is the page's work. What is no text is written as JSON would.
    """
    if isinstance(text, bool):
        text = "true" if text else "false"
    if not isinstance(text, (str, int, float)):
        return "" if text is None else "…"
    # Cut before normalising too: its cost grows with the text. Four times, since accents may be apart.
    return _cleaned(str(text)[: 4 * characters], characters)


@lru_cache(maxsize=1_024)
def _cleaned(given: str, characters: int) -> str:
    # Devices say the same names with every message. What is hidden goes first: it keeps accents from their letters.
    kept = "".join(" " if unicodedata.category(one)[0] == "Z" else one for one in given if not _is_hidden(one))
    return " ".join(unicodedata.normalize("NFC", kept).split())[:characters].rstrip()


def _is_hidden(one: str) -> bool:
    # Cc, Cf (which holds the direction marks), Cs, Co, Cn; line breaks are Cc and would join words, hence the spaces.
    return unicodedata.category(one)[0] == "C" and one not in "\n\t\r"
