"""A Raspberry Pi Pico W or Pico 2 W."""

import os

import machine  # type: ignore[import-not-found]  # MicroPython's
import network  # type: ignore[import-not-found]  # MicroPython's

from vigie_node.boards.chip import Chip

NO_POWER_SAVE = 0xA11140
"""Of the radio, as the Pico's C SDK names it: with power saving, what arrives waits for tenths of a second."""


class Rp2(Chip):
    """A Pico."""

    WATCHDOG_MS = 8_300  # its hardware counts to 8,388

    def __init__(self) -> None:
        super().__init__()
        self.name = "Pico 2 W" if "RP2350" in os.uname().machine else "Pico W"

    def join(self, ssid: str, password: str) -> None:
        self._wlan.active(True)
        self._wlan.config(pm=NO_POWER_SAVE)
        super().join(ssid, password)

    def reset_cause(self) -> str:
        # The chip tells a reset that was asked for by its watchdog too: both keep the supply.
        return {machine.PWRON_RESET: "power", machine.WDT_RESET: "watchdog"}.get(machine.reset_cause(), "unknown")

    def name_point(self, point: network.WLAN, name: str, password: str) -> None:
        point.config(essid=name, password=password)
