"""Simulated pins under the real drivers: what they measure is what the day holds."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vigie_contract.clock import SimulatedClock
from vigie_sensors.config import SensorsConfig
from vigie_sensors.driver import Context, Driver, DriverError
from vigie_sensors.journal import Journal
from vigie_sensors.registry import Registry
from vigie_sensors.simulation import Simulation, install, place
from vigie_sensors.simulation.life import Life
from vigie_sensors.tools import run_tool

pytestmark = pytest.mark.usefixtures("pin_factory")

EVENTFUL = dt.date(2026, 11, 17)
DAY = Life(1, EVENTFUL - dt.timedelta(days=1), EVENTFUL).day(EVENTFUL)
WAIT_S = 20.0


class Node:
    """The drivers of a sample node over a simulated day that runs."""

    def __init__(self, config: SensorsConfig, clock: SimulatedClock, tmp_path: Path) -> None:
        self.clock = clock
        self.journal = Journal.open(tmp_path / "journal.sqlite", ["main"], 30, 64_000_000, clock)
        channels = [channel for declared in config.channels.values() for channel in declared]
        self.simulation: Simulation = install(config, clock, self.journal, channels)
        self._sensors = {sensor.name: sensor for sensor in config.sensors}
        self._context = Context(clock, run_tool, str(tmp_path))
        self._open: list[Driver] = []

    def open(self, name: str) -> Driver:
        sensor = self._sensors[name]
        driver = Registry().spec(sensor.driver).open(sensor, self._context)
        self._open.append(driver)
        return driver

    def close(self) -> None:
        self.simulation.stop()
        for driver in self._open:
            driver.close()
        self.journal.close()


@pytest.fixture
def node(
    sample: Callable[..., SensorsConfig],
    clock_at: Callable[[float, float], SimulatedClock],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Callable[[str, float, float], Node]:
    def make(name: str, hour: float, speed: float) -> Node:
        made = Node(sample(name), clock_at(DAY.at(hour), speed), tmp_path)
        request.addfinalizer(made.close)
        return made

    return make


def values(driver: Driver) -> list[float | None]:
    return [reading.value for reading in driver.sample()]


def test_door_drivers_count_exactly_the_day_s_crossings_at_sixty_times_its_speed(
    node: Callable[[str, float, float], Node],
) -> None:
    accueil = node("accueil", 13.8, 60.0)
    start_ts = accueil.clock.now_ts()
    doors = {door: accueil.open(f"porte-{door}") for door in ("entree", "salle", "cafe")}
    accueil.simulation.start()
    busy_ts = DAY.at(13.95)
    while accueil.clock.now_ts() < busy_ts:
        time.sleep(0.05)
        counted = {door: values(driver) for door, driver in doors.items()}
    # No one is in a beam when the player has stopped between two crossings: count up to the last that is decided.
    accueil.simulation.stop()
    counted = {door: values(driver) for door, driver in doors.items()}
    before = {door: DAY.passages(door, start_ts) for door in doors}
    for door, (ins, outs) in counted.items():
        assert ins is not None
        assert outs is not None
        passed = [crossing for crossing in DAY.crossings if crossing.door == door and crossing.at_ts > start_ts]
        passed = passed[: int(ins + outs)]
        assert [sum(one.is_in for one in passed), sum(not one.is_in for one in passed)] == [ins, outs]
        assert int(ins + outs) >= sum(DAY.passages(door, busy_ts - 1)) - sum(before[door])
    assert sum(map(sum, (DAY.passages("salle", busy_ts),))) > 20


def test_a_motion_sensor_sees_the_booth_that_is_in_use_and_not_the_other(
    node: Callable[[str, float, float], Node],
) -> None:
    accueil = node("accueil", 14.5, 60.0)
    busy, free = accueil.open("cabine-1"), accueil.open("cabine-2")
    accueil.simulation.start()
    deadline = time.monotonic() + WAIT_S
    while (values(busy), values(free)) != ([1.0], [0.0]):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_deaf_door_really_fails_and_cannot_be_opened_again_until_it_is_repaired(
    node: Callable[[str, float, float], Node],
) -> None:
    accueil = node("accueil", 14.3 - 30 / 3600, 60.0)
    door = accueil.open("porte-mezzanine")
    other = accueil.open("porte-atelier")
    assert values(door) == [0.0, 0.0]
    accueil.simulation.start()
    deadline = time.monotonic() + WAIT_S
    with pytest.raises(DriverError, match=r"^GPIO21: .*Input/output error") as failure:  # noqa: PT012 - fails in time
        while time.monotonic() < deadline:
            door.sample()
            time.sleep(0.01)
    assert failure.value.reason == "failed"
    door.close()
    with pytest.raises(DriverError, match="GPIO21"):
        accueil.open("porte-mezzanine")
    assert None not in values(other)


def test_a_door_that_is_repaired_counts_again(node: Callable[[str, float, float], Node]) -> None:
    accueil = node("accueil", 16 + 39.9 / 60, 60.0)
    accueil.simulation.start()
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            assert None not in values(accueil.open("porte-mezzanine"))
            break
        except DriverError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_the_mains_detector_tells_the_trip_at_its_own_time(node: Callable[[str, float, float], Node]) -> None:
    tableau = node("tableau", 13 + 39.5 / 60, 60.0)
    mains, other = tableau.open("c4-mains"), tableau.open("c1-mains")
    tableau.simulation.start()
    deadline = time.monotonic() + WAIT_S
    found: list[tuple[float, float | None]] = []
    while not any(value == 0.0 for _, value in found):
        assert time.monotonic() < deadline
        found += [(reading.at_ts, reading.value) for reading in mains.sample()]
        time.sleep(0.02)
    trip_ts = next(at_ts for at_ts, value in found if value == 0.0)
    assert trip_ts == pytest.approx(DAY.at(13 + 40 / 60), abs=0.5)
    assert values(other)[-1] == 1.0


def test_a_clamp_reads_the_outlet_s_current_within_a_step_of_the_adc(
    node: Callable[[str, float, float], Node],
) -> None:
    tableau = node("tableau", 15.0, 1.0)
    for outlet in ("p02", "p09", "p24", "p30"):
        current_a, power_va, in_use = values(tableau.open(outlet))
        expected_a = DAY.amps(outlet, DAY.at(15.0))
        assert current_a == pytest.approx(expected_a, rel=0.05, abs=0.05)
        assert power_va == pytest.approx(expected_a * place.MAINS_V, rel=0.05, abs=12)
        assert in_use == float(expected_a > 0.15)


def test_the_meter_tells_what_the_day_draws_over_a_serial_line(node: Callable[[str, float, float], Node]) -> None:
    tableau = node("tableau", 15.0, 10.0)
    meter = tableau.open("linky")
    tableau.simulation.start()
    power_va, subscribed_va, energy_wh, current_a = values(meter)
    expected_va = DAY.apparent_power_va(tableau.clock.now_ts())
    assert power_va == pytest.approx(expected_va, rel=0.3)
    assert subscribed_va == place.SUBSCRIBED_VA
    assert energy_wh is not None
    assert energy_wh > 18_000_000
    assert current_a == pytest.approx((power_va or 0) / place.MAINS_V, abs=1)


def test_the_scan_hears_the_saturated_access_point_and_counts_the_neighbours(
    node: Callable[[str, float, float], Node],
) -> None:
    ondes = node("ondes", 15.0, 1.0)
    told = {reading.channel: reading.value for reading in ondes.open("scan").sample()}
    assert told["scan-borne-1-stations"] == 41
    assert told["scan-borne-1-utilisation"] == pytest.approx(0.8, abs=0.02)
    assert (told["scan-ch1-neighbours"], told["scan-ch36-neighbours"]) == (2, 1)


def test_the_link_is_on_the_cafe_s_access_point(node: Callable[[str, float, float], Node]) -> None:
    ondes = node("ondes", 15.0, 1.0)
    told = {reading.channel: reading.value for reading in ondes.open("lien").sample()}
    assert told["lien-ap"] == 2
    assert told["lien-frequency"] == 2437
    assert told["lien-power-save"] == 0


def test_another_interface_is_asked_of_this_machine_s_own_iw(
    node: Callable[[str, float, float], Node],
) -> None:
    node("ondes", 15.0, 1.0)
    with pytest.raises(DriverError, match="iw dev novigie0 link ended with code"):
        run_tool(["iw", "dev", "novigie0", "link"], 5.0)


def test_stop_gives_path_and_files_back(node: Callable[[str, float, float], Node], tmp_path: Path) -> None:
    ondes = node("ondes", 15.0, 1.0)
    folder = ondes.simulation.folder
    ondes.simulation.start()
    ondes.simulation.stop()
    ondes.simulation.stop()
    assert not folder.exists()
