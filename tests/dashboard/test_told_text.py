"""That an alert would reach nobody is said with its reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vigie_dashboard.alert_view import ToldView
from vigie_dashboard.language import language_of
from vigie_dashboard.notices import Severity
from vigie_dashboard.told_text import nobody_line

SCREEN = ToldView("desk", {"fr": "Accueil"}, "screen", "screen", Severity.OUTAGE)
MAIL = ToldView("desk", {"fr": "Accueil"}, "mail", "email", Severity.OUTAGE)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([], "has named nobody yet"),
        ([SCREEN], "only on the screen"),
        ([SCREEN, replace(MAIL, means="", is_here=False)], "has none of the notifiers"),
        ([SCREEN, MAIL], ""),
    ],
)
def test_nobody_is_told_where_only_the_screen_or_nothing_of_this_machine_tells(told: list[ToldView], said: str) -> None:
    line = nobody_line(told, language_of("en"))
    assert said in line
    assert bool(line) is bool(said)
