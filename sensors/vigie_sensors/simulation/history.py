"""What the node would have measured before it was started: two weeks of readings, put into its journal.

Every value here is simulated, those of the network too, which are measured for real only from the start on. They go
the way of any backlog after an absence: journal, publisher, broker, the gateway's ingest. Called once by
``installation``, on the main thread, when the journal is new.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_sensors.config import SensorsConfig
from vigie_sensors.driver import SensorConfig
from vigie_sensors.iw import channel_of
from vigie_sensors.simulation import place, radio
from vigie_sensors.simulation.life import Life

STEP_S = 900.0
"""Between two readings of a channel. Lower makes the demo's start wait for the gateway; higher shows no lunch."""
_OUTLET_S = 2 * STEP_S
"""Between two of the amps of an outlet, which no page shows; power and use are told at every step."""
_RARE_S = 6 * 3600.0
"""Between two throughput tests."""

Value = tuple[float | None, str | None]
"""A value, or None with its reason."""
_Signal = Callable[[float], Value]


def readings(config: SensorsConfig, life: Life, start_ts: float, end_ts: float) -> Iterator[Reading]:
    """Every channel of the node from ``start_ts`` up to and with ``end_ts``, in order of time.

    One reading every STEP_S and one at ``end_ts``; when something breaks or is repaired, also just before and then.
    """
    signals = list(_signals(config, life))
    for at_ts in _times(life, start_ts, end_ts):
        for step_s, channel, digits, signal in signals:
            if step_s > STEP_S and at_ts % step_s >= STEP_S and at_ts != end_ts:
                continue
            value, reason = signal(at_ts)
            yield Reading(channel, at_ts, None if value is None else round(value, digits), reason)


def _times(life: Life, start_ts: float, end_ts: float) -> list[float]:
    times = {start_ts + STEP_S * step for step in range(math.ceil((end_ts - start_ts) / STEP_S))}
    day = life.day_at(start_ts)
    while day.starts_ts < end_ts:
        times |= {at_ts - before_s for at_ts in day.events_ts for before_s in (1, 0) if start_ts <= at_ts < end_ts}
        day = life.day_at(day.ends_ts)
    return [*sorted(times), end_ts]


def _signals(config: SensorsConfig, life: Life) -> Iterator[tuple[float, str, int, _Signal]]:
    """Least time between two readings, channel, the decimal digits that its quantity is worth, and what it shows."""
    for sensor in config.sensors:
        make = _MAKERS.get(sensor.driver)
        if make is None:
            continue
        signals = make(life, sensor)
        for channel in config.channels[sensor.name]:
            suffix = channel.id.removeprefix(sensor.name)
            signal = signals.get(suffix)
            step_s = _STEPS_S.get((sensor.driver, suffix), STEP_S)
            if signal is not None:
                yield step_s, channel.id, -round(math.log10(QUANTITIES[channel.quantity].resolution)), signal


def _door(life: Life, sensor: SensorConfig) -> Mapping[str, _Signal]:
    door = sensor.name.removeprefix("porte-")

    def count(way: int) -> _Signal:
        def signal(at_ts: float) -> Value:
            if life.day_at(at_ts).is_deaf(door, at_ts):
                return None, "failed"
            return float(life.passages(door, at_ts)[way]), None

        return signal

    return {"-in": count(0), "-out": count(1)}


def _motion(life: Life, sensor: SensorConfig) -> Mapping[str, _Signal]:
    return {"": _known(lambda at_ts: float(life.day_at(at_ts).people(sensor.name, at_ts) > 0))}


def _current(life: Life, sensor: SensorConfig) -> Mapping[str, _Signal]:
    def amps(at_ts: float) -> float:
        found_a = life.day_at(at_ts).loads(at_ts)[sensor.name]
        return found_a if found_a >= sensor.options["noise_a"] else 0.0

    return {
        "-current": _known(amps),
        "-va": _known(lambda at_ts: amps(at_ts) * place.MAINS_V),
        "-in-use": _known(lambda at_ts: float(amps(at_ts) > sensor.options["in_use_above_a"])),
    }


def _mains(life: Life, sensor: SensorConfig) -> Mapping[str, _Signal]:
    circuit = sensor.name.removesuffix("-mains")
    return {"": _known(lambda at_ts: float(life.day_at(at_ts).has_mains(circuit, at_ts)))}


def _linky(life: Life, _sensor: SensorConfig) -> Mapping[str, _Signal]:
    def power_va(at_ts: float) -> float:
        return life.day_at(at_ts).apparent_power_va(at_ts)

    return {
        "-va": _known(lambda at_ts: round(power_va(at_ts), -1)),
        "-subscribed": _known(lambda _: float(place.SUBSCRIBED_VA)),
        "-energy": _known(lambda at_ts: float(life.energy_wh(at_ts))),
        "-current": _known(lambda at_ts: float(round(power_va(at_ts) / place.MAINS_V))),
    }


def _scan(life: Life, sensor: SensorConfig) -> Mapping[str, _Signal]:
    def load(name: str, index: int) -> _Signal:
        return _known(lambda at_ts: float(life.day_at(at_ts).radio_load(name, at_ts)[index]))

    found: dict[str, _Signal] = {}
    for name in sensor.options["access_points"]:
        found |= {f"-{name}-stations": load(name, 0), f"-{name}-utilisation": load(name, 1)}
    for channel in sensor.options["channels"]:
        count = sum(channel_of(frequency_mhz) == channel for frequency_mhz in place.NEIGHBOURS)
        found[f"-ch{channel}-neighbours"] = _constant(float(count))
    return found


def _link(life: Life, sensor: SensorConfig) -> Mapping[str, _Signal]:
    def figure(index: int, factor: float) -> _Signal:
        return _known(lambda at_ts: radio.link_figures(life.day_at(at_ts), at_ts)[index] * factor)

    access_points = list(sensor.options["access_points"])
    found = {
        "-rssi": figure(0, 1.0),
        "-tx-rate": figure(1, 1e6),
        "-rx-rate": figure(2, 1e6),
        "-frequency": _constant(float(place.ACCESS_POINTS[radio.LINK].frequency_mhz)),
        "-retry-ratio": _constant(radio.RETRIES / (1 + radio.RETRIES)),
        "-power-save": _constant(0.0),
    }
    if radio.LINK in access_points:
        found["-ap"] = _constant(float(access_points.index(radio.LINK)))
    return found


def _latency(life: Life, _sensor: SensorConfig) -> Mapping[str, _Signal]:
    found: dict[str, _Signal] = {}
    for scope, base_ms in (("gateway", 2.1), ("provider", 7.4), ("outside", 13.8)):
        for suffix, factor in (("p50", 1.0), ("p95", 1.9), ("jitter", 0.25)):
            found[f"-{scope}-{suffix}"] = _delay(life, base_ms * factor)
        found[f"-{scope}-loss"] = _known(lambda at_ts: max(0.0, _busy(life, at_ts) - 0.6) * 0.05)
    return found


def _dns(life: Life, _sensor: SensorConfig) -> Mapping[str, _Signal]:
    return {"-time": _delay(life, 9.5)}


def _portal(_life: Life, _sensor: SensorConfig) -> Mapping[str, _Signal]:
    return {"": _constant(0.0)}


def _throughput(life: Life, _sensor: SensorConfig) -> Mapping[str, _Signal]:
    return {
        "-download": _known(lambda at_ts: 9.1e7 * (1 - 0.3 * _busy(life, at_ts))),
        "-upload": _known(lambda at_ts: 1.8e7 * (1 - 0.2 * _busy(life, at_ts))),
    }


_MAKERS: dict[str, Callable[[Life, SensorConfig], Mapping[str, _Signal]]] = {
    "door": _door,
    "motion": _motion,
    "current": _current,
    "mains": _mains,
    "linky": _linky,
    "scan": _scan,
    "link": _link,
    "latency": _latency,
    "dns": _dns,
    "portal": _portal,
    "throughput": _throughput,
}
"""By driver: the signals of a sensor, by what follows its name in the channel's id."""


_STEPS_S = {
    ("current", "-current"): _OUTLET_S,
    ("throughput", "-download"): _RARE_S,
    ("throughput", "-upload"): _RARE_S,
}
"""By driver and suffix, where it is not STEP_S."""


def _busy(life: Life, at_ts: float) -> float:
    """How busy the busiest channel is, 0 to 1."""
    day = life.day_at(at_ts)
    return max(day.radio_load(name, at_ts)[1] for name in place.ACCESS_POINTS)


def _delay(life: Life, base_ms: float) -> _Signal:
    """A delay that grows with the load of the air."""
    return _known(lambda at_ts: base_ms * (1 + 0.8 * _busy(life, at_ts) ** 2 + 0.08 * math.sin(at_ts / 91 + base_ms)))


def _known(value: Callable[[float], float]) -> _Signal:
    return lambda at_ts: (value(at_ts), None)


def _constant(value: float) -> _Signal:
    return lambda _: (value, None)


def channels_without_history(config: SensorsConfig, life: Life) -> Iterable[str]:
    """The channels that no signal speaks for; a test asks that the sample place has none."""
    told = {channel for _, channel, _, _ in _signals(config, life)}
    return sorted({channel.id for declared in config.channels.values() for channel in declared} - told)
