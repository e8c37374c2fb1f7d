"""Who is told, in words: of what, by what, and what became of the last message. Called by ``alerts_page``; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigie_dashboard.alert_text import duration, means_word, moment
from vigie_dashboard.alert_view import ToldView
from vigie_dashboard.fault_words import fault_words
from vigie_dashboard.language import Language
from vigie_dashboard.notices import Severity


@dataclass(frozen=True, slots=True)
class ToldRow:
    """A line of the list; ``state`` is a word of the icons' (``ok``, ``crit``, ``unk``, ``warn``)."""

    recipient: str
    notifier: str
    who: str
    means: str
    what: str
    state: str
    last: str
    waiting: str
    can_test: bool


def told_rows(told: Sequence[ToldView], now_ts: float, timezone: str, language: Language) -> list[ToldRow]:
    """A line for each way in which somebody is told."""
    return [
        ToldRow(
            recipient=one.recipient,
            notifier=one.notifier,
            who=language.named(dict(one.name)) or one.recipient,
            means=means_word(one.means, language) if one.is_here else one.notifier,
            what=_what(one, language),
            state=_state(one),
            last=_last(one, now_ts, timezone, language),
            waiting=language.ngettext("%(num)s waits", "%(num)s wait", one.waiting) if one.waiting else "",
            can_test=one.is_here,
        )
        for one in told
    ]


def nobody_line(told: Sequence[ToldView], language: Language) -> str:
    """That nobody is told besides the screen, and what to do; "" where somebody is."""
    if not told:
        return language.gettext("Nobody is told: the place has named nobody yet.")
    elsewhere = [one for one in told if one.means != "screen"]
    if not elsewhere:
        return language.gettext("Nobody is told: alerts are only on the screen.")
    if not any(one.is_here for one in elsewhere):
        return language.gettext("Nobody is told: this machine has none of the notifiers that [[told]] names.")
    return ""


def _what(one: ToldView, language: Language) -> str:
    """``outages · Café · if nobody is on it after 15 min``."""
    if one.rules is not None:
        parts = [language.listed([_rule_word(rule, one, language) for rule in one.rules])]
        if one.least is Severity.OUTAGE:
            parts.append(language.gettext("outages only"))
    elif one.least is Severity.OUTAGE:
        parts = [language.pgettext("told", "outages")]
    else:
        parts = [language.pgettext("told", "everything")]
    if one.rooms:
        parts.append(language.joined([language.named(dict(room)) for room in one.rooms]))
    if one.after_s > 0:
        parts.append(language.gettext("if nobody is on it after %(span)s", span=duration(one.after_s, language)))
    if not one.is_out_of_hours:
        parts.append(
            language.gettext("while closed: outages only") if one.lets_outages else language.gettext("not while closed")
        )
    return " · ".join(parts)


def _rule_word(rule: str, one: ToldView, language: Language) -> str:
    """What the place calls it; else its id, by which the site file and its page know it."""
    return language.named(dict(one.rule_names.get(rule, {}))) or rule


def _state(one: ToldView) -> str:
    if not one.is_here:
        return "warn"
    if one.is_last_sent is None:
        return "unk"
    return "ok" if one.is_last_sent else "crit"


def _last(one: ToldView, now_ts: float, timezone: str, language: Language) -> str:
    """``14 h 13, remis``."""
    if not one.is_here:
        return language.gettext("this machine has no notifier “%(name)s”", name=one.notifier)
    if one.last_ts is None or one.is_last_sent is None:
        return language.gettext("nothing sent yet")
    time = moment(one.last_ts, now_ts, timezone, language)
    if not one.is_last_sent:
        word = language.gettext("test failed, %(error)s") if one.is_test else language.gettext("failed, %(error)s")
        what = word % {"error": fault_words(one.error, language) or language.gettext("nobody knows why")}
    elif one.is_test:
        what = language.gettext("test got through")
    elif one.means == "screen":
        what = language.pgettext("told", "shown")
    else:
        what = language.pgettext("told", "delivered")
    return f"{time}, {what}"
