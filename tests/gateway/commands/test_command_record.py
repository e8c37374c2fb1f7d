"""``vigie-gateway record`` and ``replay``, as typed, with real brokers."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from vigie_gateway import __main__ as program
from vigie_gateway import broker as broker_module
from vigie_gateway.broker import Mosquitto, find_mosquitto, free_port, make_passwords
from vigie_gateway.recording.line import Heard, encode
from vigie_gateway.recording.replayer import messages
from vigie_gateway.recording.wire import Wire
from vigie_gateway.settings import BrokerSettings

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")

WAIT_S = 15.0
RIGHTS = "user gateway\ntopic readwrite #\nuser recorder\ntopic read #\nuser deaf\ntopic write open/#\n"
SAID = [
    ("vigie/1/place/hall/data", b'[{"bn":"place/hall/"}]'),
    ("zigbee2mqtt/porte", '{"contact":true,"nom":"Entrée"}'.encode()),
    ("cam/picture", b"\x89PNG\x00\xff"),
    ("nothing", b""),
]


@pytest.fixture
def brokers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Mosquitto]]:
    """Two brokers, the place's own first, in which the gateway says anything and the recorder hears it."""
    monkeypatch.setattr(broker_module, "access_rules", lambda _site: RIGHTS)
    with ExitStack() as stack:
        yield [
            stack.enter_context(Mosquitto(tmp_path / name, "place", make_passwords(["gateway", "recorder", "deaf"])))
            for name in ("own", "other")
        ]


@pytest.fixture
def config(tmp_path: Path, brokers: list[Mosquitto]) -> Path:
    file = tmp_path / "gateway.toml"
    file.write_text(f"[broker]\nport = {brokers[0].port}\n")
    return file


def settings(broker: Mosquitto, user: str = "gateway") -> BrokerSettings:
    password = str(broker.password_file(user))
    return BrokerSettings(host="127.0.0.1", port=broker.port, username=user, password_file=password)


def wait_for_line(file: Path, topic: str) -> None:
    deadline_mono = time.monotonic() + WAIT_S
    while not file.exists() or f'"{topic}"'.encode() not in file.read_bytes():
        assert time.monotonic() < deadline_mono, f"{topic} was not recorded"
        time.sleep(0.02)


def typed(command: str, *arguments: object) -> int:
    return program.main([command, *map(str, arguments)])


def test_what_was_recorded_is_said_again_elsewhere(
    tmp_path: Path, brokers: list[Mosquitto], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = brokers
    file = tmp_path / "bus.jsonl"
    kept = ("homeassistant/sensor/x/config", b"{}")
    with Wire(settings(own)) as bus:
        bus.publish(*kept, is_retained=True)
        bus.settle()
        arguments = ["record", file, "--config", config, "--password-file", own.password_file("recorder")]
        command = [sys.executable, "-m", "vigie_gateway", *map(str, arguments)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as recording:
            assert recording.stdout is not None
            assert "Ctrl-C ends it" in recording.stdout.readline()
            for topic, payload in SAID:
                bus.publish(topic, payload, is_retained=False)
            bus.settle()
            wait_for_line(file, SAID[-1][0])
            recording.send_signal(signal.SIGTERM)
            told = recording.stdout.read()
        assert recording.returncode == 0
    assert "5 messages, 1 of them kept by the broker" in told
    assert [heard[1:] for heard in messages(file)] == [(*kept, True), *((*said, False) for said in SAID)]

    heard: list[tuple[str, bytes]] = []
    with Wire(settings(other, "recorder"), lambda topic, payload, _: heard.append((topic, payload))):
        access = ("--user", "gateway", "--password-file", other.password_file("gateway"))
        assert typed("replay", file, "--broker", f"127.0.0.1:{other.port}", *access, "--speed", 0) == 0
        deadline_mono = time.monotonic() + WAIT_S
        while len(heard) < 1 + len(SAID) and time.monotonic() < deadline_mono:
            time.sleep(0.01)
    assert heard == [kept, *SAID]
    assert "all of it was taken" in capsys.readouterr().out
    again: list[tuple[str, bool]] = []
    with Wire(settings(other, "recorder"), lambda topic, _, is_retained: again.append((topic, is_retained))) as late:
        while not again and late.connections and time.monotonic() < deadline_mono:
            time.sleep(0.01)
    assert again == [(kept[0], True)]


def test_what_is_there_and_what_would_disturb_the_gateway_is_refused(
    tmp_path: Path, brokers: list[Mosquitto], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = brokers[0]
    file = tmp_path / "bus.jsonl"
    assert typed("record", file, "--config", config, "--user", "gateway") == 1
    assert "would throw it out" in capsys.readouterr().err
    assert not file.exists()
    file.write_bytes(encode(Heard(1, "a", b"", is_retained=False)))
    assert typed("record", file, "--config", config) == 1
    assert "is there already and is left as it is" in capsys.readouterr().err
    live = ("--config", config, "--broker", f"localhost:{own.port}", "--password-file", own.password_file("recorder"))
    assert typed("replay", file, *live) == 1
    assert "is this place's own broker" in capsys.readouterr().err
    assert typed("replay", file, *live, "--into-the-live-place") == 1
    assert "the broker refused 1 topics, such as\na: Not authorized" in capsys.readouterr().err


def test_whom_the_broker_refuses_or_lets_hear_nothing_leaves_no_file(
    tmp_path: Path, brokers: list[Mosquitto], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bus.jsonl"
    assert typed("record", file, "--config", config) == 69
    assert "refuses: Not authorized" in capsys.readouterr().err
    assert typed("record", file, "--config", config, "--broker", f"127.0.0.1:{free_port()}") == 69
    assert "no broker answers at" in capsys.readouterr().err
    assert typed("record", file, "--config", config, "--password-file", tmp_path / "absent") == 74
    assert "absent: No such file or directory" in capsys.readouterr().err
    assert not file.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["replay", "FILE", "--broker", "127.0.0.1"], 2, "--broker is '127.0.0.1', expected HOST:PORT"),
        (["replay", "FILE", "--broker", "a:70000"], 2, "expected HOST:PORT"),
        (["replay", "FILE", "--broker", "a:1", "--speed", "nan"], 2, "--speed is nan, expected 0 to 1000000"),
        (["replay", "FILE", "--broker", "a:1"], 74, "FILE: No such file or directory"),
        (["record", "FILE", "--for", "0"], 2, "expected --for of more than 0 seconds"),
        (["record", "FILE", "--max-mb", "0"], 2, "--max-mb of 1 to"),
        (["record", "FILE", "--config", "absent.toml"], 78, "absent.toml: No such file or directory"),
        (["record", "absent/FILE"], 74, "absent/FILE: No such file or directory"),
    ],
)
def test_what_cannot_be_done_says_why(
    arguments: list[str],
    code: int,
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert program.main(arguments) == code
    assert told in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_line_is_named_and_nothing_is_said(
    tmp_path: Path, brokers: list[Mosquitto], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bus.jsonl"
    file.write_bytes(encode(Heard(1, "a", b"", is_retained=True)) + b"{}\n")
    assert typed("replay", file, "--broker", f"127.0.0.1:{brokers[1].port}", "--user", "gateway") == 74
    assert f"{file}:2: at_ts is None" in capsys.readouterr().err
