"""What runs and what is installed are told apart, and a node that is newer than its gateway is told."""

from __future__ import annotations

from typing import Any

import pytest

from vigie_gateway.doctor.installation import sqlite_finding
from vigie_gateway.doctor.versions import version_findings


def report(**software: str | None) -> dict[str, Any]:
    nodes = {name.replace("_", "-"): {"software": said} for name, said in software.items()}
    return {"version": "0.4.0", "parts": {"nodes": {"by_id": nodes}}}


def test_a_gateway_that_was_not_restarted_is_told() -> None:
    (found,) = version_findings(report(), "0.5.0")
    assert (found.status, "0.4.0" in found.text, "restart" in found.remedy) == ("warn", True, True)


@pytest.mark.parametrize(
    ("software", "status"),
    [
        ("vigie-sensors 0.4.0", None),
        ("vigie-sensors 0.3.9", "pass"),
        ("vigie-sensors 0.10.0", "warn"),
        ("vigie-node 7.1", None),
        ("vigie-sensors unknown", None),
        (None, None),
    ],
)
def test_a_node_is_compared_where_it_counts_as_the_gateway_does(software: str | None, status: str | None) -> None:
    first, *found = version_findings(report(pi_2=software), "0.4.0")
    assert (first.status, "vigie/1/" in first.text) == ("pass", True)
    assert [finding.status for finding in found] == ([] if status is None else [status])
    assert all("pi-2" in finding.text for finding in found)


def test_a_report_without_nodes_is_enough() -> None:
    assert len(version_findings({"version": "0.4.0", "parts": {}}, "0.4.0")) == 1


@pytest.mark.parametrize(("version", "status"), [((3, 36, 9), "fail"), ((3, 37, 0), "pass"), ((3, 46, 1), "pass")])
def test_a_sqlite_that_cannot_hold_the_store_is_told(version: tuple[int, ...], status: str) -> None:
    found = sqlite_finding(version)
    assert (found.status, ".".join(map(str, version)) in found.text) == (status, True)
