"""The machine that the gateway runs on: heat, supply voltage, room on the disk. Read anew for each health report.

Everything here is a file of Linux's sysfs, which a Raspberry Pi has and other machines have in part: what is not there
is unknown. Nothing is started and nothing is kept open.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie_gateway.doctor.storage import LEAST_FREE_MB, LOW_FREE_MB

SYSFS = Path("/sys")
_MB = 1024 * 1024
CPU_ZONES = ("cpu-thermal", "cpu_thermal", "x86_pkg_temp", "soc-thermal", "soc_thermal")
"""Thermal zones that are the processor's, in the order asked: the Pi's own (Linux 5.x and 6.x), then a PC's, then other
boards'. A zone of something else would tell of a radio's heat."""
HOT_CELSIUS = 80.0
"""From here on a Pi slows its processor down (raspberrypi/documentation, "Thermal throttling"). Lower warns each
summer; higher tells when the board is slow already."""
UNDER_VOLTAGE_NOW, UNDER_VOLTAGE_SINCE_BOOT = 1 << 0, 1 << 16
SLOWED_NOW = 1 << 2
"""Bits of the firmware's get_throttled (raspberrypi/documentation, "vcgencmd get_throttled")."""


@dataclass(frozen=True, slots=True)
class MachineState:
    """The machine now; None is not known.

    Attributes:
        cpu_celsius: Of the processor.
        is_under_voltage: Whether the supply is below 4.63 V now.
        was_under_voltage: Whether it was since the machine was started.
        is_slowed: Whether the processor is slowed down now, for heat or voltage.
        disk_free_bytes: Where the database is.
        disk_bytes: Of that file system.
    """

    cpu_celsius: float | None
    is_under_voltage: bool | None
    was_under_voltage: bool | None
    is_slowed: bool | None
    disk_free_bytes: int | None
    disk_bytes: int | None


def machine_parts(machine: MachineState) -> dict[str, dict[str, Any]]:
    """The machine as parts of the health report: their status is ``unknown`` where it cannot tell."""
    heat = "unknown" if machine.cpu_celsius is None else "warn" if machine.cpu_celsius >= HOT_CELSIUS else "pass"
    return {
        "disk": {
            "status": _disk_status(machine.disk_free_bytes),
            "free_bytes": machine.disk_free_bytes,
            "size_bytes": machine.disk_bytes,
        },
        "heat": {"status": heat, "cpu_celsius": machine.cpu_celsius},
        "supply": {
            "status": _supply_status(machine),
            "is_low": machine.is_under_voltage,
            "was_low": machine.was_under_voltage,
            "is_slowed": machine.is_slowed,
        },
    }


def _disk_status(free_bytes: int | None) -> str:
    if free_bytes is None:
        return "unknown"
    free_mb = free_bytes / _MB
    return "fail" if free_mb < LEAST_FREE_MB else "warn" if free_mb < LOW_FREE_MB else "pass"


def _supply_status(machine: MachineState) -> str:
    if machine.is_under_voltage is None:
        return "unknown"
    return "fail" if machine.is_under_voltage else "warn" if machine.was_under_voltage else "pass"


class Machine:
    """Reads the state.

    Args:
        folder: Of the database.
        sysfs: Where sysfs is; tests give a folder with the same files.
    """

    def __init__(self, folder: Path, sysfs: Path = SYSFS) -> None:
        self._folder = folder
        self._sysfs = sysfs

    def state(self) -> MachineState:
        """As it is now."""
        throttled = throttled_bits(self._sysfs)
        alarm = voltage_alarm(self._sysfs) if throttled is None else None
        free = size = None
        with contextlib.suppress(OSError):
            usage = shutil.disk_usage(self._folder)
            free, size = usage.free, usage.total
        return MachineState(
            cpu_celsius=self._cpu_celsius(),
            is_under_voltage=alarm if throttled is None else bool(throttled & UNDER_VOLTAGE_NOW),
            was_under_voltage=None if throttled is None else bool(throttled & UNDER_VOLTAGE_SINCE_BOOT),
            is_slowed=None if throttled is None else bool(throttled & SLOWED_NOW),
            disk_free_bytes=free,
            disk_bytes=size,
        )

    def _cpu_celsius(self) -> float | None:
        folders = sorted(self._sysfs.glob("class/thermal/thermal_zone*"))
        zones = {name: folder for folder in folders for name in _lines(folder / "type")}
        for name in CPU_ZONES:
            if name in zones:
                for text in _lines(zones[name] / "temp"):
                    with contextlib.suppress(ValueError):
                        return int(text) / 1000
        return None


def throttled_bits(sysfs: Path = SYSFS) -> int | None:
    """The firmware's get_throttled; None where there is none. The doctor asks too.

    It is hexadecimal without a prefix; a Pi 5 has its bus address in the folder's name.
    """
    for path in sorted(sysfs.glob("devices/platform/soc*/soc*:firmware/get_throttled")):
        for text in _lines(path):
            with contextlib.suppress(ValueError):
                return int(text, 16)
    return None


def voltage_alarm(sysfs: Path = SYSFS) -> bool | None:
    """Whether the supply is low by the kernel's own driver, which tells of now alone; None where there is none."""
    for folder in sorted(sysfs.glob("class/hwmon/hwmon*")):
        if "rpi_volt" in _lines(folder / "name"):
            for text in _lines(folder / "in0_lcrit_alarm"):
                return text == "1"
    return None


def _lines(path: Path) -> Iterator[str]:
    """The file's one line; nothing where there is none, or the driver will not tell."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        yield path.read_text(encoding="ascii").strip()
