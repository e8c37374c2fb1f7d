"""Packs of readings: SenML JSON (RFC 8428), strict and total.

The publisher encodes; the gateway's ingest decodes, on its own thread. The first record also carries labels of ours:
``journal`` (random id of the node's journal), ``first`` (sequence number of the first record; the others follow one by
one), ``floor`` (least number that the journal still holds) and ``last`` (greatest number that it has given, which tells
how much waits behind this pack). An unknown is a string value (``vs``) holding a word of UNKNOWN_REASONS, on a channel
whose values are numbers or booleans.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vigie_contract.errors import ContractError, shown
from vigie_contract.messages import load_json, sequence_number
from vigie_contract.quantities import Kind, Quantity
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
        last: Greatest sequence number that the journal had given when the pack was sent; None when the node does not
            say.
        readings: In sequence. Times are epoch seconds by the receiver's clock where the node sent ages.
        is_dated: False when the node sent ages because its own clock is not right.
    """

    journal: str
    first: int
    floor: int
    last: int | None
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
    last: int | None = None,
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
        last: Greatest sequence number given so far, at least that of the pack's last reading; None leaves it unsaid.
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
    if last is not None:
        envelope["last"] = last
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
    journal, first, floor, last = _envelope(records[0], len(records), f"{site}/{node}/")
    span = (journal, first, len(records))
    base_ts = _base_time(records[0], span, floor)
    records[0] = {label: value for label, value in records[0].items() if label not in _ENVELOPE}
    is_dated = base_ts >= RELATIVE_BELOW
    # RFC 8428 §4.5.3 decides by the sum whether a time is a date or counts from now: a pack holds one kind only.
    frame = (
        (base_ts, RELATIVE_BELOW, LATEST_TS)
        if is_dated
        else (now_ts + base_ts, max(0.0, now_ts - RELATIVE_BELOW), min(now_ts + RELATIVE_BELOW, LATEST_TS))
    )
    readings: list[Reading] = []
    try:
        for record in records:
            readings.append(_reading(record, channels, frame))  # noqa: PERF401 - the index of the bad one is told
    except ContractError as error:
        raise ContractError(error.reason, f"record {len(readings)}: {error.detail}", span, floor) from None
    except (TypeError, KeyError, AttributeError):
        detail = f"record {len(readings)}: {shown(records[len(readings)], 160)} is no SenML record with a name"
        raise ContractError("shape", detail, span, floor) from None
    return Pack(journal, first, floor, last, readings, is_dated)


_ENVELOPE = frozenset({"bn", "bt", "journal", "first", "floor", "last"})
"""Labels of the first record only: in a later one they would change the meaning of what follows."""
_NUMBER = frozenset({"n", "t", "u", "v"})
_STATE = frozenset({"n", "t", "vb"})
_UNKNOWN = frozenset({"n", "t", "vs"})
_LABELS = _NUMBER | _STATE | _UNKNOWN


def _envelope(record: Any, count: int, base_name: str) -> tuple[str, int, int, int | None]:
    if type(record) is not dict:
        raise ContractError("shape", "record 0: expected a JSON object")
    for label in ("bn", "journal", "first", "floor"):
        if label not in record:
            raise ContractError("missing", f"record 0: {label}")
    if record["bn"] != base_name:
        raise ContractError("id", f"record 0: bn is {shown(record['bn'], 80)}, expected {base_name!r} as in the topic")
    first = sequence_number(record["first"], "first")
    floor = sequence_number(record["floor"], "floor")
    if floor > first:
        raise ContractError("range", f"floor {floor} is above first {first}")
    last = sequence_number(record["last"], "last") if "last" in record else None
    if last is not None and last < first + count - 1:
        raise ContractError("range", f"last {last} is below the pack's own last number {first + count - 1}")
    return check_id(record["journal"], "journal"), first, floor, last


def _base_time(record: dict[str, Any], span: tuple[str, int, int], floor: int) -> float:
    base = record.get("bt", 0)
    if type(base) not in (int, float):
        raise ContractError("type", f"record 0: bt is {shown(base)}, expected epoch seconds or an age", span, floor)
    if not -RELATIVE_BELOW < base < LATEST_TS:
        raise ContractError("range", f"record 0: bt is {shown(base)}, expected epoch seconds or an age", span, floor)
    return float(base)


def _reading(record: dict[str, Any], channels: Mapping[str, Quantity], frame: tuple[float, float, float]) -> Reading:
    channel = record["n"]
    quantity = channels.get(channel)
    if quantity is None:
        raise ContractError("id", _unknown_channel(channel))
    offset_ts, earliest_ts, end_ts = frame
    time = record.get("t", 0)
    if type(time) is not float and type(time) is not int:
        raise ContractError("type", f"t is {shown(time)}, expected seconds")
    # The first test keeps integers that no float can hold away from the sum.
    if not -LATEST_TS < time < LATEST_TS or not earliest_ts <= offset_ts + time < end_ts:
        raise ContractError("range", f"t is {shown(time)}: neither an age within 8 years nor a date of 1978 to 9999")
    if record.keys() <= _NUMBER:
        value = _number(record.get("v"), record.get("u", quantity.unit), quantity, channel)
        # Past NamedTuple's own constructor, which takes a quarter of the time that decoding a reading takes.
        return tuple.__new__(Reading, (channel, offset_ts + time, value, None))
    return _state_or_unknown(record, quantity, channel, offset_ts + time)


def _number(value: Any, unit: Any, quantity: Quantity, channel: str) -> float:
    if (type(value) is not float and type(value) is not int) or quantity.kind is Kind.STATE:
        raise _not_a_value(value, quantity, channel)
    if unit != quantity.unit:
        raise ContractError("unit", f"{channel}: u is {shown(unit)}, expected {quantity.unit!r}")
    if not -1e300 < value < 1e300:  # noqa: PLR2004 - infinity from 1e400, and integers no float can hold
        raise ContractError("range", f"{channel}: v is not finite")
    return float(value)


def _not_a_value(value: Any, quantity: Quantity, channel: str) -> ContractError:
    if value is None:
        return ContractError("missing", f"{channel}: neither v, vb nor vs")
    expected = "a state's vb" if quantity.kind is Kind.STATE else f"a number ({quantity.kind})"
    return ContractError("type", f"{channel}: v is {shown(value)}, expected {expected}")


def _state_or_unknown(record: dict[str, Any], quantity: Quantity, channel: str, at_ts: float) -> Reading:
    labels = record.keys()
    if not labels <= _LABELS:
        raise ContractError("shape", f"unknown label {shown(min(labels - _LABELS))}")
    if labels <= _STATE:
        value = record["vb"]
        if type(value) is not bool or quantity.kind is not Kind.STATE:
            raise ContractError("type", f"{channel}: vb is {shown(value)}, expected a boolean, of a state")
        return Reading(channel, at_ts, 1.0 if value else 0.0)
    if not labels <= _UNKNOWN:
        raise ContractError("shape", f"{channel}: more than one of v, vb and vs, or u without v")
    reason = record["vs"]
    if type(reason) is not str or reason not in UNKNOWN_REASONS:
        raise ContractError("range", f"{channel}: vs is {shown(reason)}, expected a known reason")
    return Reading(channel, at_ts, None, reason)


def _unknown_channel(channel: object) -> str:
    if is_id(channel):
        return f"channel {channel!r} is not in the node's birth"
    return f"channel {shown(channel, 60)}: expected 1 to 32 characters of a-z, 0-9 and -"
