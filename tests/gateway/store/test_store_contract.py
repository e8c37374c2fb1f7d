"""What every store promises: each claim runs against every implementation in IMPLEMENTATIONS."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from vigie_contract.clock import SimulatedClock
from vigie_contract.messages import Channel
from vigie_gateway.store import Gap, MaintenanceReport, Sample, Store, StoreError, open_store

IMPLEMENTATIONS: dict[str, Callable[[Path], Store]] = {
    "sqlite": lambda folder: open_store(folder / "vigie.db", SimulatedClock(NOW_TS, 0.0, 1.0)),
}
NOW_TS = 1_780_012_800.0
DAY_S = 86_400.0
POWER = Channel("plug-power", "power", 10.0, "hall", "Plug 1")
DOOR = Channel("door-in", "people_in", 10.0, "hall")
PORTAL = Channel("net", "internet_access", 60.0, None, "", ("open", "portal", "none"))


@pytest.fixture(params=sorted(IMPLEMENTATIONS))
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the same store; what was open is closed first."""
    open_ones: list[Store] = []

    def again() -> Store:
        while open_ones:
            open_ones.pop().close()
        open_ones.append(IMPLEMENTATIONS[request.param](tmp_path))
        return open_ones[-1]

    yield again
    for store in open_ones:
        store.close()


@pytest.fixture
def store(reopen: Callable[[], Store]) -> Store:
    return reopen()


def maintain(store: Store, now_ts: float) -> list[MaintenanceReport]:
    """Until nothing is due."""
    reports = [store.maintain(now_ts)]
    while reports[-1].has_more or reports[-1].sealed:
        reports.append(store.maintain(now_ts))
    return reports


def seal(store: Store) -> list[MaintenanceReport]:
    """Seal everything: the log is old enough a day later."""
    return maintain(store, NOW_TS + DAY_S)


def regular(series: int, count: int, period_s: float = 10.0, from_ts: float = NOW_TS - 7 * DAY_S) -> list[Sample]:
    return [Sample(series, from_ts + (number + 1) * period_s, float(number % 50)) for number in range(count)]


def test_register_is_idempotent_and_updates_what_is_said_of_a_channel(store: Store) -> None:
    first = store.register("node-1", [POWER, DOOR])
    again = store.register("node-1", [POWER, DOOR])
    assert first == again
    moved = Channel("plug-power", "power", 5.0, "studio", "Plug A")
    changed = store.register("node-1", [moved])
    assert changed["plug-power"].id == first["plug-power"].id
    assert changed["plug-power"].channel == moved
    assert [series.name for series in store.series()] == ["node-1.plug-power", "node-1.door-in"]


def test_a_channel_with_another_quantity_is_another_series_and_comes_back_with_the_first(store: Store) -> None:
    old = store.register("node-1", [POWER])["plug-power"]
    new = store.register("node-1", [Channel("plug-power", "current", 10.0)])["plug-power"]
    assert new.id != old.id
    assert [series.id for series in store.series()] == [new.id]
    store.commit([Sample(old.id, NOW_TS, 5.0)], {})
    assert store.samples(old.id, NOW_TS - 1, NOW_TS) == [Sample(old.id, NOW_TS, 5.0)]
    assert store.register("node-1", [POWER])["plug-power"].id == old.id


def test_series_progress_gaps_and_readings_survive_a_restart(reopen: Callable[[], Store]) -> None:
    store = reopen()
    series = store.register("node-1", [POWER, PORTAL])
    samples = [Sample(series["plug-power"].id, NOW_TS, 41.5), Sample(series["net"].id, NOW_TS, None, "failed")]
    gap = Gap("node-1", "j1", 4, 9, "evicted", NOW_TS)
    store.commit(samples, {("node-1", "j1"): 11}, [gap])
    store.commit([], {("node-1", "j2"): 3})
    for _ in range(2):
        store = reopen()
        assert {found.channel.id: found for found in store.series()} == series
        assert store.progress() == {("node-1", "j1"): 11, ("node-1", "j2"): 3}
        assert store.gaps() == [gap]
        assert store.latest() == {sample.series: sample for sample in samples}
        assert store.samples(samples[1].series, 0, NOW_TS) == [samples[1]]
        seal(store)


def test_a_commit_that_names_an_unknown_series_stores_nothing(store: Store) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    with pytest.raises(StoreError, match="never registered"):
        store.commit([Sample(series, NOW_TS, 1.0), Sample(series + 1, NOW_TS, 1.0)], {("node-1", "j"): 2})
    assert store.progress() == {}
    assert store.latest() == {}


def test_a_value_that_is_no_finite_number_becomes_unknown(store: Store) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    store.commit([Sample(series, NOW_TS, float("nan")), Sample(series, NOW_TS + 1, float("inf"))], {})
    assert store.latest() == {series: Sample(series, NOW_TS + 1, None, "out-of-range")}
    assert store.samples(series, 0, NOW_TS) == [Sample(series, NOW_TS, None, "out-of-range")]


@pytest.mark.parametrize("is_sealed", [False, True])
def test_samples_are_left_open_oldest_first_and_limited_from_the_oldest(store: Store, is_sealed: bool) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    samples = [Sample(series, NOW_TS + number, float(number)) for number in range(5)]
    store.commit(samples[::-1], {})
    if is_sealed:
        seal(store)
    assert store.samples(series, NOW_TS, NOW_TS + 3) == samples[1:4]
    assert store.samples(series, NOW_TS, NOW_TS + 3, limit=2) == samples[1:3]


@pytest.mark.parametrize("is_sealed", [False, True])
def test_regular_readings_with_jitter_cover_everything_and_a_missing_one_leaves_its_hole(
    store: Store, is_sealed: bool
) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    from_ts = NOW_TS - DAY_S
    samples = [Sample(series, from_ts + number * 10 + (number % 3) * 0.007, 7.0) for number in range(361)]
    del samples[100]
    store.commit(samples, {})
    if is_sealed:
        seal(store)
    points = store.history(series, from_ts, from_ts + 3600, 60)
    assert [point.coverage for point in points if point.coverage < 1] == [pytest.approx(50 / 60, abs=0.001)]
    assert {(point.mean, point.low, point.high, point.last) for point in points} == {(7.0, 7.0, 7.0, 7.0)}
    assert [point.at_ts for point in points] == [from_ts + 60 * (number + 1) for number in range(60)]


@pytest.mark.parametrize("is_sealed", [False, True])
def test_an_unknown_is_in_no_mean_and_no_minimum_and_takes_its_share_of_the_coverage(
    store: Store, is_sealed: bool
) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    from_ts = NOW_TS - DAY_S
    samples = [Sample(series, from_ts + 10 * number, 100.0) for number in range(1, 7)]
    samples[2] = Sample(series, from_ts + 30, None, "failed")
    store.commit(samples, {})
    if is_sealed:
        seal(store)
    (point,) = store.history(series, from_ts, from_ts + 60, 1)
    assert (point.mean, point.low, point.coverage) == (100.0, 100.0, 50 / 60)


@pytest.mark.parametrize("is_sealed", [False, True])
def test_what_was_never_measured_is_unknown_and_not_zero(store: Store, is_sealed: bool) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    store.commit([Sample(series, NOW_TS, 3.0)], {})
    if is_sealed:
        seal(store)
    points = store.history(series, NOW_TS - 7200, NOW_TS - 3600, 10)
    assert len(points) == 10
    assert {(point.mean, point.low, point.high, point.last, point.coverage) for point in points} == {
        (None, None, None, None, 0.0)
    }


@pytest.mark.parametrize("is_sealed", [False, True])
def test_a_counter_tells_its_increase_with_restarts_taken_out_and_nothing_lost_in_a_gap(
    store: Store, is_sealed: bool
) -> None:
    series = store.register("node-1", [DOOR])["door-in"].id
    values = {10: 100.0, 20: 103.0, 30: None, 40: 104.0, 50: 2.0, 2000: 7.0}
    samples = [
        Sample(series, NOW_TS + at, value, None if value is not None else "failed") for at, value in values.items()
    ]
    store.commit(samples, {})
    if is_sealed:
        seal(store)
    points = store.history(series, NOW_TS, NOW_TS + 3600, 4)
    assert [point.mean for point in points] == [6.0, None, 5.0, None]


def test_the_mean_of_a_choice_is_its_last_value(store: Store) -> None:
    series = store.register("node-1", [PORTAL])["net"].id
    store.commit([Sample(series, NOW_TS + 60 * number, float(number % 3)) for number in range(1, 61)], {})
    points = store.history(series, NOW_TS, NOW_TS + 3600, 2)
    assert [(point.mean, point.last) for point in points] == [(0.0, 0.0), (0.0, 0.0)]
    assert [(point.low, point.high) for point in points] == [(0.0, 2.0), (0.0, 2.0)]


@pytest.mark.parametrize("points", [1, 7, 100, 1000, 5000])
def test_a_history_never_has_more_points_than_asked_and_they_are_equal(store: Store, points: int) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    store.commit(regular(series, 3000), {})
    from_ts = NOW_TS - 7 * DAY_S + 11.5
    found = store.history(series, from_ts, NOW_TS, points)
    assert 0 < len(found) <= points
    steps = {round(later.at_ts - earlier.at_ts, 3) for earlier, later in pairwise(found)}
    assert len(steps) <= 1
    assert found[-1].at_ts >= NOW_TS


def test_a_history_of_nothing_is_a_mistake_of_the_caller(store: Store) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    with pytest.raises(ValueError, match="expected 1 and a span"):
        store.history(series, NOW_TS, NOW_TS, 10)
    with pytest.raises(ValueError, match="expected 1 and a span"):
        store.history(series, NOW_TS, NOW_TS + 1, 0)
    with pytest.raises(StoreError, match="never registered"):
        store.history(series + 1, NOW_TS, NOW_TS + 1, 1)


def test_single_readings_expire_by_their_quantity_and_their_roll_ups_stay(store: Store) -> None:
    power, download = (
        store.register("node-1", [POWER, Channel("down", "download", 10.0)])[name].id for name in ("plug-power", "down")
    )
    for series in (power, download):
        store.commit(regular(series, 6000), {})
    seal(store)
    later_ts = NOW_TS + 60 * DAY_S
    reports = maintain(store, later_ts)
    assert sum(report.expired for report in reports) > 0
    assert store.samples(power, 0, later_ts) == []
    assert len(store.samples(download, 0, later_ts)) == 6000
    from_ts = NOW_TS - 7 * DAY_S
    hours = store.history(power, from_ts, from_ts + 3600, 60)
    assert [point.coverage for point in hours] == [1.0] * 60
    # Seconds were asked for; minutes are what is left.
    assert len(store.history(power, from_ts, from_ts + 3600, 3600)) == 60
    maintain(store, NOW_TS + 400 * DAY_S)
    assert len(store.history(power, from_ts, from_ts + 3600, 60)) == 4


def test_a_reading_that_comes_after_its_retention_is_dropped_and_told(store: Store) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    store.commit(regular(series, 6000), {})
    seal(store)
    maintain(store, NOW_TS + 60 * DAY_S)
    from_ts = NOW_TS - 7 * DAY_S
    before = store.history(series, from_ts, from_ts + 3600, 60)
    store.commit([Sample(series, from_ts + 1801, 5000.0)], {})
    assert store.history(series, from_ts, from_ts + 3600, 60) == before
    assert sum(report.too_late for report in maintain(store, NOW_TS + 61 * DAY_S)) == 1
    assert store.history(series, from_ts, from_ts + 3600, 60) == before


def test_a_counter_knows_its_last_value_although_it_has_expired(store: Store) -> None:
    series = store.register("node-1", [DOOR])["door-in"].id
    store.commit([Sample(series, NOW_TS - 10, 40.0)], {})
    seal(store)
    maintain(store, NOW_TS + 60 * DAY_S)
    at_ts = NOW_TS + 60 * DAY_S
    store.commit([Sample(series, at_ts, 45.0)], {})
    assert store.history(series, at_ts - 60, at_ts, 1)[0].mean == 5.0
    maintain(store, at_ts + DAY_S)
    assert store.history(series, at_ts - 60, at_ts, 1)[0].mean == 5.0


def test_readers_on_other_threads_see_every_committed_reading_while_the_writer_seals(store: Store) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    committed, seen, is_over = [0], list[tuple[int, int]](), threading.Event()
    errors: list[BaseException] = []

    def read() -> None:
        try:
            while not is_over.is_set():
                least = committed[0]
                seen.append((least, len(store.samples(series, 0, NOW_TS + 1e6))))
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for batch in range(20):
        store.commit([Sample(series, NOW_TS + batch * 100 + number, 1.0) for number in range(100)], {})
        committed[0] += 100
        if batch % 3 == 0:
            seal(store)
    is_over.set()
    for thread in threads:
        thread.join()
    assert not errors
    assert all(least <= count <= committed[0] for least, count in seen)
    assert all(count % 100 == 0 for _, count in seen)


def test_the_latest_is_the_newest_by_time_and_of_one_time_the_last_committed(store: Store) -> None:
    series = store.register("node-1", [POWER])["plug-power"].id
    for at, value, newest in ((5, 1.0, (5, 1.0)), (3, 2.0, (5, 1.0)), (5, 3.0, (5, 3.0)), (9, None, (9, None))):
        store.commit([Sample(series, NOW_TS + at, value, None if value is not None else "failed")], {})
        found = store.latest()[series]
        assert (found.at_ts - NOW_TS, found.value) == newest
    seal(store)
    assert store.latest()[series] == Sample(series, NOW_TS + 9, None, "failed")
