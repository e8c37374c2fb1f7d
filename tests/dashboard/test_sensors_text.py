"""The sensors beside the alerts, in words and bars."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.dashboard.alerts import alert, plain
from tests.dashboard.places import NOW_TS

from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.health_view import ChannelHealth, HealthView, NodeHealth
from vigie_dashboard.language import language_of
from vigie_dashboard.notices import Severity
from vigie_dashboard.sensors_text import SensorRow, sensor_rows

CHANNEL = ChannelHealth("n1.mains", "", "mains", {"fr": "Café", "en": "Café"}, NOW_TS, None)
NODE = NodeHealth(
    id="n1",
    is_online=True,
    heard_ts=NOW_TS - 840,
    software=None,
    clock_off_s=None,
    waiting_readings=None,
    waiting_since_ts=None,
    signal_dbm=-83.0,
    battery_percent=8.0,
    bars=(0.0, 0.0, 1.0, 0.5, 0.0, 1.0, 1.0, 1.0),
    bars_from_ts=NOW_TS - 8 * 1_800,
    bars_before=2,
    channels=(CHANNEL,),
)
DEAD = alert("circuit-dead", name="C4")


def row(node: NodeHealth, *alerts: AlertView, lang: str = "fr") -> SensorRow:
    view = HealthView({"fr": "P"}, "Europe/Paris", NOW_TS, "pass", {}, 0.0, (), (node,), ())
    (found,) = sensor_rows(view, {"n1": alerts}, language_of(lang))
    return found


def test_each_half_hour_is_told_by_the_height_of_its_bar() -> None:
    bars = row(NODE, replace(DEAD, since_ts=NOW_TS - 600)).bars
    assert [bar.kind for bar in bars] == ["new", "new", "whole", "part", "none", "whole", "whole", "outage"]
    heights = {bar.kind: bar.height for bar in bars if bar.kind != "none"}
    assert len(set(heights.values())) == len(heights)


def test_what_was_beyond_a_limit_and_is_over_marks_its_half_hours_and_no_other() -> None:
    over = alert("access-point-load", severity=Severity.WARNING)
    over = replace(over, since_ts=NOW_TS - 2 * 1_800, ended_ts=NOW_TS - 1_800)
    found = row(NODE, over)
    assert [bar.kind for bar in found.bars][5:] == ["whole", "part", "whole"]
    assert (found.shape, found.word) == ("ok", "reçoit")


@pytest.mark.parametrize(
    ("alerts", "shape", "word"),
    [
        ([DEAD], "crit", "sans courant"),
        ([alert("wifi", severity=Severity.WARNING)], "warn", "lent"),
        ([alert("node-silent", severity=Severity.UNKNOWN)], "unk", "muet"),
        ([alert("absent:people", severity=Severity.UNKNOWN)], "unk", "muet"),
        ([alert("battery", severity=Severity.WARNING)], "warn", "hors seuil"),
        ([alert("node-silent", severity=Severity.UNKNOWN), DEAD], "crit", "sans courant"),
        ([replace(DEAD, is_silenced=True)], "mute", "en silence"),
        ([replace(DEAD, is_silenced=True), alert("wifi", severity=Severity.WARNING)], "warn", "lent"),
        ([], "ok", "reçoit"),
    ],
)
def test_a_nodes_word_is_that_of_its_worst_alert_that_is_not_silenced(
    alerts: list[AlertView], shape: str, word: str
) -> None:
    found = row(NODE, *alerts)
    assert (found.shape, found.word) == (shape, word)


def test_a_node_that_is_away_or_was_never_heard_receives_nothing() -> None:
    assert row(replace(NODE, is_online=False)).word == "muet"
    assert row(replace(NODE, is_online=None, heard_ts=None)).word == "pas encore entendu"


def test_what_a_node_does_not_tell_is_left_empty_and_not_made_up() -> None:
    found = row(NODE)
    assert (plain(found.heard), plain(found.battery), found.is_low) == ("il y a 14 min", "8 %", True)
    assert plain(found.signal).endswith("83 dBm")
    empty = row(replace(NODE, heard_ts=None, battery_percent=None, signal_dbm=None))
    assert (empty.heard, empty.battery, empty.signal, empty.is_low) == ("", "", "", False)


def test_an_outage_is_told_in_words_too() -> None:
    found = row(NODE, replace(DEAD, since_ts=NOW_TS - 600), lang="en")
    assert found.bars_text.endswith("In 1 half hour an outage was measured.")
