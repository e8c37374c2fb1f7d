"""Programs that are run on the machine, and one run at a time."""

from pathlib import Path

import pytest

from vigie_gateway.install import machine as machine_module
from vigie_gateway.install.machine import CommandError, Machine


def test_a_program_that_fails_is_told_with_what_it_said_last() -> None:
    with pytest.raises(CommandError, match=r"^sh ended with 3: b / c / d$"):
        Machine().run(("sh", "-c", "echo a; echo b; echo c >&2; echo d; exit 3"))


def test_what_a_program_calls_an_error_is_told_before_what_it_said_last() -> None:
    with pytest.raises(CommandError, match=r": ERROR: no such file / of that name / for you$"):
        Machine().run(("sh", "-c", "printf 'a\nERROR: no such file\nof that name\nfor you\nb\nc\nd\n'; exit 1"))


def test_a_program_that_is_not_there_is_told() -> None:
    with pytest.raises(CommandError, match="vigie-nothing cannot be started: No such file"):
        Machine().run(("vigie-nothing",))


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(CommandError, match="sleep took longer than 0 s"):
        Machine().run(("sleep", "60"), timeout_s=0.05)


def test_lines_are_told_as_they_come() -> None:
    lines: list[str] = []
    assert Machine().run(("printf", "a\\nb\\n"), on_line=lines.append) == "a\nb\n"
    assert lines == ["a", "b"]


def test_a_second_run_waits_for_the_first_and_for_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_module, "ALONE_S", 0.0)
    first, second = Machine(tmp_path), Machine(tmp_path)
    with first.alone():
        # Goes on alone, as pip does when the installation is killed.
        child = first.run(("sh", "-c", "sleep 60 >/dev/null 2>&1 & echo $!")).strip()
    try:
        with pytest.raises(CommandError, match="another installation runs here"), second.alone():
            pass
    finally:
        Machine().run(("kill", child))
    monkeypatch.setattr(machine_module, "ALONE_S", 10.0)
    with second.alone():
        pass
