"""Births, presence and acknowledgements: the small messages around the packs.

Encoded by the sensors' publisher and the gateway's ingest; decoding is strict and total: any bytes give a value or
one ContractError.
"""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, NoReturn

from vigie_contract import PROTOCOL_VERSION
from vigie_contract.errors import ContractError, shown
from vigie_contract.quantities import QUANTITIES, Kind
from vigie_contract.topics import check_id

MAX_PAYLOAD_BYTES = 65_536
"""The broker's ``max_packet_size`` as shipped. Lower would refuse a full birth (300 channels); higher lets one
message hold the gateway for longer than a live board may wait."""
MAX_CHANNELS = 300
"""Channels of one node. Lower would not hold a full set of outlets with their circuits; higher does not fit in a
birth even with short labels."""
MAX_LABEL_CHARACTERS = 64
MAX_REHEARSED_ROOMS = 32
"""One access point covers few rooms; a bound, so that a birth stays a birth."""
ONLINE = b"online"
OFFLINE = b"offline"


@dataclass(frozen=True, slots=True)
class Channel:
    """One measured thing of a node, as its birth declares it.

    Attributes:
        id: Unique within the node, ``[a-z0-9-]{1,32}``.
        quantity: A name of QUANTITIES.
        period_s: A reading is due at least this often; after three periods without one its value is old.
        room: The room's id in the site, or None when the channel belongs to no room.
        label: For a person; text, never markup. Empty when the id says enough.
        labels: The words of a choice, by index; empty for every other kind.
    """

    id: str
    quantity: str
    period_s: float
    room: str | None = None
    label: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Birth:
    """What a node says of itself on ``about``, retained.

    Attributes:
        software: Name and version, for the health page.
        boot: The kernel's boot id without its dashes, random for each boot: counters of two boots do not mix.
        channels: In the order of the node's configuration.
        rehearses: Rooms whose access point the node is on, where it obeys ``do`` (see ``commands``); empty when it does
            for the line alone, None when it does not.
    """

    software: str
    boot: str
    channels: tuple[Channel, ...]
    rehearses: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Ack:
    """``upto``: every reading of ``journal`` up to and with this sequence number is on the gateway's disk."""

    journal: str
    upto: int


def load_json(payload: bytes) -> Any:
    """Parse JSON as the protocol allows it: UTF-8 without BOM, finite numbers, bounded size and depth.

    Raises:
        ContractError: ``too-large``, ``not-utf8`` or ``not-json``.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ContractError("too-large", f"{len(payload)} bytes, expected at most {MAX_PAYLOAD_BYTES}")
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise ContractError("not-utf8", f"byte {error.start} of {len(payload)}: {error.reason}") from error
    try:
        return _DECODER.decode(text)
    except ContractError:
        raise
    except RecursionError as error:
        raise ContractError("not-json", "nested too deeply") from error
    except ValueError as error:  # JSONDecodeError, and integers of thousands of digits
        raise ContractError("not-json", f"{error!s:.160}") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ContractError("range", f"{name} is no number")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
"""Kept: ``json.loads`` would build one for each message, which takes as long as reading a single reading."""


def dump_json(value: object) -> bytes:
    """The shortest UTF-8 JSON; raises ValueError for numbers that are not finite."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def encode_ack(ack: Ack) -> bytes:
    """The payload of ``ack/{gateway}``."""
    return dump_json({"journal": ack.journal, "upto": ack.upto})


def decode_ack(payload: bytes) -> Ack:
    """Read an acknowledgement; raises ContractError."""
    found = json_object(load_json(payload), {"journal", "upto"}, "acknowledgement")
    return Ack(check_id(found["journal"], "journal"), sequence_number(found["upto"], "upto"))


def encode_birth(birth: Birth) -> bytes:
    """The payload of ``about``.

    Raises:
        ContractError: ``too-large`` when so many channels with such long labels fit in no message.
    """
    channels = []
    for channel in birth.channels:
        entry: dict[str, object] = {
            "id": channel.id,
            "quantity": channel.quantity,
            "unit": QUANTITIES[channel.quantity].unit,
            "period_s": channel.period_s,
        }
        if channel.room is not None:
            entry["room"] = channel.room
        if channel.label:
            entry["label"] = channel.label
        if channel.labels:
            entry["labels"] = list(channel.labels)
        channels.append(entry)
    about = {"v": PROTOCOL_VERSION, "software": birth.software, "boot": birth.boot, "channels": channels}
    if birth.rehearses is not None:
        about["rehearses"] = list(birth.rehearses)
    payload = dump_json(about)
    if len(payload) > MAX_PAYLOAD_BYTES:
        detail = f"a birth of {len(payload)} bytes, expected at most {MAX_PAYLOAD_BYTES}: fewer or shorter labels"
        raise ContractError("too-large", detail)
    return payload


def decode_birth(payload: bytes) -> Birth:
    """Read a birth; raises ContractError naming the channel and the field."""
    found = json_object(load_json(payload), {"v", "software", "boot", "channels"}, "birth", optional={"rehearses"})
    if found["v"] != PROTOCOL_VERSION or type(found["v"]) is not int:
        raise ContractError("range", f"birth: v is {shown(found['v'])}, expected {PROTOCOL_VERSION}")
    entries = found["channels"]
    if type(entries) is not list or len(entries) > MAX_CHANNELS:
        raise ContractError("shape", f"birth: channels must be a list of at most {MAX_CHANNELS}")
    channels = tuple(_channel(entry, index) for index, entry in enumerate(entries))
    if len({channel.id for channel in channels}) != len(channels):
        raise ContractError("shape", "birth: two channels have one id")
    return Birth(
        short_text(found["software"], "birth: software"),
        check_id(found["boot"], "birth: boot"),
        channels,
        _rooms(found["rehearses"]) if "rehearses" in found else None,
    )


def _channel(entry: Any, index: int) -> Channel:
    where = f"birth: channel {index}"
    required = {"id", "quantity", "unit", "period_s"}
    found = json_object(entry, required, where, optional={"room", "label", "labels"})
    name = found["quantity"]
    quantity = QUANTITIES.get(name) if isinstance(name, str) else None
    if quantity is None:
        raise ContractError("range", f"{where}: quantity {shown(name, 60)} is unknown to protocol {PROTOCOL_VERSION}")
    if found["unit"] != quantity.unit:
        raise ContractError("unit", f"{where}: unit {shown(found['unit'])}, expected {quantity.unit!r} for {name}")
    period_s = found["period_s"]
    if type(period_s) not in (int, float) or not 0 < period_s <= 86_400:  # noqa: PLR2004 - a day, see docs/protocol.md
        raise ContractError("range", f"{where}: period_s {shown(period_s)}, expected a number above 0, at most 86400")
    return Channel(
        check_id(found["id"], f"{where}: id"),
        quantity.name,
        float(period_s),
        check_id(found["room"], f"{where}: room") if "room" in found else None,
        short_text(found.get("label", ""), f"{where}: label"),
        _labels(found.get("labels", []), quantity.kind, where),
    )


def _rooms(found: Any) -> tuple[str, ...]:
    if type(found) is not list or len(found) > MAX_REHEARSED_ROOMS:
        raise ContractError("shape", f"birth: rehearses must be a list of at most {MAX_REHEARSED_ROOMS} rooms")
    return tuple(check_id(room, "birth: rehearses") for room in found)


def _labels(found: Any, kind: Kind, where: str) -> tuple[str, ...]:
    if type(found) is not list or len(found) > 64:  # noqa: PLR2004 - the range of a choice
        raise ContractError("shape", f"{where}: labels must be a list of at most 64 words")
    if bool(found) != (kind is Kind.CHOICE):
        raise ContractError("shape", f"{where}: labels go with a choice, and a choice needs them")
    return tuple(short_text(word, f"{where}: labels") for word in found)


def json_object(
    found: Any, required: AbstractSet[str], where: str, optional: AbstractSet[str] = frozenset()
) -> dict[str, Any]:
    """An object with these fields and no others; raises ContractError naming ``where`` and the field."""
    if type(found) is not dict:
        raise ContractError("shape", f"{where}: expected a JSON object, found {type(found).__name__}")
    missing = required - found.keys()
    if missing:
        raise ContractError("missing", f"{where}: {', '.join(sorted(missing))}")
    unknown = found.keys() - required - optional
    if unknown:
        raise ContractError("shape", f"{where}: unknown field {shown(min(unknown), 60)}")
    return found


def short_text(found: Any, what: str, most: int = MAX_LABEL_CHARACTERS) -> str:
    """One printable line of at most so many characters; raises ContractError naming ``what``."""
    if type(found) is not str or len(found) > most:
        raise ContractError("type", f"{what} must be text of at most {most} characters")
    if not found.isprintable():
        raise ContractError("range", f"{what} holds characters that cannot be printed")
    return found


def sequence_number(found: Any, what: str) -> int:
    """A number of a journal: an integer from 0 to 2**53; raises ContractError."""
    if type(found) is not int:
        raise ContractError("type", f"{what} is {shown(found)}, expected a whole number")
    if not 0 <= found <= 2**53:
        raise ContractError("range", f"{what} is out of range, expected 0 to 2**53")
    return found
