"""``vigie-gateway clock``: what a person types, and what it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie_contract.clock import SystemClock
from vigie_gateway import __main__ as program
from vigie_gateway.clock import rtc, word


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(SystemClock, "is_synchronised", lambda _: False)
    monkeypatch.setattr(rtc, "read", lambda: None)
    file = tmp_path / "gateway.toml"
    file.write_text(f'[store]\npath = "{tmp_path}/vigie.db"\n')
    return file


def test_show_says_what_is_missing_and_set_gives_it(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["clock", "show", "--config", str(config)]) == 0
    told = capsys.readouterr().out
    assert "believed: no, no NTP server answers" in told
    assert "/vigie-gateway clock set TIME vouches" in told
    assert program.main(["clock", "set", "--config", str(config)]) == 0
    assert "is vouched for until this machine starts again" in capsys.readouterr().out
    assert program.main(["clock", "show", "--config", str(config)]) == 0
    assert "believed: yes, a person vouched for it" in capsys.readouterr().out


@pytest.mark.parametrize(
    "typed", ["noon", "2026-13-01", "2016-12-31T23:59:60Z", "0000-01-01", "10000-01-01", "", "nan"]
)
def test_what_is_no_time_says_what_was_expected(config: Path, typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["clock", "set", typed, "--config", str(config)]) == 2
    assert capsys.readouterr().err == (f"TIME is {typed!r}, expected a date and time such as 2026-06-21T09:30\n")


@pytest.mark.parametrize("typed", ["1970-01-01", "9999-12-31T23:59:59Z", "0001-01-01", "9999-12-31T23:59:59"])
def test_a_time_that_cannot_be_now_is_refused(config: Path, typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["clock", "set", typed, "--config", str(config)]) in {1, 2}
    assert "TIME" in capsys.readouterr().err
    assert word.read(config.with_name("clock.json")) is None


def test_a_folder_that_is_not_there_is_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(f'[store]\npath = "{config.parent}/absent/vigie.db"\n')
    assert program.main(["clock", "set", "--config", str(config)]) == 74
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


def test_a_wrong_gateway_toml_is_said(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text("colour = 1\n")
    assert program.main(["clock", "show", "--config", str(config)]) == 78
    assert "colour: unknown key" in capsys.readouterr().err
