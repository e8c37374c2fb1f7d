"""Programs are run with a deadline, in the C locale, with bounded output, and nothing of them is left."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from vigie_sensors.driver import DriverError
from vigie_sensors.tools import run_tool


def script(folder: Path, name: str, body: str) -> str:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return str(file)


def test_what_is_printed_is_returned_in_the_c_locale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "fr")
    program = script(tmp_path, "say", 'echo "$LC_ALL [$LANGUAGE] $1"; echo noise >&2')
    assert run_tool([program, "x"], 10) == "C [] x\n"


def test_the_administrator_s_folders_are_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    script(tmp_path, "show", 'echo "$PATH"')
    assert run_tool(["show"], 10) == f"{tmp_path}:/usr/sbin:/sbin\n"


def test_a_missing_program_names_its_debian_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigie_sensors.tools._SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(DriverError, match=r"sudo apt install iw$") as caught:
        run_tool(["iw", "dev"], 10)
    assert caught.value.reason == "absent"
    with pytest.raises(DriverError, match="the program frobnicate is not installed"):
        run_tool(["frobnicate"], 10)


def test_a_failure_carries_the_code_and_the_first_line(tmp_path: Path) -> None:
    program = script(tmp_path, "fail", "echo out; echo 'no such device' >&2; echo more >&2; exit 237")
    with pytest.raises(DriverError, match=r"ended with code 237: no such device$") as caught:
        run_tool([program], 10)
    assert caught.value.reason == "failed"


def test_at_the_deadline_the_program_and_its_children_are_killed(tmp_path: Path) -> None:
    program = script(tmp_path, "hang", f"sleep 600 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(DriverError, match=r"did not end within 0\.5 s"):
        run_tool([program], 0.5)
    child = int((tmp_path / "child").read_text())
    state = Path(f"/proc/{child}/stat")
    assert not state.exists() or state.read_text().split()[2] in "ZX"


def test_a_program_gone_mad_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(DriverError, match="printed more than 1000000 bytes"):
        run_tool([script(tmp_path, "mad", "while :; do echo yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy; done")], 60)


def test_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    assert run_tool([script(tmp_path, "bytes", r"printf 'a\377b'")], 10) == "a\ufffdb"


def test_a_program_that_may_not_be_run_is_said_to_be_missing(tmp_path: Path) -> None:
    file = tmp_path / "plain"
    file.write_text("no program")
    os.chmod(file, 0o644)  # noqa: PTH101 - the same either way
    with pytest.raises(DriverError):
        run_tool([str(file)], 10)
