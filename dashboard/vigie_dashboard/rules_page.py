"""The pages of the rules: all of them in sentences, and one with its form and what came of trying it on history.

Called by the gateway's ``api.rules`` on any thread. Complete without JavaScript. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from vigie_dashboard.alert_text import moment
from vigie_dashboard.language import Language, language_of
from vigie_dashboard.pages import LANGUAGE_NAMES, THEMES, render
from vigie_dashboard.rule_text import (
    conditions_of,
    looks_at,
    origin_of,
    severity_of,
    severity_words,
    title_of,
    value_of,
    when_words,
)
from vigie_dashboard.rule_view import EpisodeView, RulePageView, RulesView, TrialView

MOST_ROOMS = 3
"""Named beside an alert. Fewer leave out where it is; more fill the table's line."""
_AROUND_S = 3_600.0
"""What a history shows before and after an alert. Less hides how it began; more makes the alert small."""


class Typed(dict[str, str]):
    """Fields of a form: what was not sent is empty."""

    def __missing__(self, name: str) -> str:
        return ""


def render_rules(view: RulesView, lang: str, theme: str | None) -> str:
    """Every rule in a sentence."""
    language = language_of(lang)
    heading, site = language.gettext("Rules of alerts"), language.named(dict(view.site_name))
    rows = [
        (rule, title_of(rule, language), looks_at(rule, language) if rule.name else "", conditions_of(rule, language))
        for rule in view.rules
    ]
    return render(
        "rules.html",
        language,
        theme,
        view=view,
        rows=rows,
        typed=Typed({"side": "above", **view.fields}),
        channels=[(name, _channel(name, label, unit)) for name, label, unit in view.channels],
        sides=[("above", language.gettext("Wrong above")), ("below", language.gettext("Wrong below"))],
        trouble=lambda name: trouble_text(view.troubles.get(name, ""), language),
        notice=notice_text(view.notice, language),
        severity=lambda rule: severity_of(rule, language),
        origin=lambda rule: origin_of(rule, language),
        heading=heading,
        site=site,
        title=f"{heading} \u2013 {site} \u2013 Vigie",
    )


def _channel(name: str, label: str, unit: str) -> str:
    """``tableau.linky-va · Meter (VA)``."""
    text = f"{name} \u00b7 {label}" if label else name
    return f"{text} ({unit})" if unit not in {"", "1", "/", "count"} else text


def render_rule(view: RulePageView, lang: str, theme: str | None) -> str:
    """One rule."""
    language = language_of(lang)
    heading, site = title_of(view.rule, language), language.named(dict(view.site_name))
    return render(
        "rule.html",
        language,
        theme,
        view=view,
        typed=Typed(view.fields),
        heading=heading,
        looks_at=looks_at(view.rule, language),
        conditions=conditions_of(view.rule, language),
        severity=severity_of(view.rule, language),
        origin=origin_of(view.rule, language),
        whens=list(when_words(language).items()),
        severities=list(severity_words(language).items()),
        subjects=[(one, language.named(dict(name)) or one) for one, name in view.subjects],
        spoken=[(one, LANGUAGE_NAMES[one]) for one in view.languages],
        side=language.gettext("Wrong above") if view.rule.is_above else language.gettext("Wrong below"),
        unit=_unit(view, language),
        clears_hint=language.gettext(
            "Left empty, it moves with the level; now %(value)s. Between the two an alert stays as it is.",
            value=value_of(view.rule, view.rule.clears, language),
        ),
        trouble=lambda name: trouble_text(view.troubles.get(name, ""), language),
        notice=notice_text(view.notice, language),
        spans=[(days, language.ngettext("%(num)s day", "%(num)s days", days)) for days in view.spans_d],
        found=[] if view.trial is None else _found(view.trial, language),
        episodes=[] if view.trial is None else [_episode(one, view, language, theme) for one in view.trial.episodes],
        site=site,
        title=f"{heading} \u2013 {site} \u2013 Vigie",
    )


def trouble_text(trouble: str, language: Language) -> str:
    """What is wrong with a field and what would be right; "" for no trouble."""
    if not trouble:
        return ""
    return {
        "number": language.gettext("A number is expected here."),
        "clears-above": language.gettext("At most the level above: it is well again further down."),
        "clears-below": language.gettext("At least the level above: it is well again further up."),
        "duration": language.gettext("A time such as 30 s, 5 min, 1 h or 2 d; 30 d at most."),
        "choice": language.gettext("Choose one of the list."),
        "long": language.gettext("This is too long."),
        "signs": language.gettext("Characters that nobody can see are not taken here."),
        "name": language.gettext("A name is needed."),
        "by": language.gettext("Choose by what they are told."),
        "rules": language.gettext("Choose one rule at least."),
        "spans": language.gettext("Hours such as 22:00-07:00."),
    }[trouble]


def notice_text(notice: str, language: Language) -> str:
    """What just happened, or what is in the way; "" for nothing."""
    if not notice:
        return ""
    return {
        "saved": language.gettext("Saved: it holds from now on."),
        "added": language.gettext("Added, and off: try it on history, then switch it on."),
        "removed": language.gettext("Taken off the list."),
        "wrong": language.gettext("Something is to be corrected below. All that you typed is kept."),
        "changed": language.gettext(
            "The site file was changed by somebody else meanwhile, and nothing was overwritten. What you typed still "
            "stands below; what holds now stands above it. Save again to put it in place."
        ),
        "write": language.gettext(
            "The site file cannot be written by the gateway: let it write there. What you typed is kept below."
        ),
        "read": language.gettext("The site file cannot be read: what is wrong stands below."),
        "unfit": language.gettext("The site file is wrong as it is. Put it right, or import another."),
        "unset": language.gettext("The place has no site file yet: set it up first."),
        "problems": language.gettext("The place would not be right like this. All that you typed is kept."),
        "uneditable": language.gettext("The site file is written in a way that this page cannot edit."),
    }[notice]


def _unit(view: RulePageView, language: Language) -> str:
    """Behind a number that is typed."""
    if view.rule.signal == "channel-silent":
        return language.gettext("periods")
    return {"/": "%", "Cel": "°C"}.get(view.rule.unit, view.rule.unit)


def _found(trial: TrialView, language: Language) -> list[tuple[str, str]]:
    """What came of a trial: (icon, line); the first is the answer."""
    days = language.ngettext("in the last %(num)s day", "in the last %(num)s days", trial.days)
    if trial.trouble:
        return [("unk", _trial_trouble(trial.trouble, language))]
    if not trial.is_told:
        return [("unk", language.gettext("Nobody knows: of what this rule looks at, no history is stored."))]
    if trial.unknown_share is None:
        return [("unk", language.gettext("Nobody knows: nothing of it was measured here %(days)s.", days=days))]
    lines = []
    if trial.unknown_share >= 1:
        lines.append(("unk", language.gettext("Nobody knows: no reading is stored %(days)s.", days=days)))
    elif trial.count:
        text = language.ngettext(
            "It would have fired %(num)s time %(days)s.",
            "It would have fired %(num)s times %(days)s.",
            trial.count,
            days=days,
        )
        lines.append(("warn", text))
    elif trial.unknown_share:
        lines.append(("ok", language.gettext("As far as is known, it would not have fired %(days)s.", days=days)))
    else:
        lines.append(("ok", language.gettext("It would not have fired %(days)s.", days=days)))
    if trial.dropped:
        text = language.ngettext(
            "Wrong, but not for long enough: %(num)s time.",
            "Wrong, but not for long enough: %(num)s times.",
            trial.dropped,
        )
        lines.append(("clock", text))
    if 0 < trial.unknown_share < 1:
        share = language.percent(trial.unknown_share)
        text = language.gettext(
            "For %(share)s of that time nothing is known: then it may have been wrong, or not.", share=share
        )
        lines.append(("unk", text))
    return lines


def _trial_trouble(trouble: str, language: Language) -> str:
    return {
        "busy": language.gettext("Another rule is being tried: try again in a moment."),
        "long": language.gettext("That is more than can be looked through: choose fewer days, or fewer places."),
        "store": language.gettext("What was measured cannot be read right now."),
    }[trouble]


def _episode(
    one: EpisodeView, view: RulePageView, language: Language, theme: str | None
) -> tuple[str, str, str, str, str]:
    """When, where, until when, how bad, and the address of its history."""

    def said(at_ts: float) -> str:
        return moment(at_ts, view.now_ts, view.timezone, language)

    until = language.gettext("not over yet") if one.ended_ts is None else said(one.ended_ts)
    where = _where(one, language)
    worst = "" if one.worst is None or view.rule.unit == "1" else value_of(view.rule, one.worst, language)
    return said(one.fired_ts), where, until, worst, _history(one, view, language, theme)


def _where(one: EpisodeView, language: Language) -> str:
    """What it is about, and in which rooms where its name does not say so."""
    name = language.named(dict(one.name))
    rooms = [language.named(dict(room)) for room in one.rooms[:MOST_ROOMS]]
    parts = [language.joined([room for room in rooms if room not in name]), name]
    return " \u00b7 ".join(part for part in parts if part) or language.gettext("Gateway")


def _history(one: EpisodeView, view: RulePageView, language: Language, theme: str | None) -> str:
    if not one.path:
        return ""
    zone = ZoneInfo(view.timezone)
    ended_ts = view.now_ts if one.ended_ts is None else one.ended_ts
    begins, ends = (
        datetime.fromtimestamp(at_ts, UTC).astimezone(zone)
        for at_ts in (one.since_ts - _AROUND_S, min(ended_ts + _AROUND_S, view.now_ts))
    )
    kept: Mapping[str, str] = {"l": language.code, **({"theme": theme} if theme in THEMES else {})}
    asked = {
        "from": begins.strftime("%Y-%m-%d"),
        "from_time": begins.strftime("%H:%M"),
        "to": ends.strftime("%Y-%m-%d"),
        "to_time": ends.strftime("%H:%M"),
    }
    return f"{one.path}?{urlencode({**kept, **asked})}"
