"""The page of a node that is not told yet what it is: what it takes, what it says, and what a phone finds."""

from __future__ import annotations

import json
import re
import socket
import threading
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.firmware.interpreters import run_there

from vigie_node.config import Config
from vigie_node.set_up import Page, form_of, name_answer, serve_one, wanted_of

RIGHT = {
    "ssid": "L'atelier & co",
    "wifi_password": "p+é%&=",
    "code": "K7QM-2XRD-9VTB-4HNW@192.168.1.20",
    "kind": "door",
    "id": "porte",
    "room": "salle",
    "pin_1": "14",
    "pin_2": "15",
}


def posted(form: dict[str, str]) -> bytes:
    body = urllib.parse.urlencode(form).encode()
    return b"POST / HTTP/1.1\r\nhost: 192.168.4.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def test_what_is_typed_becomes_a_node_json_but_for_the_credential() -> None:
    page = Page({}, "")
    assert page.answer(posted(RIGHT)).startswith(b"HTTP/1.1 200")
    assert page.wanted is not None
    wanted = dict(page.wanted)
    assert wanted.pop("code") == RIGHT["code"]
    given_later = {
        "site": "lieu",
        "node": "pico-1",
        "password": "x",
        "brokers": [{"host": "192.168.1.20", "port": 8883}],
        "gateways": ["main"],
    }
    config = Config(json.dumps(given_later | wanted))
    assert config.wifi == [("L'atelier & co", "p+é%&=")]
    assert [channel["id"] for channel in config.sensors[0].channels()] == ["porte-in", "porte-out"]


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("code", "K7QM", "16 letters"),
        ("ssid", "", "name of the network"),
        ("pin_2", "", "Pin 2"),
        ("id", "Porte 1", "a-z, 0-9"),
        ("kind", "camera", "No such sensor"),
        ("room", "La salle", "a-z, 0-9"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_typed_is_lost_but_the_password(field: str, typed: str, said: str) -> None:
    page = Page({}, "")
    answer = page.answer(posted(RIGHT | {field: typed})).decode()
    assert answer.startswith("HTTP/1.1 422")
    assert page.wanted is None
    assert said in answer
    assert ('value="L&#39;atelier &amp; co"' in answer) == (field != "ssid")
    assert 'value="14"' in answer
    assert "p+é" not in answer


def test_nothing_typed_becomes_markup() -> None:
    answer = Page({}, "").answer(posted(RIGHT | {"ssid": '"><script>', "code": "x"})).decode()
    assert "<script" not in answer


def test_a_phone_that_asks_for_its_makers_page_finds_this_one() -> None:
    answer = Page({}, "").answer(b"GET /generate_204 HTTP/1.1\r\nhost: connectivity\r\n\r\n").decode()
    fields = " ".join(re.findall(r'name="(\w+)"', answer.partition("<form")[2]))
    assert fields == "ssid wifi_password code kind id room pin_1 pin_2"


def test_why_an_enrolment_came_to_nothing_is_shown_at_the_next_visit() -> None:
    answer = Page({"ssid": "lieu"}, "The code is older than ten minutes.").answer(b"GET / HTTP/1.1\r\n\r\n").decode()
    assert "older than ten minutes" in answer
    assert 'value="lieu"' in answer


def test_a_real_browsers_request_is_answered_over_a_socket() -> None:
    page = Page({}, "")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=serve_one, args=(listener, page))
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        with urllib.request.urlopen(address, urllib.parse.urlencode(RIGHT).encode(), timeout=10) as answer:
            assert b"Saved" in answer.read()
        thread.join()
    assert page.wanted is not None


def test_a_board_serves_the_same_page() -> None:
    """MicroPython reads what a browser sends, and writes the same bytes."""
    code = (
        "from vigie_node.set_up import Page\nimport json\nfrom binascii import unhexlify, hexlify\n"
        "page = Page({}, '')\n"
        "for _ in range(2):\n    print(hexlify(page.answer(unhexlify(sys.stdin.readline().strip()))).decode())\n"
        "print(json.dumps(page.wanted))\n"
    )
    wrong, right = posted(RIGHT | {"code": "x"}), posted(RIGHT)
    said = run_there("micropython", code, f"{wrong.hex()}\n{right.hex()}\n").splitlines()
    here = Page({}, "")
    assert [bytes.fromhex(line) for line in said[:2]] == [here.answer(wrong), here.answer(right)]
    assert json.loads(said[2]) == here.wanted


def test_any_name_is_this_node() -> None:
    question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05vigie\x05local\x00\x00\x01\x00\x01"
    answer = name_answer(question, "192.168.4.1")
    assert answer[:2] == question[:2]
    assert answer[12 : len(question)] == question[12:]
    assert answer[-4:] == bytes([192, 168, 4, 1])


@given(st.binary(max_size=64))
def test_any_bytes_are_a_question_for_a_name_or_none(data: bytes) -> None:
    assert isinstance(name_answer(data, "192.168.4.1"), bytes)


@given(st.dictionaries(st.sampled_from("abc"), st.text(max_size=12)))
def test_a_form_is_read_as_browsers_write_it(form: dict[str, str]) -> None:
    typed = {key: value for key, value in form.items() if not any("\ud800" <= sign <= "\udfff" for sign in value)}
    assert form_of(urllib.parse.urlencode(typed)) == (typed or {"": ""})


@given(st.text(max_size=60))
def test_any_body_is_a_form(body: str) -> None:
    assert all(isinstance(value, str) for value in form_of(body).values())


def test_a_node_whose_code_is_of_nobody_says_why(tmp_path: Path) -> None:
    wanted = wanted_of(RIGHT | {"code": "K7QM-2XRD-9VTB-4HNW@127.0.0.1:1"})
    code = (
        "import json\nfrom vigie_node.boards.unix import Unix\nfrom vigie_node.set_up import enrol\n"
        f"print(enrol(Unix({str(tmp_path)!r}), json.loads(sys.stdin.readline())))"
    )
    assert "No gateway that waits for a node" in run_there("micropython", code, json.dumps(wanted) + "\n")
    assert not (tmp_path / "node.json").exists()
