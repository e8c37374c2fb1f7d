"""The parts of the gateway in words: their names, what it means when one is not in order, what to do, their figures.

Called by ``health``; pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from vigie_dashboard.health_view import HealthView, PartHealth
from vigie_dashboard.language import Language

GB, MB = 1_000_000_000, 1_000_000
_COPY = re.compile(r"vigie-(\d{4}-\d\d-\d\d)\.db")


class Texts(NamedTuple):
    """A part's words: ``warn``, ``fail`` and ``unknown`` are what that state means."""

    title: str
    do: str
    fail: str
    warn: str
    unknown: str = ""

    def meaning(self, state: str) -> str:
        """Of a state; nothing when all is well."""
        return {"fail": self.fail, "warn": self.warn, "unknown": self.unknown}.get(state, "")


def texts_of(name: str, language: Language) -> Texts:
    """The part's words; plain ones for a part that this page does not know."""
    gettext = language.gettext
    doctor = gettext("Run “sudo /opt/vigie/bin/vigie-gateway doctor” on the gateway: it names the cause.")
    otherwise = gettext("This part is not in order.")
    known = _of_the_way(gettext, doctor) | _of_the_machine(gettext)
    return known.get(name, Texts(name, doctor, otherwise, otherwise))


def _of_the_way(gettext: Callable[[str], str], doctor: str) -> dict[str, Texts]:
    """Of what a reading passes on its way."""
    taking = gettext("Readings are not taken in. None is lost: they stay on their nodes.")
    written = gettext("Readings cannot be written to the disk: they stay on their nodes.")
    waiting = gettext("Readings have been waiting for more than five minutes.")
    away = gettext("A node is away, or its clock is wrong, or its battery is low.")
    refused = gettext("Something that came was refused, and is not stored.")
    feed = gettext("A calendar cannot be read: its last good copy is shown.")
    checks = gettext("Sessions that come could not be checked: the last verdicts are shown.")
    told = gettext("A message does not get through. None is lost: it is tried again.")
    influxdb = gettext("Readings do not get to InfluxDB. None is lost: they wait here.")
    return {
        "clock": Texts(
            gettext("Clock"),
            gettext("Give the gateway internet, or vouch for its time: “sudo /opt/vigie/bin/vigie-gateway clock set”."),
            gettext("The gateway does not know the right time: readings are shown, and stay on their nodes."),
            gettext("The clock was moved, or nobody sets it right."),
        ),
        "broker": Texts(
            gettext("Broker"),
            doctor,
            gettext("The broker does not answer: nothing new is heard of any node."),
            gettext("The broker drops messages, or another program uses the name of the gateway."),
        ),
        "ingest": Texts(
            gettext("Taking readings in"), gettext("Type “sudo systemctl restart vigie-gateway”."), taking, taking
        ),
        "store": Texts(gettext("Database"), doctor, written, written),
        "backlog": Texts(
            gettext("What waits"),
            gettext("Find the node with waiting readings below, and see to its Wi-Fi."),
            waiting,
            waiting,
        ),
        "nodes": Texts(
            gettext("Nodes"), gettext("Find it below: see to its power first, then to its Wi-Fi."), away, away
        ),
        "refused": Texts(
            gettext("Refusals"), gettext("The table of refusals below has the last one of each kind."), refused, refused
        ),
        "calendars": Texts(
            gettext("Calendars"), gettext("See that its address is right, and that it can be reached."), feed, feed
        ),
        "checks": Texts(
            gettext("Checks before sessions"), gettext("See to the database first, above."), checks, checks
        ),
        "alerts": Texts(
            gettext("Alerts"),
            doctor,
            gettext("Nobody looks for outages: the alert thread stands still."),
            gettext("A look for outages failed. What it found is not lost."),
        ),
        "outbox": Texts(gettext("Messages"), gettext("See that the notifier can be reached."), told, told),
        "notifiers": Texts(gettext("Ways of telling"), gettext("See that the notifier can be reached."), told, told),
        "live": Texts(gettext("Browsers"), doctor, "", ""),
        "influxdb": Texts(
            "InfluxDB",
            gettext("See that InfluxDB runs and that its address and token are right."),
            influxdb,
            influxdb,
        ),
    }


def _of_the_machine(gettext: Callable[[str], str]) -> dict[str, Texts]:
    full = gettext("The disk is nearly full.")
    hot = gettext("The processor is so hot that it slows down.")
    return {
        "disk": Texts(
            gettext("Disk"),
            gettext("Delete what is not needed, or take a larger card."),
            full,
            full,
            gettext("It is not known how full the disk is."),
        ),
        "heat": Texts(
            gettext("Processor heat"),
            gettext("Give it air: open its case, take it out of the sun, add a heat sink."),
            hot,
            hot,
            gettext("This machine does not tell its temperature."),
        ),
        "supply": Texts(
            gettext("Supply voltage"),
            gettext("Use the power supply made for this Raspberry Pi, with its own cable."),
            gettext("The supply voltage is too low now: the card may be damaged."),
            gettext("The supply voltage was too low since the machine was started."),
            gettext("This machine does not tell its supply voltage."),
        ),
    }


def facts_of(part: PartHealth, view: HealthView, language: Language) -> list[str]:
    """The part's figures, as far as they are known."""
    say_of = {
        "calendars": _of_calendars,
        "clock": _of_clock,
        "disk": _of_disk,
        "nodes": _of_nodes,
        "refused": _of_refusals,
        "store": _of_store,
    }
    if part.name in say_of:
        return say_of[part.name](part, view, language)
    said = []
    for key, say in _figures(language).get(part.name, {}).items():
        value = part.facts.get(key)
        if isinstance(value, int | float):
            said.append(say(value))
    return said


def _of_nodes(_part: PartHealth, view: HealthView, language: Language) -> list[str]:
    online = sum(node.is_online is True for node in view.nodes)
    return [language.gettext("%(online)s of %(all)s online", online=online, all=len(view.nodes))]


def _of_refusals(_part: PartHealth, view: HealthView, language: Language) -> list[str]:
    return [language.ngettext("%(num)s refused", "%(num)s refused", sum(one.count for one in view.refusals))]


def _of_disk(part: PartHealth, _view: HealthView, language: Language) -> list[str]:
    free, size = part.facts.get("free_bytes"), part.facts.get("size_bytes")
    if not isinstance(free, int | float) or not isinstance(size, int | float):
        return []
    sizes = {"free": language.number(free / GB, 1), "size": language.number(size / GB, 0)}
    return [language.gettext("%(free)s GB free of %(size)s", **sizes)]


def _of_clock(part: PartHealth, _view: HealthView, language: Language) -> list[str]:
    witnesses = {
        "ntp": language.gettext("set by a time server"),
        "rtc": language.gettext("kept by its battery"),
        "person": language.gettext("set by hand"),
    }
    witness = witnesses.get(str(part.facts.get("witness")))
    return [] if witness is None else [witness]


def _of_calendars(part: PartHealth, view: HealthView, language: Language) -> list[str]:
    count, read_ts = part.facts.get("calendars"), part.facts.get("oldest_read_ts")
    if not isinstance(count, int | float) or not count:
        return [language.gettext("none is set up")]
    said = [language.ngettext("%(num)s calendar", "%(num)s calendars", int(count))]
    if isinstance(read_ts, int | float):
        said.append(language.gettext("read %(time)s", time=language.when(read_ts, view.now_ts, view.timezone)))
    return said


def _of_store(part: PartHealth, view: HealthView, language: Language) -> list[str]:
    size, checked_ts, copy = (part.facts.get(key) for key in ("size_bytes", "checked_ts", "newest_copy"))
    said = []
    if isinstance(size, int | float):
        if size >= GB:
            said.append(language.gettext("%(size)s GB", size=language.number(size / GB, 1)))
        else:
            said.append(language.gettext("%(size)s MB", size=language.number(size / MB, 0 if size >= 10 * MB else 1)))
    if isinstance(checked_ts, int | float):
        time = language.when(checked_ts, view.now_ts, view.timezone)
        said.append(language.gettext("last check: %(time)s", time=time))
    if isinstance(copy, str) and (match := _COPY.fullmatch(copy)):
        said.append(language.gettext("last copy: %(day)s", day=language.of_date(date.fromisoformat(match[1]))))
    elif part.facts.get("copies") == 0:
        said.append(language.gettext("no copy yet"))
    return said


def _figures(language: Language) -> dict[str, dict[str, Callable[[float], str]]]:
    """How each figure of a report is said, by its part and its name there."""
    ngettext = language.ngettext

    def number(value: float) -> str:
        return language.number(value, 0)

    return {
        "broker": {
            "round_trip_s": lambda s: language.gettext("answers in %(ms)s ms", ms=number(s * 1000)),
            "dropped_messages": lambda n: ngettext("%(num)s message dropped", "%(num)s messages dropped", int(n)),
        },
        "ingest": {
            "readings": lambda n: ngettext(
                "%(num)s reading since the start", "%(num)s readings since the start", int(n)
            )
        },
        "backlog": {
            "on_nodes_readings": lambda n: ngettext("%(num)s reading on nodes", "%(num)s readings on nodes", int(n)),
            "messages": lambda n: ngettext("%(num)s message not looked at", "%(num)s messages not looked at", int(n)),
            "uncommitted_readings": lambda n: language.gettext("%(num)s not on disk", num=number(n)),
        },
        "checks": {
            "sessions": lambda n: ngettext("%(num)s session ahead", "%(num)s sessions ahead", int(n)),
            "unchecked_sessions": lambda n: ngettext("%(num)s not checked", "%(num)s not checked", int(n)),
        },
        "alerts": {"firing": lambda n: ngettext("%(num)s open", "%(num)s open", int(n))},
        "outbox": {"waiting": lambda n: ngettext("%(num)s waits", "%(num)s wait", int(n))},
        "live": {"viewers": lambda n: ngettext("%(num)s connected", "%(num)s connected", int(n))},
        "heat": {"cpu_celsius": lambda c: language.gettext("%(degrees)s °C", degrees=number(c))},
    }
