"""What a person may say of a room or an outlet, and what of it stands now.

Pure. ``api.corrections`` has a form or a document read here, ``ingest.desk`` stores what comes of it, and the board
asks what stands whenever it makes a view. Everything is kept by the id of a room or outlet: what is said of one that
has left the site file concerns nobody, and stands again should it come back.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from vigie_contract.messages import Channel
from vigie_gateway.place.cells import Freshness
from vigie_gateway.place.site import Site
from vigie_gateway.store import Correction

PEOPLE = "people"
CLOSED = "closed"
OUT_OF_ORDER = "out_of_order"
KINDS = (PEOPLE, CLOSED, OUT_OF_ORDER)

PEOPLE_A_SEAT = 3
"""So many people a seat can be said to be in a room. Lower refuses a concert; higher lets 122 pass for 12."""
LEAST_MOST_PEOPLE = 20
"""A small room can be said to hold so many all the same: a party in a booth."""
MOST_REASON = 200
"""Characters of a reason. Lower cuts a sentence; higher does not fit beside a room."""
LONGEST_S = 366 * 86_400.0
"""How far ahead a closing may end. Higher lets a mistyped year close a room for good."""
FRESH_S = 1_800.0
"""How long a number that no sensor follows is taken for what is true. Lower greys it while the desk still looks; higher
sends visitors to seats that were counted before lunch."""
OLD_S = 7_200.0
"""After so long such a number is forgotten. Lower leaves a room unknown sooner; higher shows what no longer helps."""
PERIOD_S = 1.0
"""Of the series: what is said speaks for the moment it was said in. Longer would claim the time before, too."""


class CorrectionError(ValueError):
    """What was said cannot be taken; one line for a person.

    Attributes:
        field: Which part of it: ``value``, ``reason``, ``until``, ``subject``, ``kind``, or "" for none of them.
        kind: The same for a page: ``number``, ``too-many``, ``no-reason``, ``long``, ``characters``, ``time``,
            ``past``, ``far``, ``unknown``, ``clock``, ``store`` or ``busy``.
    """

    def __init__(self, field: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody says, looked at and not yet dated: the fields of ``Correction`` that they choose."""

    kind: str
    subject: str
    value: int
    reason: str = ""
    until_ts: float | None = None


def most_people(seats: int) -> int:
    """How many people can be said to be in a room of so many seats."""
    return max(LEAST_MOST_PEOPLE, PEOPLE_A_SEAT * seats)


def read_word(
    site: Site, now_ts: float, *, kind: str, subject: str, value: str, reason: str = "", until: str = ""
) -> Word:
    """What a form or a document says, or why it cannot be.

    Args:
        site: Its rooms and outlets are those that there are.
        now_ts: The time.
        kind: One of KINDS.
        subject: Id of a room with seats, or of an outlet.
        value: Digits: people, or 1 and 0.
        reason: Free text; must be given where something is closed or out of order.
        until: Local time of the place, ``2026-11-24T18:00``, or with an offset; "" for none. With a closing only.

    Raises:
        CorrectionError: The first thing that is wrong.
    """
    if kind not in KINDS:
        raise CorrectionError("kind", "unknown", f"kind is {kind[:40]!r}, expected {', '.join(KINDS)}")
    most = _most(site, kind, subject)
    number = _number(value, most)
    is_restriction = kind != PEOPLE and number == 1
    why = _reason(reason, is_needed=is_restriction)
    if until and not (kind == CLOSED and is_restriction):
        raise CorrectionError("until", "time", "until goes with the closing of a room only")
    return Word(kind, subject, number, why, _until(until, site.zone(), now_ts))


def _most(site: Site, kind: str, subject: str) -> int:
    """The greatest value that can be said; raises for what the site does not have."""
    if kind == OUT_OF_ORDER:
        if subject not in {outlet.id for outlet in site.all_outlets()}:
            raise CorrectionError("subject", "unknown", f"no outlet has the id {subject[:40]!r}")
        return 1
    room = next((one for one in site.rooms if one.id == subject and one.seats > 0), None)
    if room is None:
        raise CorrectionError("subject", "unknown", f"no room with seats has the id {subject[:40]!r}")
    return most_people(room.seats) if kind == PEOPLE else 1


def _number(text: str, most: int) -> int:
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit():
        raise CorrectionError("value", "number", f"value is {text[:20]!r}, expected a whole number from 0 to {most}")
    if len(digits.lstrip("0")) > len(str(most)) or int(digits) > most:
        raise CorrectionError("value", "too-many", f"value is {digits[:20]}, expected at most {most}")
    return int(digits)


def _reason(text: str, *, is_needed: bool) -> str:
    reason = " ".join(unicodedata.normalize("NFC", text).split())
    if not reason and is_needed:
        raise CorrectionError("reason", "no-reason", "a reason is needed: others read it on the board")
    if len(reason) > MOST_REASON:
        raise CorrectionError(
            "reason", "long", f"the reason has {len(reason)} characters, expected {MOST_REASON} at most"
        )
    # Control characters, and those that turn the direction of what stands beside them.
    if not reason.isprintable():
        raise CorrectionError("reason", "characters", "the reason holds characters that cannot be printed")
    return reason


def _until(text: str, zone: ZoneInfo, now_ts: float) -> float | None:
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        until_ts = (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError) as error:
        raise CorrectionError("until", "time", f"until is {text[:40]!r}, expected 2026-11-24T18:00") from error
    if until_ts <= now_ts:
        raise CorrectionError("until", "past", f"until is {text[:40]!r}, which is past")
    if until_ts > now_ts + LONGEST_S:
        raise CorrectionError("until", "far", f"until is {text[:40]!r}, expected a time within a year")
    return until_ts


def channel_of(word: Word, site: Site) -> Channel:
    """The channel, of the node ``store.BY_HAND``, that the reading goes to."""
    if word.kind == OUT_OF_ORDER:
        room = next((one.room for one in site.all_outlets() if one.id == word.subject), None)
        return Channel(f"out-of-order-{word.subject}", OUT_OF_ORDER, PERIOD_S, room)
    return Channel(f"{word.kind}-{word.subject}", word.kind, PERIOD_S, word.subject)


def freshness_of(said: Correction, now_ts: float) -> Freshness:
    """How far a number that no sensor follows can be believed; SILENT when it is to be forgotten."""
    age_s = now_ts - said.at_ts
    if age_s <= FRESH_S:
        return Freshness.FRESH
    return Freshness.OLD if age_s <= OLD_S else Freshness.SILENT


class Standing:
    """The last word on each room and outlet. Not safe to use from two threads: the board has its lock."""

    def __init__(self, corrections: Iterable[Correction] = ()) -> None:
        """Take them, oldest first."""
        self._last: dict[tuple[str, str], Correction] = {}
        for one in corrections:
            self.take(one)

    def take(self, correction: Correction) -> bool:
        """Take a later word; False when it is the one that stands already."""
        key = (correction.kind, correction.subject)
        before = self._last.get(key)
        if before is not None and before.at_ts == correction.at_ts and before.author == correction.author:
            return False
        self._last[key] = correction
        return True

    def people_since(self, reset_ts: float, now_ts: float) -> dict[str, Correction]:
        """By room, how many were said to be there since the counts went back to zero."""
        return {
            subject: one
            for (kind, subject), one in self._last.items()
            if kind == PEOPLE and reset_ts < one.at_ts <= now_ts
        }

    def closing(self, room: str, now_ts: float) -> Correction | None:
        """Why a room is closed by hand; None when it is not."""
        one = self._last.get((CLOSED, room))
        if one is None or not one.value or (one.until_ts is not None and now_ts >= one.until_ts):
            return None
        return one

    def defect(self, outlet: str) -> Correction | None:
        """Why an outlet is out of order; None when it is not."""
        one = self._last.get((OUT_OF_ORDER, outlet))
        return one if one is not None and one.value else None
