"""The data budget: kept before the test, over power cuts and under wrong clocks, and never more than asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_sensors.budget import (
    BudgetError,
    DataBudget,
    Spending,
    carried_to,
    encode_spending,
    month_of,
    parse_spending,
)

NOVEMBER_TS = 1_794_000_000.0  # 2026-11-06
DECEMBER_TS = NOVEMBER_TS + 31 * 86_400
LIMIT = 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "budget.json"


def test_a_test_is_booked_before_it_runs_and_settled_to_what_it_moved(path: Path) -> None:
    budget = DataBudget(path, LIMIT)
    before = budget.book(60, NOVEMBER_TS)
    assert DataBudget(path, LIMIT).remaining_bytes(NOVEMBER_TS) == 40, "a power cut here counts the whole test"
    budget.settle(before, 25, NOVEMBER_TS)
    assert DataBudget(path, LIMIT).remaining_bytes(NOVEMBER_TS) == 75


def test_a_test_that_does_not_fit_is_refused_and_not_counted(path: Path) -> None:
    budget = DataBudget(path, LIMIT)
    budget.book(60, NOVEMBER_TS)
    with pytest.raises(BudgetError, match="data budget"):
        budget.book(41, NOVEMBER_TS)
    assert budget.remaining_bytes(NOVEMBER_TS) == 40


def test_a_new_month_begins_at_nothing(path: Path) -> None:
    budget = DataBudget(path, LIMIT)
    budget.book(100, NOVEMBER_TS)
    assert budget.remaining_bytes(DECEMBER_TS) == LIMIT
    assert budget.load(DECEMBER_TS).last_ts == NOVEMBER_TS


def test_a_clock_before_the_file_s_month_counts_as_spent_and_keeps_the_file(path: Path) -> None:
    budget = DataBudget(path, LIMIT)
    budget.book(10, DECEMBER_TS)
    assert budget.remaining_bytes(NOVEMBER_TS) == 0
    with pytest.raises(BudgetError):
        budget.book(1, NOVEMBER_TS)
    assert budget.remaining_bytes(DECEMBER_TS) == 90


@pytest.mark.parametrize("content", [b"", b"{", b"\x00" * 100, b'{"month": "2026-11"}', b"[" * 5_000])
def test_a_damaged_file_is_set_aside_said_and_counts_as_spent_for_its_month(
    content: bytes, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(content)
    budget = DataBudget(path, LIMIT)
    assert budget.remaining_bytes(NOVEMBER_TS) == 0
    assert "2026-11 counts as spent" in caplog.text
    assert path.with_name("budget.json.damaged").read_bytes() == content
    assert budget.remaining_bytes(NOVEMBER_TS) == 0, "also at the next start"
    assert budget.remaining_bytes(DECEMBER_TS) == LIMIT


def test_a_folder_that_is_gone_refuses_the_test(tmp_path: Path) -> None:
    with pytest.raises(BudgetError, match="cannot be written"):
        DataBudget(tmp_path / "gone" / "budget.json", LIMIT).book(1, NOVEMBER_TS)


def test_a_write_that_fails_leaves_the_old_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    budget = DataBudget(path, LIMIT)
    budget.book(10, NOVEMBER_TS)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(BudgetError, match="No space"):
        budget.book(10, NOVEMBER_TS)
    assert budget.remaining_bytes(NOVEMBER_TS) == 90
    assert [file.name for file in path.parent.iterdir()] == ["budget.json"]


spendings = st.builds(
    Spending,
    st.floats(0, 4e9).map(month_of),
    st.integers(0, 10**15),
    st.floats(0, 4e9),
)


@given(spendings)
def test_what_is_written_is_read_back(spending: Spending) -> None:
    assert parse_spending(encode_spending(spending)) == spending


json_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
json_objects = st.dictionaries(st.sampled_from(["month", "spent_bytes", "last_ts", "x"]), json_values)


@given(st.binary(max_size=100) | (json_objects | json_values).map(lambda value: json.dumps(value).encode()))
def test_any_content_is_a_spending_or_a_budget_error(content: bytes) -> None:
    try:
        found = parse_spending(content)
    except BudgetError:
        return
    assert found.spent_bytes >= 0


@given(spendings, st.floats(0, 4e9))
def test_only_a_later_month_frees_the_budget(spending: Spending, now_ts: float) -> None:
    carried = carried_to(spending, now_ts, LIMIT)
    assert carried.month == month_of(now_ts)
    if month_of(now_ts) <= spending.month:
        assert carried.spent_bytes >= min(LIMIT, spending.spent_bytes)
