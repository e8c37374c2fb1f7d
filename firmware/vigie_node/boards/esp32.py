"""An ESP32, S2, S3 or C3."""

import machine  # type: ignore[import-not-found]  # MicroPython's
import network  # type: ignore[import-not-found]  # MicroPython's

from vigie_node.boards.chip import Chip


class Esp32(Chip):
    """An ESP32."""

    name = "ESP32"
    WATCHDOG_MS = 15_000

    def join(self, ssid: str, password: str) -> None:
        self._wlan.active(True)
        self._wlan.config(pm=self._wlan.PM_NONE)
        super().join(ssid, password)

    def reset_cause(self) -> str:
        causes = {
            machine.PWRON_RESET: "power",
            machine.HARD_RESET: "pin",
            machine.WDT_RESET: "watchdog",
            machine.SOFT_RESET: "software",
        }
        return causes.get(machine.reset_cause(), "unknown")

    def name_point(self, point: network.WLAN, name: str, password: str) -> None:
        point.config(ssid=name, password=password, security=network.AUTH_WPA2_PSK)
