"""What somebody asks of a line, and whether that may be tried now. Pure: called by ``rehearsals`` on the ingest thread.

The calendar is asked first: a rehearsal loads the line that other people's sessions share. Every session of the place
shares its uplink; those in the rooms of the same access point share the air as well.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from vigie_contract import rehearsal
from vigie_contract.commands import MOST_BPS, MOST_BYTES
from vigie_dashboard.notices import SessionView
from vigie_gateway.place.sessions import Agenda

NOT_BEGUN = {
    "demand": "the rates are no numbers, or both 0, or more than any line has",
    "room": "the site has no such room",
    "no-node": "no node that can is on that room's access point, or none can at all",
    "offline": "the node that can is not connected",
    "busy": "another rehearsal of this place is under way",
    "session": "a session is on, which shares the line; may be forced",
    "calendar": "a calendar cannot be read: nobody knows whether a session is on; may be forced",
    "clock": "the gateway's clock is not known to be right: neither the calendar nor the result can be dated",
    "broker": "the gateway has no connection to the broker",
    "store": "the disk does not take it, or no turn came",
}
"""Why a rehearsal is not begun."""
FORCIBLE = frozenset({"session", "calendar"})
"""Those that somebody may overrule, with the cost before their eyes."""


class NotBegunError(Exception):
    """A rehearsal was not begun; nothing was sent.

    Attributes:
        kind: A word of NOT_BEGUN.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Order:
    """What somebody asks.

    Attributes:
        room: On whose access point; None for the line alone.
        download_bps: What the session will need, of content.
        upload_bps: The same.
        most_bytes: What it may move at most; None for what it takes.
        is_forced: Also during a session, or without knowing of any.
    """

    room: str | None
    download_bps: float
    upload_bps: float
    most_bytes: int | None = None
    is_forced: bool = False

    def cost(self) -> Cost:
        """What it will take of the line."""
        most = rehearsal.most_bytes(self.download_bps, self.upload_bps)
        most = min(most, MOST_BYTES, most if self.most_bytes is None else self.most_bytes)
        usual = rehearsal.usual_bytes(self.download_bps, self.upload_bps)
        return Cost(
            min(usual, most), most, rehearsal.IDLE_S + rehearsal.WINDOW_S, rehearsal.IDLE_S + rehearsal.LONGEST_S
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes both ways together and seconds: where the line holds with some to spare, and at most."""

    usual_bytes: int
    most_bytes: int
    usual_s: float
    longest_s: float


def check_demand(order: Order) -> None:
    """Raise NotBegunError where nothing of that kind can be asked of a node."""
    for name in ("download_bps", "upload_bps"):
        rate_bps = getattr(order, name)
        if not 0 <= rate_bps <= MOST_BPS or not math.isfinite(rate_bps):
            raise NotBegunError("demand", f"{name} is {rate_bps!r}, expected 0 to {MOST_BPS:g}")
    if order.download_bps + order.upload_bps == 0:
        raise NotBegunError("demand", "download_bps and upload_bps are both 0, expected one above 0")


def check_calendar(order: Order, agenda: Agenda, *, has_calendars: bool, now_ts: float) -> None:
    """Raise NotBegunError where a session is on, or may be, unless the order overrules that."""
    if order.is_forced or not has_calendars:
        return
    if agenda.until_ts is None or agenda.stale:
        raise NotBegunError("calendar", "a calendar cannot be read: whether a session is on is not known")
    if on := sessions_on(agenda, now_ts):
        raise NotBegunError("session", f"a session is on in {on[0].room}, and shares the line")


def sessions_on(agenda: Agenda, now_ts: float) -> tuple[SessionView, ...]:
    """Those that take place now, anywhere: all share the uplink."""
    return tuple(one for one in agenda.sessions if one.begins_ts <= now_ts < one.ends_ts)


def choose_node(room: str | None, can: Mapping[str, tuple[str, ...] | None]) -> str:
    """The node to ask.

    Args:
        room: As ordered.
        can: By node that may ever be asked, the rooms whose access point it is on; None while it is not connected.

    Raises:
        NotBegunError: There is none.
    """
    here = sorted(node for node, rooms in can.items() if rooms is not None and (room is None or room in rooms))
    if here:
        return here[0]
    if can and all(rooms is None for rooms in can.values()):
        raise NotBegunError("offline", f"{', '.join(sorted(can))} can rehearse, and is not connected")
    where = "" if room is None else f" on the access point of {room}"
    raise NotBegunError("no-node", f"no node{where} can rehearse: docs/rehearsal.md says how one is set up")
