"""A history's period in words: its buttons, days and hours, its holes, what is wrong with what was typed. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vigie_dashboard.history_view import HistoryView, PeriodView
from vigie_dashboard.language import Language, day_ts

_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"\d\d:\d\d(:\d\d)?")
MOST_HOLES = 3
"""Stretches without a reading that are named, the longest ones: the table has them all."""


def span_names(language: Language) -> dict[str, str]:
    """What the buttons are called."""
    return {
        "day": language.pgettext("span", "Day"),
        "week": language.pgettext("span", "Week"),
        "month": language.pgettext("span", "Month"),
        "year": language.pgettext("span", "Year"),
    }


def labels_of(language: Language) -> dict[str, str]:
    """What the fields of the form are called."""
    return {
        "from": language.gettext("From day"),
        "from_time": language.gettext("From time"),
        "to": language.gettext("To day"),
        "to_time": language.gettext("To time"),
    }


def fields_of(period: PeriodView, language: Language) -> list[tuple[str, str, str]]:
    """(name, label, type) of the form's fields: plain text where a browser's own field would drop what was typed."""
    fields = []
    for name, label in labels_of(language).items():
        kind, shape = ("time", _TIME) if name.endswith("_time") else ("date", _DATE)
        typed = period.typed.get(name, "")
        fields.append((name, label, kind if not typed or shape.fullmatch(typed) else "text"))
    return fields


def problem_of(problem: tuple[str, str] | None, language: Language) -> str:
    """What is wrong with what was typed, and what to type."""
    if problem is None:
        return ""
    field, reason = problem
    name = labels_of(language).get(field, language.pgettext("span", "Day"))
    words = {
        "date": language.gettext("%(field)s: this is no date. Type it as 2026-11-24.", field=name),
        "time": language.gettext("%(field)s: this is no time. Type it as 14:30.", field=name),
        "missing": language.gettext("%(field)s: a day is missing. Type it as 2026-11-24.", field=name),
        "order": language.gettext("The period ends before it begins: choose a later end."),
        "short": language.gettext("The period is shorter than a minute: choose a later end."),
        "future": language.gettext("This period is not yet: choose an earlier beginning."),
    }
    otherwise = language.gettext("This period is not known: choose a day, a week, a month or a year.")
    return words.get(reason, otherwise) + " " + language.gettext("The last 24 hours are shown.")


def period_of(view: HistoryView, language: Language) -> str:
    """The day and its hours, or two days and their hours; with the year when it is not this one."""
    zone, to_ts = view.timezone, min(view.to_ts, view.now_ts)
    first, last = (_dated(at_ts, view, language) for at_ts in (view.from_ts, to_ts))
    begin, end = language.time(view.from_ts, zone), language.time(to_ts, zone)
    return f"{first}, {begin} \u2013 {end}" if first == last else f"{first}, {begin} \u2013 {last}, {end}"


def _dated(at_ts: float, view: HistoryView, language: Language) -> str:
    day = language.date(at_ts, view.timezone)
    year, this_year = (language.year(one, view.timezone) for one in (at_ts, view.now_ts))
    return day if year == this_year else f"{day} {year}"


def spans_in_words(spans: Sequence[tuple[float, float]], view: HistoryView, language: Language) -> str:
    """The longest stretches, in order of time, and how many more there are."""
    longest = sorted(sorted(spans, key=lambda span: span[0] - span[1])[:MOST_HOLES])
    zone = view.timezone

    def moment(at_ts: float) -> str:
        day = language.day_month(at_ts, zone) if view.to_ts - view.from_ts > 7 * 86_400 else language.day(at_ts, zone)
        year, this_year = (language.year(one, zone) for one in (at_ts, view.now_ts))
        return f"{day} {language.time(at_ts, zone)}" if year == this_year else f"{day} {year}"

    words = []
    for begin_ts, end_ts in longest:
        is_one_day = day_ts(begin_ts, zone) == day_ts(end_ts, zone)
        words.append(f"{moment(begin_ts)} \u2013 {language.time(end_ts, zone) if is_one_day else moment(end_ts)}")
    left = len(spans) - len(longest)
    if left:
        words.append(language.ngettext("%(num)s more", "%(num)s more", left))
    return "; ".join(words)
