"""What a rehearsal is worth to the capacity check: a floor for the line and the air of its room. Pure.

Only where it says something of the session that is asked about: on the same room's access point, of late, at such an
hour, both ways, and against a far end beyond the line. One within the place tries the Wi-Fi alone: what it held would
be taken for the internet's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from vigie_gateway.capacity.supply import Rehearsal as Held
from vigie_gateway.place.wifi import Path
from vigie_gateway.store.rehearsals import Rehearsal

FRESH_S = 86_400.0
"""How old it may be. Lower wastes the one of the day before; higher takes last week's line for today's."""
NEAR_HOURS = 3.0
"""How far its hour may be from the session's. Lower finds none; higher takes a line at breakfast for one at night."""
_DAY_H = 24.0
_TOLD = frozenset({"headroom", "holds", "short"})


def evidence_of(
    rehearsals: Sequence[Rehearsal], room: str, starts_ts: float, ends_ts: float, asked_ts: float, zone: tzinfo
) -> Held | None:
    """The newest that counts for a session; None where there is none.

    Args:
        rehearsals: The newest first.
        room: Of the session.
        starts_ts: Of the session.
        ends_ts: Of the session.
        asked_ts: When the question is asked.
        zone: Of the place.
    """
    for one in rehearsals:
        is_near = hours_apart(one.at_ts, starts_ts, ends_ts, zone) <= NEAR_HOURS
        if one.room == room and 0 <= asked_ts - one.at_ts <= FRESH_S and is_near and (held := _held(one)) is not None:
            return held
    return None


def hours_apart(at_ts: float, starts_ts: float, ends_ts: float, zone: tzinfo) -> float:
    """By the clock on the wall, from a moment to a session's hours; 0 within them, whatever the day."""
    duration_h = (ends_ts - starts_ts) / 3_600
    after_h = (_hour(at_ts, zone) - _hour(starts_ts, zone)) % _DAY_H
    if after_h <= duration_h:
        return 0.0
    return min(after_h - duration_h, _DAY_H - after_h)


def is_within_the_place(far_end: str) -> bool:
    """Whether a far end (``host:port``) is on this side of the line: a private address, or a name without a domain."""
    host = far_end.rpartition(":")[0].strip("[]") or far_end
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".lan", ".home.arpa", ".internal"))
    return address.is_private or address.is_loopback or address.is_link_local


def _held(one: Rehearsal) -> Held | None:
    result = one.result
    if result is None or result.download not in _TOLD or result.upload not in _TOLD:
        return None
    if result.download_bps is None or result.upload_bps is None or is_within_the_place(result.far_end):
        return None
    path = Path(result.loaded_ms, result.loaded_p95_ms, result.lost_share)
    return Held(
        download_bps=result.download_bps,
        upload_bps=result.upload_bps,
        path=path if result.loaded_ms is not None else None,
        at_ts=one.at_ts,
        is_download_all=result.download != "headroom",
        is_upload_all=result.upload != "headroom",
    )


def _hour(at_ts: float, zone: tzinfo) -> float:
    at = datetime.fromtimestamp(at_ts, UTC).astimezone(zone)
    return at.hour + at.minute / 60 + at.second / 3_600
