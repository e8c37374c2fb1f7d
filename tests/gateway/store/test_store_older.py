"""A history with older readings laid under it is the history of a store that has deleted nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import ManualClock

from vigie_contract.messages import Channel
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.store import Older, Sample, Store, open_store

BASE_TS = 1_700_000_000.0
DAY_S = 86_400.0
CHANNELS = (
    Channel("power", "power", 10.0),
    Channel("door", "people_in", 60.0),
    Channel("net", "internet_access", 60.0, None, "", ("open", "portal", "none")),
)
ERAS_DAYS = (0, 30, 90, 110, 190)
"""When readings come; at the end the first two have left the minutes, the first four the single readings."""
END_TS = BASE_TS + 191 * DAY_S

_reading = st.tuples(
    st.sampled_from([1, 5, 9, 10, 10, 10, 14, 16, 60, 60, 90, 91, 600, 4_000]),
    st.one_of(st.integers(0, 40), st.none()),
)
_eras = st.lists(st.lists(_reading, min_size=1, max_size=30), min_size=len(ERAS_DAYS), max_size=len(ERAS_DAYS))


def fill(store: Store, eras: list[list[tuple[int, int | None]]]) -> list[int]:
    """The same readings for each of CHANNELS, sealed era by era."""
    series = [entry.id for entry in store.register("node", CHANNELS).values()]
    for start_days, era in zip(ERAS_DAYS, eras, strict=True):
        at_ts, samples = BASE_TS + start_days * DAY_S, []
        for step_s, value in era:
            at_ts += step_s
            reason = "failed" if value is None else None
            samples += [Sample(one, at_ts, None if value is None else float(value), reason) for one in series]
        store.commit(samples, {})
        # Old enough to be sealed, too early for retention.
        while store.maintain(BASE_TS + DAY_S).has_more:
            pass
    return series


def expire(store: Store) -> None:
    while store.maintain(END_TS).has_more:
        pass


def older(whole: Store, series: int, span: tuple[float, float]) -> Older:
    """What a server that was sent everything would answer."""
    known = [sample.value for sample in whole.samples(series, 0, span[0]) if sample.value is not None]
    return Older(whole.samples(series, *span), known[-1] if known else None)


def assert_same(found: list[HistoryPoint], expected: list[HistoryPoint]) -> None:
    def exact(point: HistoryPoint) -> tuple[float | None, ...]:
        return point.at_ts, point.low, point.high, point.last, point.coverage

    assert [exact(point) for point in found] == [exact(point) for point in expected]
    # Kept roll-ups are rounded, at each tier by half of its last digit.
    assert [point.mean for point in found] == pytest.approx([point.mean for point in expected], abs=0.02)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(
    eras=_eras,
    start_days=st.sampled_from([0, 0.0004, 0.001, 30.0004, 30, 89, 109.99, 110, 150, 189]),
    length_s=st.sampled_from([600, 3_600, 5_000, DAY_S, 3 * DAY_S, 100 * DAY_S, 191 * DAY_S]),
    points=st.sampled_from([1, 7, 60, 500]),
)
def test_a_joined_history_is_that_of_a_store_that_has_deleted_nothing(
    eras: list[list[tuple[int, int | None]]], start_days: float, length_s: float, points: int
) -> None:
    clock = ManualClock(BASE_TS - DAY_S)
    with tempfile.TemporaryDirectory() as folder:
        whole, cut = open_store(Path(folder) / "whole.db", clock), open_store(Path(folder) / "cut.db", clock)
        try:
            series = fill(whole, eras)
            assert fill(cut, eras) == series
            expire(cut)
            from_ts = BASE_TS + start_days * DAY_S
            for one in series:
                span = cut.missing(one, from_ts, from_ts + length_s, points)
                under = None if span is None else older(whole, one, span)
                found = cut.history(one, from_ts, from_ts + length_s, points, under)
                assert_same(found, whole.history(one, from_ts, from_ts + length_s, points))
        finally:
            whole.close()
            cut.close()


def test_nothing_is_missing_where_nothing_was_deleted_or_roll_ups_suffice(tmp_path: Path) -> None:
    store = open_store(tmp_path / "vigie.db", ManualClock(BASE_TS - DAY_S))
    series = fill(store, [[(10, 1)] * 20] * len(ERAS_DAYS))[0]
    month = (BASE_TS, BASE_TS + 600)
    assert store.missing(series, *month, 60) is None
    expire(store)
    span = store.missing(series, *month, 60)
    assert span is not None
    assert span[0] == BASE_TS - 15
    assert BASE_TS + 200 < span[1] < BASE_TS + 700
    assert store.missing(series, BASE_TS + 110 * DAY_S, BASE_TS + 111 * DAY_S, 24) is None, "minutes are kept"
    assert store.missing(series, BASE_TS + 190 * DAY_S, END_TS, 5_000) is None, "recent"
    store.close()
