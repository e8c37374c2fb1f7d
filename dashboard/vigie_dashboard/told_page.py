"""``/alerts/told``: who is told of alerts, in the order in which they are, and the form of one of them.

Called by the gateway's ``api.told`` on any thread. Complete without JavaScript. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vigie_dashboard.alert_text import duration, means_word
from vigie_dashboard.language import Language, language_of
from vigie_dashboard.pages import LANGUAGE_NAMES, LANGUAGES, render
from vigie_dashboard.rule_text import title_of
from vigie_dashboard.rule_view import Names, RuleView
from vigie_dashboard.rules_page import Typed, notice_text, trouble_text

_HOUR_MIN = 60
_DAY_MIN = 1_440


@dataclass(frozen=True, slots=True)
class PersonView:
    """Somebody who is told.

    Attributes:
        id: Of ``[[told]]``.
        name: What they are called.
        language: Of their messages.
        by: Name and kind of each of their notifiers; the kind is "" where this machine has none of that name.
        rules: Ids of the rules they asked for; None for any.
        is_for_outages: Of outages alone.
        rooms: Ids of the rooms they asked for; None for any.
        quiet: Hours in which they are not told: minutes of the day, the end beyond 1440 where it is the next day's.
        is_quiet_when_closed: Nor while the place is closed.
        lets_outages: Of outages they are told then all the same.
        after_s: Only of what nobody has in hand for so long.
        wants_resolved: Also when it is over.
    """

    id: str
    name: str
    language: str
    by: Sequence[tuple[str, str]]
    rules: Sequence[str] | None
    is_for_outages: bool
    rooms: Sequence[str] | None
    quiet: Sequence[tuple[int, int]]
    is_quiet_when_closed: bool
    lets_outages: bool
    after_s: float
    wants_resolved: bool


@dataclass(frozen=True, slots=True)
class ToldPageView:
    """The page.

    Attributes:
        site_name: By language.
        csrf: Of an administrator's session; "" for who may only read.
        people: In the order of the site file.
        who: Whose form is shown: "" for somebody new, None for nobody's.
        base: Digest of the site file that the form was made from.
        fields: What stands in the form; a box that is not ticked is not there.
        notifiers: Name and kind of all that there are here or are asked for; the kind is "" of what is not here.
        rules: All of the place.
        rooms: Id and name.
        languages: Of the place.
        file: Where the site file is.
        troubles: A word by the name of a field.
        notice: What just happened or is in the way, a word; "" for nothing.
        said: What the gateway says of the file, in English.
    """

    site_name: Names
    csrf: str
    people: Sequence[PersonView]
    who: str | None
    base: str
    fields: Mapping[str, str]
    notifiers: Sequence[tuple[str, str]]
    rules: Sequence[RuleView]
    rooms: Sequence[tuple[str, Names]]
    languages: Sequence[str]
    file: str
    troubles: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    said: Sequence[str] = ()


def render_told(view: ToldPageView, lang: str, theme: str | None) -> str:
    """The page."""
    language = language_of(lang)
    heading, site = language.gettext("Who is told"), language.named(dict(view.site_name))
    # Whoever is told at once comes first, then those to whom it goes when nobody has it in hand.
    people = sorted(view.people, key=lambda one: one.after_s)
    return render(
        "told.html",
        language,
        theme,
        carried={} if view.who is None else {"who": view.who},
        view=view,
        typed=Typed(view.fields),
        rows=[(one, _by(one, language), " \u00b7 ".join(_told_of(one, view, language))) for one in people],
        means=lambda name, kind: _means(name, kind, language),
        rules=[(rule.id, title_of(rule, language)) for rule in view.rules],
        rooms=[(one, language.named(dict(name))) for one, name in view.rooms],
        spoken=[(one, LANGUAGE_NAMES[one]) for one in LANGUAGES],
        trouble=lambda name: trouble_text(view.troubles.get(name, ""), language),
        notice=notice_text(view.notice, language),
        heading=heading,
        site=site,
        title=f"{heading} \u2013 {site} \u2013 Vigie",
    )


def _by(one: PersonView, language: Language) -> str:
    return language.joined([_means(name, kind, language) for name, kind in one.by])


def _means(name: str, kind: str, language: Language) -> str:
    """``mail-desk (e-mail)``."""
    word = means_word(kind, language) if kind else language.gettext("not on this machine")
    return word if kind == "screen" else f"{name} ({word})"


def _told_of(one: PersonView, view: ToldPageView, language: Language) -> list[str]:
    """When they are told of what, and when not."""
    first = (
        language.gettext("if nobody is on it after %(span)s", span=duration(one.after_s, language))
        if one.after_s
        else language.pgettext("rule", "at once")
    )
    return [first, *_wanted(one, view, language), *_quiet(one, language), *_end(one, language)]


def _wanted(one: PersonView, view: ToldPageView, language: Language) -> list[str]:
    titles = {rule.id: title_of(rule, language) for rule in view.rules}
    if one.rules is not None:
        what = [language.listed([titles.get(rule, rule) for rule in one.rules])]
    elif one.is_for_outages:
        what = [language.pgettext("told", "outages")]
    else:
        what = [language.pgettext("told", "everything")]
    names = {room: language.named(dict(name)) for room, name in view.rooms}
    return what if one.rooms is None else [*what, language.joined([names.get(room, room) for room in one.rooms])]


def _quiet(one: PersonView, language: Language) -> list[str]:
    if one.is_quiet_when_closed:
        when = language.gettext("not while closed")
    elif one.quiet:
        spans = language.joined([f"{_clock(begins)}\u2013{_clock(ends)}" for begins, ends in one.quiet])
        when = language.gettext("not at %(hours)s", hours=spans)
    else:
        return []
    return [when, language.gettext("but then of outages")] if one.lets_outages else [when]


def _end(one: PersonView, language: Language) -> list[str]:
    return [] if one.wants_resolved else [language.gettext("not when it is over")]


def _clock(minutes: int) -> str:
    minutes %= _DAY_MIN
    return f"{minutes // _HOUR_MIN:02d}:{minutes % _HOUR_MIN:02d}"
