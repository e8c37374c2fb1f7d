"""Packs of readings: SenML JSON (RFC 8428), strict and total.

The publisher encodes; the gateway's ingest decodes, on its own thread. The first record also carries three labels of
ours: ``journal`` (random id of the node's journal), ``first`` (sequence number of the first record; the others follow
one by one) and ``floor`` (least number that the journal still holds). An unknown is a string value (``vs``) holding a
word of UNKNOWN_REASONS, on a channel whose values are numbers or booleans.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vigie_contract.errors import ContractError
from vigie_contract.messages import load_json, sequence_number
from vigie_contract.quantities import QUANTITIES, Kind, Quantity
from vigie_contract.readings import UNKNOWN_REASONS, Reading
from vigie_contract.topics import check_id, is_id

RELATIVE_BELOW = 2.0**28
"""A time below this many seconds counts from now (RFC 8428 §4.5.3)."""
LATEST_TS = 253_402_300_800.0
"""The year 10000: beyond it no calendar of ours can write the time."""
MAX_RECORDS = 500
"""Records in a pack. Lower costs a message's overhead more often; higher passes MAX_PAYLOAD_BYTES with long names."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A decoded pack.

    Attributes:
        journal: The journal's random id.
        first: Sequence number of ``readings[0]``.
        floor: Least sequence number that the journal still holds; ``floor > first`` never happens.
        readings: In sequence. Times are epoch seconds by the receiver's clock where the node sent ages.
        is_dated: False when the node sent ages because its own clock is not right.
    """

    journal: str
    first: int
    floor: int
    readings: list[Reading]
    is_dated: bool


def encode_pack(
    site: str,
    node: str,
    journal: str,
    first: int,
    floor: int,
    readings: Sequence[tuple[Quantity, Reading]],
    *,
    now_ts: float | None = None,
) -> bytes:
    """Encode readings that follow each other in the journal.

    Args:
        site: The site's id.
        node: The node's id.
        journal: The journal's id.
        first: Sequence number of the first reading.
        floor: Least sequence number still held.
        readings: One to MAX_RECORDS, each with its quantity.
        now_ts: The node's own time when its clock is not synchronised: times are then sent as ages before it.
            None when the clock is right: times are sent as dates.

    Returns:
        The payload for the node's ``data`` topic.
    """
    base_ts = readings[0][1].at_ts if now_ts is None else now_ts
    records: list[dict[str, object]] = []
    for quantity, reading in readings:
        record: dict[str, object] = {"n": reading.channel, "t": round(reading.at_ts - base_ts, 3)}
        if reading.value is None:
            record["vs"] = reading.reason
        elif quantity.kind is Kind.STATE:
            record["vb"] = reading.value != 0
        else:
            if quantity.kind is not Kind.CHOICE:
                record["u"] = quantity.unit
            record["v"] = int(reading.value) if reading.value.is_integer() else reading.value
        records.append(record)
    envelope: dict[str, object] = {"bn": f"{site}/{node}/", "journal": journal, "first": first, "floor": floor}
    if now_ts is None:
        envelope["bt"] = round(base_ts, 3)
    records[0] = envelope | records[0]
    return json.dumps(records, separators=(",", ":"), allow_nan=False).encode()


def decode_pack(payload: bytes, site: str, node: str, channels: Mapping[str, Quantity], now_ts: float) -> Pack:
    """Decode one ``data`` payload.

    Args:
        payload: Any bytes.
        site: The site of the topic that it came on: the pack's base name must agree.
        node: The node of that topic.
        channels: The quantity of each channel that the node's birth declared.
        now_ts: The receiver's time at receipt, to which ages count.

    Raises:
        ContractError: With its ``span`` when the envelope could be read, so that one bad record does not hold up
            the journal for ever.
    """
    records = load_json(payload)
    if type(records) is not list or not 0 < len(records) <= MAX_RECORDS:
        raise ContractError("shape", f"expected a list of 1 to {MAX_RECORDS} records")
    journal, first, floor = _envelope(records[0], f"{site}/{node}/")
    span = (journal, first, len(records))
    base_ts = _base_time(records[0], span)
    offset_ts = base_ts
    is_dated = base_ts >= RELATIVE_BELOW
    if not is_dated:
        offset_ts += now_ts
    readings: list[Reading] = []
    try:
        for record in records:
            readings.append(_reading(record, channels, offset_ts))  # noqa: PERF401 - the index of the bad one is told
    except ContractError as error:
        raise ContractError(error.reason, f"record {len(readings)}: {error.detail}", span) from None
    except (TypeError, KeyError, AttributeError):
        detail = f"record {len(readings)}: {records[len(readings)]!r:.160} is no SenML record of a declared channel"
        raise ContractError("shape", detail, span) from None
    return Pack(journal, first, floor, readings, is_dated)


def _envelope(record: Any, base_name: str) -> tuple[str, int, int]:
    if type(record) is not dict:
        raise ContractError("shape", "record 0: expected a JSON object")
    for label in ("bn", "journal", "first", "floor"):
        if label not in record:
            raise ContractError("missing", f"record 0: {label}")
    if record["bn"] != base_name:
        raise ContractError("id", f"record 0: bn is {record['bn']!r:.80}, expected {base_name!r} as in the topic")
    first = sequence_number(record["first"], "first")
    floor = sequence_number(record["floor"], "floor")
    if floor > first:
        raise ContractError("range", f"floor {floor} is above first {first}")
    return check_id(record["journal"], "journal"), first, floor


def _base_time(record: dict[str, Any], span: tuple[str, int, int]) -> float:
    base = record.get("bt", 0)
    if type(base) not in (int, float) or not -RELATIVE_BELOW < base < LATEST_TS:
        raise ContractError("range", f"record 0: bt is {base!r:.40}, expected epoch seconds or an age", span)
    return float(base)


_LABELS = frozenset({"n", "t", "u", "v", "vb", "vs", "bn", "bt", "journal", "first", "floor"})


def _reading(record: dict[str, Any], channels: Mapping[str, Quantity], offset_ts: float) -> Reading:
    if not record.keys() <= _LABELS:
        raise ContractError("shape", f"unknown label {min(record.keys() - _LABELS)!r:.40}")
    channel = record["n"]
    quantity = channels.get(channel)
    if quantity is None:
        raise ContractError("id", _unknown_channel(channel))
    time = record.get("t", 0)
    if type(time) is not float and type(time) is not int:
        raise ContractError("type", f"t is {time!r:.40}, expected seconds")
    if not -LATEST_TS < time < LATEST_TS:
        raise ContractError("range", f"t is {time!r:.40}")
    at_ts = offset_ts + time
    if not 0 <= at_ts < LATEST_TS:
        raise ContractError("range", f"the time {at_ts!r:.40} is in no year from 1970 to 9999")
    if "v" in record:
        value = record["v"]
        if (type(value) is not float and type(value) is not int) or quantity.kind is Kind.STATE or "vb" in record:
            raise ContractError("type", f"{channel}: v is {value!r:.40}, expected a number ({quantity.kind})")
        unit = record.get("u")
        if unit is not None and unit != quantity.unit:
            raise ContractError("unit", f"{channel}: u is {unit!r:.40}, expected {quantity.unit!r}")
        if not -1e300 < value < 1e300:  # noqa: PLR2004 - infinity from 1e400, and integers no float can hold
            raise ContractError("range", f"{channel}: v is not finite")
        if "vs" in record:
            raise ContractError("shape", f"{channel}: a value and an unknown at once")
        return Reading(channel, at_ts, float(value))
    if "vb" in record:
        value = record["vb"]
        if type(value) is not bool or quantity.kind is not Kind.STATE or "vs" in record:
            raise ContractError("type", f"{channel}: vb is {value!r:.40}, expected a boolean of a state")
        return Reading(channel, at_ts, 1.0 if value else 0.0)
    reason = record.get("vs")
    if reason not in UNKNOWN_REASONS:
        raise ContractError("missing", f"{channel}: no v, vb or vs with a known reason ({reason!r:.40})")
    return Reading(channel, at_ts, None, reason)


def _unknown_channel(channel: object) -> str:
    if is_id(channel):
        return f"channel {channel!r} is not in the node's birth"
    return f"channel {channel!r:.60}: expected 1 to 32 characters of a-z, 0-9 and -"


def quantities_of(channels: Mapping[str, str]) -> dict[str, Quantity]:
    """The quantity of each channel, from the names in a birth."""
    return {channel: QUANTITIES[name] for channel, name in channels.items()}
