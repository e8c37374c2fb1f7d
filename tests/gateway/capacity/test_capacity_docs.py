"""docs/capacity.md says what the program does: its example runs, activities and rules are those of the code."""

from __future__ import annotations

import re
from datetime import UTC
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from vigie_gateway.capacity import judgement
from vigie_gateway.capacity.activities import BUILT_IN
from vigie_gateway.capacity.answer import Answer
from vigie_gateway.capacity.forecast import Sample
from vigie_gateway.capacity.judgement import Verdict
from vigie_gateway.capacity.supply import Resource

PAGE = (Path(__file__).parents[3] / "docs" / "capacity.md").read_text(encoding="utf-8")
WEEK_S = 7 * 86_400.0


def weekly(*values: float) -> list[Sample]:
    """So many weeks of one hour, from 10 minutes before the session's start a week ago backwards."""
    return [Sample(10 * WEEK_S - 600 - number * WEEK_S, value) for number, value in enumerate(values, 1)]


def test_the_example_runs_and_says_what_it_says() -> None:
    block = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    names: dict[str, Any] = {
        "starts_ts": 10 * WEEK_S,
        "ends_ts": 10 * WEEK_S + 5_400,
        "zone": UTC,
        "free_outlets": weekly(26, 25, 26, 27, 26, 26),
        "downloads": weekly(80e6, 82e6, 78e6, 84e6, 80e6, 79e6),
        "uploads": weekly(56e6, 58e6, 50e6, 57e6, 55e6, 56e6),
        "site": SimpleNamespace(session_activities=lambda: BUILT_IN),
    }
    exec(block[1], names)  # noqa: S102 - our own page
    answer: Answer = names["answer"]
    assert answer.verdict is Verdict.TIGHT
    assert answer.limiting is Resource.UPLOAD
    assert answer.breaks_at[0] == (Resource.UPLOAD, 33)


def test_every_activity_has_its_row_with_its_rates() -> None:
    rows = {line.split("`")[1]: line.split("|") for line in PAGE.splitlines() if line.startswith("| `")}
    assert set(rows) == set(BUILT_IN.by_id)
    for name, activity in BUILT_IN.by_id.items():
        _, _, down, up, devices, *_ = rows[name]
        assert float(down.split(",")[0]) * 1e6 == activity.download_bps
        assert float(up.split(",")[0]) * 1e6 == activity.upload_bps
        assert float(devices) == activity.devices_per_person


def test_the_rules_name_the_margins_that_are_kept() -> None:
    assert f"above {1 - judgement.LEAST_MARGIN:g}" in PAGE
    assert f"fewer than {judgement.LEAST_DAYS} comparable days" in PAGE
    for equipment in BUILT_IN.equipment.values():
        assert f"`{equipment.id}` ({equipment.power_w:,.0f} W)" in PAGE
