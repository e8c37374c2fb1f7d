"""Is the clock right, and why is it believed? Pure; called by ``watch`` on the ingest thread and by ``clock show``.

The kernel's word comes first: an NTP client has told it how far off its clock is. Next, what was said earlier in this
boot, by the kernel, the battery-backed clock or a person, holds for as long as nobody has moved the clock since: wall
and monotonic time are slewed together, so that their distance changes by nothing but a step. Last, a battery-backed
clock that agrees.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

STEP_S = 1.0
"""Wall and monotonic time that part by more than this: the clock was set. Lower would take the moment between reading
the two for a step; higher would let dates be wrong by as much unseen."""
HOLD_S = 30 * 86_400.0
"""How long a clock that was right is believed while nobody corrects it. A Pi's crystal goes wrong by up to 100 ppm, 9 s
a day: after a month by 4 minutes. Lower stops storing in a long outage of the uplink, though the dates would do (the
kernel's own flag falls after 9 hours); higher lets the dates of two places drift apart."""
RTC_AGREES_S = 300.0
"""How far the battery-backed clock may be off the system's. Lower refuses one that has run by itself for some years (a
good one drifts by a minute a year); higher believes one whose battery gave out and that went on from an old time."""
NOT_BEFORE_TS = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""This software did not exist before: a clock that says so is wrong. Raised with a release, never above its date."""
NOT_AFTER_TS = datetime(2046, 1, 1, tzinfo=UTC).timestamp()
"""Nobody means a later date: it is a typing error, or a battery-backed clock that was never set."""
STORED_AHEAD_S = 120.0
"""How far before the newest stored reading a clock may be: a reading may be that much ahead (``FUTURE_LIMIT_S``)."""


class Witness(StrEnum):
    """Who says that the clock is right."""

    NTP = "ntp"
    RTC = "rtc"
    PERSON = "person"


class Word(NamedTuple):
    """What was said once: that the clock was right when it showed ``at_ts``.

    Attributes:
        witness: Who said so.
        boot: The kernel's id of the boot: another boot has another monotonic clock, and a Pi's wall clock begins anew.
        at_ts: Epoch seconds.
        at_mono: The monotonic clock at that moment.
        is_forced: A person knows that readings with later dates are stored, and means it all the same.
    """

    witness: Witness
    boot: str
    at_ts: float
    at_mono: float
    is_forced: bool = False

    @property
    def offset_s(self) -> float:
        """Wall less monotonic time."""
        return self.at_ts - self.at_mono


@dataclass(frozen=True, slots=True)
class Look:
    """One look at everything that tells about the clock.

    Attributes:
        now_ts: Wall time.
        now_mono: Monotonic time.
        boot: The kernel's id of this boot.
        is_synchronised: The kernel's flag.
        rtc_ts: What the battery-backed clock says; None when there is none.
        word: What was said last; None when nothing was.
        newest_ts: Of the newest stored reading; None when the store is empty.
    """

    now_ts: float
    now_mono: float
    boot: str
    is_synchronised: bool
    rtc_ts: float | None
    word: Word | None
    newest_ts: float | None


@dataclass(frozen=True, slots=True)
class Belief:
    """What follows.

    Attributes:
        witness: Who is believed; None: the clock is not known to be right.
        why: One sentence for a person.
        is_held: Nobody says so now: it was said earlier, and the clock has not been moved since.
    """

    witness: Witness | None
    why: str
    is_held: bool = False

    @property
    def is_known(self) -> bool:
        """Whether the clock is known to be right."""
        return self.witness is not None


def judge(look: Look) -> Belief:
    """Weigh one look."""
    if look.is_synchronised:
        return Belief(Witness.NTP, "the kernel says that an NTP client keeps the clock")
    word_problem = "nobody has vouched for it since this machine started"
    if look.word is not None:
        problem = _what_voids(look.word, look)
        if problem is None:
            return Belief(look.word.witness, _SAID[look.word.witness], is_held=look.word.witness is not Witness.PERSON)
        word_problem = problem
    if look.rtc_ts is None:
        return Belief(None, f"no NTP server answers, there is no battery-backed clock, and {word_problem}")
    rtc_problem = implausible(look.rtc_ts, look.newest_ts)
    if rtc_problem is None and abs(look.rtc_ts - look.now_ts) > RTC_AGREES_S:
        rtc_problem = f"is {abs(look.rtc_ts - look.now_ts):.0f} s off the system's"
    if rtc_problem is None:
        return Belief(Witness.RTC, "the battery-backed clock says the same")
    return Belief(None, f"no NTP server answers, the battery-backed clock {rtc_problem}, and {word_problem}")


_SAID = {
    Witness.NTP: "an NTP client kept it earlier since this machine started, and it has not been moved since",
    Witness.RTC: "the battery-backed clock said the same when it was asked, and it has not been moved since",
    Witness.PERSON: "a person vouched for it since this machine started",
}


def _what_voids(word: Word, look: Look) -> str | None:
    """Why a word says nothing any more; None when it holds."""
    if word.boot != look.boot:
        return "what was said of it was before this machine started"
    if not abs(word.offset_s - (look.now_ts - look.now_mono)) <= STEP_S:  # so that NaN voids it too
        return "it was moved since somebody vouched for it"
    if look.now_mono - word.at_mono > HOLD_S:
        return f"what was said of it is more than {HOLD_S / 86_400:.0f} days old"
    problem = implausible(look.now_ts, None if word.is_forced else look.newest_ts)
    return None if problem is None else f"the time that was vouched for {problem}"


def implausible(at_ts: float, newest_ts: float | None) -> str | None:
    """Why that cannot be the present, as the end of a sentence; None when it can."""
    # Written so that NaN is implausible too.
    if not at_ts >= NOT_BEFORE_TS:
        return f"is before {_day(NOT_BEFORE_TS)}, when this software was made"
    if at_ts > NOT_AFTER_TS:
        return f"is after {_day(NOT_AFTER_TS)}"
    if newest_ts is not None and at_ts < newest_ts - STORED_AHEAD_S:
        return f"is before the newest stored reading, of {iso(newest_ts)}"
    return None


def _day(at_ts: float) -> str:
    return datetime.fromtimestamp(at_ts, UTC).date().isoformat()


def iso(at_ts: float) -> str:
    """A time as a person reads and types it, in UTC."""
    return datetime.fromtimestamp(at_ts, UTC).isoformat(sep=" ", timespec="seconds")
