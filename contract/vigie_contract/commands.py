"""Commands to a node and what it answers: ``do`` and ``done``. Encoded and decoded by the gateway and the node.

A node obeys within what its own configuration allows: a command names no host, no file and no program. Decoding is
strict and total: any bytes give a value or one ContractError.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from vigie_contract.errors import ContractError, shown
from vigie_contract.messages import dump_json, json_object, load_json, short_text
from vigie_contract.topics import check_id

MOST_BPS = 100e9
"""Of a demand: no line of a shared place carries it. Lower refuses a large venue; higher lets a typing error by."""
MOST_BYTES = 10**12

STATES = {
    "running": "it goes on; `share` says how far it is",
    "refused": "it was not begun, and no byte was sent; `reason` says why",
    "finished": "it ended; `result` says what it found",
}
"""Where a command stands."""

REFUSED = {
    "not-configured": "this node has no far end to rehearse against",
    "busy": "another rehearsal or throughput test runs on this node",
    "budget": "this month's data budget does not allow it",
    "power-save": "the radio saves power: its round trips would be ten to twenty times too long",
    "absent": "the interface, its address or the tool that asks it is not there",
    "range": "the node does not allow so much at once",
}
"""Why a node refuses a command."""

FINDINGS = {
    "headroom": "it holds the demand and three tenths more",
    "holds": "it holds the demand, but not three tenths more",
    "short": "it holds less than the demand",
    "unknown": "it ended before that could be told",
    "not-asked": "the session needs nothing this way",
}
"""What a direction of the line turned out to hold."""

STOPPED_BY = {
    "": "all was told",
    "most-bytes": "it had moved what it may",
    "longest": "it had taken as long as it may",
    "stopped": "the node was told to stop",
    "far-end": "the far end could not be used",
}
"""Why a rehearsal ended."""


@dataclass(frozen=True, slots=True)
class Rehearse:
    """Try whether the line holds a demand.

    Attributes:
        id: Of the command, given by who sends it; a command that comes twice is obeyed once.
        download_bps: Of content, 0 for none.
        upload_bps: The same; at least one is above 0.
        most_bytes: It ends when so many have moved, both ways together.
    """

    id: str
    download_bps: float
    upload_bps: float
    most_bytes: int


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a rehearsal found.

    Attributes:
        download: A word of FINDINGS.
        download_bps: The best rate of three seconds; None when there was none.
        upload: A word of FINDINGS.
        upload_bps: The best rate of three seconds; None when there was none.
        idle_ms: Median round trip to the far end before the load; None when it could not be told.
        loaded_ms: Median under load; None likewise.
        loaded_p95_ms: 95th percentile under load; None likewise.
        lost_share: Of the probes under load, 0 to 1; None likewise.
        moved_bytes: Both ways, headers estimated.
        took_s: Under load.
        stopped_by: A word of STOPPED_BY.
        far_end: Whom it was tried against, for a person.
    """

    download: str
    download_bps: float | None
    upload: str
    upload_bps: float | None
    idle_ms: float | None
    loaded_ms: float | None
    loaded_p95_ms: float | None
    lost_share: float | None
    moved_bytes: int
    took_s: float
    stopped_by: str
    far_end: str


@dataclass(frozen=True, slots=True)
class Done:
    """Where a command stands.

    Attributes:
        id: Of the command.
        state: A word of STATES.
        share: How far it is, 0 to 1.
        reason: A word of REFUSED when it was refused; else "".
        detail: One line for a person; may be empty.
        result: When it has finished.
    """

    id: str
    state: str
    share: float = 0.0
    reason: str = ""
    detail: str = ""
    result: Rehearsed | None = None


def encode_do(command: Rehearse) -> bytes:
    """The payload of ``do``."""
    return dump_json({"what": "rehearse", **asdict(command)})


def decode_do(payload: bytes) -> Rehearse:
    """Read a command; raises ContractError."""
    found = json_object(load_json(payload), {"what", *_names(Rehearse)}, "command")
    if found["what"] != "rehearse":
        raise ContractError("range", f"command: what is {shown(found['what'])}, expected 'rehearse'")
    download_bps = _number(found["download_bps"], "command: download_bps", MOST_BPS)
    upload_bps = _number(found["upload_bps"], "command: upload_bps", MOST_BPS)
    if download_bps + upload_bps == 0:
        raise ContractError("range", "command: download_bps and upload_bps are both 0, expected one above 0")
    most_bytes = _count(found["most_bytes"], "command: most_bytes")
    return Rehearse(check_id(found["id"], "command: id"), download_bps, upload_bps, most_bytes)


def encode_done(done: Done) -> bytes:
    """The payload of ``done``."""
    return dump_json(asdict(done))


def decode_done(payload: bytes) -> Done:
    """Read what a node answers; raises ContractError."""
    found = json_object(load_json(payload), _names(Done), "answer")
    state = _word(found["state"], STATES, "answer: state")
    result = found["result"]
    if (result is not None) != (state == "finished"):
        raise ContractError("shape", "answer: a result goes with the state 'finished', and with no other")
    reason = found["reason"]
    if (reason != "") != (state == "refused"):
        raise ContractError("shape", "answer: a reason goes with the state 'refused', and with no other")
    return Done(
        check_id(found["id"], "answer: id"),
        state,
        _number(found["share"], "answer: share", 1),
        _word(reason, REFUSED, "answer: reason") if reason else "",
        short_text(found["detail"], "answer: detail", MAX_DETAIL_CHARACTERS),
        None if result is None else _rehearsed(result),
    )


MAX_DETAIL_CHARACTERS = 200


def _rehearsed(found: Any) -> Rehearsed:
    where = "answer: result"
    found = json_object(found, _names(Rehearsed), where)
    rates = {
        name: None if found[name] is None else _number(found[name], f"{where}: {name}", high)
        for name, high in _NUMBERS.items()
    }
    return Rehearsed(
        download=_word(found["download"], FINDINGS, f"{where}: download"),
        upload=_word(found["upload"], FINDINGS, f"{where}: upload"),
        moved_bytes=_count(found["moved_bytes"], f"{where}: moved_bytes"),
        took_s=_number(found["took_s"], f"{where}: took_s", 3_600),
        stopped_by=_word(found["stopped_by"], STOPPED_BY, f"{where}: stopped_by"),
        far_end=short_text(found["far_end"], f"{where}: far_end", MAX_DETAIL_CHARACTERS),
        **rates,
    )


_NUMBERS = {
    "download_bps": 2 * MOST_BPS,
    "upload_bps": 2 * MOST_BPS,
    "idle_ms": 60_000,
    "loaded_ms": 60_000,
    "loaded_p95_ms": 60_000,
    "lost_share": 1,
}
"""Those of a result that may be unknown, and the highest of each."""


def _names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}


def _word(found: Any, words: dict[str, str], what: str) -> str:
    if not isinstance(found, str) or found not in words:
        raise ContractError("range", f"{what} is {shown(found)}, expected one of {', '.join(filter(None, words))}")
    return found


def _number(found: Any, what: str, high: float) -> float:
    if type(found) not in (int, float):
        raise ContractError("type", f"{what} is {shown(found)}, expected a number")
    if not 0 <= found <= high or not math.isfinite(found):
        raise ContractError("range", f"{what} is {shown(found)}, expected 0 to {high:g}")
    return float(found)


def _count(found: Any, what: str) -> int:
    if type(found) is not int:
        raise ContractError("type", f"{what} is {shown(found)}, expected a whole number")
    if not 0 <= found <= MOST_BYTES:
        raise ContractError("range", f"{what} is {shown(found)}, expected 0 to {MOST_BYTES}")
    return found
