"""What access points say of themselves in their beacons: stations and busy channels, without joining anything.

Reads the kernel's scan results (``iw scan dump``, no rights needed) once a period, and starts a scan of its own only
when the option says so. Of the site's own access points it publishes the BSS Load element; of all others only how many
there are on a channel: their names and addresses are dropped where the text is read. Where one of the site's own sends
no utilisation, what this radio sensed of its channel stands in, if it tells. Runs on the sensor's own thread.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.access_points import access_points_option, own_bssids
from vigie_sensors.driver import Context, DriverError, DriverSpec, Option, SensorConfig
from vigie_sensors.iw import Bss, Survey, busy_share, channel_of, is_plausible_count, parse_scan, parse_survey
from vigie_sensors.iw_tool import IwTool

_log = logging.getLogger(__name__)

LEAST_TRIGGER_S = 600.0
"""A scan takes the radio off its channel for seconds, which callers on this node's link would hear. Lower disturbs
more; higher makes the neighbours' count older."""
SCAN_DEADLINE_S = 20.0
"""A scan of both bands takes 4 to 10 s on a Pi; lower would call a slow one a failure."""
DEFAULT_CHANNELS = ("1", "6", "11", "36", "40", "44", "48")

_Value = tuple[float | None, str]
"""A value, or None with the reason."""


def own_load(heard: Mapping[str, Bss], bssids: Iterable[str]) -> tuple[_Value, _Value] | None:
    """Stations and channel utilisation of one access point, from what was heard of its radios.

    Args:
        heard: Fresh scan entries by BSSID.
        bssids: The access point's radios.

    Returns:
        Stations (their sum; only when each radio was heard and tells a plausible count, since a part of a sum is
        not the sum) and utilisation (the busiest radio's). None when no radio was heard.
    """
    bssids = tuple(bssids)
    radios = [heard[bssid] for bssid in bssids if bssid in heard]
    if not radios:
        return None
    busy = [radio.utilisation for radio in radios if radio.utilisation is not None]
    counts = [radio.stations for radio in radios if radio.stations is not None]
    stations: _Value
    if len(counts) < len(bssids):
        stations = (None, "not-told")
    elif all(is_plausible_count(count) for count in counts):
        stations = (float(sum(counts)), "")
    else:
        stations = (None, "out-of-range")
    return stations, ((max(busy), "") if busy else (None, "not-told"))


def busiest(heard: Mapping[str, Bss], bssids: Iterable[str], sensed: Mapping[float, float]) -> _Value:
    """The utilisation of an access point that sends none: of its channels, the busiest that our own radio sensed."""
    tuned = (heard[bssid].frequency_mhz for bssid in bssids if bssid in heard)
    shares = [sensed[mhz] for mhz in tuned if mhz is not None and mhz in sensed]
    return (max(shares), "") if shares else (None, "not-told")


def count_neighbours(heard: Iterable[Bss], own: Iterable[str]) -> Counter[str]:
    """How many access points of others were heard, by channel name."""
    own = set(own)
    channels = (channel_of(bss.frequency_mhz) for bss in heard if bss.bssid not in own and bss.frequency_mhz)
    return Counter(channel for channel in channels if channel is not None)


def shows_scan(heard: Iterable[Bss]) -> bool:
    """Whether the entries can only come of a scan: the kernel alone keeps the associated access point's fresh."""
    return len({bss.frequency_mhz for bss in heard}) > 1


class ScanDriver:
    """Reads the scan results of one wireless interface."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        options = config.options
        self._name = config.name
        self._clock = context.clock
        self._iw = IwTool(context, options["interface"])
        self._own = own_bssids(options["access_points"])
        self._channels = tuple(options["channels"])
        self._stale_after_s = float(options["stale_after_s"])
        self._trigger_s = trigger_interval_s(config)
        self._due_s = due_interval_s(config)
        self._triggered_mono: float | None = None
        self._surveys: dict[float, Survey] = {}
        # When each channel was last told; at first, now: a scan gets one interval before its absence is said.
        now_mono = self._clock.now_mono()
        self._told_mono = {channel.id: now_mono for channel in channels(config)}

    def sample(self) -> list[Reading]:
        """What is fresh in the scan results; what has not been for the channels' period, as unknown.

        Raises:
            DriverError: iw is not installed, or the interface is gone.
        """
        found, is_scanned = self._scan()
        at_ts, now_mono = self._clock.now_ts(), self._clock.now_mono()
        heard = {bss.bssid: bss for bss in found if bss.age_s is None or bss.age_s <= self._stale_after_s}
        readings: list[Reading] = []
        loads = {access_point: own_load(heard, bssids) for access_point, bssids in self._own.items()}
        is_untold = any(load is not None and load[1][0] is None for load in loads.values())
        sensed = self._sensed() if is_untold else {}
        for access_point, bssids in self._own.items():
            load = loads[access_point]
            if load is not None and load[1][0] is None:
                load = load[0], busiest(heard, bssids, sensed)
            for suffix, value in zip(("stations", "utilisation"), load or (None, None), strict=True):
                readings += self._told(f"{self._name}-{access_point}-{suffix}", at_ts, now_mono, value, "absent")
        is_scanned = is_scanned or shows_scan(heard.values())
        counts = count_neighbours(heard.values(), (bssid for bssids in self._own.values() for bssid in bssids))
        for channel in self._channels:
            count = (float(counts[channel]), "") if is_scanned else None
            readings += self._told(f"{self._name}-ch{channel}-neighbours", at_ts, now_mono, count, "inconclusive")
        return readings

    def _sensed(self) -> dict[float, float]:
        """By frequency, how busy this radio itself found a channel since the last sample; few radios tell."""
        surveys = {one.frequency_mhz: one for one in self._iw.read_or_none(parse_survey, "survey", "dump") or ()}
        before, self._surveys = self._surveys, surveys
        shares = {mhz: busy_share(one, before[mhz]) for mhz, one in surveys.items() if mhz in before}
        return {mhz: share for mhz, share in shares.items() if share is not None}

    def _told(self, channel: str, at_ts: float, now_mono: float, value: _Value | None, otherwise: str) -> list[Reading]:
        if value is None:
            if now_mono - self._told_mono[channel] < self._due_s:
                return []
            value = (None, otherwise)
        self._told_mono[channel] = now_mono
        return [Reading(channel, at_ts, value[0], value[1] if value[0] is None else None)]

    def _scan(self) -> tuple[list[Bss], bool]:
        """The entries, and whether they are of a scan just made."""
        now_mono = self._clock.now_mono()
        is_due = self._triggered_mono is None or now_mono - self._triggered_mono >= self._trigger_s
        if self._trigger_s and is_due:
            self._triggered_mono = now_mono
            try:
                return self._iw.read(parse_scan, "scan", deadline_s=SCAN_DEADLINE_S), True
            except DriverError as error:
                if error.reason == "absent":
                    raise
                _log.warning("%s: no scan of our own (it needs CAP_NET_ADMIN and an idle radio): %s", self._name, error)
        return self._iw.read(parse_scan, "scan", "dump"), False

    def close(self) -> None:
        """Nothing is held between samples."""


def trigger_interval_s(config: SensorConfig) -> float:
    """Seconds between scans of our own, at least LEAST_TRIGGER_S; 0 for none."""
    wanted_s = float(config.options["trigger_every_s"])
    return max(LEAST_TRIGGER_S, wanted_s) if wanted_s > 0 else 0.0


def due_interval_s(config: SensorConfig) -> float:
    """The channels' period: between two scans of our own, only the associated access point stays fresh."""
    return max(config.period_s, trigger_interval_s(config))


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """Two channels an own access point, one a radio channel; raises ValueError naming a wrong option."""
    period_s, room, label = due_interval_s(config), config.room, config.label
    found: list[Channel] = []
    for name in own_bssids(config.options["access_points"]):
        found.append(Channel(f"{config.name}-{name}-stations", "stations", period_s, room, label or name))
        found.append(Channel(f"{config.name}-{name}-utilisation", "channel_utilisation", period_s, room, label or name))
    for channel in config.options["channels"]:
        if not _is_channel(channel):
            raise ValueError(f'channels: {channel!r} is no Wi-Fi channel, expected "1" to "177", or "6g1" to "6g233"')
        found.append(Channel(f"{config.name}-ch{channel}-neighbours", "neighbours", period_s, room, label))
    return tuple(found)


def _is_channel(name: str) -> bool:
    number = name.removeprefix("6g")
    if not (number.isascii() and number.isdigit() and len(number) <= 3 and not number.startswith("0")):  # noqa: PLR2004 - channels have three digits at most
        return False
    base_mhz = 5_950 if name.startswith("6g") else 5_000 if int(number) > 14 else 2_407  # noqa: PLR2004 - the last of 2.4 GHz
    return name == "14" or channel_of(base_mhz + 5 * int(number)) == name


DRIVER = DriverSpec(
    name="scan",
    kind="wifi",
    text="Stations and channel utilisation of the site's own access points, from their beacons; neighbours as a count",
    wiring=(
        "no wiring: any radio that hears the access points; needs the package iw. Access points must send the BSS "
        "Load element (often called QBSS load or 802.11e)"
    ),
    options=(
        Option("interface", "str", "the wireless interface, as `iw dev` prints it", "wlan0"),
        access_points_option({}),
        Option("channels", "list[str]", "radio channels whose neighbours are counted", list(DEFAULT_CHANNELS)),
        Option(
            "trigger_every_s",
            "float",
            "seconds between scans of our own, which need CAP_NET_ADMIN and interrupt this link for some seconds; "
            "0: never, else at least 600",
            0.0,
            unit="s",
            low=0,
            high=86_400,
        ),
        Option("stale_after_s", "float", "entries heard longer ago are ignored", 90.0, unit="s", low=5, high=3_600),
    ),
    period_s=60.0,
    channels=channels,
    open=ScanDriver,
)
