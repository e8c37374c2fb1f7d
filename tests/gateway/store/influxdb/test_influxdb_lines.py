"""A reading is one line that any server of the protocol takes apart again, and an unknown is never a zero."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.messages import Channel
from vigie_gateway.store import Sample, Series
from vigie_gateway.store.influxdb.lines import key, line, probe

SERIES = Series(7, "tableau", Channel("prise-3", "power", 10.0, "hall", "Plug 3"))
_any_text = st.text(max_size=20)


def split(text: str, mark: str) -> list[str]:
    """Split at a mark that no backslash precedes, as the protocol's reference says."""
    parts, current, is_escaped = [], "", False
    for char in text:
        if char == mark and not is_escaped:
            parts.append(current)
            current = ""
        else:
            current += char
        is_escaped = char == "\\" and not is_escaped
    return [*parts, current]


def test_a_reading_is_its_quantity_tags_value_and_time() -> None:
    found = line(key("semaphore", SERIES), Sample(7, 1_780_012_800.1234, 41.5))
    assert found == "power,channel=prise-3,node=tableau,site=semaphore value=41.5 1780012800123"


def test_an_unknown_has_no_value_and_says_why() -> None:
    found = line(key("semaphore", SERIES), Sample(7, 1_780_012_800.0, None, "failed"))
    assert found == 'power,channel=prise-3,node=tableau,site=semaphore unknown="failed" 1780012800000'


def test_what_may_change_of_a_channel_does_not_change_where_its_readings_are() -> None:
    moved = Series(7, "tableau", Channel("prise-3", "power", 5.0, "studio", "Another"))
    assert key("semaphore", moved) == key("semaphore", SERIES)


@given(_any_text, _any_text, _any_text)
def test_no_name_breaks_out_of_its_tag(site: str, node: str, channel: str) -> None:
    made = key(site, Series(1, node, Channel(channel, "power", 10.0)))
    assert len(split(made, " ")) == 1
    measurement, *tags = split(made, ",")
    assert measurement == "power"
    assert [split(tag, "=")[0] for tag in tags] == ["channel", "node", "site"]
    assert all(len(split(tag, "=")) == 2 for tag in tags)
    assert "\n" not in made
    assert "\n" not in probe(site, 1.0)


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 4_000_000_000_000))
def test_a_value_comes_back_exactly_and_its_time_to_the_millisecond(value: float, at_ms: int) -> None:
    _, fields, time = line(key("s", SERIES), Sample(7, at_ms / 1000, value)).rsplit(" ", 2)
    assert float(fields.removeprefix("value=")) == value
    assert not math.isnan(float(fields.removeprefix("value=")))
    assert int(time) == at_ms


@given(_any_text)
def test_no_reason_breaks_out_of_its_string(reason: str) -> None:
    made = line(key("s", SERIES), Sample(7, 1.0, None, reason))
    assert made.endswith(" 1000")
    quoted = made.split(" ", 1)[1].removeprefix('unknown="').removesuffix('" 1000')
    assert len(split(quoted, '"')) == 1
    assert "\n" not in made
