"""The line and the radio of a room, as they were measured here at such hours. Asked by ``supplies``, on any thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import median

from vigie_dashboard.view import HistoryPoint
from vigie_gateway.capacity.forecast import HOUR_S, Sample
from vigie_gateway.capacity.supply import (
    NOT_DECLARED,
    Basis,
    Capacity,
    Latency,
    Missing,
    Radio,
    estimated,
    measure_latency,
    measure_radio,
)
from vigie_gateway.place.site import AccessPoint, Site, Uplink, WifiProbe
from vigie_gateway.supply.diary import Asked, Diary
from vigie_gateway.supply.past import SILENT_S, Past, measured

RARE_S = HOUR_S
"""A channel that is read this rarely is taken reading by reading: in a roll-up, one of each half day would speak for
twelve hours, and two tests for a day of samples."""
SIGNAL_S = 28 * 86_400.0
"""The usual signal is the median of so long. Shorter follows a crowd, longer an access point that was moved."""

Choose = Callable[[HistoryPoint], float | None]


class Network:
    """What the site file names of line and radio, and what the store has of it."""

    def __init__(self, site: Site, past: Past) -> None:
        self._site = site
        self._past = past
        self._zone = site.zone()
        self._rooms = [room.id for room in site.rooms]

    def main_line(self) -> Uplink | None:
        """The line that sessions use: the first main one."""
        return next((one for one in self._site.uplinks if one.role == "main"), None)

    def rate(self, asked: Asked, diary: Diary, *, is_up: bool) -> Capacity | Missing:
        """Of the line one way, while no session used it.

        Where it was never measured, what the provider promises, of no day: enough for a no, never for a go.
        """
        line = self.main_line()
        if line is None:
            return NOT_DECLARED
        channel, promised = (
            (line.upload, line.subscribed_upload_bps) if is_up else (line.download, line.subscribed_download_bps)
        )
        samples = self._past.samples(f"rate {channel}", asked.now_ts, partial(self._rates, channel))
        samples = diary.without_sessions(samples, self._rooms)
        found = measured(samples, asked, self._zone, lambda: self._past.why_unknown([channel], asked.now_ts))
        if isinstance(found, Missing) and promised is not None:
            return Capacity(promised, promised, promised, Basis.DECLARED, days=0)
        return found

    def _rates(self, channel: str | None, from_ts: float, to_ts: float) -> list[Sample]:
        series = self._past.series(channel)
        if series is None:
            return []
        if series.channel.period_s < RARE_S:
            return _samples(self._past.hours(channel, from_ts, to_ts), lambda point: point.mean)
        return [
            Sample(one.at_ts, one.value)
            for one in self._past.store.samples(series.id, from_ts, to_ts)
            if one.value is not None
        ]

    def addresses(self, asked: Asked, diary: Diary) -> Capacity | Missing:
        """What the router's pool still gives: one is taken for each station of the place's access points."""
        line = self.main_line()
        if line is None or line.addresses is None:
            return NOT_DECLARED
        channels = [one.stations for one in self._site.access_points]
        read = partial(self._free_devices, line.addresses, channels)
        samples = diary.without_sessions(self._past.samples("addresses", asked.now_ts, read), self._rooms)
        found = measured(samples, asked, self._zone, lambda: self._past.why_unknown(channels, asked.now_ts))
        return estimated(float(line.addresses)) if isinstance(found, Missing) else found

    def access_points(self, room: str) -> list[AccessPoint]:
        """Those that cover a room."""
        return [one for one in self._site.access_points if room in one.rooms]

    def devices(self, room: str, asked: Asked, diary: Diary) -> Capacity | Missing:
        """What the room's access points still take; their limits as an estimate where nobody counts the stations."""
        points = self.access_points(room)
        if not points:
            return NOT_DECLARED
        limit = sum(one.client_limit for one in points)
        channels = [one.stations for one in points]
        samples = self._past.samples(f"devices {room}", asked.now_ts, partial(self._free_devices, limit, channels))
        samples = diary.without_sessions(samples, self._covered_with(room))
        found = measured(samples, asked, self._zone, lambda: self._past.why_unknown(channels, asked.now_ts))
        return estimated(float(limit)) if isinstance(found, Missing) else found

    def _free_devices(self, limit: float, channels: Sequence[str | None], from_ts: float, to_ts: float) -> list[Sample]:
        taken = self._together(channels, from_ts, to_ts, lambda point: point.high, sum)
        return [Sample(one.at_ts, max(0.0, limit - one.value)) for one in taken]

    def shares_air(self, room: str, other: str) -> bool:
        """Whether an access point covers both rooms."""
        return any(other in one.rooms for one in self.access_points(room))

    def _covered_with(self, room: str) -> list[str]:
        return [other for other in self._rooms if other == room or self.shares_air(room, other)]

    def radio(self, room: str, asked: Asked, diary: Diary) -> Radio | Missing:
        """The air of the busiest access point of the room that tells how busy it is, and the usual signal there."""
        channels = [one.utilisation for one in self.access_points(room) if one.utilisation is not None]
        busy = self._past.samples(f"busy {room}", asked.now_ts, partial(self._busy, channels))
        busy_then = diary.without_sessions(busy, self._covered_with(room))
        if not busy_then or busy_then[-1].at_ts < asked.now_ts - SILENT_S:
            return Missing(self._past.why_unknown(channels, asked.now_ts))
        rssi_dbm = self._signal(room, asked)
        found = measure_radio(busy_then, asked.starts_ts, asked.ends_ts, self._zone, rssi_dbm)
        return replace(found, access_points=len(channels)) if isinstance(found, Radio) else found

    def _busy(self, channels: Sequence[str], from_ts: float, to_ts: float) -> list[Sample]:
        return self._together(channels, from_ts, to_ts, lambda point: point.mean, max)

    def _signal(self, room: str, asked: Asked) -> float | None:
        """In dBm, of the room's weakest probe; None where none tells."""
        channels = [probe.rssi for probe in self._probes(room) if probe.rssi is not None]
        if not channels:
            return None
        samples = self._past.samples(f"signal {room}", asked.now_ts, partial(self._signals, channels))
        recent = [one.value for one in samples if one.at_ts > asked.now_ts - SIGNAL_S]
        return median(recent) if recent else None

    def _signals(self, channels: Sequence[str], from_ts: float, to_ts: float) -> list[Sample]:
        return self._together(channels, from_ts, to_ts, lambda point: point.mean, min)

    def _probes(self, room: str) -> list[WifiProbe]:
        return [one for one in self._site.wifi if not one.rooms or room in one.rooms]

    def paths(self, room: str) -> tuple[list[str], list[str]]:
        """What measures latency for a room, and which channels tell that a probe of it sleeps."""
        paths = [probe.latency for probe in self._probes(room) if probe.latency is not None]
        line = self.main_line()
        if line is not None and line.latency is not None:
            paths.append(line.latency)
        return paths, [probe.power_save for probe in self._probes(room) if probe.power_save is not None]

    def latency(self, room: str, asked: Asked, diary: Diary) -> Latency | Missing:
        """Of the worse of the room's path and the line's, hour by hour, while no probe of the room slept."""
        paths, savers = self.paths(room)
        # Rooms with the same probes have the same hours: they are read and kept once.
        key = f"{' '.join(paths)} {' '.join(savers)}"
        asleep = {one.at_ts for one in self._past.samples(f"asleep {key}", asked.now_ts, partial(self._asleep, savers))}
        found, has_slept = [], False
        for suffix in ("p50", "p95", "loss"):
            every = self._past.samples(f"{suffix} {key}", asked.now_ts, partial(self._path, paths, suffix))
            awake = [one for one in every if one.at_ts not in asleep]
            has_slept = has_slept or len(awake) < len(every)
            found.append(diary.without_sessions(awake, self._rooms))
        p50_ms, p95_ms, loss = found
        if not p50_ms or p50_ms[-1].at_ts < asked.now_ts - SILENT_S:
            channels = [f"{path}-p50" for path in paths]
            return Missing("power-save" if has_slept else self._past.why_unknown(channels, asked.now_ts))
        return measure_latency(p50_ms, p95_ms, loss, asked.starts_ts, asked.ends_ts, self._zone)

    def _path(self, paths: Sequence[str], suffix: str, from_ts: float, to_ts: float) -> list[Sample]:
        """A target that answers no probe at all is none of the paths."""
        answering = [path for path in paths if self._past.hours(f"{path}-p50", from_ts, to_ts)]
        channels = [f"{path}-{suffix}" for path in answering]
        return self._together(channels, from_ts, to_ts, lambda point: point.mean, max)

    def _asleep(self, channels: Sequence[str], from_ts: float, to_ts: float) -> list[Sample]:
        """The hours in which a probe's radio was known to sleep, if only for a while."""
        hours = {
            at_ts
            for channel in channels
            for at_ts, point in self._past.hours(channel, from_ts, to_ts).items()
            if point.high
        }
        return [Sample(at_ts, 1.0) for at_ts in sorted(hours)]

    def _together(
        self,
        channels: Sequence[str | None],
        from_ts: float,
        to_ts: float,
        choose: Choose,
        join: Callable[[Sequence[float]], float],
    ) -> list[Sample]:
        """One value an hour out of several channels; none where one of them was not measured."""
        read = [self._past.hours(channel, from_ts, to_ts) for channel in channels]
        if not read:
            return []
        common = sorted(set(read[0]).intersection(*read[1:]))
        joined = []
        for at_ts in common:
            values = [value for hours in read if (value := choose(hours[at_ts])) is not None]
            if len(values) == len(read):
                joined.append(Sample(at_ts, float(join(values))))
        return joined


def _samples(hours: dict[float, HistoryPoint], choose: Choose) -> list[Sample]:
    return [Sample(at_ts, value) for at_ts, point in hours.items() if (value := choose(point)) is not None]
