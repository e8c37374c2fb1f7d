"""Every query of the dashboard that we ship is answered by a real server with what is there."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.store.influxdb.conftest import Load

from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES, Kind
from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store import Sample, Series
from vigie_gateway.store.influxdb import lines, query
from vigie_gateway.store.influxdb.token import read_token

DASHBOARD = json.loads((Path(__file__).parents[4] / "docs" / "grafana" / "vigie.json").read_text(encoding="utf-8"))
FROM_TS = 1_780_012_800.0
SITE = "grafana"
MACROS = {
    "$timeFilter": f"time >= {round(FROM_TS * 1000)}ms AND time <= {round((FROM_TS + 7_200) * 1000)}ms",
    "$__interval": "1m",
    "$site": SITE,
    "$channel": ".*",
}
"""What Grafana puts in their place."""


def filled_in(statement: str) -> str:
    for macro, text in MACROS.items():
        statement = statement.replace(macro, text)
    assert "$" not in re.sub(r"\$/", "", statement), "a macro that this test does not know"
    return statement


def targets() -> list[Any]:
    return [
        pytest.param(target["query"], id=f"{panel['title']} {target['refId']}")
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
    ]


@pytest.fixture
def settings(answering: tuple[InfluxdbSettings, Load]) -> InfluxdbSettings:
    """A server with two hours of each quantity, a minute apart, the last reading of each unknown."""
    found, load = answering
    for name, quantity in QUANTITIES.items():
        series = Series(1, "node", Channel(name.replace("_", "-"), name, 60.0))
        step = 1.0 if quantity.kind is Kind.COUNTER else 0.0
        samples = [Sample(1, FROM_TS + 60 * minute, quantity.low + step * minute) for minute in range(1, 120)]
        samples.append(Sample(1, FROM_TS + 7_200, None, "failed"))
        load([lines.line(lines.key(SITE, series), sample) for sample in samples])
    return found


@pytest.mark.parametrize("statement", targets())
def test_a_query_of_the_dashboard_is_answered_with_what_is_there(settings: InfluxdbSettings, statement: str) -> None:
    rows = query.ask(settings, filled_in(statement), 10.0).rows
    assert rows
    if "rise" in statement:
        assert sum(row[1] for row in rows) == 118, "every step of the counter, and no more"
    elif "unknown" in statement:
        assert {row[1] for row in rows} == {"failed"}
    else:
        assert len(rows) == 119, "a minute each, and none for the unknown"


def test_the_variables_of_the_dashboard_list_what_is_there(settings: InfluxdbSettings) -> None:
    for variable in DASHBOARD["templating"]["list"]:
        parameters = {"db": settings.database_name, "q": filled_in(variable["query"])}
        request = urllib.request.Request(f"{settings.url}/query?{urllib.parse.urlencode(parameters)}")  # noqa: S310 - ours
        if (token := read_token(settings)) is not None:
            request.add_header("Authorization", f"Token {token}")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - ours
            results = json.load(answer)["results"][0]
        listed = {value for series in results["series"] for _, value in series["values"]}
        assert listed >= ({SITE} if variable["name"] == "site" else {"power", "people-in"})


def test_the_dashboard_asks_for_quantities_that_exist_and_names_no_other_source() -> None:
    named = {name for panel in DASHBOARD["panels"] for target in panel["targets"] for name in re.findall(
        r'FROM "(\w+)"', target["query"])}  # fmt: skip
    assert named
    assert named <= set(QUANTITIES)
    sources = {json.dumps(panel["datasource"]) for panel in DASHBOARD["panels"]}
    assert sources == {json.dumps({"type": "influxdb", "uid": "${DS_VIGIE}"})}
