"""Whatever order and batches readings come in, a history is what all of them together say.

The model below knows nothing of tiers, chunks or batches: it lays the time that each reading speaks for on a line and
measures it. Mutants prove that the comparison can fail.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_contract.clock import SimulatedClock
from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES, Average
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.store import Sample, Store, chunks, open_store, sealing, sqlite
from vigie_gateway.store import log as recent_log
from vigie_gateway.store.history import View
from vigie_gateway.store.rollup import Buckets

BASE_TS = 1_779_926_400
"""A midnight in UTC."""
HOUR_S = 3600
QUANTITY_NAMES = ("power", "people_in", "internet_access", "in_use")


def model_history(
    readings: Sequence[tuple[int, float | None]],
    average: Average,
    period_ms: int,
    ends_ms: Sequence[int],
    step_ms: int,
) -> list[tuple[float | None, float | None, float | None, float | None, float]]:
    """Mean, low, high, last, coverage of each interval, from all readings in order of commit."""
    ordered = sorted(readings, key=lambda reading: reading[0])
    unique = dict(ordered) | dict(reading for reading in ordered if reading[1] is not None)
    covers: list[tuple[int, int, float]] = []
    increases: list[tuple[int, float]] = []
    before: int | None = None
    known: float | None = None
    for at_ms, value in unique.items():
        gap_ms = math.inf if before is None else at_ms - before
        before = at_ms
        if value is None:
            continue
        covers.append((at_ms - int(gap_ms if gap_ms <= 1.5 * period_ms else period_ms), at_ms, value))
        if known is not None:
            increases.append((at_ms, value - known if value >= known else value))
        known = value
    found: list[tuple[float | None, float | None, float | None, float | None, float]] = []
    for end_ms in ends_ms:
        start_ms = end_ms - step_ms
        parts = [
            (min(end, end_ms) - max(start, start_ms), value)
            for start, end, value in covers
            if min(end, end_ms) > max(start, start_ms)
        ]
        if not parts:
            found.append((None, None, None, None, 0.0))
            continue
        covered = sum(length for length, _ in parts)
        mean = sum(length * value for length, value in parts) / covered
        if average is Average.INCREASE:
            mean = sum(rise for at_ms, rise in increases if start_ms < at_ms <= end_ms)
        elif average is Average.LAST:
            mean = parts[-1][1]
        values = [value for _, value in parts]
        found.append((mean, min(values), max(values), values[-1], covered / step_ms))
    return found


_SPANS = (
    (0, 900, 45),
    (-600, 5 * HOUR_S, 100),
    (0, 24 * HOUR_S, 80),
    (-24 * HOUR_S, 48 * HOUR_S, 72),
    (-24 * HOUR_S, 48 * HOUR_S, 9),
    (0, 48 * HOUR_S, 2),
)


def differences(
    store: Store, series: int, readings: Sequence[tuple[int, float | None]], quantity_name: str, period_s: float
) -> list[str]:
    """Where the store's histories, from seconds to days, are not the model's."""
    quantity = QUANTITIES[quantity_name]
    tolerance = quantity.resolution / 100
    wrong: list[str] = []
    for from_s, to_s, points in _SPANS:
        found = store.history(series, BASE_TS + from_s, BASE_TS + to_s, points)
        ends_ms = [round(point.at_ts * 1000) for point in found]
        step_ms = round((to_s - from_s) * 1000 / points)
        if len(found) > 1:
            step_ms = ends_ms[1] - ends_ms[0]
        expected = model_history(readings, quantity.average, round(period_s * 1000), ends_ms, step_ms)
        for point, told in zip(found, expected, strict=True):
            if not _agree(point, told, tolerance):
                wrong.append(f"{from_s}..{to_s}/{points} at {point.at_ts - BASE_TS:g}: {point}, expected {told}")
    expected_samples = sorted(readings, key=lambda reading: reading[0])
    samples = store.samples(series, 0, BASE_TS + 1e7)
    if [(round(sample.at_ts * 1000), sample.value) for sample in samples] != expected_samples:
        wrong.append("samples differ")
    return wrong


def _agree(point: HistoryPoint, told: tuple[float | None, ...], tolerance: float) -> bool:
    found = (point.mean, point.low, point.high, point.last, point.coverage)
    for position, (ours, theirs) in enumerate(zip(found, told, strict=True)):
        if ours is None or theirs is None:
            if ours is not theirs:
                return False
        elif not math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=tolerance if position == 0 else 1e-9):
            return False
    return True


@st.composite
def _histories(draw: st.DrawFn) -> tuple[str, float, list[list[tuple[int, float | None]]], list[bool]]:
    """A quantity, a period, batches of readings in any order, and after which batches everything is sealed."""
    quantity = draw(st.sampled_from(QUANTITY_NAMES))
    period_s = draw(st.sampled_from([10.0, 60.0, 420.0, 5400.0]))
    values = {
        "power": st.integers(0, 3000).map(lambda tenths: tenths / 10),
        "people_in": st.integers(0, 40).map(float),
        "internet_access": st.integers(0, 2).map(float),
        "in_use": st.integers(0, 1).map(float),
    }[quantity]
    reading = st.tuples(
        st.one_of(
            st.integers(0, 30).map(lambda minutes: minutes * 60_000),
            st.integers(0, 1_800_000),
            st.integers(0, 400).map(lambda number: int(number * period_s * 1000)),
        ).map(lambda offset_ms: BASE_TS * 1000 + offset_ms),
        st.one_of(values, values, values, st.none()),
    )
    batches = draw(st.lists(st.lists(reading, min_size=1, max_size=25), min_size=1, max_size=5))
    is_sealed = draw(st.lists(st.booleans(), min_size=len(batches), max_size=len(batches)))
    return quantity, period_s, batches, is_sealed


def _seal(store: Store) -> None:
    while store.maintain(BASE_TS + 3 * 86_400).sealed:
        pass


def _play(
    quantity: str, period_s: float, batches: Sequence[Sequence[tuple[int, float | None]]], is_sealed: Sequence[bool]
) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "vigie.db", SimulatedClock(BASE_TS, 0.0, 1e-9))
        try:
            labels = ("a", "b", "c") if quantity == "internet_access" else ()
            channel = Channel("c", quantity, period_s, None, "", labels)
            series = store.register("n", [channel])["c"].id
            readings: list[tuple[int, float | None]] = []
            for batch, seals in zip(batches, is_sealed, strict=True):
                store.commit(
                    [Sample(series, at / 1000, value, "failed" if value is None else None) for at, value in batch], {}
                )
                readings += batch
                if seals:
                    _seal(store)
            wrong = differences(store, series, readings, quantity, period_s)
            _seal(store)
            return wrong + [f"sealed: {line}" for line in differences(store, series, readings, quantity, period_s)]
        finally:
            store.close()


@settings(max_examples=40)
@given(_histories())
def test_a_history_is_what_all_readings_together_say(
    case: tuple[str, float, list[list[tuple[int, float | None]]], list[bool]],
) -> None:
    assert not _play(*case)


@settings(max_examples=20)
@given(_histories())
def test_small_chunks_that_split_and_join_tell_the_same(
    case: tuple[str, float, list[list[tuple[int, float | None]]], list[bool]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "FULL", 8)
        patch.setattr(chunks, "SMALL", 4)
        patch.setattr(chunks, "MAX_SMALL", 3)
        patch.setattr(sealing, "CLUSTER_MS", 0)
        assert not _play(*case)


def _noisy_days(quantity: str) -> tuple[str, float, list[list[tuple[int, float | None]]], list[bool]]:
    """Two days of a reading every 20 s, with holes, unknowns, restarts and late batches; the same each time."""
    chance = random.Random(7)
    readings: list[tuple[int, float | None]] = []
    total = 0
    for number in range(1, 6 * 1440):
        if number % 500 < 9:
            continue
        total = 0 if number % 2000 == 0 else total + (chance.random() < 0.1)
        value = {"power": round(chance.gauss(300, 40), 1), "people_in": float(total)}[quantity]
        at_ms = BASE_TS * 1000 + number * 20_000 + chance.randrange(12)
        readings.append((at_ms, None if chance.random() < 0.01 else value))
    late = readings[2000:2600] + readings[5000:5001]
    early = [reading for reading in readings if reading not in late]
    batches = [early[:3000], early[3000:], late[:300], late[300:]]
    return quantity, 20.0, batches, [True, True, True, False]


@pytest.mark.parametrize("quantity", ["power", "people_in"])
def test_days_of_readings_with_holes_and_late_batches_tell_the_same(quantity: str) -> None:
    assert _play(*_noisy_days(quantity)) == []


def _no_dirty(_: View) -> None:
    return None


def _no_roll_again(*_: Any) -> None:
    return None


def _unknown_as_zero(batch_of: Callable[..., recent_log.Batch]) -> Callable[..., recent_log.Batch]:
    def mutant(samples: Sequence[Sample]) -> recent_log.Batch:
        return batch_of([sample._replace(value=sample.value or 0.0, reason=None) for sample in samples])

    return mutant


def _forget_parts(self: chunks.Chunks, tier: int, buckets: Buckets) -> None:
    self._insert_buckets(tier, buckets.part(1, len(buckets)) if len(buckets) > 1 else buckets)


def _mutate(patch: pytest.MonkeyPatch, name: str) -> None:
    if name == "late readings leave kept roll-ups as they are":
        patch.setattr(sealing, "_roll_again", _no_roll_again)
    elif name == "late readings do not count before they are sealed":
        patch.setattr(View, "dirty", _no_dirty)
    elif name == "an unknown counts as zero":
        patch.setattr(sqlite, "batch_of", _unknown_as_zero(recent_log.batch_of))
    elif name == "the first part of a bucket is forgotten":
        patch.setattr(chunks.Chunks, "append_buckets", _forget_parts)


@pytest.mark.parametrize(
    "mutant",
    [
        "late readings leave kept roll-ups as they are",
        "late readings do not count before they are sealed",
        "an unknown counts as zero",
        "the first part of a bucket is forgotten",
    ],
)
def test_the_model_finds_a_store_that_is_wrong(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _mutate(monkeypatch, mutant)
    assert _play(*_noisy_days("power"))


def test_the_model_itself_measures_a_line() -> None:
    readings = [(10_000, 2.0), (20_000, 4.0), (50_000, 8.0)]
    assert model_history(readings, Average.TIME, 10_000, [30_000, 60_000], 30_000) == [
        (3.0, 2.0, 4.0, 4.0, 20 / 30),
        (8.0, 8.0, 8.0, 8.0, 10 / 30),
    ]
