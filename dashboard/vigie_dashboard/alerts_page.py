"""``/alerts``: what is wrong now, what is silenced, what was, one alert with its course, the sensors and the gateway.

Called by the gateway's ``api.alerts`` on any thread. Complete without JavaScript: tabs and rows are links. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from vigie_dashboard import alert_text
from vigie_dashboard.alert_trace import AlertTrace, Drawing, drawing_of
from vigie_dashboard.alert_view import AlertView, EventView, ToldView
from vigie_dashboard.alert_words import figures_line, headline
from vigie_dashboard.authors import author_name
from vigie_dashboard.gateway_text import Reach, gateway_lines
from vigie_dashboard.health_view import HealthView
from vigie_dashboard.language import Language, language_of
from vigie_dashboard.notices import Severity
from vigie_dashboard.pages import THEMES, render
from vigie_dashboard.sensors_text import sensor_rows
from vigie_dashboard.told_text import nobody_line, told_rows

TABS = ("current", "silenced", "recovered", "history")
"""In their order on the page."""


@dataclass(frozen=True, slots=True)
class AlertsView:
    """Everything on the page.

    Attributes:
        site_name: By language.
        timezone: IANA name.
        now_ts: The gateway's time.
        tab: One of TABS.
        counts: How many are current, silenced and recovered, by tab; the history is not counted, nor what nobody knows.
        rows: Of the tab.
        selected: The one that is shown in full; None where none is.
        course: Of that one.
        older: The number before which the history goes on; None at its end.
        last: The last that ended; None when none ever did.
        health: Of the sensors and the gateway.
        reach: How the gateway is reached, and what it reaches.
        by_node: By node, the alerts about what it measures that fire or ended within the day.
        told: Who is told.
        trace: What the selected one's signal was around it; None where history does not tell.
        is_trace_readable: Whether it could be read.
        is_watched: Whether anything looks for alerts now; else what is current is that of the last look.
    """

    site_name: Mapping[str, str]
    timezone: str
    now_ts: float
    tab: str
    counts: Mapping[str, int]
    rows: tuple[AlertView, ...]
    selected: AlertView | None
    course: tuple[EventView, ...]
    older: int | None
    last: AlertView | None
    health: HealthView
    reach: Reach
    by_node: Mapping[str, tuple[AlertView, ...]] = field(default_factory=dict)
    told: tuple[ToldView, ...] = ()
    trace: AlertTrace | None = None
    is_trace_readable: bool = True
    is_watched: bool = True


@dataclass(frozen=True, slots=True)
class AlertForms:
    """What a reader may do, and what came of the last try.

    Attributes:
        csrf: Of their forms; "" for who may only read.
        may_silence: Whether they may silence.
        author: Who they are, as it is written on an alert that they have in hand.
        can_close: Whether the place closes today, so that a silence can last until then.
        typed: What was typed into a form that was refused, by field.
        verb: Which form that was; "" for none.
        trouble: Why, a word.
        by: Who has the alert in hand, where that is why.
    """

    csrf: str = ""
    may_silence: bool = False
    author: str = ""
    can_close: bool = False
    typed: Mapping[str, str] = field(default_factory=dict)
    verb: str = ""
    trouble: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """An alert in words."""

    number: int
    address: str
    shape: str
    word: str
    title: str
    detail: str
    lasted: str
    times: str
    taken: str
    dependants: tuple[str, ...]
    is_selected: bool
    taken_by: str
    is_open: bool
    is_silenced: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a course."""

    time: str
    shape: str
    text: str


def render_alerts(view: AlertsView, lang: str, theme: str | None, forms: AlertForms) -> str:
    """The page."""
    language = language_of(lang)
    page, site = language.gettext("Alerts and health"), language.named(dict(view.site_name))
    carried = {} if view.tab == "current" else {"tab": view.tab}
    kept = {"l": lang, **({"theme": theme} if theme in THEMES else {})}

    def linked(**more: str) -> str:
        return "?" + urlencode(kept | more)

    def row(one: AlertView) -> Row:
        is_selected = view.selected is not None and one.number == view.selected.number
        return row_of(one, view, language, linked(**carried), is_selected=is_selected)

    return render(
        "alerts.html",
        language,
        theme,
        carried=carried,
        forms=forms,
        trouble=_trouble(forms, language),
        untils=_untils(forms, language),
        view=view,
        tabs=[(name, *_tab(name, language), linked(tab=name), view.counts.get(name)) for name in TABS],
        rows=[row(one) for one in view.rows],
        selected=None if view.selected is None else row(view.selected),
        runbook=() if view.selected is None else alert_text.runbook_of(view.selected, language),
        tell="" if view.selected is None else alert_text.tell_line(view.selected, language),
        fault="" if view.selected is None else alert_text.fault_line(view.selected, language),
        course=[_step(one, view, language) for one in view.course],
        older=None if view.older is None else linked(tab="history", before=str(view.older)),
        nothing=_nothing(view, language),
        chart=_chart(view, language),
        told=told_rows(view.told, view.now_ts, view.timezone, language),
        nobody=nobody_line(view.told, language),
        sensors=sensor_rows(view.health, view.by_node, language),
        lines=gateway_lines(view.health, view.reach, language),
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


def feed_texts(view: AlertView, timezone: str, now_ts: float, lang: str) -> tuple[str, str]:
    """Title and text of an alert in a feed."""
    language = language_of(lang)
    said = [severity_word(view, language), alert_text.since(view, now_ts, timezone, language)]
    if view.taken_by:
        said.append(language.gettext("%(who)s is on it", who=author_name(view.taken_by, language)))
    return headline(view, language), " · ".join(said)


def severity_word(view: AlertView, language: Language) -> str:
    """What its state is called."""
    if view.ended_ts is not None:
        return language.pgettext("alert", "Recovered")
    if view.is_silenced:
        return language.pgettext("alert", "Silenced")
    words = {
        Severity.OUTAGE: language.pgettext("alert", "Outage"),
        Severity.WARNING: language.pgettext("alert", "Warning"),
        Severity.UNKNOWN: language.pgettext("alert", "No reading"),
    }
    return words[view.severity]


def shape_of(view: AlertView) -> str:
    """The name of its icon: by severity, and its own for what is silenced or over."""
    return "ok" if view.ended_ts is not None else "mute" if view.is_silenced else str(view.severity)


def row_of(one: AlertView, view: AlertsView, language: Language, query: str, *, is_selected: bool) -> Row:
    """An alert as a line of the list."""
    return Row(
        number=one.number,
        address=f"/alerts/{one.number}{query}",
        shape=shape_of(one),
        word=severity_word(one, language),
        title=headline(one, language),
        detail=" · ".join(_detail(one, view, language)),
        lasted=alert_text.lasted(one, view.now_ts, language),
        times=alert_text.since(one, view.now_ts, view.timezone, language),
        taken=language.gettext("%(who)s is on it", who=author_name(one.taken_by, language)) if one.taken_by else "",
        dependants=_hanging(one, language),
        is_selected=is_selected,
        taken_by=one.taken_by,
        is_open=one.ended_ts is None,
        is_silenced=one.is_silenced,
    )


def _hanging(one: AlertView, language: Language) -> tuple[str, ...]:
    """What it explains, each line once: two channels of a sensor with one name are the same to whoever reads it."""
    lines = (headline(each, language) for each in alert_text.hanging(one))
    return tuple(dict.fromkeys(line for line in lines if line != headline(one, language)))


def _detail(one: AlertView, view: AlertsView, language: Language) -> list[str]:
    """What else is known: its figures, who silenced it and why, that nothing is known of it any more.

    Of a channel that is called by something else also its id.
    """
    silence = alert_text.silence_line(one, view.now_ts, view.timezone, language)
    unknown = alert_text.unknown_line(one, view.now_ts, view.timezone, language)
    channel = one.subject if one.subject_kind == "channel" and one.subject not in one.name.values() else ""
    return [line for line in (figures_line(one, language), channel, silence, unknown) if line]


def _nothing(view: AlertsView, language: Language) -> str:
    """What an empty list says."""
    if view.rows:
        return ""
    words = {
        "silenced": language.gettext("Nothing is silenced."),
        "recovered": language.gettext("Nothing has recovered in the last 24 hours."),
        "history": language.gettext("No alert has ever been raised here."),
    }
    if view.tab in words:
        return words[view.tab]
    if not view.is_watched:
        return language.gettext("Nothing was wrong when alerts were last looked for.")
    if view.last is None or view.last.ended_ts is None:
        return language.gettext("Nothing is wrong. No alert has ever been raised here.")
    return language.gettext(
        "Nothing is wrong. Last alert: %(time)s, %(span)s.",
        time=alert_text.moment(view.last.since_ts, view.now_ts, view.timezone, language),
        span=alert_text.lasted(view.last, view.now_ts, language),
    )


def _tab(name: str, language: Language) -> tuple[str, str]:
    """Its icon and its word."""
    return {
        "current": ("warn", language.pgettext("alerts", "Current")),
        "silenced": ("mute", language.pgettext("alerts", "Silenced")),
        "recovered": ("ok", language.pgettext("alerts", "Recovered, 24 h")),
        "history": ("clock", language.pgettext("alerts", "History")),
    }[name]


def _step(event: EventView, view: AlertsView, language: Language) -> Step:
    shapes = {
        **dict.fromkeys(("began", "fired"), "warn"),
        **dict.fromkeys(("dropped", "resolved", "found"), "ok"),
        **dict.fromkeys(("acknowledged", "released"), "people"),
        **dict.fromkeys(("explained", "unexplained"), "link"),
        "lost": "unk",
        "silenced": "mute",
        "not-told": "crit",
    }
    time = alert_text.moment(event.at_ts, view.now_ts, view.timezone, language)
    return Step(time, shapes.get(event.what, "say"), alert_text.course_line(event, language, view.told))


def _chart(view: AlertsView, language: Language) -> Drawing | None:
    if view.selected is None or view.trace is None:
        return None
    return drawing_of(view.trace, view.selected, view.timezone, language)


def _trouble(forms: AlertForms, language: Language) -> str:
    """Why a form was refused; "" where none was."""
    words = {
        "taken": language.gettext("%(who)s is on it already.", who=forms.by),
        "reason": language.gettext("Some words are expected here."),
        "long": language.gettext("At most 500 characters fit here."),
        "text": language.gettext("Characters that nobody can see are not taken here."),
        "soon": language.gettext("This was tested just now: wait ten seconds."),
        "until": language.gettext("The place is closed: choose another time."),
        "over": language.gettext("This alert is over: nothing can be changed on it."),
        "store": language.gettext("The gateway is busy with its disk: try again."),
    }
    return words.get(forms.trouble, language.gettext("This was not taken.")) if forms.trouble else ""


def _untils(forms: AlertForms, language: Language) -> list[tuple[str, str]]:
    """For how long one may silence: value and word."""
    closing = [("closing", language.gettext("until closing"))] if forms.can_close else []
    return [("hour", language.gettext("1 h")), *closing, ("end", language.gettext("until it is over"))]
