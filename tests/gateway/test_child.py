"""A watched child: started again with growing pauses, and never left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue

import pytest

from vigie_gateway import child as child_module
from vigie_gateway.child import Child

WAIT_S = 10.0


def wait_for(is_true: Callable[[], bool]) -> None:
    deadline_mono = time.monotonic() + WAIT_S
    while not is_true():
        assert time.monotonic() < deadline_mono, "it did not happen"
        time.sleep(0.01)


def sleeper(tmp_path: Path) -> Child:
    return Child("sleeper", ["/bin/sleep", "60"], tmp_path / "log")


def test_a_child_that_dies_is_told_of_and_started_again(tmp_path: Path) -> None:
    ended: Queue[int] = Queue()
    child = Child("sleeper", ["/bin/sleep", "60"], tmp_path / "log", on_exit=lambda _, code: ended.put(code))
    child.start()
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert ended.get(timeout=WAIT_S) == -signal.SIGKILL
    wait_for(lambda: child.pid not in {None, first})
    child.stop()
    assert child.starts == 2
    assert ended.empty()


def test_a_child_that_is_not_to_be_restarted_stays_ended(tmp_path: Path) -> None:
    ended: Queue[int] = Queue()
    child = Child(
        "short", ["/bin/sh", "-c", "exit 3"], tmp_path / "log", is_restarted=False, on_exit=lambda _, c: ended.put(c)
    )
    child.start()
    assert ended.get(timeout=WAIT_S) == 3
    child.stop()
    assert (child.starts, child.last_code, child.pid) == (1, 3, None)


def test_a_program_that_cannot_be_started_is_an_error_at_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "_death_signal", list)
    with pytest.raises(FileNotFoundError):
        Child("absent", [tmp_path / "absent"], tmp_path / "log").start()


def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    child = Child("deaf", [sys.executable, "-c", code], tmp_path / "log")
    child.start()
    wait_for(lambda: child.log_tail() == ["deaf"])
    child.stop(grace_s=0.1)
    assert child.last_code == -signal.SIGKILL


def test_its_last_words_are_told_oldest_first(tmp_path: Path) -> None:
    child = Child("talker", ["/bin/sh", "-c", "for i in 1 2 3 4; do echo line $i; done; sleep 60"], tmp_path / "log")
    child.start()
    wait_for(lambda: child.log_tail(2) == ["line 3", "line 4"])
    child.stop()


def test_a_child_is_in_a_group_of_its_own_so_that_ctrl_c_does_not_reach_it(tmp_path: Path) -> None:
    child = sleeper(tmp_path)
    child.start()
    assert child.pid is not None
    assert os.getpgid(child.pid) == child.pid
    child.stop()


def test_a_long_log_is_set_aside_at_a_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "LOG_BYTES", 10)
    (tmp_path / "log").write_text("longer than ten bytes", encoding="utf-8")
    child = sleeper(tmp_path)
    child.start()
    child.stop()
    assert (tmp_path / "log.1").read_text(encoding="utf-8") == "longer than ten bytes"
    assert (tmp_path / "log").stat().st_size == 0
