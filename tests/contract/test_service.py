"""sd_notify: what the service manager hears, and silence where there is none."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from vigie_contract.service import notify, watchdog_interval_s


def test_assignments_reach_the_socket_a_line_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(path))
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        notify("READY=1", "STATUS=serving")
        assert manager.recv(1000) == b"READY=1\nSTATUS=serving"


def test_without_a_service_manager_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify("READY=1")


def test_a_manager_that_went_away_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    notify("WATCHDOG=1")


@pytest.mark.parametrize(
    ("allowed", "pid", "expected"),
    [("30000000", None, 15.0), ("30000000", "1", None), ("", None, None), ("0", None, None), ("x", None, None)],
)
def test_the_watchdog_is_fed_at_half_its_time_when_it_watches_this_process(
    monkeypatch: pytest.MonkeyPatch, allowed: str, pid: str | None, expected: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", allowed)
    monkeypatch.setenv("WATCHDOG_PID", pid or str(os.getpid()))
    assert watchdog_interval_s() == expected
