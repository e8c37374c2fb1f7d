"""A person's word on the clock: checked, set where asked, kept for the gateway that runs. For ``commands.clock``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from vigie_contract.clock import Clock, SystemClock, set_system_clock
from vigie_gateway.clock import rtc, word
from vigie_gateway.clock.belief import Belief, Look, Witness, Word, implausible, iso, judge
from vigie_gateway.store.newest import newest_ts


def _command() -> str:
    """What to type: the program is in no folder that a shell looks through."""
    return f"sudo {Path(sys.executable).with_name('vigie-gateway')} clock set"


class RefusedError(Exception):
    """The word is not taken; one line for a person, with what to do."""


class Vouching:
    """The clock of this machine and what is kept of it beside one database."""

    def __init__(
        self, database: Path, clock: Clock | None = None, set_clock: Callable[[float], None] = set_system_clock
    ) -> None:
        """Look at this machine.

        Args:
            database: Of the gateway; the word stands beside it.
            clock: This machine's when None.
            set_clock: Sets it; PermissionError when this process may not.

        Raises:
            StoreError: The database cannot be read.
            WordError: The boot's id is not known.
        """
        self._clock = clock or SystemClock()
        self._set_clock = set_clock
        self._path = word.path_beside(database)
        self._boot = word.boot_id()
        self._newest_ts = newest_ts(database)

    def belief(self) -> Belief:
        """What a gateway with this database believes.

        Raises:
            WordError: What is kept cannot be read.
        """
        return judge(
            Look(
                now_ts=self._clock.now_ts(),
                now_mono=self._clock.now_mono(),
                boot=self._boot,
                is_synchronised=self._clock.is_synchronised(),
                rtc_ts=rtc.read(),
                word=word.read(self._path),
                newest_ts=self._newest_ts,
            )
        )

    def told(self) -> str:
        """The time and what is believed of it, as lines.

        Raises:
            WordError: What is kept cannot be read.
        """
        belief = self.belief()
        lines = [f"time: {iso(self._clock.now_ts())}", f"believed: {'yes' if belief.is_known else 'no'}, {belief.why}"]
        if self._newest_ts is not None:
            lines.append(f"newest stored reading: {iso(self._newest_ts)}")
        if not belief.is_known:
            lines.append(f"{_command()} TIME vouches for the time; without TIME, for the one above")
        return "\n".join(lines)

    def vouch(self, moment: datetime | None, *, is_forced: bool) -> str:
        """Set the clock where a moment is given, and keep the word; returns a line for a person.

        Raises:
            RefusedError: It cannot be now, or the clock may not be set by this user.
            WordError: The word could not be kept; the clock may have been set.
        """
        at_ts = self._clock.now_ts() if moment is None else moment.timestamp()
        problem = implausible(at_ts, None if is_forced else self._newest_ts)
        if problem is not None:
            raise RefusedError(self._refusal(at_ts, problem))
        if moment is not None:
            try:
                self._set_clock(at_ts)
            except OSError as error:
                command = f"{_command()} {moment.isoformat()}"
                raise RefusedError(f"this user may not set the clock ({error.strerror}): {command}") from error
        now_ts, now_mono = self._clock.now_ts(), self._clock.now_mono()
        word.write(self._path, Word(Witness.PERSON, self._boot, now_ts, now_mono, is_forced))
        return f"{iso(now_ts)} is vouched for until this machine starts again or its clock is moved"

    @staticmethod
    def _refusal(at_ts: float, problem: str) -> str:
        if "stored" in problem:
            return f"{iso(at_ts)} {problem}: give the right TIME, or --force if that reading's date was wrong"
        return f"{iso(at_ts)} {problem}: give the right TIME, such as 2026-06-21T09:30"
