"""A place, a clock and a store in memory for the tests of ``vigie_gateway.place``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from threading import Event

import pytest

from vigie_contract.messages import Channel
from vigie_contract.quantities import Average
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.place.site import Site, load_site
from vigie_gateway.store import Correction, Gap, MaintenanceReport, Sample, Series


class StillClock:
    """A clock that moves when it is told to."""

    speed = 1.0

    def __init__(self, at_ts: float) -> None:
        self.at_ts = at_ts

    def now_ts(self) -> float:
        return self.at_ts

    def now_mono(self) -> float:
        return self.at_ts

    def wait(self, event: Event, duration_s: float) -> bool:
        return event.is_set()

    def is_synchronised(self) -> bool:
        return True


class MemoryCorrections:
    """What people said, in a list."""

    def __init__(self) -> None:
        self.said: list[Correction] = []

    def newest(self, limit: int, before: int | None = None) -> list[Correction]:
        return self.said[::-1][:limit]

    def standing(self) -> list[Correction]:
        return list({(one.kind, one.subject): one for one in self.said}.values())

    def between(self, kind: str, from_ts: float, to_ts: float) -> list[Correction]:
        return [one for one in self.said if one.kind == kind and from_ts < one.at_ts <= to_ts]


class MemoryStore:
    """Readings in a list; histories on exactly the grid that was asked for."""

    def __init__(self) -> None:
        self.known: dict[str, Series] = {}
        self.kept: dict[int, dict[float, Sample]] = {}
        self.corrections = MemoryCorrections()

    def register(self, node: str, channels: Sequence[Channel]) -> dict[str, Series]:
        for channel in channels:
            series = Series(len(self.known) + 1, node, channel)
            self.known.setdefault(series.name, series)
        return {channel.id: self.known[f"{node}.{channel.id}"] for channel in channels}

    def put(self, name: str, quantity: str, readings: Mapping[float, float | None], period_s: float = 60) -> None:
        """Keep readings of one channel, by time."""
        node, _, channel = name.partition(".")
        series = self.register(node, [Channel(channel, quantity, period_s)])[channel]
        for at_ts, value in readings.items():
            reason = "failed" if value is None else None
            self.kept.setdefault(series.id, {})[at_ts] = Sample(series.id, at_ts, value, reason)

    def series(self) -> list[Series]:
        return list(self.known.values())

    def progress(self) -> dict[tuple[str, str], int]:
        return {}

    def commit(
        self,
        samples: Sequence[Sample],
        progress: Mapping[tuple[str, str], int],
        gaps: Sequence[Gap] = (),
        corrections: Sequence[Correction] = (),
    ) -> None:
        self.corrections.said += corrections
        for sample in samples:
            self.kept.setdefault(sample.series, {})[sample.at_ts] = sample

    def latest(self) -> dict[int, Sample]:
        return {series: found[max(found)] for series, found in self.kept.items() if found}

    def samples(self, series: int, from_ts: float, to_ts: float, limit: int | None = None) -> list[Sample]:
        found = self.kept.get(series, {})
        return [found[at_ts] for at_ts in sorted(found) if from_ts < at_ts <= to_ts][:limit]

    def history(self, series: int, from_ts: float, to_ts: float, points: int) -> list[HistoryPoint]:
        quantity = next(one for one in self.known.values() if one.id == series).quantity
        width_s = (to_ts - from_ts) / points
        return [
            self._point(series, from_ts + width_s * index, from_ts + width_s * (index + 1), quantity.average)
            for index in range(points)
        ]

    def _point(self, series: int, from_ts: float, to_ts: float, average: Average) -> HistoryPoint:
        values = [one.value for one in self.samples(series, from_ts, to_ts) if one.value is not None]
        if not values:
            return HistoryPoint(to_ts, None, None, None, None, 0.0)
        if average is Average.INCREASE:
            before = [one.value for one in self.samples(series, 0, from_ts) if one.value is not None]
            chain = [*before[-1:], *values]
            rose = sum(b - a if b >= a else b for a, b in pairwise(chain))
            return HistoryPoint(to_ts, rose, None, None, values[-1], 1.0)
        return HistoryPoint(to_ts, sum(values) / len(values), min(values), max(values), values[-1], 1.0)

    def gaps(self) -> list[Gap]:
        return []

    def maintain(self, now_ts: float) -> MaintenanceReport:
        return MaintenanceReport(0, 0, 0, has_more=False)

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock_at() -> Callable[[float], StillClock]:
    return StillClock


@pytest.fixture
def site_of(tmp_path: Path) -> Callable[[str], Site]:
    """Makes a site of the text of its file; the head is given."""

    def make(text: str) -> Site:
        path = tmp_path / "site.toml"
        path.write_text('id = "place"\nname = "Place"\ntimezone = "Europe/Paris"\n' + text)
        return load_site(path)

    return make


@pytest.fixture
def sample_path() -> Path:
    import vigie_gateway

    return Path(vigie_gateway.__file__).parent / "sample" / "site.toml"
