"""Everything that is said of an alert beside its headline: since when, where the fault lies, what to do, what happened.

Used by the pages of alerts, by the board's strip and by ``alert_message``. Pure: views in, strings out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from vigie_dashboard.alert_view import AlertView, EventView, ToldView
from vigie_dashboard.alert_words import headline, is_about_absence, subject_of
from vigie_dashboard.authors import author_name
from vigie_dashboard.fault_words import fault_words
from vigie_dashboard.language import NBSP, Language, day_ts

LISTED_DEPENDANTS = 2
"""More than this become their number: they are named on the alert's own page."""
NEAR_DAYS = 6
"""So far away a day has its name and no month. Lower writes a date for yesterday; higher would mean two days by one."""
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_LONG_MIN = 60


def duration(seconds: float, language: Language) -> str:
    """``40 s``, ``52 min``, ``3 h 05``, ``2 d 4 h``, ``30 d``."""
    whole = max(0, int(seconds))
    if whole < _MINUTE_S:
        return f"{whole}{NBSP}s"
    if whole < _LONG_MIN * _MINUTE_S:
        return f"{whole // _MINUTE_S}{NBSP}min"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S}{NBSP}h{NBSP}{whole % _HOUR_S // _MINUTE_S:02d}"
    days, hours = whole // _DAY_S, whole % _DAY_S // _HOUR_S
    if not hours:
        return language.gettext("%(days)s d", days=days)
    return language.gettext("%(days)s d %(hours)s h", days=days, hours=hours)


def moment(at_ts: float, now_ts: float, timezone: str, language: Language) -> str:
    """``13 h 40``, ``demain 8 h``, ``mar. 24 13 h 40``, ``3 oct. 13 h 40``, with the year where it is another one."""
    time = language.time(at_ts, timezone)
    at_day, today = (datetime.fromtimestamp(one, ZoneInfo(timezone)).date() for one in (at_ts, now_ts))
    away = (at_day - today).days
    if away == 0:
        return time
    if away == 1:
        return language.gettext("tomorrow %(time)s", time=time)
    if at_day.year != today.year and abs(away) > NEAR_DAYS:
        return f"{language.day_month_year(at_ts, timezone)} {time}"
    day = language.day if abs(away) <= NEAR_DAYS else language.day_month
    return f"{day(at_ts, timezone)} {time}"


def lasted(view: AlertView, now_ts: float, language: Language) -> str:
    """How long it has been wrong, or was."""
    return duration((now_ts if view.ended_ts is None else view.ended_ts) - view.since_ts, language)


def since(view: AlertView, now_ts: float, timezone: str, language: Language) -> str:
    """``since 13:40``; of one that is over, ``from 13:40 to 14:32``, with the day once where it is the same."""
    began = moment(view.since_ts, now_ts, timezone, language)
    if view.ended_ts is None:
        return language.gettext("since %(time)s", time=began)
    ended = moment(view.ended_ts, now_ts, timezone, language)
    days = [day_ts(one, timezone) for one in (view.since_ts, view.ended_ts, now_ts)]
    if days[0] == days[1]:
        ended = language.time(view.ended_ts, timezone)
    elif days[1] == days[2]:
        # Without its day it would be taken for one of the day on which it began.
        ended = f"{language.day(view.ended_ts, timezone)} {ended}"
    return language.gettext("from %(begin)s to %(end)s", begin=began, end=ended)


def fault_line(view: AlertView, language: Language) -> str:
    """Where the fault lies, in one sentence; "" where nothing tells, or what is wrong says it already."""
    if view.signal in {"battery", "node-cloned"}:
        return ""
    if view.signal == "under-voltage":
        return language.gettext("The fault is at the gateway's power pack, or its cable.")
    return {
        "power": language.gettext("The fault is in the electricity: a breaker that tripped, or a cut."),
        "router": language.gettext("The fault is at the place's own router, not at the provider."),
        "provider": language.gettext("The fault is at the internet provider: everything here answers."),
        "portal": language.gettext("The line works: the provider waits for somebody to sign in."),
        "dns": language.gettext("The line is open: the name server does not answer."),
        "wifi": language.gettext("The fault is in the Wi-Fi of the place, not on the internet line."),
        "device": language.gettext("The fault is at this one device: its place, its antenna or its cable."),
        "battery": language.gettext("Its battery is probably empty."),
        "node": language.gettext("It had power and a good signal: the sensor itself has stopped, or is unplugged."),
        "broker": language.gettext("The fault is at the gateway's message broker, not at the sensors."),
        "gateway": language.gettext("The fault is at the gateway itself."),
        "notifier": language.gettext("The fault is on the way of the messages: what they tell of is unaffected."),
    }.get(view.fault, "")


def tell_line(view: AlertView, language: Language) -> str:
    """What to tell visitors: the place's own words, else Vigie's; "" where they notice nothing, or nobody knows."""
    if is_about_absence(view):
        return ""  # the place's words are of what is measured
    own = language.named(dict(view.tell))
    if own:
        return own
    return {
        "circuit-dead": language.gettext("“These outlets have no power right now; please use others.”"),
        "wifi-slow": language.gettext("“The Wi-Fi is slow in this room; another one is better for video calls.”"),
        "wifi-down": language.gettext("“The Wi-Fi does not work in this room; please use another one.”"),
        "access-point-full": language.gettext("“The Wi-Fi is crowded here; another room is better for video calls.”"),
        "internet-down": language.gettext("“Nobody here has internet right now; we are looking into it.”"),
        "portal": language.gettext("Open any web page on this network and sign in."),
        "dns": language.gettext("“Web pages do not open right now; we are looking into it.”"),
        "room-full-over": language.gettext("“This room is full.”"),
    }.get(view.rule, "")


def runbook_of(view: AlertView, language: Language) -> tuple[str, ...]:
    """What to do, a line a step: the place's own, else Vigie's; of what is not known, what is done with its sensor."""
    if is_about_absence(view):
        return _steps(language)["channel-silent"]
    own = view.runbook.get(language.code) or view.runbook.get("en") or next(iter(view.runbook.values()), ())
    return tuple(own) or _steps(language).get(view.rule, ())


def _steps(language: Language) -> dict[str, tuple[str, ...]]:
    gettext = language.gettext
    look = gettext("Look whether it has power, and turn it off and on once.")
    router = gettext("Turn the router off, wait ten seconds, turn it on.")
    free = gettext("Free the disk: old backups first.")
    return {
        "circuit-dead": (
            gettext("Unplug what was plugged in last."),
            gettext("Turn the breaker on once. If it trips again, leave it off and call the electrician."),
        ),
        "circuit-overload": (gettext("Unplug a heater, a kettle or another large device on this circuit."),),
        "wifi-slow": (gettext("Send video calls to another room."), gettext("Turn the access point off and on once.")),
        "wifi-down": (gettext("Look whether the access point has power, and turn it off and on once."),),
        "access-point-full": (gettext("Turn on another access point, or send video calls to another room."),),
        "internet-down": (router, gettext("If it stays down, call the provider.")),
        "portal": (gettext("Open any web page on this network and sign in."),),
        "dns": (router, gettext("If it stays so, have another name server entered in the router.")),
        "uplink-slow": (gettext("Measure again; if it stays slow, call the provider with both figures."),),
        "nodes-silent": (
            gettext("Look what they share: the access point or network switch that they hang on, and its power."),
            gettext("Turn the access point off and on once."),
        ),
        "node-silent": (look, gettext("Look whether the Wi-Fi reaches it.")),
        "channel-silent": (gettext("Look at the sensor's cable, and turn its node off and on once."),),
        "node-cloned": (gettext("Give one of the two a new card or a new journal (docs/operations.md)."),),
        "battery-low": (gettext("Change or charge the battery."),),
        "room-full-over": (gettext("Count with your own eyes, and correct the number on the room's sheet."),),
        "door-open": (gettext("Have somebody close the door."),),
        "broker-down": (
            gettext("On the gateway: systemctl status mosquitto"),
            gettext("vigie-gateway doctor says what is wrong."),
        ),
        "broker-drops": (gettext("vigie-gateway doctor says what is wrong."),),
        "store": (free, gettext("vigie-gateway doctor says what is wrong.")),
        "disk-low": (free,),
        "clock": (gettext("Connect the gateway to the internet, or: vigie-gateway clock set"),),
        "backlog": (gettext("Look at /health: what waits, and where."),),
        "under-voltage": (gettext("Use the power pack that belongs to the gateway, and a short cable."),),
        "heat": (gettext("Give the gateway air, or put it out of the sun."),),
        "notifier-failing": (gettext("Press “Test” beside it; the line says what is missing."),),
    }


def unknown_line(view: AlertView, now_ts: float, timezone: str, language: Language) -> str:
    """That nothing is known of it any more; "" while something is."""
    if view.unknown_since_ts is None or view.ended_ts is not None:
        return ""
    time = moment(view.unknown_since_ts, now_ts, timezone, language)
    return language.gettext("nothing heard since %(time)s: nobody knows whether it is over", time=time)


def taken_line(view: AlertView, now_ts: float, timezone: str, language: Language) -> str:
    """Who has it in hand, and since when; "" for nobody."""
    if not view.taken_by:
        return ""
    who = author_name(view.taken_by, language)
    if view.taken_ts is None:
        return who
    return f"{who}, {moment(view.taken_ts, now_ts, timezone, language)}"


def silence_line(view: AlertView, now_ts: float, timezone: str, language: Language) -> str:
    """Until when nobody is told, who said so and why; "" where they are."""
    if not view.is_silenced:
        return ""
    why = language.gettext(
        "%(who)s: “%(reason)s”", who=author_name(view.silenced_by, language), reason=view.silence_reason
    )
    if view.silenced_until_ts is None:
        until = language.gettext("silenced until it is over")
    else:
        time = moment(view.silenced_until_ts, now_ts, timezone, language)
        until = language.gettext("silenced until %(time)s", time=time)
    return f"{until} · {why}"


def hanging(view: AlertView) -> tuple[AlertView, ...]:
    """What it explains beside a milder alert of the same thing: that a Wi-Fi is down says that it is slow."""
    same = (view.signal, view.subject_kind, view.subject)
    return tuple(one for one in view.dependants if (one.signal, one.subject_kind, one.subject) != same)


def works_reason(language: Language) -> str:
    """Why planned works silence an alert, where their event keeps its name to itself."""
    return language.gettext("Planned works")


def dependants_line(view: AlertView, language: Language) -> str:
    """What it explains: the first by name, the others by number; "" where it is nothing."""
    others = hanging(view)
    if not others:
        return ""
    names = list(dict.fromkeys(subject_of(one, language) or headline(one, language) for one in others))
    more = len(names) - LISTED_DEPENDANTS
    listed = language.joined(names[:LISTED_DEPENDANTS])
    if more > 0:
        return language.ngettext(
            "with it: %(names)s and %(num)s other", "with it: %(names)s and %(num)s others", more, names=listed
        )
    return language.gettext("with it: %(names)s", names=listed)


def means_word(means: str, language: Language) -> str:
    """What a kind of notifier is called; one of other people's services by its own name."""
    words = {
        "screen": language.pgettext("means", "display"),
        "email": language.pgettext("means", "e-mail"),
        "lamp": language.pgettext("means", "lamp"),
    }
    return words.get(means, means)


def _delivery_line(event: EventView, told: Iterable[ToldView], language: Language) -> str:
    """``e-mail to the desk: delivered``, of a reason ``recipient notifier`` or ``recipient notifier: error``."""
    way, _, error = event.reason.partition(": ")
    recipient, _, notifier = way.partition(" ")
    found = next((one for one in told if (one.recipient, one.notifier) == (recipient, notifier)), None)
    who = recipient if found is None else language.named(dict(found.name)) or recipient
    means = notifier if found is None else found.means
    if error or event.what != "told":
        why = fault_words(error, language) or language.gettext("nobody knows why")
        word = means_word(means, language)
        return language.gettext("%(means)s to %(who)s: failed, %(error)s", means=word, who=who, error=why)
    if means == "screen":
        return language.gettext("shown: %(who)s", who=who)
    return language.gettext("%(means)s to %(who)s: delivered", means=means_word(means, language), who=who)


def course_line(event: EventView, language: Language, told: Iterable[ToldView] = ()) -> str:
    """One thing that happened, without its time.

    Args:
        event: It.
        language: The reader's.
        told: Who is told now: gives recipients and notifiers their names; whoever is gone keeps the id.
    """
    if event.what in {"told", "not-told"}:
        return _delivery_line(event, told, language)
    who, why = author_name(event.author, language), event.reason
    words = {
        "began": language.gettext("beyond the limit"),
        "fired": language.gettext("alert"),
        "dropped": language.gettext("well again before it was an alert"),
        "resolved": language.gettext("over"),
        "lost": language.gettext("nothing heard any more"),
        "found": language.gettext("heard again"),
        "explained": language.gettext("explained by alert %(number)s", number=why),
        "unexplained": language.gettext("no longer explained by alert %(number)s", number=why),
        "acknowledged": language.gettext("%(who)s is on it", who=who),
        "released": language.gettext("%(who)s gave it back", who=who),
        "silenced": language.gettext("silenced by %(who)s: “%(reason)s”", who=who, reason=why),
        "unsilenced": language.gettext("%(who)s ended the silence", who=who)
        if who
        else language.gettext("silence ended"),
        "noted": language.gettext("%(who)s: “%(reason)s”", who=who, reason=why),
    }
    text = words.get(event.what, event.what)
    ends = {
        "hours": language.gettext("outside the hours of its rule"),
        "rule-gone": language.gettext("its rule is gone"),
        "rule-off": language.gettext("its rule is off"),
        "subject-gone": language.gettext("the place has it no longer"),
    }
    if event.what in {"resolved", "dropped"} and why in ends:
        return language.gettext("%(where)s: %(what)s", where=text, what=ends[why])
    if event.what in {"acknowledged", "released"} and why:
        return language.gettext("%(text)s: “%(reason)s”", text=text, reason=why)
    return text
