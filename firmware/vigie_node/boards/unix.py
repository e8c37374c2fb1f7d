"""A board that is a process: for tests, on MicroPython's Unix port and on CPython. Standard input moves its pins.

``pin N 0|1``, ``wifi 0|1``, ``time MS`` (of the epoch), ``time -``, ``rssi DBM``, ``adc PEAK`` (of a sine around the
middle), ``end``.
"""

import math
import os
import select
import sys
import time

from vigie_node.boards.board import Board, I2c
from vigie_node.waveform import STEPS

try:
    from time import ticks_diff, ticks_ms  # type: ignore[attr-defined]  # MicroPython's
except ImportError:

    def ticks_ms() -> int:
        """As MicroPython's."""
        return time.monotonic_ns() // 1_000_000

    def ticks_diff(end: int, start: int) -> int:
        """As MicroPython's."""
        return end - start


class Nobody(I2c):
    """A bus with nothing on it."""

    def writeto(self, address: int, data: bytes) -> object:
        raise OSError(19, "no such device")

    def readfrom(self, address: int, count: int) -> bytes:
        raise OSError(19, "no such device")


class Unix(Board):
    """A process that is told what happens on its pins."""

    name = "unix"

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.is_ended = False
        self._last, self._now_ms = ticks_ms(), 0
        self._poll = select.poll()
        self._poll.register(sys.stdin, select.POLLIN)
        self._edges: list[tuple[int, int, bool]] = []
        self._levels: dict[int, int] = {}
        self._active_low: dict[int, bool] = {}
        self._is_joined = True
        self._wall: tuple[int, int] | None = None
        self._rssi_dbm: int | None = None
        self._peak = 0.0

    def now_ms(self) -> int:
        ticks = ticks_ms()
        self._now_ms += ticks_diff(ticks, self._last)
        self._last = ticks
        return self._now_ms

    def wall_ms(self) -> int | None:
        return None if self._wall is None else self._wall[0] + self.now_ms() - self._wall[1]

    def sleep_ms(self, duration_ms: int) -> None:
        if self._poll.poll(duration_ms):
            line = sys.stdin.readline()
            if line:
                self._told(line.split())
            else:
                self.is_ended = True

    def watch(self, pin: int, active_low: bool) -> bool:
        self._active_low[pin] = active_low
        return bool(self._levels.setdefault(pin, int(active_low))) != active_low

    def edges(self) -> list[tuple[int, int, bool]]:
        found, self._edges = self._edges, []
        return found

    def lost_edges(self) -> int:
        return 0

    def samples(self, adc: int, period_us: int, periods: int) -> list[int]:
        found = []
        for at_us in range(0, period_us * periods, 430):
            value = 0.5 + self._peak * math.sin(2 * math.pi * at_us / period_us)
            found.append(at_us % period_us * STEPS + round(value * (STEPS - 1)))
        return found

    def i2c(self, sda: int, scl: int) -> I2c:
        return Nobody()

    def join(self, ssid: str, password: str) -> None:
        pass

    def is_joined(self) -> bool:
        return self._is_joined

    def rssi_dbm(self) -> int | None:
        return self._rssi_dbm

    def ask_time(self, host: str) -> None:
        pass

    def free_bytes(self) -> int:
        try:
            from gc import mem_free  # type: ignore[attr-defined]  # MicroPython's
        except ImportError:
            return 0
        return int(mem_free())

    def reset_cause(self) -> str:
        return "software"

    def random_id(self, letters: int) -> str:
        return "".join(["abcdefghijklmnopqrstuvwxyz012345"[byte & 31] for byte in os.urandom(letters)])

    def feed(self) -> None:
        pass

    def restart(self) -> None:
        self.is_ended = True

    def _told(self, words: list[str]) -> None:
        if words[0] == "pin":
            pin, level = int(words[1]), int(words[2])
            if self._levels.get(pin) != level:
                self._levels[pin] = level
                if pin in self._active_low:
                    self._edges.append((self.now_ms(), pin, bool(level) != self._active_low[pin]))
        elif words[0] == "wifi":
            self._is_joined = words[1] == "1"
        elif words[0] == "time":
            self._wall = None if words[1] == "-" else (int(words[1]), self.now_ms())
        elif words[0] == "rssi":
            self._rssi_dbm = int(words[1])
        elif words[0] == "adc":
            self._peak = float(words[1])
        elif words[0] == "end":
            self.is_ended = True
