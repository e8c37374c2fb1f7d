"""What a Pico W, a Pico 2 W and an ESP32 have in common in MicroPython; their own files say the rest."""

import gc
import os
import time

import machine  # type: ignore[import-not-found]  # MicroPython's
import network  # type: ignore[import-not-found]  # MicroPython's

from vigie_node.boards.board import Board, I2c
from vigie_node.boards.pins import Edges, samples
from vigie_node.files import replace

I2C_HZ = 50_000
"""Lower holds the loop for longer, 9 bytes for 2 ms; higher fails on a metre of wire."""
I2C_STRETCH_US = 50_000
UNIX_2000_S = 946_684_800
"""From 1970 to 2000, where the time of an ESP32 begins."""


class Chip(Board):
    """A chip with Wi-Fi.

    Attributes:
        WATCHDOG_MS: Without a round, after which it starts again.
    """

    WATCHDOG_MS = 8_300

    def __init__(self) -> None:
        self.folder = ""
        self._edges = Edges()
        self._wlan = network.WLAN(network.STA_IF)
        self._watchdog: machine.WDT | None = None
        self._wall: "tuple[int, int] | None" = None

    def now_ms(self) -> int:
        return self._edges.now_ms()

    def wall_ms(self) -> "int | None":
        return None if self._wall is None else self._wall[0] + self.now_ms() - self._wall[1]

    def sleep_ms(self, duration_ms: int) -> None:
        time.sleep_ms(duration_ms)  # type: ignore[attr-defined]  # MicroPython's

    def watch(self, pin: int, active_low: bool) -> bool:
        return self._edges.watch(pin, active_low)

    def edges(self) -> list[tuple[int, int, bool]]:
        return self._edges.drain()

    def lost_edges(self) -> int:
        return self._edges.lost

    def samples(self, adc: int, period_us: int, periods: int) -> list[int]:
        return samples(adc, period_us, periods)

    def i2c(self, sda: int, scl: int) -> I2c:
        # In software: any two pins will do, and a sensor that holds the clock for long is waited for.
        bus: I2c = machine.SoftI2C(scl=machine.Pin(scl), sda=machine.Pin(sda), freq=I2C_HZ, timeout=I2C_STRETCH_US)
        return bus

    def join(self, ssid: str, password: str) -> None:
        self._wlan.active(True)
        try:
            self._wlan.disconnect()
            self._wlan.connect(ssid, password)
        except OSError:
            pass  # an ESP32 that is still trying says so; the link tries again

    def is_joined(self) -> bool:
        return bool(self._wlan.isconnected())

    def rssi_dbm(self) -> "int | None":
        try:
            return int(self._wlan.status("rssi")) or None
        except (OSError, ValueError):
            return None

    def ask_time(self, host: str) -> None:
        import ntptime  # type: ignore[import-not-found]  # MicroPython's

        ntptime.host, ntptime.timeout = host, 0.5
        try:
            epoch_s = ntptime.time()
        except (OSError, IndexError, OverflowError):
            return
        # Ports whose year zero is 2000 say so.
        epoch_s += UNIX_2000_S if time.gmtime(0)[0] == 2000 else 0
        self._wall = (epoch_s * 1_000, self.now_ms())

    def free_bytes(self) -> int:
        gc.collect()
        return int(gc.mem_free())  # type: ignore[attr-defined]  # MicroPython's

    def random_id(self, letters: int) -> str:
        return "".join(["abcdefghijklmnopqrstuvwxyz012345"[byte & 31] for byte in os.urandom(letters)])

    def feed(self) -> None:
        if self._watchdog is None:
            self._watchdog = machine.WDT(timeout=self.WATCHDOG_MS)
        self._watchdog.feed()

    def restart(self) -> None:
        machine.reset()

    def open_access_point(self) -> str:
        # A password of its own, made once: what is typed on the page holds that of the place's Wi-Fi.
        path = self.folder + "/label"
        try:
            with open(path) as file:
                password = file.read()
        except OSError:
            password = self.random_id(12)
            replace(path, password.encode())
        name = "vigie-" + self._suffix()
        point = network.WLAN(network.AP_IF)
        self.name_point(point, name, password)
        point.active(True)
        address = str(point.ifconfig()[0])
        print("set-up: Wi-Fi " + name + ", password " + password + ", then http://" + address + "/")
        return address

    def _suffix(self) -> str:
        return "".join(["%02x" % byte for byte in machine.unique_id()[-2:]])

    def name_point(self, point: object, name: str, password: str) -> None:
        """Give the network its name and password, as this chip wants it."""
        raise NotImplementedError
