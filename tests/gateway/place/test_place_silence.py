"""Whichever sensor of the place falls silent, nothing that was not 0 is told as 0, to the staff or to visitors."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.gateway.place.conftest import StillClock

from vigie_contract.messages import Channel
from vigie_contract.quantities import INTERNET_ACCESS
from vigie_dashboard.pages import board_fields, render_visitors
from vigie_dashboard.view import BoardView, RoomState
from vigie_gateway import place
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import load_site
from vigie_gateway.place.visitors import visitors_view
from vigie_gateway.store import Series

SAMPLE = Path(place.__file__).parents[1] / "sample" / "site.toml"
BEGIN_TS = datetime(2026, 11, 24, 14, 0, tzinfo=ZoneInfo("Europe/Paris")).timestamp()
PERIOD_S = 60.0
SPANS_S = {"old": 5 * PERIOD_S, "silent": 45 * PERIOD_S}
"""How long after the last word of the silent one we look."""
# By the end of the channel's name: its quantity, and its value while all is well. Nothing that is shown is 0.
MEASURED = {
    "-in": ("people_in", 6.0), "-out": ("people_out", 1.0), "cabine-1": ("occupied", 1.0),
    "cabine-2": ("occupied", 1.0), "-in-use": ("in_use", 0.0), "-mains": ("mains", 1.0),
    "linky-va": ("apparent_power", 5_120.0), "-va": ("apparent_power", 12.0),
    "-subscribed": ("subscribed_power", 9_000.0), "-stations": ("stations", 9.0),
    "-utilisation": ("channel_utilisation", 0.2), "-p50": ("latency_p50", 4.0), "-p95": ("latency_p95", 9.0),
    "-loss": ("loss", 0.0), "-power-save": ("power_save", 0.0), "-download": ("download", 84e6),
    "-upload": ("upload", 12e6), "portail": ("internet_access", 0.0), "dns-time": ("dns_time", 20.0),
}  # fmt: skip
DRAWN = re.compile(r"^(d|p)\.|\.(w|s|hide)$|^page\.")
"""Fields that are no text of a number: drawings, states, and what the page says of itself."""

TRUE_ZEROS = re.compile(r"\.outlets\.measured$|\.warnings\.\d+\.count$")
"""How many outlets are known of, and the last value of a booth that was taken: 0 is what they mean to say."""


def channels() -> list[str]:
    """Every channel that the sample place names, with those that a latency probe has."""
    names: set[str] = set()

    def collect(value: Any, ids: list[str]) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                collect(inner, value.get("ids", ids))
        elif isinstance(value, list):
            for inner in value:
                collect(inner, ids)
        elif isinstance(value, str) and re.fullmatch(r"(accueil|tableau|ondes)\.[a-z0-9{}-]+", value):
            ends = ("-p50", "-p95", "-loss") if ".latence-" in value and "power-save" not in value else ("",)
            names.update(value.replace("{id}", one) + end for one in ids or [""] for end in ends)

    collect(tomllib.loads(SAMPLE.read_text(encoding="utf-8")), [])
    return sorted(names)


CHANNELS = channels()


def quantity_and_value(name: str) -> tuple[str, float]:
    ends = [end for end in MEASURED if name.endswith(end)]
    return MEASURED[max(ends, key=len)]


def lived_in(silent: str | None, span_s: float) -> tuple[Board, float]:
    """The sample place after so long a silence of one channel, or of none; every other one has just been heard."""
    clock = StillClock(BEGIN_TS)
    board = Board(load_site(SAMPLE), clock)
    for number, name in enumerate(CHANNELS):
        node, _, channel = name.partition(".")
        quantity, _ = quantity_and_value(name)
        labels = INTERNET_ACCESS if quantity == "internet_access" else ()
        board.declare(Series(number + 1, node, Channel(channel, quantity, PERIOD_S, labels=labels)))
        if quantity.startswith("people"):
            board.take(name, BEGIN_TS - PERIOD_S, 0.0, None)
    for at_ts in (BEGIN_TS, BEGIN_TS + span_s):
        clock.at_ts = at_ts
        for name in CHANNELS:
            if name != silent or at_ts <= BEGIN_TS:
                is_entrance = name == "accueil.porte-entree-in"
                board.take(name, at_ts, 40.0 if is_entrance else quantity_and_value(name)[1], None)
    return board, clock.at_ts


def zeros(view: BoardView, board: Board) -> set[str]:
    """Where 0 is told: texts of the board, words of the public page, numbers of both views."""
    fields = board_fields(view, "en").items()
    found = {key for key, text in fields if not DRAWN.search(key) and re.match(r"0(?![\d:.])", text)}
    told = visitors_view(view, board.site)
    page = re.sub(r"<style>.*?</style>|<[^>]+>", "\n", render_visitors(told, "en"), flags=re.DOTALL)
    found |= {f"said: {line.strip()}" for line in page.splitlines() if re.search(r"(?<![\d:.])0 ", line)}
    numbers = {*_zeros(asdict(view), "view"), *_zeros(asdict(told), "told")}
    return found | {path for path in numbers if not TRUE_ZEROS.search(path)}


def _zeros(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _zeros(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            name = inner.get("id", index) if isinstance(inner, dict) else index
            yield from _zeros(inner, f"{path}.{name}")
    elif isinstance(value, int | float) and not isinstance(value, bool) and value == 0:
        yield path


@pytest.mark.parametrize("stage", SPANS_S)
def test_no_sensor_turns_a_number_into_0_by_falling_silent(stage: str) -> None:
    well, now_ts = lived_in(None, SPANS_S[stage])
    before = zeros(well.view(now_ts), well)
    lying = {}
    for name in CHANNELS:
        board, now_ts = lived_in(name, SPANS_S[stage])
        if found := zeros(board.view(now_ts), board) - before:
            lying[name] = sorted(found)
    assert not lying


def test_a_place_that_was_never_heard_tells_no_number_at_all() -> None:
    board = Board(load_site(SAMPLE), StillClock(BEGIN_TS))
    view = board.view(BEGIN_TS)
    assert all(room.people is None and room.free is None for room in view.rooms if not room.is_passage)
    assert {room.state for room in view.rooms if not room.is_passage} == {RoomState.NO_SENSOR}
    texts = {key: text for key, text in board_fields(view, "en").items() if not DRAWN.search(key)}
    assert not {key for key, text in texts.items() if re.match(r"0\b", text)}
