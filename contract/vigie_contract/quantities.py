"""What can be measured: the name, unit, range and averaging of each quantity.

The sensors declare channels by these names, the gateway judges readings by their ranges and averages them as told
here. Units are those of SenML's registries (RFC 8428 §12.1, RFC 8798 for B, dBm, ms, MHz, VA, Wh, ppm, hPa; %EL is
percent of a battery, %RH relative humidity, Cel degrees Celsius).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How successive readings of a channel relate."""

    GAUGE = "gauge"
    """A value now."""
    COUNTER = "counter"
    """A running total that only rises, and starts again from zero with its daemon."""
    STATE = "state"
    """True or false; on the wire ``vb``, in the store 1 or 0."""
    CHOICE = "choice"
    """One of the channel's ``labels``, as its index from 0."""


class Average(StrEnum):
    """What stands for many readings of an interval."""

    TIME = "time"
    """The mean, each reading weighted by the time that it covers. Of a state: the share of the time it was true."""
    INCREASE = "increase"
    """How much a counter rose, its restarts taken out."""
    LAST = "last"
    """The last reading: the mean of two choices means nothing."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One measurable thing.

    Attributes:
        name: The word on the wire and in configuration, ``[a-z0-9_]``.
        unit: SenML unit; ``1`` for a state or a choice, which have none on the wire.
        kind: How readings relate.
        low: Least value that can be true; a reading below is refused by quality.
        high: Greatest value that can be true.
        resolution: What is worth keeping: a reading is rounded to it before it is journalled. Finer costs storage
            (every decimal digit about 0.4 byte a reading), coarser loses what a person could see.
        average: What stands for many.
        keep_days: How long single readings are kept; roll-ups stay for longer (see the store).
        text: One line for documentation.
    """

    name: str
    unit: str
    kind: Kind
    low: float
    high: float
    resolution: float
    average: Average
    keep_days: int
    text: str

    def rounded(self, value: float) -> float:
        """The multiple of ``resolution`` (a power of ten) nearest to the value."""
        return round(value, -round(math.log10(self.resolution)))


def _gauge(
    name: str, unit: str, low: float, high: float, resolution: float, text: str, keep_days: int = 35
) -> Quantity:
    return Quantity(name, unit, Kind.GAUGE, low, high, resolution, Average.TIME, keep_days, text)


def _counter(name: str, unit: str, high: float, text: str, keep_days: int = 35) -> Quantity:
    return Quantity(name, unit, Kind.COUNTER, 0, high, 1, Average.INCREASE, keep_days, text)


def _state(name: str, text: str) -> Quantity:
    return Quantity(name, "1", Kind.STATE, 0, 1, 1, Average.TIME, 35, text)


def _choice(name: str, text: str) -> Quantity:
    return Quantity(name, "1", Kind.CHOICE, 0, 63, 1, Average.LAST, 35, text)


_ALL = (
    # Occupancy. Raw counts are for staff, 35 days at most; then roll-ups alone (docs/decisions: privacy of counting).
    _counter("people_in", "count", 1e9, "People who came in by a door since its daemon started"),
    _counter("people_out", "count", 1e9, "People who went out by a door since its daemon started"),
    _state("occupied", "Somebody is there: motion was seen within the hold time"),
    _gauge("distance", "m", 0, 20, 0.01, "Distance from the sensor to what is before it"),
    _gauge("people", "count", 0, 10_000, 1, "People in a room, as somebody counted them"),
    _state("closed", "The room is closed by somebody's word, whatever its hours"),
    _state("open", "The door or window is open"),
    # Electricity.
    _gauge("current", "A", 0, 400, 0.01, "True RMS current of a circuit or outlet"),
    _gauge("apparent_power", "VA", 0, 100_000, 1, "Apparent power"),
    _gauge("voltage", "V", 0, 1_000, 0.01, "Voltage of the mains, or of a battery"),
    _gauge("power", "W", -100_000, 100_000, 1, "Active power; less than nothing is fed back"),
    _counter("energy", "Wh", 1e10, "Active energy since the meter was made or its daemon started"),
    _gauge("subscribed_power", "VA", 0, 100_000, 1, "The most that the supply contract allows"),
    _state("in_use", "The outlet feeds something: its current is above the threshold"),
    _state("switched_on", "A switch or relay lets the current through"),
    _state("mains", "The circuit has voltage: its breaker has not tripped"),
    _state("out_of_order", "The outlet is out of order, as somebody said"),
    _gauge("battery", "%EL", 0, 100, 1, "How full the node's own battery is"),
    # The air of a room.
    _gauge("temperature", "Cel", -100, 1_000, 0.1, "Temperature"),
    _gauge("humidity", "%RH", 0, 100, 0.1, "Relative humidity of the air"),
    _gauge("carbon_dioxide", "ppm", 0, 100_000, 1, "Carbon dioxide in the air"),
    _gauge("illuminance", "lx", 0, 200_000, 1, "Light that falls on the sensor"),
    _gauge("pressure", "hPa", 300, 1_200, 0.1, "Air pressure"),
    # Wi-Fi: the link of a node.
    _gauge("rssi", "dBm", -120, 0, 1, "Signal strength of the node's link"),
    _gauge("frequency", "MHz", 2_000, 8_000, 1, "Centre frequency of the link's primary channel"),
    _gauge("tx_rate", "bit/s", 0, 5e10, 1e5, "Bit rate of the last frames sent on the radio"),
    _gauge("rx_rate", "bit/s", 0, 5e10, 1e5, "Bit rate of the last frames received on the radio"),
    _gauge("retry_ratio", "/", 0, 1, 0.001, "Share of the frames sent that had to be sent again"),
    _state("power_save", "The radio sleeps between beacons: latency measured meanwhile says nothing of the network"),
    _choice("access_point", "Which of the site's access points the node is associated with"),
    # Wi-Fi: what access points say of themselves (BSS Load element, IEEE 802.11-2020 §9.4.2.27).
    _gauge("stations", "count", 0, 2_007, 1, "Stations associated with the access point"),
    _gauge("channel_utilisation", "/", 0, 1, 0.001, "Share of the time that the access point senses its channel busy"),
    _gauge("neighbours", "count", 0, 1_000, 1, "Access points of others on a channel: their number only"),
    # A node's own health.
    _gauge("free_memory", "B", 0, 1e12, 1_000, "Memory that a node's program may still use"),
    _counter("starts", "count", 65_535, "Starts of a node's program since it was set up; after 65,535 comes 0"),
    _choice("start_cause", "Why a node's program last started: power, watchdog, software, pin, unknown"),
    # Network.
    _gauge("latency_p50", "ms", 0, 60_000, 0.01, "Median round-trip time over the period"),
    _gauge("latency_p95", "ms", 0, 60_000, 0.01, "95th percentile of the round-trip time over the period"),
    _gauge("loss", "/", 0, 1, 0.001, "Share of the probes of the period that were not answered"),
    _gauge("jitter", "ms", 0, 60_000, 0.01, "Mean difference between successive round-trip times (RFC 3550's idea)"),
    _gauge("dns_time", "ms", 0, 60_000, 0.01, "Time to an answer from the resolver"),
    _choice("internet_access", "What a captive-portal check found: open, portal, none"),
    _gauge("download", "bit/s", 0, 1e11, 1e4, "Throughput from outside, measured within the data budget", 400),
    _gauge("upload", "bit/s", 0, 1e11, 1e4, "Throughput to outside, measured within the data budget", 400),
)

QUANTITIES: dict[str, Quantity] = {quantity.name: quantity for quantity in _ALL}
"""Every quantity by its name."""

INTERNET_ACCESS = ("open", "portal", "none")
"""The labels of an ``internet_access`` channel, in the order of their index."""
