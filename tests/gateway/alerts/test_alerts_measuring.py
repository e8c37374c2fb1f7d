"""Which nodes measure what an alert is about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.dashboard.alerts import alert

from vigie_gateway.alerts.measuring import alerts_by_node, nodes_of
from vigie_gateway.place.site import Site
from vigie_gateway.place.wiring import Wiring


@pytest.mark.parametrize(
    ("signal", "kind", "subject", "nodes"),
    [
        ("node-silent", "node", "ondes", {"ondes"}),
        ("channel-silent", "channel", "tableau.c4-mains", {"tableau"}),
        ("circuit-dead", "circuit", "c4", {"tableau"}),
        ("absent:circuit-dead", "circuit", "c4", {"tableau"}),
        ("access-point-load", "access-point", "borne-1", {"ondes"}),
        ("internet", "uplink", "no-such-line", set()),
        ("disk", "gateway", "", set()),
    ],
)
def test_an_alert_stands_beside_the_node_whose_readings_tell_of_it(
    site: Site, signal: str, kind: str, subject: str, nodes: set[str]
) -> None:
    assert nodes_of(Wiring(site), replace(alert(signal, subject=subject), subject_kind=kind)) == nodes


def test_what_another_alert_explains_stands_beside_its_node_too(site: Site) -> None:
    below = replace(alert("node-silent", subject="ondes"), subject_kind="node")
    cause = replace(alert("circuit-dead", subject="c4"), subject_kind="circuit", dependants=(below,))
    assert alerts_by_node(Wiring(site), [cause]) == {"tableau": (cause,), "ondes": (below,)}
