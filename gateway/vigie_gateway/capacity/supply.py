"""What a room offers at a time: measured, declared or estimated, and why not where it is not known.

Pure values. Filled by whoever reads the store (``measure`` makes most of it from samples), judged by ``judgement``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from vigie_gateway.capacity.airtime.dcf import AT_2G4, AT_5_GHZ, Contention
from vigie_gateway.capacity.airtime.rates import Mode, Phy
from vigie_gateway.capacity.airtime.sensitivity import mode_at
from vigie_gateway.capacity.forecast import Sample, forecast_span
from vigie_gateway.place.wifi import Path

USUAL_RETRY_SHARE = 0.1
"""Frames that are sent again in a room with people (planning guides call 10 % well). Lower flatters old walls."""


class Resource(StrEnum):
    """What can give in."""

    SEATS = "seats"
    OUTLETS = "outlets"
    POWER = "power"
    """Watts of the room's circuit and what stands above it."""
    DEVICES = "devices"
    """On the access points."""
    ADDRESSES = "addresses"
    """Of the DHCP pool."""
    DOWNLOAD = "download"
    UPLOAD = "upload"
    AIRTIME = "airtime"
    """Share of the radio's time."""
    LATENCY = "latency"
    """Points of Quality of Outcome that are lost, of those that may be."""


NETWORK = frozenset({Resource.DEVICES, Resource.DOWNLOAD, Resource.UPLOAD, Resource.AIRTIME, Resource.LATENCY})
"""Radio and uplink: where one of them was not checked, nobody may say that a session fits."""


class Basis(StrEnum):
    """What a capacity rests on."""

    MEASURED = "measured"
    DECLARED = "declared"
    """The operator's word: seats, breakers, a client limit."""
    REHEARSED = "rehearsed"
    ESTIMATED = "estimated"
    """Of a usual place, for want of anything: never enough for a go."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much of a resource there is at the time.

    Attributes:
        dependable: Nine times in ten at least so much.
        usual: On good days.
        highest: Measured; of a declared limit the limit; infinite where a rehearsal stopped at its goal and nothing
            else was measured.
        basis: What it rests on.
        days: Comparable days that were measured; None where days do not matter.
        effective: Samples behind it, see ``forecast``; None likewise.
        last_ts: Of the latest sample.
    """

    dependable: float
    usual: float
    highest: float
    basis: Basis = Basis.MEASURED
    days: int | None = None
    effective: float | None = None
    last_ts: float | None = None

    def __post_init__(self) -> None:
        if not self.dependable <= self.usual <= self.highest:
            raise ValueError(
                f"dependable, usual, highest are {self.dependable!r}, {self.usual!r}, {self.highest!r}, "
                "expected them in rising order"
            )


@dataclass(frozen=True, slots=True)
class Missing:
    """A resource of which nothing is known, and why.

    Attributes:
        reason: ``no-sensor``, ``no-history``, ``silent``, ``power-save``, ``not-declared`` or another word of the
            protocol's list of why a value is unknown.
    """

    reason: str


NOT_DECLARED = Missing("not-declared")
NO_SENSOR = Missing("no-sensor")


def declared(amount: float) -> Capacity:
    """A limit that somebody states, the same on every day."""
    return Capacity(amount, amount, amount, Basis.DECLARED)


def estimated(amount: float) -> Capacity:
    """A usual value, where nothing was measured or declared: shown dashed, and no go comes of it."""
    return Capacity(amount, amount, amount, Basis.ESTIMATED)


def measure(samples: Sequence[Sample], starts_ts: float, ends_ts: float, zone: tzinfo) -> Capacity | Missing:
    """What was measured here at such hours.

    Args:
        samples: Of what is free: throughput, headroom, places. Of what is taken, the limit less it.
        starts_ts: Of the session.
        ends_ts: Of the session.
        zone: Of the place.
    """
    found = forecast_span(samples, starts_ts, ends_ts, zone)
    if found is None:
        return Missing("no-history")
    usual = max(found.dependable, found.usual)
    highest = max(usual, found.highest)
    return Capacity(found.dependable, usual, highest, Basis.MEASURED, found.days, found.effective, found.last_ts)


@dataclass(frozen=True, slots=True)
class Radio:
    """The air of the room's access points.

    Attributes:
        rssi_dbm: Usual signal in the room.
        quiet_busy: Share of the air that others take on good days.
        usual_busy: Usually.
        worst_busy: One time in ten more.
        phy: That most devices have.
        width_mhz: Of the channel.
        streams: That most devices have.
        access_points: Of the room, on channels of their own.
        is_2g4: Its band.
        retry_share: Frames sent again.
        days: As of ``Capacity``.
        effective: As of ``Capacity``.
        last_ts: As of ``Capacity``.
    """

    rssi_dbm: float
    quiet_busy: float
    usual_busy: float
    worst_busy: float
    phy: Phy = Phy.HE
    width_mhz: int = 20
    streams: int = 2
    access_points: int = 1
    is_2g4: bool = False
    retry_share: float = USUAL_RETRY_SHARE
    days: int | None = None
    effective: float | None = None
    last_ts: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.quiet_busy <= self.usual_busy <= self.worst_busy <= 1:
            raise ValueError(
                f"busy shares are {self.quiet_busy!r}, {self.usual_busy!r}, {self.worst_busy!r}, "
                "expected 0 to 1 in rising order"
            )
        if self.access_points < 1:
            raise ValueError(f"access_points is {self.access_points!r}, expected 1 or more")

    def mode(self) -> Mode | None:
        """What the signal should carry; None where it carries nothing."""
        return mode_at(self.rssi_dbm, self.phy, self.width_mhz, self.streams)

    def contention(self) -> Contention:
        """The rules of its band."""
        return AT_2G4 if self.is_2g4 else AT_5_GHZ


@dataclass(frozen=True, slots=True)
class Latency:
    """Round trips and loss at such hours, on good days, usually and one time in ten.

    Attributes:
        is_loaded: They were measured while the line was under load, as the session will put it.
    """

    best: Path
    usual: Path
    worst: Path
    is_loaded: bool = False
    days: int | None = None
    effective: float | None = None
    last_ts: float | None = None


def measure_radio(
    utilisation: Sequence[Sample], starts_ts: float, ends_ts: float, zone: tzinfo, rssi_dbm: float | None
) -> Radio | Missing:
    """The air from an access point's own word; ``dataclasses.replace`` adds what is known of its channel and devices.

    Args:
        utilisation: Shares of the time, 0 to 1 (BSS Load), of the busiest where the room has several; what its own
            stations take is in it, which is prudent.
        starts_ts: Of the session.
        ends_ts: Of the session.
        zone: Of the place.
        rssi_dbm: Usual signal in the room; None where no probe tells.
    """
    free = measure([Sample(one.at_ts, 1 - one.value) for one in utilisation], starts_ts, ends_ts, zone)
    if isinstance(free, Missing):
        return free
    if rssi_dbm is None:
        return NO_SENSOR
    quiet, usual, worst = sorted(min(1.0, max(0.0, 1 - share)) for share in (free.dependable, free.usual, free.highest))
    return Radio(rssi_dbm, quiet, usual, worst, days=free.days, effective=free.effective, last_ts=free.last_ts)


def measure_latency(
    p50_ms: Sequence[Sample],
    p95_ms: Sequence[Sample],
    loss: Sequence[Sample],
    starts_ts: float,
    ends_ts: float,
    zone: tzinfo,
    *,
    is_loaded: bool = False,
) -> Latency | Missing:
    """Latency and loss at such hours; what was measured while a probe's radio slept has to be left out before.

    Args:
        p50_ms: Round trips of the path to the internet.
        p95_ms: The same.
        loss: Shares of packets.
        starts_ts: Of the session.
        ends_ts: Of the session.
        zone: Of the place.
        is_loaded: Whether the line was under load meanwhile.

    Returns:
        Missing where neither percentile was measured.
    """
    found = [
        measure([Sample(one.at_ts, -one.value) for one in samples], starts_ts, ends_ts, zone)
        for samples in (p50_ms, p95_ms, loss)
    ]
    known = [one for one in found[:2] if isinstance(one, Capacity)]
    if not known:
        return Missing("no-history")
    best, usual, worst = (
        Path(*(None if isinstance(one, Missing) else -getattr(one, level) for one in found))
        for level in ("highest", "usual", "dependable")
    )
    first = known[0]
    return Latency(best, usual, worst, is_loaded, first.days, first.effective, first.last_ts)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A paced probe at the rate that the session will ask for.

    Attributes:
        download_bps: That it held.
        upload_bps: That it held.
        path: Latency meanwhile; None where it was not measured.
        at_ts: When.
        is_download_all: There was no more; False where it stopped because it had shown enough.
        is_upload_all: The same, up.
    """

    download_bps: float
    upload_bps: float
    path: Path | None
    at_ts: float
    is_download_all: bool = False
    is_upload_all: bool = False


@dataclass(frozen=True, slots=True)
class OtherSession:
    """A session at the same time that takes of the same resources.

    Attributes:
        people: None when the calendar does not say.
        activity: What they do, an id.
        shares: The resources that it takes from as well: uplink, access point, circuit, addresses.
    """

    people: int | None
    activity: str
    shares: frozenset[Resource]


@dataclass(frozen=True, slots=True)
class Supply:
    """Everything about one room at one time. What is not given is not known.

    Attributes:
        room: Its id.
        seats: Free then.
        outlets: Free and live then.
        power_w: Headroom of the room's circuit, the main one and the contract, whichever is least.
        devices: That its access points still take.
        addresses: Left in the DHCP pool.
        download_bps: Of the uplink.
        upload_bps: Of the uplink.
        radio: Of its access points.
        latency: Of the path to the internet.
        others: Sessions at the same time.
        rehearsal: The latest one for this session.
        most_people_seen: Ever counted here; None when nobody counts.
        is_open: The place is open throughout.
        is_booked: Somebody has the room then.
        is_free_after: So that a second session could follow; None when the calendar does not say.
        unknown_calendar: Why it is not known what else takes place; None when it is.
        alternatives: Other rooms that are free then.
        asked_ts: When the question was asked, for the age of what it rests on.
    """

    room: str
    seats: Capacity | Missing = NOT_DECLARED
    outlets: Capacity | Missing = NOT_DECLARED
    power_w: Capacity | Missing = NOT_DECLARED
    devices: Capacity | Missing = NOT_DECLARED
    addresses: Capacity | Missing = NOT_DECLARED
    download_bps: Capacity | Missing = NO_SENSOR
    upload_bps: Capacity | Missing = NO_SENSOR
    radio: Radio | Missing = NO_SENSOR
    latency: Latency | Missing = NO_SENSOR
    others: tuple[OtherSession, ...] = ()
    rehearsal: Rehearsal | None = None
    most_people_seen: int | None = None
    is_open: bool = True
    is_booked: bool = False
    is_free_after: bool | None = None
    unknown_calendar: str | None = None
    alternatives: tuple[Supply, ...] = ()
    asked_ts: float | None = None
