"""Time is injected: what both daemons believe of it, and that a simulated day is one day in all processes."""

import ctypes
import os
import subprocess
import sys
import time
from threading import Event

import pytest

from vigie_contract import clock
from vigie_contract.clock import CLOCK_VARIABLE, SimulatedClock, SystemClock, clock_from_environment


class _Libc:
    """Stands for the C library: what the kernel would answer."""

    def __init__(self, state: int, maxerror_us: int) -> None:
        self.state = state
        self.maxerror_us = maxerror_us

    def adjtimex(self, pointer: "ctypes._CArgObject") -> int:
        timex = pointer._obj  # type: ignore[attr-defined]  # byref keeps what it points to
        assert timex.modes == 0, "only reads"
        timex.maxerror = self.maxerror_us
        return self.state


@pytest.mark.parametrize(
    ("state", "maxerror_us", "is_right", "why"),
    [
        (0, 1_500, True, "TIME_OK"),
        (1, 1_500, True, "a leap second is announced"),
        (5, 15_999_999, True, "an NTP client that keeps the RTC from being written sets STA_UNSYNC"),
        (5, 16_000_000, False, "nobody has corrected the clock"),
        (0, 16_000_000, False, "the error has grown to the kernel's limit"),
        (-1, 0, False, "a sandbox forbids the question"),
    ],
)
def test_the_kernel_is_believed_as_timedatectl_believes_it(
    monkeypatch: pytest.MonkeyPatch, state: int, maxerror_us: int, is_right: bool, why: str
) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: _Libc(state, maxerror_us))
    assert SystemClock().is_synchronised() is is_right, why


def test_a_system_without_adjtimex_has_no_clock_to_believe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    assert SystemClock().is_synchronised() is False


def test_the_head_of_struct_timex_lies_as_the_kernel_lays_it() -> None:
    """Read through our structure and through the kernel's layout in words, the frequency and the error agree."""
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "adjtimex"):
        pytest.skip("needs Linux")
    ours = clock._Timex()
    assert libc.adjtimex(ctypes.byref(ours)) >= 0, "reading needs no privilege"
    words = (ctypes.c_long * 64)()
    libc.adjtimex(words)
    assert (words[2], clock._Timex.maxerror.offset) == (ours.freq, 3 * ctypes.sizeof(ctypes.c_long))
    assert 0 <= ours.maxerror <= 16_000_000
    assert ctypes.sizeof(ours) >= 208, "room for all that the kernel writes"


def test_the_system_clock_is_the_machines() -> None:
    system = SystemClock()
    before = (time.time(), time.monotonic())
    now = (system.now_ts(), system.now_mono())
    after = (time.time(), time.monotonic())
    assert all(low <= value <= high for low, value, high in zip(before, now, after, strict=True))
    assert system.speed == 1


def test_a_simulated_day_runs_at_its_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    day = SimulatedClock(1_000_000.0, 50.0, 60.0)
    monkeypatch.setattr(time, "monotonic", lambda: 60.0)
    assert day.now_mono() == 600.0
    assert day.now_ts() == 1_000_600.0
    assert day.is_synchronised()


def test_a_simulated_wait_lasts_the_shorter_real_time() -> None:
    waited: list[float | None] = []

    class Recorder(Event):
        def wait(self, timeout: float | None = None) -> bool:
            waited.append(timeout)
            return True

    assert SimulatedClock(0.0, 0.0, 60.0).wait(Recorder(), 30.0)
    assert SimulatedClock(0.0, 0.0, 60.0).wait(Recorder(), -5.0)
    assert SystemClock().wait(Recorder(), -1.0)
    assert waited == [0.5, 0.0, 0.0]


def test_another_process_given_the_same_numbers_reads_the_same_time() -> None:
    """Between two readings here, the other process reads a time that lies between them."""
    day = SimulatedClock(1_760_000_000.25, time.monotonic(), 600.0)
    script = "from vigie_contract.clock import clock_from_environment as c; print(repr(c().now_ts()))"
    before = day.now_ts()
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, CLOCK_VARIABLE: day.to_environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert before < float(done.stdout) < day.now_ts()


def test_the_environment_gives_back_the_very_same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    day = SimulatedClock(1_760_000_000.1, 12.3456789, 59.9)
    monkeypatch.setenv(CLOCK_VARIABLE, day.to_environment())
    again = clock_from_environment()
    assert isinstance(again, SimulatedClock)
    assert (again.start_ts, again.start_mono, again.speed) == (day.start_ts, day.start_mono, day.speed)


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_simulated_day_the_clock_is_the_machines(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.delenv(CLOCK_VARIABLE, raising=False)
    if value is not None:
        monkeypatch.setenv(CLOCK_VARIABLE, value)
    assert isinstance(clock_from_environment(), SystemClock)


@pytest.mark.parametrize("value", ["1", "1,2", "1,2,3,4", "a,b,c", "1,2,0", "1,2,-1", "1,2,nan", "nan,0,1", "1,inf,1"])
def test_a_malformed_day_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(CLOCK_VARIABLE, value)
    with pytest.raises(ValueError, match=r"VIGIE_CLOCK|speed"):
        clock_from_environment()
