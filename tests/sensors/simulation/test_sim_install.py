"""The [simulation] table, the history that it asks for, and the sample nodes as a whole."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from vigie_contract.clock import SimulatedClock
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_sensors.config import ConfigError, SensorsConfig
from vigie_sensors.journal import Journal
from vigie_sensors.simulation import history, install, place
from vigie_sensors.simulation.life import Life
from vigie_sensors.simulation.serial_line import historical_frame
from vigie_sensors.tic import TicReader, read_meter

pytestmark = pytest.mark.usefixtures("pin_factory")

EVENTFUL = dt.date(2026, 11, 17)
NODES = ("accueil", "tableau", "ondes")
Load = Callable[..., SensorsConfig]
ClockAt = Callable[[float, float], SimulatedClock]


def life() -> Life:
    return Life(1, EVENTFUL - dt.timedelta(days=3), EVENTFUL)


def two_days(config: SensorsConfig) -> list[Reading]:
    end_ts = life().day(EVENTFUL).at(14 + 25 / 60)
    return list(history.readings(config, life(), end_ts - 2 * 86_400, end_ts))


@pytest.mark.parametrize("name", NODES)
def test_every_channel_has_a_history_but_the_power_save_of_this_machine_s_own_radio(sample: Load, name: str) -> None:
    assert set(history.channels_without_history(sample(name), life())) <= {"latence-power-save"}


@pytest.mark.parametrize("name", NODES)
def test_history_is_in_order_and_within_every_quantity_s_range(sample: Load, name: str) -> None:
    config = sample(name)
    quantity = {channel.id: QUANTITIES[channel.quantity] for found in config.channels.values() for channel in found}
    told = two_days(config)
    assert [reading.at_ts for reading in told] == sorted(reading.at_ts for reading in told)
    assert told[-1].at_ts == life().day(EVENTFUL).at(14 + 25 / 60)
    for reading in told:
        found = quantity[reading.channel]
        assert reading.value is None or found.low <= reading.value <= found.high


def test_history_holds_the_moments_at_which_something_broke(sample: Load) -> None:
    day = life().day(EVENTFUL)
    mains = [reading for reading in two_days(sample("tableau")) if reading.channel == "c4-mains"]
    assert next(reading.at_ts for reading in mains if reading.value == 0) == day.at(13 + 40 / 60)
    door = [reading for reading in two_days(sample("accueil")) if reading.channel == "porte-mezzanine-in"]
    known = [reading for reading in door if reading.value is not None]
    assert known[-1].at_ts == day.at(14.3) - 1
    deaf = [reading for reading in door if reading.value is None]
    assert {reading.reason for reading in deaf} == {"failed"}
    assert deaf[0].at_ts == day.at(14.3)


def test_history_goes_into_a_new_journal_and_not_twice(sample: Load, clock_at: ClockAt, tmp_path: Path) -> None:
    config = sample("accueil", history_days="2")
    clock = clock_at(life().day(EVENTFUL).at(14.5), 1.0)
    journal = Journal.open(tmp_path / "journal.sqlite", ["main"], 30, 64_000_000, clock)
    try:
        install(config, clock, journal, []).stop()
        written = journal.last
        assert written > 14 * 2 * 96
        install(config, clock, journal, []).stop()
        assert journal.last == written
    finally:
        journal.close()


@pytest.mark.parametrize(
    ("replaced", "expected"),
    [
        ({"history_days": "365"}, r"simulation.history_days is 365, expected a whole number from 0 to 28"),
        ({"eventful_from": '"soon"'}, r"simulation.eventful_from is 'soon', expected a date"),
        ({"history_days": "1\nsped = 2"}, r"simulation.sped is an unknown key, expected one of seed"),
    ],
)
def test_a_wrong_table_names_the_line_the_key_and_what_was_expected(
    sample: Load, clock_at: ClockAt, tmp_path: Path, replaced: dict[str, str], expected: str
) -> None:
    clock = clock_at(0.0, 1.0)
    journal = Journal.open(tmp_path / "journal.sqlite", ["main"], 30, 64_000_000, clock)
    try:
        with pytest.raises(ConfigError, match=r"accueil\.toml:\d+: " + expected):
            install(sample("accueil", **replaced), clock, journal, [])
    finally:
        journal.close()


def test_a_sensor_that_the_simulated_place_has_not_is_named(sample: Load, clock_at: ClockAt, tmp_path: Path) -> None:
    config = sample("tableau")
    sensors = tuple(
        sensor if sensor.name != "p30" else type(sensor)("p31", "current", 20.0, None, "", sensor.options)
        for sensor in config.sensors
    )
    wrong = type(config)(
        config.path, config.site, config.node, config.broker, config.journal, config.gateways, sensors,
        config.channels, config.simulation,
    )  # fmt: skip
    clock = clock_at(life().day(EVENTFUL).at(14.5), 1.0)
    journal = Journal.open(tmp_path / "journal.sqlite", ["main"], 30, 64_000_000, clock)
    path = os.environ["PATH"]
    try:
        with pytest.raises(ConfigError, match=r"'p31', expected a name of the simulated place: p01, "):
            install(wrong, clock, journal, [])
    finally:
        journal.close()
    assert os.environ["PATH"] == path


def test_a_meter_s_frame_is_read_back_as_it_was_written() -> None:
    frame = next(TicReader().feed(historical_frame(4_370, 19, 45, 18_250_123)))
    assert frame.rejected == 0
    meter = read_meter(frame)
    assert (meter.apparent_power_va, meter.subscribed_power_va) == (4_370, place.SUBSCRIBED_VA)
    assert (meter.energy_wh, meter.current_a) == (18_250_123, 19)


def test_the_simulated_place_is_the_gateway_s_sample_place() -> None:
    sample = Path(__file__).parents[3] / "gateway" / "vigie_gateway" / "sample" / "site.toml"
    import tomllib

    site = tomllib.loads(sample.read_text(encoding="utf-8"))
    seats = {room["id"]: room["seats"] for room in site["rooms"] if room["seats"]}
    assert seats == {room: found.seats for room, found in place.ROOMS.items()} | dict.fromkeys(place.BOOTHS, 1)
    assert {door["id"] for door in site["doors"]} == {place.ENTRANCE, *place.ROOMS, *place.BOOTHS}
    outlets = {outlet: (group["room"], group["circuit"]) for group in site["outlets"] for outlet in group["ids"]}
    assert outlets == {outlet: (found.room, found.circuit) for outlet, found in place.OUTLETS.items()}
    points = {point["id"]: (point["bssid"], tuple(point["rooms"])) for point in site["access_points"]}
    assert points == {name: (found.bssid, found.rooms) for name, found in place.ACCESS_POINTS.items()}
    assert site["timezone"] == place.TIMEZONE
    assert {hours[0] for hours in site["hours"].values()} == {"08:00-20:00"}


def test_the_sample_nodes_have_every_channel_that_the_sample_site_names(sample: Load) -> None:
    site = (Path(__file__).parents[3] / "gateway" / "vigie_gateway" / "sample" / "site.toml").read_text("utf-8")
    channels = {
        f"{name}.{channel.id}" for name in NODES for found in sample(name).channels.values() for channel in found
    }
    named = set(re.findall(r'"((?:accueil|tableau|ondes)\.[a-z0-9{}-]+)"', site))
    outlets = {one.replace("{id}", outlet) for one in named if "{id}" in one for outlet in place.OUTLETS}
    latency = {one for one in named if f"{one}-p50" in channels}
    assert ({one for one in named if "{id}" not in one} | outlets) - latency <= channels
    assert latency == {"ondes.latence-gateway", "ondes.latence-outside"}
