"""The battery of a node that has one: how full it is, as the kernel's fuel gauge says.

``sample`` runs on the sensor's own thread, once a period, and reads one file of sysfs
(linux/Documentation/ABI/testing/sysfs-class-power).
"""

from __future__ import annotations

from pathlib import Path

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.driver import Context, DriverError, DriverSpec, Option, SensorConfig

SUPPLIES = Path("/sys/class/power_supply")
"""What the kernel knows of power: one folder a battery or a charger."""
_FULL_PERCENT = 100


class BatteryDriver:
    """Reads one battery.

    Args:
        config: Its options.
        context: The daemon's.
        supplies: Where sysfs lists power supplies; tests give a folder with the same files.
    """

    def __init__(self, config: SensorConfig, context: Context, supplies: Path = SUPPLIES) -> None:
        self._name = config.name
        self._clock = context.clock
        self._file = supplies / config.options["supply"] / "capacity" if config.options["supply"] else None
        self._supplies = supplies

    def sample(self) -> list[Reading]:
        """How full it is now.

        Raises:
            DriverError: There is no battery, or no longer.
        """
        file = self._file or self._found()
        try:
            text = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise DriverError(f"{file}: cannot be read; ls {self._supplies} lists what the kernel knows") from error
        is_percent = text.isdigit() and len(text) < 4 and int(text) <= _FULL_PERCENT  # noqa: PLR2004 - digits of 100
        value = float(text) if is_percent else None
        return [Reading(self._name, self._clock.now_ts(), value, None if is_percent else "not-told")]

    def _found(self) -> Path:
        """The gauge of the first battery that tells how full it is; a keyboard's or mouse's own is none of the node."""
        for folder in sorted(self._supplies.glob("*")):
            scope, kind = _word(folder / "scope"), _word(folder / "type")
            if kind == "Battery" and scope != "Device" and (folder / "capacity").exists():
                return folder / "capacity"
        raise DriverError(f"{self._supplies}: no battery that tells how full it is; see docs/wiring.md")

    def close(self) -> None:
        """Nothing is held between samples."""


def _word(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """One channel, of the sensor's own name."""
    return (Channel(config.name, "battery", config.period_s, config.room, config.label),)


DRIVER = DriverSpec(
    name="battery",
    kind="outlets",
    text="How full the node's own battery is",
    wiring=(
        "no wiring beyond the battery board: one whose fuel gauge the kernel knows, such as a MAX17040 "
        "(dtoverlay=i2c-sensor,max17040 in /boot/firmware/config.txt); it is then in /sys/class/power_supply"
    ),
    options=(
        Option("supply", "str", "its folder in /sys/class/power_supply; the first battery there unless given", ""),
    ),
    period_s=300.0,
    channels=channels,
    open=BatteryDriver,
)
