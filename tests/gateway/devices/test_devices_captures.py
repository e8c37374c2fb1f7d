"""Every message of the captures of real devices says what was written down for it."""

import json
import re
from collections import Counter

import pytest
from paho.mqtt.client import topic_matches_sub
from tests.gateway.devices.captures import AT_TS, EXPECTED, FAMILIES, NO_DEVICES, PAYLOADS, captured, messages, table

from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import REFUSALS, Message
from vigie_gateway.devices.template.syntax import Template
from vigie_gateway.devices.template.values import TemplateError

needs_captures = pytest.mark.skipif(not PAYLOADS.is_dir(), reason="../shared, with the captures, is not here")


@needs_captures
def test_every_message_of_every_capture_says_what_was_written_down_for_it() -> None:
    assert list(table()) == EXPECTED.read_text(encoding="utf-8").splitlines()


@needs_captures
def test_no_capture_is_left_out_without_a_reason() -> None:
    files = {path.relative_to(PAYLOADS).as_posix() for name in FAMILIES for path in (PAYLOADS / name).iterdir()}
    assert files == set(captured()) | set(NO_DEVICES)
    assert all(list(messages(name)) for name in captured())


@needs_captures
def test_what_is_subscribed_to_brings_every_message_of_the_captures_but_of_long_full_topics() -> None:
    decoding, missed = Decoding(), set()
    for name in captured():
        for _, topic, payload in messages(name):
            decoded = decoding.decode(Message(topic, payload.encode(), AT_TS))
            if decoded.measures and not any(topic_matches_sub(one, topic) for one in decoding.filters):
                missed.add(topic)
    assert missed == {"emoncms/ch2i/factory/denky_D6C0C0/tele/SENSOR"}  # what native discovery announces


@needs_captures
def test_nine_templates_of_ten_in_the_captures_are_understood(capsys: pytest.CaptureFixture[str]) -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PAYLOADS.rglob("*")) if path.is_file())
    found = {json.loads(f'"{one}"') for one in re.findall(r'"(?:\w*_template|\w*_tpl)": ?"((?:[^"\\]|\\.)*)"', text)}
    found |= set(re.findall(r"^\{% if .*%\}$", text, re.MULTILINE))
    refused = {}
    for one in sorted(found):
        try:
            Template(one)
        except TemplateError as error:
            refused[one] = str(error)
    coverage = 1 - len(refused) / len(found)
    with capsys.disabled():
        print(f"\ntemplates of the captures: {len(found)}, understood {coverage:.0%}", *refused.items(), sep="\n  ")
    assert len(found) >= 10
    assert coverage >= 0.9


def test_what_was_written_down_is_a_table_of_known_words() -> None:
    lines = [line.split("\t") for line in EXPECTED.read_text(encoding="utf-8").splitlines()]
    kinds = Counter(line[2] for line in lines)
    assert kinds.keys() == {"device", "entity", "measure", "noted", "presence", "refused"}
    assert {line[3] for line in lines if line[2] == "refused"} <= REFUSALS.keys()
    assert "failed" not in {line[3] for line in lines if line[2] == "refused"}
