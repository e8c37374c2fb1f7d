"""A gateway that is killed at any moment of an alert goes on from what its book has: nothing twice, no ``for`` lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.gateway.alerts.alert_stream import rule, seen, told

from vigie_gateway.alerts.alert import Acknowledgement, Change, Event, Phase, Silence, What
from vigie_gateway.alerts.book import Book
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.alerts.engine import Engine

NOW_TS = 1_795_527_000.0
RULES = [rule(for_s=60, keep_firing_s=60)]
WRONG, WELL = 11.0, 9.0
STORY = [WRONG] * 100 + [WELL] * 30 + [WRONG] * 20 + [WELL] * 120 + [WRONG] * 30 + [WELL] * 10
"""It fires after a minute, is well for too short a time, then is over; what comes after it is no alert."""
TOLD = ["began above", "fired above", "resolved well", "began above", "dropped well"]
OFF_S = 20
"""Seconds in which the story goes on without the gateway."""


class Gateway:
    """As much of it as an alert needs; killed by not being closed."""

    def __init__(self, path: Path, keep: ExitStack) -> None:
        self.book = Book(keep.enter_context(closing(BookFile(path, "2026-11-24"))))
        self.engine = Engine(RULES, self.book.open_alerts())

    def look(self, value: float | None, now_ts: float) -> list[str]:
        changes = self.engine.step([seen(value)], None, now_ts)
        for alert in self.book.write(changes) if changes else ():
            self.engine.replaced(alert)
        return told(changes)


@pytest.fixture
def keep() -> Iterator[ExitStack]:
    """Files of gateways that were killed, until the test has ended."""
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("killed_at", range(1, len(STORY) - OFF_S, 9))
def test_a_gateway_killed_at_any_second_tells_what_one_that_was_not_tells(
    killed_at: int, tmp_path: Path, keep: ExitStack
) -> None:
    gateway = Gateway(tmp_path / "alerts.db", keep)
    happened = [word for second in range(killed_at) for word in gateway.look(STORY[second], NOW_TS + second)]
    gateway = Gateway(tmp_path / "alerts.db", keep)
    for second in range(killed_at + OFF_S, len(STORY)):
        happened += gateway.look(STORY[second], NOW_TS + second)
    assert [word for word in happened if word in TOLD[:3]][:3] == TOLD[:3]
    assert happened.count("fired above") == happened.count("resolved well") == 1
    numbers = [alert.number for alert in gateway.book.history()]
    assert len(numbers) == len(set(numbers))


def test_a_silence_and_who_has_it_in_hand_are_there_after_a_kill(tmp_path: Path, keep: ExitStack) -> None:
    gateway = Gateway(tmp_path / "alerts.db", keep)
    for second in range(62):
        gateway.look(WRONG, NOW_TS + second)
    (alert,) = gateway.engine.alerts()
    marked = replace(
        alert,
        acknowledged=Acknowledgement("Desk", NOW_TS),
        silence=Silence("Desk", NOW_TS, "Works", NOW_TS + 1e6),
    )
    gateway.book.write([Change(marked, (Event(0, alert.number, What.SILENCED, NOW_TS + 62, "Desk", "Works"),))])
    gateway.engine.replaced(marked)
    gateway = Gateway(tmp_path / "alerts.db", keep)
    assert [word for second in range(100, 200) for word in gateway.look(WRONG, NOW_TS + second)] == []
    (after,) = gateway.engine.alerts()
    assert after.phase is Phase.FIRING
    assert (after.number, after.fired_ts) == (alert.number, alert.fired_ts)
    assert (after.acknowledged, after.silence) == (marked.acknowledged, marked.silence)
