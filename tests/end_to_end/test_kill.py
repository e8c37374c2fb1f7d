"""The benchmark ``kill`` in small: nothing taken is lost to a kill, and a wrong node's losses are seen."""

from __future__ import annotations

import pytest
from tests.bench import kill


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kill, "LONGEST_PAUSE_S", 1.2)


def test_whichever_of_node_broker_and_gateway_are_killed_every_reading_taken_is_stored_once() -> None:
    outcome = kill.run(1, kill.FAULTS)
    assert outcome.taken > 0
    assert (outcome.lost, outcome.duplicates, outcome.gaps) == (0, 0, 0)


def test_a_node_that_clears_its_journal_on_the_brokers_word_loses_readings_and_the_harness_sees_it() -> None:
    assert kill.run(1, [kill.gateway_away_then_broker], is_forgetful=True).lost > 0
