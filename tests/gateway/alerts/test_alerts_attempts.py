"""A rule tried while the gateway runs has an end, and leaves the turn to the next."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from tests.gateway.alerts.alert_stream import rule
from tests.gateway.alerts.test_alerts_recorded import TO_TS, Recorded, recorded

from vigie_gateway.alerts.attempts import LONGEST_S, AttemptError, Attempts

__all__ = ["recorded"]


def test_a_trial_that_takes_too_long_is_given_up_and_the_next_one_has_its_turn(recorded: Recorded) -> None:
    recorded.say("main", [1000.0] * 60 + [7000.0] * 30)
    clock: Iterator[float] = (tick * LONGEST_S / 10 for tick in count())
    attempts = Attempts(recorded.store, lambda: next(clock))
    with pytest.raises(AttemptError) as raised:
        attempts.run(recorded.site, rule(signal="reading", level=6000), 1, TO_TS)
    assert raised.value.kind == "long"
    attempts = Attempts(recorded.store, lambda: 0.0)
    for _ in range(2):
        (subject, *_others) = attempts.run(recorded.site, rule(signal="reading", level=6000), 1, TO_TS).episodes()
        assert str(subject.subject) == "channel:n.main"
