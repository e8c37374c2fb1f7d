"""What an alert says in one line, and the figures behind it: by the rule that made it, in the reader's language.

Called by ``alert_text``, which pages and messages use. Pure. A rule of the place speaks by the name that the place gave
it; one of Vigie's that this version does not know, by what it looks at.
"""

from __future__ import annotations

from collections.abc import Callable

from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.fault_words import fault_words, store_words
from vigie_dashboard.language import NBSP, Language
from vigie_dashboard.rooms_text import wifi_reasons

LISTED_ROOMS = 2
"""More names than this become the name of what the alert is about: the sentence is one line."""
ABSENT = "absent:"
"""Before the signal of a rule about what is not known."""
_ABSENT_RULE = ".absent"
"""After the name of such a rule."""

_W_IN_KW = 1_000.0
_MBPS = 1e6
_KILO = 1_000


def subject_of(view: AlertView, language: Language) -> str:
    """What the alert is about, as the place calls it; its id where it has no name."""
    return language.named(dict(view.name)) or view.subject


def place_of(view: AlertView, language: Language) -> str:
    """Its rooms where they are few, else the subject."""
    if 0 < len(view.rooms) <= LISTED_ROOMS:
        return language.joined([language.named(dict(room)) for room in view.rooms])
    return subject_of(view, language)


def headline(view: AlertView, language: Language) -> str:
    """One line: what is wrong, and where. Without ages, and numbers only where they do not change."""
    own = language.named(dict(view.rule_name))
    if is_about_absence(view):
        # The name that the place gave the rule is of what is measured, not of that nothing is.
        name = subject_of(view, language) or place_of(view, language) or own or view.rule.removesuffix(_ABSENT_RULE)
        return language.gettext("%(name)s: no reading", name=name)
    if own:
        where = place_of(view, language)
        return language.gettext("%(where)s: %(what)s", where=where, what=own) if where else own
    words = _HEADLINES.get(view.rule) or _BY_SIGNAL.get(view.signal)
    if words is None:
        return language.gettext("%(name)s: out of bounds", name=subject_of(view, language) or view.rule)
    return words(view, language)


def is_about_absence(view: AlertView) -> bool:
    """Whether it says that nothing is known; of a rule that is gone its name still tells."""
    return view.signal.startswith(ABSENT) or view.rule.endswith(_ABSENT_RULE)


def _dead(view: AlertView, language: Language) -> str:
    outlets = number_of(view, "outlets")
    if not outlets or not view.rooms:
        return language.gettext("%(name)s: no power", name=subject_of(view, language))
    return language.ngettext(
        "%(room)s: %(num)s outlet without power",
        "%(room)s: %(num)s outlets without power",
        round(outlets),
        room=place_of(view, language),
    )


def _plain(text: Callable[[Language], str]) -> Callable[[AlertView, Language], str]:
    """Of the whole place, or the gateway: nothing to fill in."""
    return lambda _view, language: text(language)


def _placed(text: Callable[[Language], str]) -> Callable[[AlertView, Language], str]:
    """Fills ``%(room)s``."""
    return lambda view, language: text(language) % {"room": place_of(view, language)}


def _named(text: Callable[[Language], str]) -> Callable[[AlertView, Language], str]:
    """Fills ``%(name)s``."""
    return lambda view, language: text(language) % {"name": subject_of(view, language)}


def _channel(view: AlertView, language: Language) -> str:
    name = subject_of(view, language)
    # A sensor that is called as its room is: said once.
    if not view.rooms or name == place_of(view, language):
        return language.gettext("%(name)s: no reading", name=name)
    return language.gettext("%(room)s: no reading of %(name)s", room=place_of(view, language), name=name)


def _node(view: AlertView, language: Language) -> str:
    if len(view.rooms) == 1:
        return language.gettext("%(room)s: silent sensor") % {"room": place_of(view, language)}
    return language.gettext("%(name)s: silent", name=subject_of(view, language))


_HEADLINES: dict[str, Callable[[AlertView, Language], str]] = {
    "circuit-dead": _dead,
    "circuit-overload": _named(lambda one: one.gettext("%(name)s: more than the circuit may carry")),
    "wifi-slow": _placed(lambda one: one.gettext("%(room)s: slow Wi-Fi")),
    "wifi-down": _placed(lambda one: one.gettext("%(room)s: Wi-Fi down")),
    "access-point-full": _named(lambda one: one.gettext("%(name)s: too many devices")),
    "internet-down": _plain(lambda one: one.gettext("Internet is down")),
    "portal": _plain(lambda one: one.gettext("No internet: the provider asks to sign in")),
    "dns": _plain(lambda one: one.gettext("Internet: names are not found")),
    "uplink-slow": _named(lambda one: one.gettext("%(name)s: slow internet")),
    "nodes-silent": _plain(lambda one: one.gettext("Most sensors are silent at once")),
    "node-silent": _node,
    "channel-silent": _channel,
    "node-cloned": _named(lambda one: one.gettext("%(name)s: two sensors have copies of one card")),
    "battery-low": _named(lambda one: one.gettext("%(name)s: battery low")),
    "room-full-over": _placed(lambda one: one.gettext("%(room)s: more people than seats")),
    "door-open": _placed(lambda one: one.gettext("%(room)s: door open out of hours")),
    "broker-down": _plain(lambda one: one.gettext("The gateway hears no sensor: its broker does not answer")),
    "broker-drops": _plain(lambda one: one.gettext("Messages of sensors are lost on their way")),
    "store": _plain(lambda one: one.gettext("Readings are not being recorded")),
    "disk-low": _plain(lambda one: one.gettext("The gateway's disk is nearly full")),
    "clock": _plain(lambda one: one.gettext("The gateway does not know what time it is")),
    "backlog": _plain(lambda one: one.gettext("Readings wait to be recorded")),
    "under-voltage": _plain(lambda one: one.gettext("The gateway's power supply is too weak")),
    "heat": _plain(lambda one: one.gettext("The gateway is too hot")),
    "notifier-failing": _named(lambda one: one.gettext("%(name)s: messages do not get through")),
}
"""By the id of Vigie's rule."""

_BY_SIGNAL: dict[str, Callable[[AlertView, Language], str]] = {
    "circuit-load": _HEADLINES["circuit-overload"],
    "access-point-load": _HEADLINES["access-point-full"],
    "node-silent": _node,
    "channel-silent": _channel,
    "internet": _HEADLINES["internet-down"],
}
"""Of a rule of the place that has no name, where what it looks at can be wrong in one way only."""


def figures_line(view: AlertView, language: Language) -> str:
    """The cause in figures; "" where nothing is known beside the headline."""
    words = None if is_about_absence(view) else _FIGURES.get(view.signal)
    parts = [] if words is None else words(view, language)
    return " · ".join(part for part in parts if part)


def number_of(view: AlertView, figure: str) -> float | None:
    """A figure that is a number; None when it is not known."""
    found = view.figures.get(figure)
    return None if found is None or isinstance(found, str) else found


def _dead_figures(view: AlertView, language: Language) -> list[str]:
    power_w, outlets, of_outlets = (number_of(view, one) for one in ("power_w", "outlets", "room_outlets"))
    parts = []
    if power_w is not None:
        shown = round(power_w) if power_w < _W_IN_KW else int(power_w / _W_IN_KW)
        power = _power(power_w, "W", language)
        parts.append(language.ngettext("%(power)s measured", "%(power)s measured", shown, power=power))
    if outlets and of_outlets:
        of_rooms = language.number(of_outlets, 0)
        parts.append(
            language.ngettext("%(num)s outlet of %(all)s", "%(num)s outlets of %(all)s", round(outlets), all=of_rooms)
        )
    return [", ".join(parts), language.gettext("breaker %(name)s", name=subject_of(view, language))]


def _power(value: float, unit: str, language: Language) -> str:
    if value >= _W_IN_KW:
        return language.number(value / _W_IN_KW, 1) + NBSP + "k" + unit
    return language.number(value, 0) + NBSP + unit


def _load_figures(view: AlertView, language: Language) -> list[str]:
    power_va, limit_va = number_of(view, "power_va"), number_of(view, "limit_va")
    if power_va is None or limit_va is None:
        return []
    power, limit = (_power(value, "VA", language) for value in (power_va, limit_va))
    return [language.gettext("%(power)s of %(limit)s", power=power, limit=limit)]


def _delay(view: AlertView, language: Language, figure: str = "latency_ms") -> str:
    delay_ms = number_of(view, figure)
    return "" if delay_ms is None else language.number(delay_ms, 0) + NBSP + "ms"


def _stations(view: AlertView, language: Language) -> str:
    stations, limit = number_of(view, "stations"), number_of(view, "limit")
    if stations is None or limit is None:
        return ""
    return language.ngettext(
        "%(num)s device, access point meant for %(limit)s",
        "%(num)s devices, access point meant for %(limit)s",
        round(stations),
        limit=language.number(limit, 0),
    )


def _wifi_figures(view: AlertView, language: Language) -> list[str]:
    reason = str(view.figures.get("reason") or "")
    stations = _stations(view, language) if reason == "too-many-stations" else ""
    return [stations or wifi_reasons(language).get(reason, ""), _delay(view, language)]


def _speed_figures(view: AlertView, language: Language) -> list[str]:
    download_bps, subscribed_bps = number_of(view, "download_bps"), number_of(view, "subscribed_bps")
    if download_bps is None or subscribed_bps is None:
        return []
    rate, paid = (language.number(value / _MBPS, 0) for value in (download_bps, subscribed_bps))
    return [language.gettext("%(rate)s of %(paid)s Mb/s subscribed", rate=rate, paid=paid)]


def _silent_figures(view: AlertView, language: Language) -> list[str]:
    battery_percent, rssi_dbm = number_of(view, "battery_percent"), number_of(view, "rssi_dbm")
    parts = []
    if battery_percent is not None:
        parts.append(language.gettext("battery at %(share)s", share=language.percent(battery_percent / 100)))
    if rssi_dbm is not None:
        signal = language.number(rssi_dbm, 0) + NBSP + "dBm"
        parts.append(language.gettext("signal %(signal)s", signal=signal))
    said = ", ".join(parts)
    if parts and view.fault == "battery":
        said = language.gettext("%(figures)s: probably the battery", figures=said)
    return [said]


def _nodes_figures(view: AlertView, language: Language) -> list[str]:
    silent, nodes = number_of(view, "silent"), number_of(view, "nodes")
    if silent is None or nodes is None:
        return []
    every = language.number(nodes, 0)
    return [
        language.ngettext("%(num)s silent of %(all)s", "%(num)s silent of %(all)s", round(silent), all=every),
    ]


def _drops_figures(view: AlertView, language: Language) -> list[str]:
    dropped = number_of(view, "dropped")
    return [] if not dropped else [language.ngettext("%(num)s message lost", "%(num)s messages lost", round(dropped))]


def _people_figures(view: AlertView, language: Language) -> list[str]:
    people, seats = number_of(view, "people"), number_of(view, "seats")
    if people is None or seats is None:
        return []
    counted = {"people": language.number(people, 0), "seats": language.number(seats, 0)}
    return [language.gettext("%(people)s counted of %(seats)s") % counted]


def _disk_figures(view: AlertView, language: Language) -> list[str]:
    share = "" if view.value is None else language.gettext("%(share)s free", share=language.percent(view.value))
    return [share]


def _battery_figures(view: AlertView, language: Language) -> list[str]:
    return [] if view.value is None else [language.percent(view.value / 100)]


def _heat_figures(view: AlertView, language: Language) -> list[str]:
    return [] if view.value is None else [language.number(view.value, 0) + NBSP + "°C"]


def _backlog_figures(view: AlertView, language: Language) -> list[str]:
    readings = number_of(view, "readings")
    if not readings:
        return []
    return [language.ngettext("%(num)s reading waits", "%(num)s readings wait", round(readings))]


def _reading_figures(view: AlertView, language: Language) -> list[str]:
    if view.value is None or view.level is None:
        return []
    value, level = (_plain_number(one, language) for one in (view.value, view.level))
    return [language.gettext("%(value)s, limit %(level)s", value=value, level=level)]


def _plain_number(value: float, language: Language) -> str:
    return language.number(value, 0 if value == round(value) or abs(value) >= _KILO else 2)


_FIGURES: dict[str, Callable[[AlertView, Language], list[str]]] = {
    "circuit-dead": _dead_figures,
    "circuit-load": _load_figures,
    "wifi": _wifi_figures,
    "access-point-load": lambda view, language: [_stations(view, language), _delay(view, language)],
    "uplink-speed": _speed_figures,
    "node-silent": _silent_figures,
    "channel-silent": _silent_figures,
    "battery": _battery_figures,
    "nodes-silent": _nodes_figures,
    "broker-drops": _drops_figures,
    "people": _people_figures,
    "disk": _disk_figures,
    "heat": _heat_figures,
    "backlog": _backlog_figures,
    "notifier": lambda view, language: [fault_words(str(view.figures.get("error") or ""), language)],
    "store": lambda view, language: [store_words(str(view.figures.get("trouble") or ""), language)],
    "reading": _reading_figures,
}
"""By the signal."""
