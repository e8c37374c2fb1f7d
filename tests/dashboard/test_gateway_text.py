"""The gateway in eight lines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.dashboard.alerts import plain
from tests.dashboard.places import NOW_TS

from vigie_dashboard.gateway_text import Line, Reach, gateway_lines
from vigie_dashboard.health_view import HealthView, PartHealth
from vigie_dashboard.language import language_of

PARTS = (
    PartHealth("store", "pass", None, {"size_bytes": 412e6, "newest_copy": "vigie-2026-11-24.db", "copies": 7}),
    PartHealth("disk", "warn", None, {"free_bytes": 5e9, "size_bytes": 64e9}),
    PartHealth("clock", "fail", None, {"witness": None}),
    PartHealth("heat", "unknown", None, {"cpu_celsius": None}),
)
VIEW = HealthView({"fr": "P"}, "Europe/Paris", NOW_TS, "fail", {}, 0.0, PARTS, (), ())
REACH = Reach("vigie.lan", "http://vigie.lan", "http://vigie2.lan", {"fr": "Fibre"}, "open")


def lines(view: HealthView = VIEW, reach: Reach = REACH) -> list[Line]:
    return gateway_lines(view, reach, language_of("en"))


def test_the_eight_stand_in_their_order_each_with_its_state() -> None:
    assert [(one.title, one.shape, one.said) for one in lines()] == [
        ("Main address", "ok", "answers"),
        ("Second address", "unk", "not tried from here"),
        ("Internet", "ok", "answers"),
        ("Database", "ok", "in order"),
        ("Card or disk", "warn", "needs a look"),
        ("Backup", "ok", lines()[5].said),
        ("Clock", "crit", "outage"),
        ("Processor", "unk", "not measured"),
    ]
    assert plain(lines()[3].detail) == "412 MB"
    assert lines()[5].said.startswith("last copy: ")


@pytest.mark.parametrize(("internet", "shape"), [("open", "ok"), ("portal", "warn"), ("none", "crit"), (None, "unk")])
def test_the_internet_is_told_as_measured_and_unknown_is_not_well(internet: str | None, shape: str) -> None:
    assert lines(reach=replace(REACH, internet=internet))[2].shape == shape


def test_what_is_not_there_is_not_claimed_to_work() -> None:
    bare = lines(replace(VIEW, parts=()), Reach("127.0.0.1:8080"))
    assert {one.shape for one in bare[1:]} == {"unk"}
    assert bare[1].said == "none is set up"
    assert bare[0].detail == "127.0.0.1:8080"


def test_a_place_without_a_copy_yet_is_warned_of_it() -> None:
    store = PartHealth("store", "pass", None, {"copies": 0, "newest_copy": None})
    assert lines(replace(VIEW, parts=(store,)))[5].shape == "warn"
