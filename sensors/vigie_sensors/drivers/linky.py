"""The French meter's own output (TIC): apparent power, subscribed limit, energy and current.

``sample`` runs on the sensor's own thread, once a period, and waits for the next whole frame, 1 to 3 seconds; ``tic``
checks and reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.driver import REQUIRED, Context, DriverError, DriverSpec, Option, SensorConfig
from vigie_sensors.tic import Frame, Meter, TicReader, read_meter

FRAME_WAIT_S = 6.0
"""For a whole frame. Lower misses the longest of historical mode when begun in the middle of one (about 5 s);
higher delays the word that the wire is off."""
READ_WAIT_S = 0.25
"""For bytes. Lower wakes the processor more often, higher overruns the wait for a frame by as much."""
BAUD = {"historical": 1_200, "standard": 9_600}

_OPTIONS = (
    Option("device", "str", "Serial port: /dev/ttyS0 (the Pi's pins), /dev/ttyUSB0 (USB adapter)", REQUIRED),
    Option(
        "mode",
        "str",
        "As the meter's display says under TIC; auto tries one after the other",
        "auto",
        choices=("auto", "historical", "standard"),
    ),
)
_WIRING = """\
I1 and I2 under the meter's lower cover (low voltage, the user's side; A feeds an adapter where it needs power) to a USB
TIC adapter; or through an optocoupler (SFH620A-3 or LTV814, 1 kΩ before its input), collector to GPIO15 (RXD) with
4.7 kΩ to 3.3 V, emitter to GND. On the pins: raspi-config, serial port on, login shell over serial off. The user must
be in the group dialout."""
_FIGURES = (
    ("va", "apparent_power", "apparent_power_va"),
    ("subscribed", "subscribed_power", "subscribed_power_va"),
    ("energy", "energy", "energy_wh"),
    ("current", "current", "current_a"),
)
"""Suffix, quantity, and the Meter's attribute."""


class Linky:
    """One meter."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        self._name = config.name
        self._clock = context.clock
        self._device: str = config.options["device"]
        mode = config.options["mode"]
        self._modes = tuple(BAUD) if mode == "auto" else (mode,)
        self._reader = TicReader()
        with self._told("absent"):
            import serial

            # The line is 7E1. Read as 8N1 the same bits arrive, the parity as eighth, which the reader takes off:
            # some USB adapters, and every pseudo-terminal, know 8N1 only.
            self._serial = serial.Serial(self._device, BAUD[self._modes[0]], timeout=READ_WAIT_S, exclusive=True)

    def sample(self) -> list[Reading]:
        """What the next frame tells.

        Raises:
            DriverError: The port is gone, or no frame came.
        """
        frame = self._next_frame()
        meter = read_meter(frame)
        # A group that was damaged on its way is told again in the next frame, one that is not there never is.
        reason = "failed" if frame.rejected else "not-told"
        return list(self._readings(meter, reason))

    def _readings(self, meter: Meter, reason: str) -> Iterator[Reading]:
        now_ts = self._clock.now_ts()
        for suffix, _, attribute in _FIGURES:
            value = getattr(meter, attribute)
            known = value is not None
            yield Reading(f"{self._name}-{suffix}", now_ts, float(value) if known else None, None if known else reason)

    def _next_frame(self) -> Frame:
        for mode in self._modes:
            with self._told("failed"):
                self._serial.baudrate = BAUD[mode]
                # What waited in the port is as old as the last sample.
                self._serial.reset_input_buffer()
                self._reader = TicReader()
                frame = self._wait_for_frame()
            if frame is not None:
                self._modes = (mode,)
                return frame
        modes = " or ".join(f"{mode} mode ({BAUD[mode]} baud)" for mode in self._modes)
        raise DriverError(f"{self._device}: no meter in {modes}: check the wire on I1 and I2, and the mode")

    def _wait_for_frame(self) -> Frame | None:
        deadline_mono = self._clock.now_mono() + FRAME_WAIT_S * self._clock.speed
        while self._clock.now_mono() < deadline_mono:
            data = self._serial.read(max(1, self._serial.in_waiting))
            for frame in self._reader.feed(data):
                if frame.values:
                    return frame
        return None

    @contextmanager
    def _told(self, reason: str) -> Iterator[None]:
        """Turn what pyserial raises into a DriverError."""
        try:
            yield
        except ImportError as error:
            raise DriverError(f"{self._device}: pyserial is missing, install python3-serial") from error
        # SerialException is an OSError; termios.error, which pyserial lets through, is only an Exception.
        except Exception as error:
            raise _serial_error(self._device, error, reason) from error

    def close(self) -> None:
        """Close the port."""
        with suppress(Exception):
            self._serial.close()


def _serial_error(device: str, error: Exception, reason: str) -> DriverError:
    said = str(error)
    if "No such file" in said:
        return DriverError(f"{device}: no such port: is the adapter plugged in, or the Pi's serial port turned on?")
    if "ermission denied" in said:
        return DriverError(f"{device}: may not be opened, add the user to the group dialout")
    if "exclusively lock" in said or "busy" in said.lower():
        return DriverError(f"{device}: in use by another program (a login shell over serial?)", "busy")
    return DriverError(f"{device}: {said.splitlines()[0] if said else type(error).__name__:.160}", reason)


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """``{name}-va``: apparent_power; ``-subscribed``: subscribed_power; ``-energy``: energy; ``-current``: current."""
    return tuple(
        Channel(f"{config.name}-{suffix}", quantity, config.period_s, config.room, config.label)
        for suffix, quantity, _ in _FIGURES
    )


DRIVER = DriverSpec(
    name="linky",
    kind="outlets",
    text="Apparent power, subscribed limit, energy and current: the TIC output of a French meter",
    wiring=_WIRING,
    options=_OPTIONS,
    period_s=10.0,
    channels=channels,
    open=Linky,
)
