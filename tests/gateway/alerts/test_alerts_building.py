"""The rules that the site file has are those that the gateway's alerts go by."""

from __future__ import annotations

import pytest
from tests.gateway.conftest import SAMPLE_SITE, Bench

from vigie_contract.readings import Reading
from vigie_gateway.place.site import Site, read_site


@pytest.fixture
def site() -> Site:
    text = SAMPLE_SITE.read_text() + '\n[[rules]]\nid = "load"\nchannel = "tableau.linky-va"\nabove = 500\nfor = 0\n'
    found, problems = read_site(str(SAMPLE_SITE), text)
    assert found is not None, problems
    return found


def test_a_rule_of_the_site_fires_on_the_channel_that_it_names(bench: Bench) -> None:
    bench.declare()
    bench.send(Reading("linky-va", bench.clock.now, 900.0), first=1)
    assert bench.alerts.watch.look()
    assert [alert.key.rule for alert in bench.alerts.watch.standing] == ["load"]
    assert [alert.value for alert in bench.alerts.watch.standing] == [900.0]
