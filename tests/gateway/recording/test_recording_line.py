"""A message as a line of a recording."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.recording.line import Heard, LineError, decode, encode

TOPICS = st.text(st.characters(exclude_characters="\x00+#", exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda topic: not topic.startswith("$")
)


@given(
    st.floats(0, 4e9).map(lambda ts: round(ts, 6)),
    TOPICS,
    st.one_of(st.binary(max_size=80), st.text(st.characters(exclude_categories=["Cs"])).map(str.encode)),
    st.booleans(),
)
def test_every_message_comes_back_from_one_line(at_ts: float, topic: str, payload: bytes, is_retained: bool) -> None:
    line = encode(Heard(at_ts, topic, payload, is_retained))
    assert line.count(b"\n") == 1
    assert len(line.decode().splitlines()) == 1 or any(mark in topic for mark in "\x85\u2028\u2029\x0b\x0c\x1c\x1d\x1e")
    assert decode(line) == Heard(at_ts, topic, payload, is_retained)


def test_readable_text_stays_readable_and_bytes_are_base64() -> None:
    told = json.loads(encode(Heard(1.5, "a/b", "21,5 °C".encode(), is_retained=False)))
    assert told == {"at_ts": 1.5, "topic": "a/b", "payload": "21,5 °C", "retained": False}
    assert json.loads(encode(Heard(1.5, "a/b", b"\xff\x00", is_retained=True)))["payload_base64"] == "/wA="


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "list, expected an object"),
        (b'{"topic":"a","payload":"","retained":false}', "at_ts is None"),
        (b'{"at_ts":true,"topic":"a","payload":"","retained":false}', "at_ts is True"),
        (b'{"at_ts":NaN,"topic":"a","payload":"","retained":false}', "at_ts is nan"),
        (b'{"at_ts":1e999,"topic":"a","payload":"","retained":false}', "at_ts is inf"),
        (b'{"at_ts":1,"topic":"a/#","payload":"","retained":false}', "topic is 'a/#'"),
        (b'{"at_ts":1,"topic":"$SYS/x","payload":"","retained":false}', "topic is"),
        (b'{"at_ts":1,"topic":"\\ud800","payload":"","retained":false}', "topic is"),
        (b'{"at_ts":1,"topic":"a","payload":"\\ud800","retained":false}', "payload is no Unicode text"),
        (b'{"at_ts":1,"topic":"a","payload":"","retained":0}', "retained is 0"),
        (b'{"at_ts":1,"topic":"a","payload":1,"retained":true}', "expected payload or payload_base64"),
        (b'{"at_ts":1,"topic":"a","payload_base64":"!","retained":true}', "expected base64"),
        (b'{"at_ts":1,"topic":"a","payload":"","qos":1,"retained":true}', "keys ['payload', 'qos']"),
    ],
)
def test_a_line_that_is_no_message_says_what_was_expected(line: bytes, told: str) -> None:
    with pytest.raises(LineError) as error:
        decode(line)
    assert told in str(error.value)


@given(st.binary(max_size=60))
def test_no_bytes_make_it_fail_otherwise(line: bytes) -> None:
    try:
        decode(line)
    except LineError:
        return
