"""current, pulse and mains on gpiozero's mock pins and SPI, linky on a pseudo-terminal with the real pyserial."""

from __future__ import annotations

import math
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from gpiozero.pins.mock import MockSPIDevice

from vigie_contract.clock import SystemClock
from vigie_contract.quantities import QUANTITIES
from vigie_sensors.driver import Context, DriverError
from vigie_sensors.drivers import current, linky, mains, pulse


def values(driver: Any) -> dict[str, Any]:
    """By channel, the value, or the reason where it is unknown."""
    return {reading.channel: reading.reason or reading.value for reading in driver.sample()}


@pytest.mark.parametrize(
    ("spec", "given", "expected"),
    [
        (current.DRIVER, {"channel": 0}, {"s-current": "current", "s-va": "apparent_power", "s-in-use": "in_use"}),
        (pulse.DRIVER, {"pin": 17, "pulses_per_kwh": 1_000.0}, {"s-energy": "energy", "s-power": "power"}),
        (mains.DRIVER, {"pin": 17}, {"s": "mains"}),
        (
            linky.DRIVER,
            {"device": "/dev/ttyS0"},
            {
                "s-va": "apparent_power",
                "s-subscribed": "subscribed_power",
                "s-energy": "energy",
                "s-current": "current",
            },
        ),
    ],
)
def test_channels_are_known_without_hardware(configured: Any, spec: Any, given: Any, expected: Any) -> None:
    found = spec.channels(configured(spec, **given))
    assert {channel.id: channel.quantity for channel in found} == expected
    assert all(channel.quantity in QUANTITIES and channel.room == "big" for channel in found)


class Chip(MockSPIDevice):  # type: ignore[misc] # gpiozero ships no types
    """An MCP3008 whose inputs are a function of the channel and the time."""

    volts: Callable[[int], float]

    def on_bit(self) -> None:
        # Start bit, single-ended bit, three channel bits; then the result follows a null bit. gpiozero pads the
        # command with seven zeros before the start bit.
        if self.rx_bit == 12:
            step = round(self.volts(self.rx_word() & 7) / 3.3 * 1_023)
            self.tx_buf.clear()
            self.tx_word(min(1_023, max(0, step)), 12)


class TickingClock:
    """Goes 0.4 ms at every look, as if a conversion took so long; tests of RMS then need no real time."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self.real_s = 0.0

    def now_mono(self) -> float:
        self.real_s += 0.000_37
        return self.real_s * self.speed

    def now_ts(self) -> float:
        return 1_790_000_000.0 + self.real_s * self.speed

    def wait(self, event: Event, duration_s: float) -> bool:
        self.real_s += duration_s / self.speed
        return event.is_set()

    def is_synchronised(self) -> bool:
        return True


@pytest.fixture
def ticking() -> TickingClock:
    return TickingClock()


@pytest.fixture
def chip(pins: Any) -> Iterator[Any]:
    made = Chip(11, 10, 9, 8, pin_factory=pins)
    made.volts = lambda channel: 1.65
    yield made
    made.close()


def clamp(context: Any, configured: Any, clock: Any, **given: Any) -> Any:
    return current.DRIVER.open(
        configured(current.DRIVER, channel=3, **given), Context(clock, context.run_tool, context.state_directory)
    )


@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_a_clamps_sine_gives_amperes_and_volt_amperes(
    pins: Any, chip: Any, context: Any, configured: Any, speed: float
) -> None:
    """A 30 A/V clamp with 0.1 V RMS: 3 A. The mains keeps its pace in a simulated day."""
    clock = TickingClock(speed)
    chip.volts = lambda channel: 1.65 + (channel == 3) * 0.1 * math.sqrt(2) * math.sin(100 * math.pi * clock.real_s)
    driver = clamp(context, configured, clock)
    found = values(driver)
    assert found["s-current"] == pytest.approx(3, rel=0.03)
    assert found["s-va"] == pytest.approx(690, rel=0.03)
    assert found["s-in-use"] == 1.0
    driver.close()


def test_a_burden_resistor_sets_the_calibration(
    pins: Any, chip: Any, context: Any, configured: Any, ticking: Any
) -> None:
    """2000 turns over 33 Ω: 60.6 A/V."""
    chip.volts = lambda channel: 1.65 + 0.1 * math.sqrt(2) * math.sin(100 * math.pi * ticking.real_s)
    driver = clamp(context, configured, ticking, burden_ohm=33.0, turns=2_000)
    assert values(driver)["s-current"] == pytest.approx(6.06, rel=0.03)
    driver.close()


def test_an_outlet_is_in_use_with_hysteresis_and_noise_is_no_current(
    pins: Any, chip: Any, context: Any, configured: Any, ticking: Any
) -> None:
    amps = 0.0
    chip.volts = lambda channel: 1.65 + amps / 30 * math.sqrt(2) * math.sin(100 * math.pi * ticking.real_s)
    driver = clamp(context, configured, ticking, in_use_above_a=2.0)
    for amps, in_use in ((0.0, 0.0), (1.8, 0.0), (2.4, 1.0), (1.8, 1.0), (1.2, 0.0), (1.8, 0.0)):  # noqa: B007 - read by chip.volts
        assert values(driver)["s-in-use"] == in_use
    amps = 0.03
    assert values(driver)["s-current"] == 0.0
    driver.close()


def test_a_clipped_wave_is_out_of_range(pins: Any, chip: Any, context: Any, configured: Any, ticking: Any) -> None:
    chip.volts = lambda channel: 1.65 + 2 * math.sin(100 * math.pi * ticking.real_s)
    driver = clamp(context, configured, ticking)
    assert set(values(driver).values()) == {"out-of-range"}
    driver.close()


def test_too_few_samples_a_period_are_unknown_never_a_current(
    pins: Any, chip: Any, context: Any, configured: Any, ticking: Any, monkeypatch: Any
) -> None:
    steps = iter(range(1_000))
    driver = clamp(context, configured, ticking)
    monkeypatch.setattr(ticking, "now_mono", lambda: next(steps) * 0.02)
    assert set(values(driver).values()) == {"failed"}
    driver.close()


@pytest.mark.parametrize("volts", [0.0, 3.3])
def test_a_chip_that_does_not_answer_is_absent_not_a_circuit_without_load(
    pins: Any, chip: Any, context: Any, configured: Any, ticking: Any, volts: float
) -> None:
    chip.volts = lambda channel: volts
    driver = clamp(context, configured, ticking)
    with pytest.raises(DriverError, match=r"MCP3008 channel 3 stands at \d\.\d\d V") as caught:
        driver.sample()
    assert caught.value.reason == "absent"
    driver.close()
    clamp(context, configured, ticking).close()


def test_the_mock_bus_is_fast_enough_in_real_time(pins: Any, chip: Any, context: Any, configured: Any) -> None:
    """As in a simulated day: software SPI over mock pins, in real time, a real 50 Hz wave."""
    chip.volts = lambda channel: 1.65 + 0.1 * math.sqrt(2) * math.sin(100 * math.pi * time.monotonic())
    driver = clamp(context, configured, SystemClock())
    for _ in range(10):  # a busy machine may take samples too rarely, and then says so
        found = values(driver)["s-current"]
        if found != "failed":
            break
    assert found == "failed" or found == pytest.approx(3, rel=0.2)
    driver.close()


def test_pulses_are_energy_and_power(pins: Any, context: Any, configured: Any, hand_clock: Any) -> None:
    driver = pulse.DRIVER.open(configured(pulse.DRIVER, pin=17, pulses_per_kwh=1_000.0), context)
    assert values(driver) == {"s-energy": 0.0, "s-power": "starting"}
    for _ in range(11):
        pins.pin(17).drive_low()
        hand_clock.advance(0.05)
        pins.pin(17).drive_high()
        hand_clock.advance(0.95)
    assert values(driver) == {"s-energy": 11.0, "s-power": pytest.approx(3_600)}
    hand_clock.advance(360)
    assert values(driver) == {"s-energy": 11.0, "s-power": pytest.approx(10, rel=0.01)}
    driver.close()


def test_mains_tells_each_change_with_its_time_and_no_blip(
    pins: Any, context: Any, configured: Any, hand_clock: Any
) -> None:
    pins.pin(17)
    driver = mains.DRIVER.open(configured(mains.DRIVER, pin=17), context)
    assert values(driver) == {"s": "starting"}
    pins.pin(17).drive_low()
    hand_clock.advance(5)
    assert values(driver) == {"s": 1.0}
    pins.pin(17).drive_high()
    hand_clock.advance(0.09)
    pins.pin(17).drive_low()
    hand_clock.advance(5)
    assert [reading.value for reading in driver.sample()] == [1.0]
    start_ts = hand_clock.now_ts()
    pins.pin(17).drive_high()
    hand_clock.advance(3)
    pins.pin(17).drive_low()
    hand_clock.advance(2)
    found = [(reading.value, round(reading.at_ts - start_ts, 3)) for reading in driver.sample()]
    assert found == [(0.0, 0.0), (1.0, 3.0), (1.0, 5.0)]
    driver.close()


def group(*parts: str, separator: str = " ") -> bytes:
    text = separator.join(parts).encode()
    summed = text if separator == " " else text + b"\t"
    return b"\n" + text + separator.encode() + bytes([(sum(summed) & 0x3F) + 0x20]) + b"\r"


HISTORICAL = (
    b"\x02" + group("ISOUSC", "30") + group("BASE", "001234") + group("IINST", "004") + group("PAPP", "00920") + b"\x03"
)
STANDARD = b"\x02" + b"".join(
    group(*parts, separator="\t")
    for parts in (("EAST", "001234"), ("IRMS1", "004"), ("PREF", "06"), ("SINSTS", "00920"))
) + b"\x03"  # fmt: skip


@pytest.fixture
def port() -> Iterator[tuple[str, Callable[[bytes], None]]]:
    """A pseudo-terminal: its path, and how to let a meter repeat a frame on it."""
    master, slave = os.openpty()
    done, threads = Event(), []

    def repeat(frame: bytes) -> None:
        def talk() -> None:
            while not done.wait(0.02):
                if select.select([], [master], [], 0)[1]:
                    os.write(master, frame)

        threads.append(Thread(target=talk, daemon=True))
        threads[-1].start()

    yield os.ttyname(slave), repeat
    done.set()
    for thread in threads:
        thread.join()
    os.close(master)
    os.close(slave)


@pytest.fixture
def real_time(context: Any) -> Context:
    return Context(SystemClock(), context.run_tool, context.state_directory)


@pytest.mark.parametrize("frame", [HISTORICAL, STANDARD], ids=["historical", "standard"])
@pytest.mark.parametrize("mode", ["auto", "historical"])
def test_linky_reads_the_meter_on_a_real_serial_port(
    port: Any, real_time: Any, configured: Any, frame: bytes, mode: str
) -> None:
    path, repeat = port
    repeat(frame)
    driver = linky.DRIVER.open(configured(linky.DRIVER, device=path, mode=mode), real_time)
    for _ in range(2):
        assert values(driver) == {"s-va": 920.0, "s-subscribed": 6_000.0, "s-energy": 1_234.0, "s-current": 4.0}
    driver.close()
    linky.DRIVER.open(configured(linky.DRIVER, device=path), real_time).close()


def test_linky_says_what_was_damaged_and_what_was_not_told(port: Any, real_time: Any, configured: Any) -> None:
    path, repeat = port
    repeat(HISTORICAL.replace(b"00920", b"00930").replace(group("ISOUSC", "30"), b""))
    driver = linky.DRIVER.open(configured(linky.DRIVER, device=path), real_time)
    assert values(driver) == {"s-va": "failed", "s-subscribed": "failed", "s-energy": 1_234.0, "s-current": 4.0}
    driver.close()


def test_linky_does_not_make_up_what_a_meter_leaves_out(port: Any, real_time: Any, configured: Any) -> None:
    path, repeat = port
    repeat(b"\x02" + group("PAPP", "00000") + b"\x03")
    driver = linky.DRIVER.open(configured(linky.DRIVER, device=path), real_time)
    assert values(driver) == {"s-va": 0.0, "s-subscribed": "not-told", "s-energy": "not-told", "s-current": "not-told"}
    driver.close()


def test_a_silent_meter_is_absent_and_both_modes_were_tried(
    port: Any, real_time: Any, configured: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(linky, "FRAME_WAIT_S", 0.3)
    driver = linky.DRIVER.open(configured(linky.DRIVER, device=port[0]), real_time)
    with pytest.raises(DriverError, match=r"historical mode .* or standard mode") as caught:
        driver.sample()
    assert caught.value.reason == "absent"
    driver.close()


def test_no_port_is_absent_and_says_what_to_look_at(real_time: Any, configured: Any, tmp_path: Path) -> None:
    with pytest.raises(DriverError, match=r"ttyUSB7: no such port") as caught:
        linky.DRIVER.open(configured(linky.DRIVER, device=str(tmp_path / "ttyUSB7")), real_time)
    assert caught.value.reason == "absent"
    assert "\n" not in str(caught.value)


def test_a_port_in_use_is_busy(port: Any, real_time: Any, configured: Any) -> None:
    held = linky.DRIVER.open(configured(linky.DRIVER, device=port[0]), real_time)
    with pytest.raises(DriverError, match="in use by another program") as caught:
        linky.DRIVER.open(configured(linky.DRIVER, device=port[0]), real_time)
    assert caught.value.reason == "busy"
    held.close()


def test_a_port_that_may_not_be_opened_names_the_group() -> None:
    error = linky._serial_error("/dev/ttyS0", PermissionError(13, "Permission denied"), "absent")
    assert "group dialout" in str(error)


def test_a_file_that_is_no_port_is_told_in_one_line(real_time: Any, configured: Any, tmp_path: Path) -> None:
    (tmp_path / "tty").write_text("")
    with pytest.raises(DriverError) as caught:
        linky.DRIVER.open(configured(linky.DRIVER, device=str(tmp_path / "tty")), real_time)
    assert "\n" not in str(caught.value)


def test_an_unplugged_adapter_is_a_driver_error(real_time: Any, configured: Any) -> None:
    master, slave = os.openpty()
    driver = linky.DRIVER.open(configured(linky.DRIVER, device=os.ttyname(slave)), real_time)
    os.close(slave)
    os.close(master)
    with pytest.raises(DriverError) as caught:
        driver.sample()
    assert caught.value.reason == "failed"
    driver.close()


def test_without_pyserial_the_package_is_named(real_time: Any, configured: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(DriverError, match="python3-serial"):
        linky.DRIVER.open(configured(linky.DRIVER, device="/dev/ttyS0"), real_time)


def test_no_driver_imports_hardware_libraries_before_it_opens(monkeypatch: Any) -> None:
    assert not any(
        hasattr(module, name) for module in (current, linky, mains, pulse) for name in ("gpiozero", "serial")
    )
