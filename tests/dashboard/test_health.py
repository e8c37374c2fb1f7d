"""The health page says of each part its state, what that means and what to do; what came by wire stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

import pytest
from tests.dashboard.places import HOSTILE, ILL, NOW_TS, PARTS, health_of

from vigie_dashboard import health as module
from vigie_dashboard import pages
from vigie_dashboard.health_parts import facts_of, texts_of
from vigie_dashboard.health_view import PartHealth
from vigie_dashboard.language import language_of


@pytest.mark.parametrize("lang", pages.LANGUAGES)
@pytest.mark.parametrize("state", ["warn", "fail"])
@pytest.mark.parametrize("name", [name for name in PARTS if name != "live"])
def test_whatever_is_not_well_says_what_that_means_and_what_to_do(name: str, state: str, lang: str) -> None:
    (part,) = module.parts_of(health_of((name, state)), language_of(lang))
    assert part.means
    assert part.do
    assert part.word in {"Warning", "Outage", "À surveiller", "Panne"}


@pytest.mark.parametrize("name", ["disk", "heat", "supply"])
def test_what_this_machine_cannot_tell_has_a_word_of_its_own(name: str) -> None:
    (part,) = module.parts_of(health_of((name, "unknown")), language_of("en"))
    assert (part.word, part.do) == ("Not measured", "")
    assert "not" in part.means


def test_what_is_well_says_nothing_more() -> None:
    for part in module.parts_of(health_of(*((name, "pass") for name in PARTS)), language_of("en")):
        assert (part.word, part.means, part.do) == ("In order", "", "")


def test_the_database_says_its_size_and_when_it_was_looked_at_and_copied() -> None:
    facts: dict[str, float | str | None] = {
        "size_bytes": 412_300_000,
        "checked_ts": NOW_TS - 9_000,
        "newest_copy": "vigie-2026-11-24.db",
        "copies": 7,
    }
    part = PartHealth("store", "pass", None, facts)
    said = facts_of(part, health_of(), language_of("fr"))
    assert said == [
        "412\u00a0Mo",
        "dernière vérification\u00a0: 12\u00a0h\u00a002",
        "dernière copie\u00a0: 24 nov. 2026",
    ]
    fresh = replace(part, facts={"size_bytes": 2.5e9, "newest_copy": None, "copies": 0})
    assert facts_of(fresh, health_of(), language_of("en")) == ["2.5 GB", "no copy yet"]


def test_a_small_database_is_not_told_as_of_nothing() -> None:
    part = PartHealth("store", "pass", None, {"size_bytes": 421_888, "copies": 7})
    assert facts_of(part, health_of(), language_of("en")) == ["0.4 MB"]


def test_calendars_say_how_many_they_are_and_how_old_the_oldest_copy_is() -> None:
    facts: dict[str, float | str | None] = {"calendars": 2, "oldest_read_ts": NOW_TS - 9_000}
    part = PartHealth("calendars", "pass", None, facts)
    assert facts_of(part, health_of(), language_of("en")) == ["2 calendars", "read 12:02"]
    none = replace(part, facts={"calendars": 0, "oldest_read_ts": None})
    assert facts_of(none, health_of(), language_of("en")) == ["none is set up"]


@pytest.mark.parametrize(("witness", "said"), [("ntp", ["set by a time server"]), (None, []), ("oracle", [])])
def test_the_clock_says_who_sets_it(witness: str | None, said: list[str]) -> None:
    assert facts_of(PartHealth("clock", "pass", None, {"witness": witness}), health_of(), language_of("en")) == said


def test_the_worst_stands_first() -> None:
    states = [part.state for part in module.parts_of(health_of(*ILL), language_of("en"))]
    assert states == sorted(states, key=["fail", "warn", "unknown", "pass"].index)


def test_a_part_of_a_newer_gateway_is_shown_by_its_own_name() -> None:
    assert texts_of("something-new", language_of("fr")).title == "something-new"


def test_a_half_hour_tells_its_state_by_height_and_dashes() -> None:
    bars = module.nodes_of(health_of(), language_of("en"))[0].bars
    assert len(bars) == 48
    assert (bars[0].kind, bars[0].height) == ("whole", 100)
    assert (bars[30].kind, bars[30].height, bars[30].y) == ("part", 50, 50)
    assert (bars[20].kind, bars[20].height) == ("none", 100)


def test_the_bars_are_also_said_in_words() -> None:
    online, away, known = module.nodes_of(health_of(), language_of("en"))
    assert online.bars_text == "Readings of the last 24 hours: 91%. None at all: 00:32 \u2013 02:32."
    assert away.bars_text == "Readings of the last 24 hours: 0%."
    assert known.bars_text == "It has not told yet what it measures."


def test_a_node_that_is_new_is_flat_before_its_first_reading_and_not_held_to_it() -> None:
    node = replace(health_of().nodes[0], bars=(0.0,) * 24 + (1.0,) * 24, bars_before=24)
    (found,) = module.nodes_of(replace(health_of(), nodes=(node,)), language_of("en"))
    assert [bar.kind for bar in found.bars] == ["new"] * 24 + ["whole"] * 24
    assert found.bars_text == "Readings since it is there (02:32): 100%."
    empty = replace(node, bars=(0.0,) * 48, bars_before=48)
    (never,) = module.nodes_of(replace(health_of(), nodes=(empty,)), language_of("fr"))
    assert never.bars_text.startswith("Aucune mesure")


def test_a_node_says_how_it_is_and_what_to_do() -> None:
    online, away, known = module.nodes_of(health_of(), language_of("fr"))
    assert (online.word, online.do) == ("En ligne", "")
    assert (away.word, known.word) == ("Absent", "Pas encore entendu")
    assert away.do
    assert known.do
    assert "12 mesures attendent" in online.facts
    assert "signal \u221261\u00a0dBm" in online.facts


def test_a_battery_is_told_and_an_empty_one_warned_of_also_as_what_a_silent_node_died_of() -> None:
    view = health_of()
    online, away, known = module.nodes_of(view, language_of("en"))
    assert "battery 64%" in online.facts
    assert "Charge its battery" in away.do
    assert not any("battery" in fact for fact in known.facts)
    low = replace(view, nodes=(replace(view.nodes[0], battery_percent=19.0),))
    (found,) = module.nodes_of(low, language_of("fr"))
    assert (found.state, found.word, found.do) == ("warn", "Pile faible", "Rechargez sa pile ou changez-la.")


@pytest.mark.parametrize("lang", pages.LANGUAGES)
@pytest.mark.parametrize("text", HOSTILE)
def test_a_name_from_the_wire_is_text(text: str, lang: str) -> None:
    page = pages.render_health(health_of(*ILL), lang, None)
    assert escape(text).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page
    assert not re.search(r"<(script|img|iframe|style)\b|<svg onload", page)


def test_a_figure_is_said_of_its_own_part_alone() -> None:
    view = health_of(("ingest", "pass"), ("backlog", "pass"))
    facts: dict[str, float | str | None] = {"messages": 562, "readings": 1_234}
    parts = [replace(part, facts=facts) for part in view.parts]
    said = {part.title: part.facts for part in module.parts_of(replace(view, parts=tuple(parts)), language_of("en"))}
    assert said == {
        "Taking readings in": ("1,234 readings since the start",),
        "What waits": ("562 messages not looked at",),
    }


@pytest.mark.parametrize(("people", "is_said"), [(0, True), (2, False), (None, False)])
def test_that_nobody_is_told_is_said_with_what_to_do_though_nothing_is_wrong(people: int | None, is_said: bool) -> None:
    view = replace(health_of(), parts=(PartHealth("notifiers", "pass", None, {"people": people}),))
    (part,) = module.parts_of(view, language_of("fr"))
    assert part.means.startswith("Personne") is is_said
    assert ("site.toml" in part.do) is is_said
