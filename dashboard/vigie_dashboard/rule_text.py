"""A rule of alerts in a sentence: what it looks at, from which level on, for how long, when, where. Pure.

Called by ``rules_page`` and ``told_page``. A rule of the place speaks by the name that the place gave it.
"""

from __future__ import annotations

from vigie_dashboard.alert_text import duration
from vigie_dashboard.history import UNITS
from vigie_dashboard.language import NBSP, Language
from vigie_dashboard.notices import Severity
from vigie_dashboard.rule_view import RuleView

_MINUTE_S = 60.0
_LONG_S = 3_600.0


def title_of(rule: RuleView, language: Language) -> str:
    """What is wrong when it fires: the place's name for it, else what it looks at."""
    return language.named(dict(rule.name)) or looks_at(rule, language)


def looks_at(rule: RuleView, language: Language) -> str:
    """``A circuit has no voltage``, or ``People in a room, as a share of its seats: above 110 %``."""
    state = _state(rule, language)
    if state:
        return state
    what = {
        "circuit-load": language.gettext("What a circuit carries, as a share of its limit"),
        "access-point-load": language.gettext("Devices on an access point, as a share of its limit"),
        "uplink-speed": language.gettext("Measured download, as a share of what is subscribed"),
        "node-silent": language.gettext("Time for which a node was not heard"),
        "channel-silent": language.gettext("Age of a channel's last reading, in its periods"),
        "nodes-silent": language.gettext("Share of the nodes that are silent at once"),
        "battery": language.gettext("Battery of a node"),
        "people": language.gettext("People in a room, as a share of its seats"),
        "disk": language.gettext("Share of the gateway's disk that is free"),
        "backlog": language.gettext("Time for which a reading waits for the disk"),
        "heat": language.gettext("Temperature of the gateway's processor"),
        "reading": language.gettext("A reading"),
    }.get(rule.signal, rule.signal)
    return language.gettext("%(where)s: %(what)s", where=what, what=limit_of(rule, language))


def limit_of(rule: RuleView, language: Language) -> str:
    """``above 110 %``."""
    said = value_of(rule, rule.level, language)
    if rule.is_above:
        return language.gettext("above %(value)s", value=said)
    return language.gettext("below %(value)s", value=said)


def value_of(rule: RuleView, value: float, language: Language) -> str:
    """A value of what it looks at, with its unit."""
    if rule.unit == "1":
        return language.number(value, 1)
    if rule.unit == "s":
        return span_of(value, language)
    if rule.signal == "channel-silent":
        return language.number(value, 0 if value == int(value) else 1)
    factor, unit, _ = UNITS.get(rule.unit, (1.0, rule.unit, 1))
    shown = round(value * factor, 2)
    text = language.number(shown, 0 if shown == int(shown) else 1)
    return text + ("" if not unit else unit if unit == "%" and language.code == "en" else NBSP + unit)


def conditions_of(rule: RuleView, language: Language) -> str:
    """``for 10 min · while open · in all rooms · over at 100 %, for 5 min``."""
    parts = [
        language.gettext("for %(span)s", span=span_of(rule.for_s, language))
        if rule.for_s
        else language.pgettext("rule", "at once"),
        when_words(language)[rule.when],
        _where(rule, language),
    ]
    if rule.unit != "1":
        parts.append(language.gettext("over at %(value)s", value=value_of(rule, rule.clears, language)))
    if rule.keep_firing_s:
        parts.append(language.gettext("over after %(span)s well", span=span_of(rule.keep_firing_s, language)))
    if rule.absent_s is not None:
        parts.append(language.gettext("also after %(span)s without data", span=span_of(rule.absent_s, language)))
    return " \u00b7 ".join(part for part in parts if part)


def span_of(seconds: float, language: Language) -> str:
    """A setting, whole: ``90 s`` is no minute."""
    if seconds % _MINUTE_S and seconds < _LONG_S:
        return f"{language.number(seconds, 0 if seconds == int(seconds) else 1)}{NBSP}s"
    return duration(seconds, language)


def when_words(language: Language) -> dict[str, str]:
    """During which hours a rule holds."""
    return {
        "always": language.pgettext("rule", "always"),
        "open": language.gettext("during opening hours"),
        "closed": language.gettext("outside opening hours"),
    }


def severity_words(language: Language) -> dict[str, str]:
    """How bad, by the word of the site file."""
    return {
        "outage": language.pgettext("alert", "Outage"),
        "warning": language.pgettext("alert", "Warning"),
        "unknown": language.pgettext("alert", "No reading"),
    }


def severity_of(rule: RuleView, language: Language) -> str:
    """How bad."""
    words = {Severity.OUTAGE: "outage", Severity.WARNING: "warning", Severity.UNKNOWN: "unknown"}
    return severity_words(language)[words[rule.severity]]


def origin_of(rule: RuleView, language: Language) -> str:
    """Where it comes from."""
    if rule.is_own:
        return language.pgettext("rule", "of this place")
    if rule.is_changed:
        return language.gettext("Vigie's, changed here")
    return language.pgettext("rule", "Vigie's")


def _where(rule: RuleView, language: Language) -> str:
    if rule.about is not None:
        return language.joined([language.named(dict(one)) for one in rule.about])
    return {
        "room": language.gettext("in every room"),
        "circuit": language.gettext("on every circuit"),
        "door": language.gettext("at every door"),
        "access-point": language.gettext("on every access point"),
        "uplink": language.gettext("on every line"),
        "node": language.gettext("for every node"),
        "channel": language.gettext("for every channel"),
        "notifier": language.gettext("for every notifier"),
    }.get(rule.kind, "")


def _state(rule: RuleView, language: Language) -> str:
    """What a level between two words of a state means; "" for what is a number."""
    if rule.signal == "wifi":
        if rule.level >= 1:
            return language.gettext("The Wi-Fi of a room is down")
        return (
            language.gettext("The Wi-Fi of a room is slow")
            if rule.level >= 0.5  # noqa: PLR2004 - fit for pages and not for calls; see docs/alerts.md
            else language.gettext("The Wi-Fi of a room is not fit for video calls")
        )
    if rule.signal == "internet":
        if rule.level >= 1:
            return language.gettext("A line gives no internet")
        return language.gettext("A line gives a sign-in page in place of the internet")
    return {
        "circuit-dead": language.gettext("A circuit has no voltage"),
        "dns": language.gettext("The name server does not answer, though the line is open"),
        "node-cloned": language.gettext("Two nodes have copies of one card"),
        "door-open": language.gettext("A door is open"),
        "broker": language.gettext("The gateway has no connection to the message broker"),
        "broker-drops": language.gettext("The message broker drops messages"),
        "store": language.gettext("Readings are not stored"),
        "clock": language.gettext("The gateway's clock is not known to be right"),
        "under-voltage": language.gettext("The gateway's supply is too low"),
        "notifier": language.gettext("What tells people does not get through"),
    }.get(rule.signal, "")
