"""The captures of real devices, recorded, replayed through a real broker, and decoded as they came out."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from queue import Queue

import pytest
from tests.gateway.devices.captures import AT_TS, EXPECTED, FAMILIES, PAYLOADS, captured, messages, rows

from vigie_contract.clock import SystemClock
from vigie_gateway import broker as broker_module
from vigie_gateway.broker import Mosquitto, find_mosquitto, make_passwords
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Message
from vigie_gateway.recording.recorder import Recorder
from vigie_gateway.recording.replayer import extent, replay
from vigie_gateway.recording.wire import Wire
from vigie_gateway.settings import BrokerSettings

RIGHTS = "user replayer\ntopic write #\nuser listener\ntopic read #\n"


@pytest.mark.long
@pytest.mark.skipif(not PAYLOADS.is_dir(), reason="../shared, with the captures, is not here")
@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
@pytest.mark.parametrize("is_kept", [False, True], ids=["as it is said", "as the broker kept it"])
def test_every_capture_says_the_same_after_a_recording_and_a_broker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, is_kept: bool
) -> None:
    monkeypatch.setattr(broker_module, "access_rules", lambda _site: RIGHTS)
    expected = EXPECTED.read_text(encoding="utf-8").splitlines()
    found: list[str] = []
    heard: Queue[tuple[str, bytes]] = Queue()
    began = time.monotonic()
    with Mosquitto(tmp_path / "broker", "place", make_passwords(["replayer", "listener"])) as broker:

        def settings(user: str) -> BrokerSettings:
            return BrokerSettings(port=broker.port, username=user, password_file=str(broker.password_file(user)))

        with (
            Wire(settings("listener"), lambda topic, payload, _: heard.put((topic, payload))),
            Wire(settings("replayer")) as sayer,
        ):
            for number, name in enumerate(captured()):
                path = tmp_path / f"{number}.jsonl"
                with Recorder(path, 10_000_000, SystemClock()) as recorder:
                    for _, topic, payload in messages(name):
                        recorder.take(topic, payload.encode(), is_kept)
                numbers = [one[0] for one in messages(name)]
                assert extent(path).messages == len(numbers)
                replay(path, sayer, SystemClock(), speed=0)
                sayer.settle()
                decoding = Decoding()  # a file's devices are not known to the next
                for line in numbers:
                    decoded = decoding.decode(Message(*heard.get(timeout=10), AT_TS))
                    found += rows(name, line, decoded)
            assert sayer.refused == {}
        assert heard.empty()
    assert found == expected
    files = Counter(name.split("/")[0] for name in captured())
    assert files.keys() == set(FAMILIES)
    with capsys.disabled():
        print(
            f"\nreplayed: {len(captured())} captures, {len(found)} rows, "
            f"{time.monotonic() - began:.1f} s; {dict(files)}"
        )
