"""What is sent to somebody: a title that tells alone, and lines. Text only, whatever the names in it are.

Called by the gateway when a message leaves. Pure. The title is one line (an SMS, the subject of an e-mail): no name
from the wire can put a line break, a control character or another header into it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from vigie_dashboard.alert_text import (
    dependants_line,
    duration,
    fault_line,
    runbook_of,
    since,
    taken_line,
    unknown_line,
)
from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.alert_words import figures_line, headline
from vigie_dashboard.language import Language
from vigie_dashboard.notices import Severity
from vigie_dashboard.warnings_text import severity_words

LONGEST_TITLE = 140
"""Characters, the place's name included. Lower cuts sentences; higher is a subject that no list of e-mails shows."""
LONGEST_SITE = 40
"""Characters of the place's name in a title. Lower makes two places one; higher leaves less to what is wrong."""
LISTED = 12
"""Alerts of one message. Fewer hides what is wrong; more is not read, and the page has them."""
OVER = "ok"
"""The severity of a message that only tells of what is over."""


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of a message; ``occasion`` is ``fired``, ``escalated``, ``reminded`` or ``resolved``."""

    view: AlertView
    occasion: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What a message says; ``severity`` a word of Severity, or OVER."""

    title: str
    body: str
    severity: str


@dataclass(frozen=True, slots=True)
class Sender:
    """From where: the place's name, its time zone, and the address of its pages; None where it has none."""

    site: str
    timezone: str
    address: str | None


_ORDER = {severity: number for number, severity in enumerate(Severity)}


def letter_of(told: Sequence[Told], sender: Sender, now_ts: float, language: Language) -> Letter:
    """One message about one or more alerts, the worst first, what is over last."""
    ordered = _distinct(
        sorted(told, key=lambda one: (_is_over(one), _ORDER[one.view.severity], one.view.since_ts)), language
    )
    blocks = [_block(one, sender, now_ts, language, is_alone=len(ordered) == 1) for one in ordered[:LISTED]]
    more = len(ordered) - LISTED
    if more > 0:
        blocks.append(language.ngettext("and %(num)s other", "and %(num)s others", more))
    if sender.address is not None:
        number = f"/{ordered[0].view.number}" if len(ordered) == 1 else ""
        blocks.append(f"{sender.address.rstrip('/')}/alerts{number}")
    severity = OVER if all(map(_is_over, ordered)) else str(ordered[0].view.severity)
    return Letter(_title(ordered, sender, language), "\n\n".join(blocks), severity)


def _distinct(told: Sequence[Told], language: Language) -> list[Told]:
    """The first of those that say the same: two sensors of one room that have one name are one line to a reader."""
    by_words: dict[str, Told] = {}
    for one in told:
        by_words.setdefault(_headed(one, language), one)
    return list(by_words.values())


def letter_of_test(who: str, sender: Sender, language: Language) -> Letter:
    """What the "test" button sends."""
    title = language.gettext("Test: nothing is wrong")
    text = language.gettext(
        "%(who)s asked Vigie to send this, to see whether it arrives.", who=_cut(who, LONGEST_TITLE)
    )
    return Letter(_title_of(sender, title), text, OVER)


def _is_over(told: Told) -> bool:
    return told.view.ended_ts is not None


def _title(told: Sequence[Told], sender: Sender, language: Language) -> str:
    """What is worst, and how many others: a long name never hides their number."""
    more = len(told) - 1
    others = "" if not more else " " + language.ngettext("and %(num)s other", "and %(num)s others", more)
    return _title_of(sender, _headed(told[0], language), others)


def _title_of(sender: Sender, text: str, end: str = "") -> str:
    begin = f"{_cut(sender.site, LONGEST_SITE)} \u2013 "
    return begin + _cut(text, LONGEST_TITLE - len(begin) - len(end)) + end


def _headed(told: Told, language: Language) -> str:
    """``Outage: …``, ``Over: …``, ``Nobody is on it: …``."""
    what = headline(told.view, language)
    if _is_over(told):
        return language.gettext("Over: %(what)s", what=what)
    if told.occasion == "reminded":
        return language.gettext("Still: %(what)s", what=what)
    if told.occasion == "escalated":
        return language.gettext("Nobody is on it: %(what)s", what=what)
    word = severity_words(language)[told.view.severity]
    return language.gettext("%(where)s: %(what)s", where=word, what=what)


def _block(told: Told, sender: Sender, now_ts: float, language: Language, *, is_alone: bool) -> str:
    """The lines about one alert; the whole of it where it is the only one."""
    view, timezone = told.view, sender.timezone
    when = since(view, now_ts, timezone, language)
    if view.ended_ts is not None:
        when = f"{when} ({duration(view.ended_ts - view.since_ts, language)})"
    figures = "" if _is_over(told) else figures_line(view, language)
    lines = [_headed(told, language), " · ".join(part for part in (when, figures) if part)]
    if not _is_over(told):
        lines += [fault_line(view, language), unknown_line(view, now_ts, timezone, language)]
        if view.taken_by:
            taken = taken_line(view, now_ts, timezone, language)
            lines.append(language.gettext("In hand: %(who)s", who=taken))
    lines.append(dependants_line(view, language))
    if is_alone and not _is_over(told):
        lines += [f"{number}. {step}" for number, step in enumerate(runbook_of(view, language), 1)]
    return "\n".join(_one_line(line) for line in lines if line)


def _one_line(text: str) -> str:
    """Without what could begin a line or a header, or turn the writing around."""
    return "".join(" " if _is_break(one) else one for one in text if unicodedata.category(one) != "Cf")


def _is_break(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Zl", "Zp", "Cs"}


def _cut(text: str, longest: int) -> str:
    """As a part of a title: one line of at most so many characters, without spaces at its ends or several in a row."""
    text = " ".join(_one_line(text).split())
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
