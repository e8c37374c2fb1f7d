"""A period that cannot be understood says which field is wrong, what to type, and what is shown instead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vigie_dashboard import period_text as module
from vigie_dashboard.history_view import HistoryView
from vigie_dashboard.language import language_of


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (("from", "date"), "Du\u00a0: ce n\u2019est pas une date. Écrivez-la ainsi\u00a0: 2026-11-24."),
        (("to_time", "time"), "Jusqu\u2019à\u00a0: ce n\u2019est pas une heure. Écrivez-la ainsi\u00a0: 14:30."),
        (("day", "date"), "Jour\u00a0: ce n\u2019est pas une date."),
        (("to", "missing"), "Au\u00a0: il manque un jour."),
        (("to", "order"), "La période finit avant de commencer"),
        (("to", "short"), "La période dure moins d\u2019une minute"),
        (("from", "future"), "Cette période n\u2019est pas encore venue"),
        (("span", "unknown"), "Cette période n\u2019est pas connue"),
    ],
)
def test_each_mistake_has_its_sentence(problem: tuple[str, str], said: str) -> None:
    text = module.problem_of(problem, language_of("fr"))
    assert text.startswith(said)
    assert text.endswith("Les dernières 24 heures sont affichées.")


def test_without_a_mistake_nothing_is_said() -> None:
    assert module.problem_of(None, language_of("fr")) == ""


def test_a_field_whose_text_is_no_date_is_plain_text_so_that_it_stays(history: HistoryView) -> None:
    typed = {"from": "24/11", "from_time": "8h", "to": "2026-11-24", "to_time": "14:30"}
    fields = module.fields_of(replace(history.period, typed=typed), language_of("en"))
    assert [(name, kind) for name, _, kind in fields] == [
        ("from", "text"),
        ("from_time", "text"),
        ("to", "date"),
        ("to_time", "time"),
    ]


def test_a_period_of_another_year_says_which(history: HistoryView) -> None:
    said = module.period_of(replace(history, from_ts=history.to_ts - 365 * 86_400), language_of("fr"))
    assert said == "lundi 24 novembre 2025, 14\u00a0h\u00a032 \u2013 mardi 24 novembre, 14\u00a0h\u00a032"


def test_the_longest_holes_are_named_in_order_of_time_and_the_rest_counted(history: HistoryView) -> None:
    hours = ((0, 3), (4, 5), (6, 8), (9, 10), (11, 15))
    spans = [(history.from_ts + start * 3_600, history.from_ts + end * 3_600) for start, end in hours]
    said = module.spans_in_words(spans, history, language_of("en"))
    assert said == "Mon 23 14:32 \u2013 17:32; Mon 23 20:32 \u2013 22:32; Tue 24 01:32 \u2013 05:32; 2 more"
