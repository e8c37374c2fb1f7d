"""The health page in words: of each part its state, what that means and what to do. Called by ``pages``; pure."""

from __future__ import annotations

from dataclasses import dataclass

from vigie_dashboard.health_parts import facts_of, texts_of
from vigie_dashboard.health_view import LOW_BATTERY_PERCENT, ChannelHealth, HealthView, NodeHealth, PartHealth
from vigie_dashboard.language import Language
from vigie_dashboard.quantity_names import quantity_name

BAR_S = 1_800
BAR_WIDTH, BAR_HEIGHT, FLAT_HEIGHT = 20, 100, 4
"""Units of one bar's place in the drawing, which the page stretches."""
WHOLE = 0.95
"""Coverage from which a half hour counts as whole: a restart takes less. Lower hides a lost reading in twenty; higher
marks every restart."""
ICONS = {"pass": "ok", "warn": "warn", "fail": "crit", "unknown": "unk"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part in words; ``do`` is empty when nothing is to be done."""

    title: str
    state: str
    word: str
    means: str
    do: str
    said: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    """Half an hour in the drawing: as high as its share, dashed for none, flat before the node's first reading."""

    x: int
    y: int
    height: int
    kind: str


@dataclass(frozen=True, slots=True)
class Node:
    """A node in words; ``bars_text`` says what the drawing shows."""

    id: str
    state: str
    word: str
    facts: tuple[str, ...]
    do: str
    bars: tuple[Bar, ...]
    bars_text: str
    software: str
    channels: tuple[tuple[str, str, str, str, str], ...]


def word_of(state: str, language: Language) -> str:
    """What a state is called."""
    words = {
        "pass": language.pgettext("health", "In order"),
        "warn": language.pgettext("health", "Warning"),
        "fail": language.pgettext("health", "Outage"),
    }
    return words.get(state, language.pgettext("health", "Not measured"))


def verdict_of(view: HealthView, language: Language) -> str:
    """The whole in one sentence."""
    wrong = sum(part.state in {"warn", "fail"} for part in view.parts)
    if wrong == 0:
        return language.gettext("Everything that can be measured is in order.")
    return language.ngettext("%(num)s part needs a look.", "%(num)s parts need a look.", wrong)


def parts_of(view: HealthView, language: Language) -> list[Part]:
    """What is wrong first, worst first, then the rest as they stand."""
    order = ("fail", "warn", "unknown", "pass")
    return [_part(part, view, language) for part in sorted(view.parts, key=lambda part: order.index(part.state))]


def nodes_of(view: HealthView, language: Language) -> list[Node]:
    """Every node."""
    return [_node(node, view, language) for node in view.nodes]


def _nobody(part: PartHealth, language: Language) -> tuple[str, str]:
    """That nobody is told of alerts, and what to do; empty where somebody is."""
    if part.name != "notifiers" or part.facts.get("people") != 0:
        return "", ""
    return (
        language.gettext("Nobody is told: alerts are only on the screen."),
        language.gettext("Write into site.toml who is told, and into notifiers.toml by what: docs/alerts.md says how."),
    )


def _part(part: PartHealth, view: HealthView, language: Language) -> Part:
    texts = texts_of(part.name, language)
    nobody, say_who = _nobody(part, language)
    return Part(
        title=texts.title,
        state=part.state,
        word=word_of(part.state, language),
        means=" ".join(filter(None, (texts.meaning(part.state), nobody))),
        do=" ".join(filter(None, (texts.do if part.state in {"warn", "fail"} else "", say_who))),
        said=part.trouble or "",
        facts=tuple(facts_of(part, view, language)),
    )


def _node(node: NodeHealth, view: HealthView, language: Language) -> Node:
    is_away, is_silent = node.is_online is False, node.is_online is None
    is_low = node.battery_percent is not None and node.battery_percent < LOW_BATTERY_PERCENT
    is_off = node.clock_off_s is not None
    state = "fail" if is_away else "unknown" if is_silent else "warn" if is_low or is_off else "pass"
    words = {
        "fail": language.pgettext("node", "Away"),
        "unknown": language.pgettext("node", "Not heard yet"),
        "warn": language.pgettext("node", "Battery low") if is_low else language.pgettext("node", "Clock wrong"),
        "pass": language.pgettext("node", "Online"),
    }
    charge = language.gettext("Charge its battery, or change it.")
    does = {
        "fail": language.gettext("See to its power first, then to its Wi-Fi: “systemctl status vigie-sensors” there."),
        "unknown": language.gettext("It was not heard since the gateway was started: see to its power and its Wi-Fi."),
        "warn": charge if is_low else language.gettext("See that its time service runs: “timedatectl” there."),
        "pass": "",
    }
    return Node(
        id=node.id,
        state=state,
        word=words[state],
        facts=tuple(_node_facts(node, view, language)),
        do=f"{does[state]} {charge}" if is_away and is_low else does[state],
        bars=tuple(_bar(index, share, is_new=index < node.bars_before) for index, share in enumerate(node.bars)),
        bars_text=_bars_text(node, view, language),
        software=node.software or "",
        channels=tuple(_channel(one, view, language) for one in node.channels),
    )


def _node_facts(node: NodeHealth, view: HealthView, language: Language) -> list[str]:
    facts = []
    if node.heard_ts is not None:
        heard = language.when(node.heard_ts, view.now_ts, view.timezone)
        facts.append(language.gettext("last heard %(time)s", time=heard))
    if node.waiting_readings is not None:
        facts.append(
            language.ngettext("%(num)s reading waits", "%(num)s readings wait", node.waiting_readings)
            if node.waiting_readings
            else language.gettext("nothing waits")
        )
    if node.waiting_since_ts is not None:
        since = language.when(node.waiting_since_ts, view.now_ts, view.timezone)
        facts.append(language.gettext("since %(time)s", time=since))
    if node.clock_off_s is not None:
        seconds = language.number(abs(node.clock_off_s), 0)
        facts.append(
            language.gettext("clock %(num)s s ahead", num=seconds)
            if node.clock_off_s > 0
            else language.gettext("clock %(num)s s behind", num=seconds)
        )
    if node.battery_percent is not None:
        facts.append(language.gettext("battery %(share)s", share=language.percent(node.battery_percent / 100)))
    if node.signal_dbm is not None:
        facts.append(language.gettext("signal %(dbm)s dBm", dbm=language.number(node.signal_dbm, 0)))
    return facts


def _bar(index: int, share: float, *, is_new: bool) -> Bar:
    if is_new:
        return Bar(index * BAR_WIDTH, BAR_HEIGHT - FLAT_HEIGHT, FLAT_HEIGHT, "new")
    kind = "none" if share <= 0 else "whole" if share >= WHOLE else "part"
    height = BAR_HEIGHT if kind == "none" else max(8, round(share * BAR_HEIGHT))
    return Bar(index * BAR_WIDTH, BAR_HEIGHT - height, height, kind)


def _bars_text(node: NodeHealth, view: HealthView, language: Language) -> str:
    """How much of the day was measured, and when nothing was at all."""
    if not node.bars:
        return language.gettext("It has not told yet what it measures.")
    bars = node.bars[node.bars_before :]
    if not bars:
        return language.gettext("No reading of it has come yet.")
    share = language.percent(sum(bars) / len(bars))
    if node.bars_before:
        first_ts = node.bars_from_ts + node.bars_before * BAR_S
        time = language.when(first_ts, view.now_ts, view.timezone)
        text = language.gettext("Readings since it is there (%(time)s): %(share)s.", time=time, share=share)
    else:
        text = language.gettext("Readings of the last 24 hours: %(share)s.", share=share)
    spans: list[tuple[float, float]] = []
    for index, of_bar in enumerate(bars, node.bars_before):
        start_ts = node.bars_from_ts + index * BAR_S
        if of_bar <= 0:
            if spans and spans[-1][1] == start_ts:
                spans[-1] = (spans[-1][0], start_ts + BAR_S)
            else:
                spans.append((start_ts, start_ts + BAR_S))
    if not spans or len(bars) * BAR_S == spans[0][1] - spans[0][0]:
        return text
    times = [" \u2013 ".join(language.when(at_ts, view.now_ts, view.timezone) for at_ts in span) for span in spans[-3:]]
    never = language.gettext("None at all: %(times)s.", times=", ".join(times))
    return f"{text} {never}"


def _channel(one: ChannelHealth, view: HealthView, language: Language) -> tuple[str, str, str, str, str]:
    """Series, what it is called, what it measures, where, and its last reading."""
    if one.at_ts is None:
        last = language.gettext("never")
    else:
        last = language.when(one.at_ts, view.now_ts, view.timezone)
        if one.reason is not None:
            last = language.gettext("%(time)s, unknown (%(reason)s)", time=last, reason=one.reason)
    room = language.gettext("No room") if one.room is None else language.named(one.room)
    called = language.named(dict(one.called)) or one.label or one.series.partition(".")[2]
    return one.series, called, quantity_name(one.quantity, language), room, last
