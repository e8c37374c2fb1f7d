"""The demo's pure parts: when its day begins, how often it samples, what it asks of its arguments."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import socket
from pathlib import Path

import pytest

from vigie_gateway import demo
from vigie_gateway.demo import TIMEZONE, DemoError, default_interface, find_samples, periods, start_of_day


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-17T14:30", "2026-11-17T14:25"),
        ("2026-11-17T14:20", "2026-11-10T14:25"),
        ("2026-11-16T23:00", "2026-11-10T14:25"),
        ("2026-11-22T04:00", "2026-11-17T14:25"),
        ("2026-10-28T09:00", "2026-10-27T14:25"),
    ],
)
def test_the_day_is_the_latest_tuesday_whose_afternoon_has_begun(now: str, expected: str) -> None:
    now_at = dt.datetime.fromisoformat(now).replace(tzinfo=TIMEZONE)
    found = dt.datetime.fromtimestamp(start_of_day(now_at, dt.time(14, 25)), TIMEZONE)
    assert found.isoformat(timespec="minutes").startswith(expected)


@pytest.mark.parametrize("speed", [0.1, 1, 60, 3_600])
def test_no_sensor_samples_more_often_than_ten_times_in_a_real_second(speed: float) -> None:
    found = {name: float(text) for name, text in periods(speed).items()}
    assert all(period_s / speed >= 0.1 for period_s in found.values())
    assert all(0 < period_s <= 86_400 for period_s in found.values())


def test_an_ordinary_day_is_sampled_at_the_drivers_own_pace() -> None:
    assert periods(1)["pin_period_s"] == "5"
    assert periods(1)["outlet_period_s"] == "20"


def test_the_default_route_names_the_interface(tmp_path: Path) -> None:
    routes = tmp_path / "route"
    routes.write_text(
        "Iface\tDestination\tGateway\tFlags\n"
        "eth1\t0000A8C0\t00000000\t0001\n"
        "wlp2s0\t00000000\t0100A8C0\t0003\n",
        encoding="ascii",
    )  # fmt: skip
    assert default_interface(routes) == "wlp2s0"
    assert default_interface(tmp_path / "absent") == ""


@pytest.mark.parametrize(
    "arguments",
    [["--speed", "0"], ["--speed", "nan"], ["--for", "-1"], ["--port", "0"], ["--port", "x"], ["--start", "25:00"]],
)
def test_a_wrong_argument_names_itself_and_what_is_expected(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        demo.main(arguments)
    assert ended.value.code == 2
    told = capsys.readouterr().err.splitlines()[-1]
    assert arguments[0] in told
    assert "expected" in told


def test_the_board_listens_on_the_loopback_and_cannot_be_told_otherwise() -> None:
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--host", "0.0.0.0"])


def test_the_sample_nodes_are_found_without_importing_the_sensors() -> None:
    assert {f"{node}.toml" for node in demo.NODES} <= {path.name for path in find_samples().iterdir()}


def test_a_port_in_use_is_one_sentence_that_names_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert demo.main(["--port", str(port)]) == demo.EXIT_UNAVAILABLE
    assert f"port {port} of 127.0.0.1 is taken" in (told := capsys.readouterr().err)
    assert told.rstrip().endswith(f"./run demo --port {port + 1}")
    assert not (tmp_path / demo.STATE).exists()


def test_a_second_demo_in_one_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with demo._lock():
        assert demo.main([]) == demo.EXIT_UNAVAILABLE
    assert "another demo runs in" in capsys.readouterr().err


def test_what_an_earlier_demo_left_is_removed_but_not_through_a_link(tmp_path: Path) -> None:
    state, kept = tmp_path / "demo", tmp_path / "kept"
    kept.mkdir()
    (kept / "file").write_text("mine", encoding="utf-8")
    state.mkdir()
    (state / "old").symlink_to(kept)
    demo._wipe(state)
    assert list(state.iterdir()) == []
    assert (kept / "file").exists()
    os.rmdir(state)  # noqa: PTH106 - the folder itself, not what a link points to
    state.symlink_to(kept)
    with pytest.raises(DemoError, match="is a link"):
        demo._wipe(state)
