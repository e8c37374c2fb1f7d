"""A node rehearses when it is told to, within its own limits: the budget is kept, and every refusal says why."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.sensors.rehearsal.links import SECRET, far_end

from vigie_contract.clock import SystemClock
from vigie_contract.commands import FINDINGS, Done, Rehearse, decode_done, encode_do
from vigie_sensors.budget import DataBudget
from vigie_sensors.driver import DriverError
from vigie_sensors.rehearsal import commands as commands_module
from vigie_sensors.rehearsal.commands import Commands
from vigie_sensors.rehearsal.course import Finding
from vigie_sensors.rehearsal.settings import RehearsalConfig, budget_bytes
from vigie_sensors.speedtest_watch import lock_machine

PATIENCE_S = 30.0
ASKED = Rehearse("a1", 400_000, 200_000, 2_000_000)


class Told:
    """Answers, and the last one awaited."""

    def __init__(self) -> None:
        self.answers: list[Done] = []
        self.over = threading.Event()

    def __call__(self, payload: bytes) -> None:
        self.answers.append(decode_done(payload))
        if self.answers[-1].state != "running":
            self.over.set()

    def last(self) -> Done:
        assert self.over.wait(PATIENCE_S)
        return self.answers[-1]


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Commands]:
    (tmp_path / "secret").write_text(SECRET + "\n")

    def make(port: int = 9, tool: Callable[[list[str], float], str] | None = None, **given: Any) -> Commands:
        values: dict[str, Any] = {
            "far_end": ("127.0.0.1", port),
            "secret_file": tmp_path / "secret",
            "download_url": "",
            "upload_url": "",
            "speedtest_net": False,
            "interface": "",
            "rooms": (),
            "monthly_bytes": 10_000_000,
            "most_bytes": 5_000_000,
        }
        config = RehearsalConfig(**(values | given)) if given.pop("is_configured", True) else None
        return Commands(config, tmp_path, tool or (lambda argv, deadline_s: ""), SystemClock())

    return make


def spent_bytes(folder: Path) -> int:
    return DataBudget(folder / "rehearsal.json", 10_000_000).load(SystemClock().now_ts()).spent_bytes


def test_it_tells_its_progress_then_the_result_and_books_what_it_moved(
    make: Callable[..., Commands], tmp_path: Path
) -> None:
    told = Told()
    with far_end() as server:
        make(server.server_port).take(encode_do(ASKED), told)
        done = told.last()
    assert (done.id, done.state, done.share) == ("a1", "finished", 1.0)
    assert done.result is not None
    assert (done.result.download, done.result.upload) == ("headroom", "headroom")
    assert done.result.far_end == f"127.0.0.1:{server.server_port}"
    shares = [answer.share for answer in told.answers]
    assert len(shares) > 3
    assert shares == sorted(shares)
    assert done.result.moved_bytes <= spent_bytes(tmp_path) < ASKED.most_bytes


def test_a_command_that_comes_twice_is_obeyed_once(make: Callable[..., Commands]) -> None:
    told = Told()
    with far_end() as server:
        commands = make(server.server_port)
        commands.take(encode_do(ASKED), told)
        told.last()
        before = len(told.answers)
        commands.take(encode_do(ASKED), told)
        commands.stop()
        assert len(told.answers) == before


def test_a_second_one_meanwhile_is_refused_and_the_first_goes_on(make: Callable[..., Commands]) -> None:
    first, second = Told(), Told()
    with far_end() as server:
        commands = make(server.server_port)
        commands.take(encode_do(ASKED), first)
        commands.take(encode_do(Rehearse("a2", 1e6, 0, 1_000_000)), second)
        assert (second.last().state, second.last().reason) == ("refused", "busy")
        assert first.last().state == "finished"


def refusal(commands: Commands, asked: Rehearse = ASKED) -> tuple[str, str]:
    told = Told()
    commands.take(encode_do(asked), told)
    done = told.last()
    assert done.state == "refused"
    assert [answer.state for answer in told.answers] == ["refused"]
    return done.reason, done.detail


def test_a_node_without_a_far_end_refuses(make: Callable[..., Commands]) -> None:
    assert refusal(make(is_configured=False)) == ("not-configured", "this node's sensors.toml has no [rehearsal]")


def test_more_than_the_node_allows_at_once_is_refused(make: Callable[..., Commands]) -> None:
    asked = Rehearse("a", 1e6, 0, 5_000_001)
    assert refusal(make(), asked) == ("range", "5.0 MB asked, this node allows 5 MB at once")


def test_what_the_months_budget_does_not_hold_is_refused_before_a_byte_is_sent(
    make: Callable[..., Commands], tmp_path: Path
) -> None:
    with far_end() as server:
        commands = make(server.server_port, monthly_bytes=1_000_000)
        reason, detail = refusal(commands)
        assert server.refused == 0
    assert reason == "budget"
    assert detail == "1.0 MB of this month's data budget are left, 2.0 needed"
    assert spent_bytes(tmp_path) == 0


def test_beside_a_throughput_test_it_is_refused(make: Callable[..., Commands], tmp_path: Path) -> None:
    with lock_machine(tmp_path / "throughput.lock") or pytest.fail("no lock"):
        assert refusal(make()) == ("busy", "a throughput test runs on this node")


def test_an_interface_that_is_not_there_is_named(make: Callable[..., Commands]) -> None:
    assert refusal(make(interface="wlan77")) == ("absent", "there is no interface wlan77")


def test_an_empty_secret_is_said(make: Callable[..., Commands], tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    assert refusal(make()) == ("absent", "the far end cannot be asked: the secret's file is empty")


class Radio:
    """Has ``lo`` taken for a radio: a test machine has none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        (folder / "lo" / "wireless").mkdir(parents=True)
        monkeypatch.setattr(commands_module, "INTERFACES", folder)


def test_a_radio_that_saves_power_is_refused_with_what_to_type(
    make: Callable[..., Commands], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Radio(monkeypatch, tmp_path / "net")
    commands = make(tool=lambda argv, deadline_s: "Power save: on\n")
    assert refusal(commands) == ("power-save", "lo saves power: sudo iw dev lo set power_save off")


def test_a_radio_that_cannot_be_asked_is_not_taken_for_awake(
    make: Callable[..., Commands], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(argv: list[str], deadline_s: float) -> str:
        raise DriverError("iw is not installed: sudo apt install iw")

    Radio(monkeypatch, tmp_path / "net")
    reason, detail = refusal(make(tool=fail))
    assert reason == "absent"
    assert detail.endswith("iw is not installed: sudo apt install iw")


def test_told_to_stop_it_answers_what_it_has(make: Callable[..., Commands]) -> None:
    told = Told()
    with far_end() as server:
        commands = make(server.server_port)
        commands.take(encode_do(ASKED), told)
        commands.stop()
        result = told.last().result
    assert result is not None
    assert (result.stopped_by, result.download) == ("stopped", "unknown")


@pytest.mark.parametrize("payload", [b"", b"{}", json.dumps({"what": "format"}).encode()])
def test_what_is_no_command_is_counted_and_not_answered(make: Callable[..., Commands], payload: bytes) -> None:
    told, commands = Told(), make()
    commands.take(payload, told)
    assert (commands.refused, told.answers) == (1, [])


def test_the_words_of_a_finding_are_those_of_the_contract() -> None:
    assert {finding.value for finding in Finding} == set(FINDINGS)


@pytest.mark.parametrize(
    ("monthly_mb", "is_metered", "expected"),
    [(0, False, 1_000_000_000), (0, True, 100_000_000), (5, True, 5_000_000)],
)
def test_the_budget_is_a_gigabyte_or_a_tenth_when_metered(monthly_mb: float, is_metered: bool, expected: int) -> None:
    assert budget_bytes(monthly_mb, is_metered=is_metered) == expected
