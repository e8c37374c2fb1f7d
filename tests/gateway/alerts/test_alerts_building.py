"""The rules that the site file has are those that the gateway's alerts go by."""

from __future__ import annotations

import pytest
from tests.gateway.conftest import SAMPLE_SITE, Bench

from vigie_contract.readings import Reading
from vigie_gateway.place.sessions import Agenda, PlannedWorks
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


def test_planned_works_of_the_calendar_silence_what_fires_until_they_are_over(bench: Bench) -> None:
    bench.declare()
    begin_ts = bench.clock.now
    works = PlannedWorks(None, {"fr": "Travaux", "en": "Works"}, begin_ts - 60, begin_ts + 600, None)
    bench.board.agenda = Agenda(works=(works,))
    bench.send(Reading("linky-va", begin_ts, 900.0), first=1)
    assert bench.alerts.watch.look()
    (alert,) = bench.alerts.watch.standing
    assert alert.silence is not None
    assert (alert.silence.author, alert.silence.reason) == ("Travaux", "Travaux prévus")
    bench.clock.pass_time(600)
    assert bench.alerts.watch.look()
    assert bench.alerts.watch.standing[0].silence is None
