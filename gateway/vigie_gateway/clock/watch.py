"""The gateway's eye on its own clock: believed or not, since when, and moved by how much.

Built by ``app``; the ingest thread calls ``look`` each round and before each commit. Pages and the health report read
``state`` from other threads: it is replaced whole.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from vigie_contract.clock import Clock
from vigie_gateway.clock import rtc, word
from vigie_gateway.clock.belief import STEP_S, Belief, Look, Witness, Word, implausible, judge

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""Between two full looks (the kernel's flag, the word's file). Lower asks the disk for nothing; higher lets a person
who has vouched wait. Steps are looked for at every call."""
KEEP_EVERY_S = 86_400.0
"""How often the word of a clock that stays right is written anew. Lower wears the card; higher lets ``HOLD_S`` run out
sooner after a restart in an outage."""


@dataclass(frozen=True, slots=True)
class ClockState:
    """What is known of the clock.

    Attributes:
        belief: Whether it is right, and why.
        since_mono: When that began.
        steps: How often it was moved since the gateway started.
        last_step_s: By how much it was moved last; None when never.
        last_step_mono: When that was seen.
        trouble: What keeps a word from being read or kept; None when nothing does.
    """

    belief: Belief
    since_mono: float
    steps: int = 0
    last_step_s: float | None = None
    last_step_mono: float | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a look found anew.

    Attributes:
        step_s: By how much the clock was moved; 0.0 when it was not.
        is_known: Whether it is now known to be right.
    """

    step_s: float
    is_known: bool


class ClockWatch:
    """Watches one clock. ``look`` belongs to one thread."""

    def __init__(
        self,
        clock: Clock,
        word_path: Path | None,
        newest_ts: Callable[[], float | None],
        *,
        boot: str = "",
        read_rtc: Callable[[], float | None] = rtc.read,
    ) -> None:
        """Look for the first time.

        Args:
            clock: The gateway's.
            word_path: Where words are kept; None keeps none (a simulated day).
            newest_ts: Time of the newest stored reading; asked when the kernel does not vouch.
            boot: This boot's id.
            read_rtc: Asks the battery-backed clock.
        """
        self._clock = clock
        self._path = word_path
        self._newest_ts = newest_ts
        self._boot = boot
        self._read_rtc = read_rtc
        self._word: Word | None = None
        self._stamp: tuple[int, int] | None = None
        now_mono = clock.now_mono()
        self._offset_s = clock.now_ts() - now_mono
        self._looked_mono = now_mono
        self.state = ClockState(Belief(None, "it was not looked at yet"), now_mono)
        self._judge(now_mono)
        self._tell()

    @property
    def is_known(self) -> bool:
        """Whether the clock is known to be right."""
        return self.state.belief.is_known

    def since_ts(self) -> float:
        """Since when it is believed, or not, by the clock as it is now."""
        return self._past_ts(self.state.since_mono)

    def last_step_ts(self) -> float | None:
        """When it was last moved, by the clock as it is now; None when never."""
        moved_mono = self.state.last_step_mono
        return None if moved_mono is None else self._past_ts(moved_mono)

    def _past_ts(self, at_mono: float) -> float:
        return self._clock.now_ts() - (self._clock.now_mono() - at_mono)

    def look(self) -> Change | None:
        """Look for a step, and each LOOK_EVERY_S at everything; None when nothing has changed."""
        now_mono = self._clock.now_mono()
        offset_s = self._clock.now_ts() - now_mono
        step_s = offset_s - self._offset_s
        if abs(step_s) <= STEP_S * max(1.0, self._clock.speed):
            # A step is what happens at once: what creeps (the two clocks are not read in one moment) adds up to none.
            self._offset_s = offset_s
            if 0 <= now_mono - self._looked_mono < LOOK_EVERY_S * self._clock.speed:
                return None
            step_s = 0.0
        self._looked_mono = now_mono
        self._offset_s = offset_s
        if step_s:
            log.warning("the clock was moved by %+.1f s", step_s)
            self.state = replace(
                self.state, steps=self.state.steps + 1, last_step_s=round(step_s, 3), last_step_mono=now_mono
            )
        was_known = self.is_known
        self._judge(now_mono)
        if self.is_known != was_known:
            self._tell()
        elif not step_s:
            return None
        return Change(step_s, self.is_known)

    def _judge(self, now_mono: float) -> None:
        trouble = self._read_word()
        is_synchronised = self._clock.is_synchronised()
        belief = judge(
            Look(
                now_ts=self._clock.now_ts(),
                now_mono=now_mono,
                boot=self._boot,
                is_synchronised=is_synchronised,
                rtc_ts=None if is_synchronised else self._read_rtc(),
                word=self._word,
                newest_ts=None if is_synchronised else self._newest_ts(),
            )
        )
        if belief.is_known and not belief.is_held:
            trouble = self._keep(belief, now_mono) or trouble
        if belief != self.state.belief:
            is_same = belief.witness == self.state.belief.witness
            since_mono = self.state.since_mono if is_same else now_mono
            self.state = replace(self.state, belief=belief, since_mono=since_mono)
        if trouble != self.state.trouble:
            if trouble is not None:
                log.warning("%s", trouble)
            self.state = replace(self.state, trouble=trouble)

    def _read_word(self) -> str | None:
        """Take over what the file says, if it changed; why it cannot be read, else None."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
        except OSError:
            stamp = None
        if stamp == self._stamp:
            return self.state.trouble
        self._stamp = stamp
        try:
            self._word = word.read(self._path)
        except word.WordError as error:
            self._word = None
            return str(error)
        return None

    def _keep(self, belief: Belief, now_mono: float) -> str | None:
        """Let a restart know what is believed now; a person's word is on the disk already, and is not renewed."""
        if self._path is None or belief.witness is None or belief.witness is Witness.PERSON:
            return None
        now_ts = self._clock.now_ts()
        kept = self._word
        is_kept = (
            kept is not None
            and kept.boot == self._boot
            and kept.witness is belief.witness
            and abs(kept.offset_s - (now_ts - now_mono)) <= STEP_S
            and now_mono - kept.at_mono < KEEP_EVERY_S
        )
        if is_kept or implausible(now_ts, None) is not None:
            return None
        self._word = Word(belief.witness, self._boot, now_ts, now_mono)
        try:
            word.write(self._path, self._word)
        except word.WordError as error:
            return str(error)
        return None

    def _tell(self) -> None:
        belief = self.state.belief
        if belief.is_known:
            log.info("the clock is right: %s", belief.why)
        else:
            log.warning(
                "the clock is not known to be right (%s): readings are shown and stay on their nodes; "
                "`vigie-gateway clock set` vouches for it",
                belief.why,
            )
