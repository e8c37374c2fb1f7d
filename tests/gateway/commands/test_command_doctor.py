"""``vigie-gateway doctor`` on an installation that is right, and on ones that are not."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.bench import load
from tests.gateway.conftest import SAMPLE_SITE

from vigie_gateway import __main__ as program
from vigie_gateway.broker import GATEWAY_USER, Mosquitto, find_mosquitto, free_port, make_passwords
from vigie_gateway.doctor import running
from vigie_gateway.doctor.findings import PARTS
from vigie_gateway.settings import HttpSettings, load_settings

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")


def write_settings(folder: Path, broker: Mosquitto) -> Path:
    path = folder / "gateway.toml"
    path.write_text(
        f'site = "{SAMPLE_SITE}"\n[broker]\nport = {broker.port}\n'
        f'password_file = "{broker.password_file(GATEWAY_USER)}"\nconfig_file = "{broker.directory}/mosquitto.conf"\n'
        f'[http]\nport = {free_port()}\n[store]\npath = "{folder}/vigie.db"\n',
        encoding="utf-8",
    )
    return path


def test_an_installation_that_is_right_ends_with_0_though_no_gateway_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Mosquitto(tmp_path / "broker", "semaphore", make_passwords([GATEWAY_USER])) as broker:
        config = write_settings(tmp_path, broker)
        load.vouch_for_clock(tmp_path / "vigie.db")
        code = program.main(["doctor", "--config", str(config)])
        said = capsys.readouterr().out
    assert "FAIL" not in said
    assert code == 0
    assert "no gateway answers at http://127.0.0.1:" in said
    assert "mosquitto.conf: Mosquitto is configured as Vigie needs it" in said
    assert "answers the gateway in" in said


def test_a_gateway_that_runs_is_asked_and_not_thrown_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Mosquitto(tmp_path / "broker", "semaphore", make_passwords([GATEWAY_USER])) as broker:
        config = write_settings(tmp_path, broker)
        load.vouch_for_clock(tmp_path / "vigie.db")
        program_line = [sys.executable, "-m", "vigie_gateway", "run", "--config", str(config)]
        with subprocess.Popen(program_line, stderr=subprocess.DEVNULL) as gateway:
            settings = load_settings(config)
            before = wait_for_broker(settings.http)
            code = program.main(["doctor", "--config", str(config)])
            after = running.ask(settings.http)["parts"]["broker"]
            gateway.terminate()
    said = capsys.readouterr().out
    assert (code, "FAIL" in said) == (0, False)
    assert "Running gateway\n  ok    version" in said
    assert after["round_trip_s"] == before["round_trip_s"], "it had to connect again"


def wait_for_broker(http: HttpSettings) -> running.Report:
    """The broker's part of a gateway's report, as soon as the broker has told it everything."""
    deadline_mono = time.monotonic() + 30
    while True:
        with contextlib.suppress(running.NoGatewayError):
            part: running.Report = running.ask(http)["parts"]["broker"]
            if part["round_trip_s"] is not None and part["dropped_messages"] is not None:
                return part
        assert time.monotonic() < deadline_mono
        time.sleep(0.05)


def test_what_is_wrong_is_told_and_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broker = Mosquitto(tmp_path / "broker", "semaphore", make_passwords([GATEWAY_USER]))  # never started
    config = write_settings(tmp_path, broker)
    (tmp_path / "open.conf").write_text(f"listener {broker.port}\nallow_anonymous true\n")
    code = program.main(["doctor", "--json", "--config", str(config), "--broker-config", str(tmp_path / "open.conf")])
    document = json.loads(capsys.readouterr().out)
    assert (code, document["status"]) == (1, "fail")
    assert {finding["part"] for finding in document["findings"]} <= set(PARTS)
    wrong = " ".join(finding["text"] for finding in document["findings"] if finding["status"] == "fail")
    for part in ("allow_anonymous is true", "without TLS", "no broker answers", "password_file"):
        assert part in wrong
