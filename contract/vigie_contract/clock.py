"""Time, injected: what now is, how long ago, and whether that can be believed.

Both daemons build one clock and hand it down; nothing else asks the operating system for the time. The clock of a
simulated day runs faster than the wall's, and is the same in every process that is given the same three numbers.
"""

from __future__ import annotations

import ctypes
import math
import os
import time
from threading import Event
from typing import Protocol

CLOCK_VARIABLE = "VIGIE_CLOCK"
"""Environment: ``start_ts,start_mono,speed`` of a simulated day; absent on a real place."""


class Clock(Protocol):
    """Wall and monotonic time, in seconds."""

    speed: float
    """How many of its seconds pass in a real one: 1 but in a simulated day."""

    def now_ts(self) -> float:
        """Epoch seconds."""

    def now_mono(self) -> float:
        """Monotonic seconds, for durations; steps of the wall clock do not touch it."""

    def wait(self, event: Event, duration_s: float) -> bool:
        """Wait for the event at most so long; whether it was set."""

    def is_synchronised(self) -> bool:
        """Whether ``now_ts`` can be believed."""


class SystemClock:
    """The machine's own clocks."""

    speed = 1.0

    def now_ts(self) -> float:
        """Epoch seconds."""
        return time.time()

    def now_mono(self) -> float:
        """Seconds of CLOCK_MONOTONIC."""
        return time.monotonic()

    def wait(self, event: Event, duration_s: float) -> bool:
        """Wait in real time."""
        return event.wait(max(0.0, duration_s))

    def is_synchronised(self) -> bool:
        """Whether the kernel has been told how far off its clock is, by whichever NTP client runs (adjtimex(2))."""
        return _kernel_clock_is_synchronised()


class SimulatedClock:
    """A day that runs ``speed`` times faster than the wall, equal in all processes given the same start."""

    def __init__(self, start_ts: float, start_mono: float, speed: float) -> None:
        """Begin.

        Args:
            start_ts: What the simulated wall clock says at ``start_mono``.
            start_mono: CLOCK_MONOTONIC of the machine when the day began.
            speed: Simulated seconds in a real one, above 0.
        """
        if not speed > 0:
            raise ValueError(f"speed is {speed}, expected a number above 0")
        self.start_ts = start_ts
        self.start_mono = start_mono
        self.speed = speed

    def now_ts(self) -> float:
        """Simulated epoch seconds."""
        return self.start_ts + self.now_mono()

    def now_mono(self) -> float:
        """Simulated seconds since the day began."""
        return (time.monotonic() - self.start_mono) * self.speed

    def wait(self, event: Event, duration_s: float) -> bool:
        """Wait for simulated seconds."""
        return event.wait(max(0.0, duration_s / self.speed))

    def is_synchronised(self) -> bool:
        """A simulated day is always right."""
        return True

    def to_environment(self) -> str:
        """The value of CLOCK_VARIABLE that makes another process's clock equal to this one."""
        return f"{self.start_ts!r},{self.start_mono!r},{self.speed!r}"


def set_system_clock(to_ts: float) -> None:
    """Set the machine's clock.

    Raises:
        OSError: This process may not, or the kernel cannot show such a time.
    """
    time.clock_settime(time.CLOCK_REALTIME, to_ts)


def clock_from_environment() -> Clock:
    """The simulated clock that CLOCK_VARIABLE describes, else the machine's; ValueError when it is malformed."""
    described = os.environ.get(CLOCK_VARIABLE)
    if not described:
        return SystemClock()
    try:
        start_ts, start_mono, speed = (float(part) for part in described.split(","))
        if not (math.isfinite(start_ts) and math.isfinite(start_mono) and math.isfinite(speed)):
            raise ValueError("not finite")  # noqa: TRY301 - one message for all that is malformed
    except ValueError as error:
        raise ValueError(f"{CLOCK_VARIABLE} is {described!r}, expected start_ts,start_mono,speed") from error
    return SimulatedClock(start_ts, start_mono, speed)


_UNSYNCHRONISED_US = 16_000_000
"""The kernel's NTP_PHASE_LIMIT: it lets the estimated error of a clock that nobody corrects grow up to this. Lower
would doubt a clock whose NTP client has been quiet for some hours; higher is never reached."""


class _Timex(ctypes.Structure):
    """The head of struct timex (adjtimex(2)); the rest is only room for the kernel to write to."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_char * 480),
    )


def _kernel_clock_is_synchronised() -> bool:
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "adjtimex"):
        return False
    timex = _Timex()  # zeroed: modes 0 asks to read only, which needs no privilege
    state = libc.adjtimex(ctypes.byref(timex))
    # As timedatectl judges. Not by STA_UNSYNC: an NTP client that keeps the kernel from writing the RTC sets it too.
    return bool(state >= 0 and timex.maxerror < _UNSYNCHRONISED_US)
