"""The gateway's eye on its clock: steps, words, and what a restart finds."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import ManualClock

from vigie_gateway.clock import rtc, word
from vigie_gateway.clock.belief import Witness, Word
from vigie_gateway.clock.watch import Change, ClockWatch


def _watch(clock: ManualClock, path: Path | None = None, boot: str = "boot-1") -> ClockWatch:
    return ClockWatch(clock, path, lambda: None, boot=boot, read_rtc=lambda: None)


@pytest.fixture
def wrong(clock: ManualClock) -> ManualClock:
    """A clock that nobody vouches for."""
    clock.is_right = False
    return clock


def _vouch(path: Path, clock: ManualClock, boot: str = "boot-1") -> None:
    word.write(path, Word(Witness.PERSON, boot, clock.now, clock.mono))


def test_nothing_is_told_while_nothing_changes(clock: ManualClock) -> None:
    watch = _watch(clock)
    for _ in range(100):
        clock.pass_time(0.7)
        assert watch.look() is None
    assert watch.state.steps == 0


@pytest.mark.parametrize("step_s", [-3_600.0, 86_400.0, 1.5, -1.5, 1.7e9])
def test_a_step_is_told_once_at_the_next_look(
    clock: ManualClock, step_s: float, caplog: pytest.LogCaptureFixture
) -> None:
    watch = _watch(clock)
    clock.now += step_s
    change = watch.look()
    assert change is not None
    assert change.step_s == pytest.approx(step_s)
    assert change.is_known
    assert watch.look() is None
    assert watch.state.steps == 1
    assert watch.state.last_step_s == pytest.approx(step_s)
    assert f"the clock was moved by {step_s:+.1f} s" in caplog.text


def test_a_clock_that_ntp_slews_makes_no_step(clock: ManualClock) -> None:
    watch = _watch(clock)
    for _ in range(100):
        clock.pass_time(1.0)
        clock.now += 0.4
        assert watch.look() is None


def test_ntp_is_noticed_within_a_second(wrong: ManualClock) -> None:
    watch = _watch(wrong)
    assert not watch.is_known
    wrong.is_right = True
    assert watch.look() is None, "looked less than a second ago"
    wrong.pass_time(1.0)
    assert watch.look() == Change(0.0, is_known=True)


def test_a_persons_word_is_noticed_within_a_second(wrong: ManualClock, tmp_path: Path) -> None:
    watch = _watch(wrong, tmp_path / "clock.json")
    _vouch(tmp_path / "clock.json", wrong)
    wrong.pass_time(1.0)
    assert watch.look() == Change(0.0, is_known=True)
    assert watch.state.belief.witness is Witness.PERSON
    wrong.pass_time(600)
    assert watch.look() is None
    assert watch.since_ts() == wrong.now - 600


def test_a_word_of_the_last_boot_is_not_believed(wrong: ManualClock, tmp_path: Path) -> None:
    _vouch(tmp_path / "clock.json", wrong, boot="boot-0")
    assert not _watch(wrong, tmp_path / "clock.json").is_known


def test_a_clock_that_is_moved_by_hand_is_not_believed_until_somebody_vouches_again(
    wrong: ManualClock, tmp_path: Path
) -> None:
    path = tmp_path / "clock.json"
    _vouch(path, wrong)
    watch = _watch(wrong, path)
    wrong.now -= 3_600
    assert watch.look() == Change(-3_600.0, is_known=False)
    _vouch(path, wrong)
    wrong.pass_time(1.0)
    assert watch.look() == Change(0.0, is_known=True)


def test_when_ntp_falls_silent_the_clock_stays_believed_also_over_a_restart(clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    watch = _watch(clock, path)
    clock.is_right = False
    clock.pass_time(10 * 3_600)
    assert watch.look() is None
    again = _watch(clock, path)
    for found in (watch, again):
        assert (found.state.belief.witness, found.state.belief.is_held) == (Witness.NTP, True)
    assert not _watch(clock, path, boot="boot-2").is_known


def test_what_ntp_says_is_written_once_a_boot_and_once_a_day(clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    watch = _watch(clock, path)
    first = path.stat().st_mtime_ns
    for _ in range(600):
        clock.pass_time(120)
        watch.look()
    assert path.stat().st_mtime_ns == first
    clock.pass_time(86_400)
    watch.look()
    kept = word.read(path)
    assert kept is not None
    assert kept.at_ts == clock.now


def test_a_persons_word_is_never_renewed_by_itself(wrong: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    _vouch(path, wrong)
    watch = _watch(wrong, path)
    for _ in range(31):
        assert watch.is_known
        wrong.pass_time(86_400)
        watch.look()
    assert not watch.is_known


def test_a_file_that_is_no_word_is_said_and_vouches_for_nothing(wrong: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "clock.json"
    path.write_text('{"witness": "nobody"}')
    watch = _watch(wrong, path)
    assert not watch.is_known
    assert watch.state.trouble == f"{path} is not what `vigie-gateway clock set` writes: delete it and vouch again"


def test_a_word_that_cannot_be_kept_is_said_and_the_clock_is_believed_all_the_same(
    clock: ManualClock, tmp_path: Path
) -> None:
    watch = _watch(clock, tmp_path / "absent" / "clock.json")
    assert watch.is_known
    assert watch.state.trouble is not None
    assert "cannot be written: No such file" in watch.state.trouble


def test_the_first_battery_backed_clock_that_answers_is_read(tmp_path: Path) -> None:
    assert rtc.read(tmp_path / "absent") is None
    (tmp_path / "rtc0").mkdir()
    assert rtc.read(tmp_path) is None
    (tmp_path / "rtc1").mkdir()
    (tmp_path / "rtc1" / "since_epoch").write_text("1795527000\n")
    assert rtc.read(tmp_path) == 1795527000.0
    (tmp_path / "rtc0" / "since_epoch").write_text("")
    assert rtc.read(tmp_path) == 1795527000.0
