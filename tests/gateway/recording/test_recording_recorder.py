"""The file of a recording: new, bounded, whole lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import ManualClock

from vigie_gateway.recording.recorder import Recorder
from vigie_gateway.recording.replayer import messages


def test_times_go_on_though_the_clock_is_moved(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "bus"
    with Recorder(path, 10_000, clock) as recorder:
        recorder.take("a", b"1", False)
        clock.now -= 5_000  # the clock is set back
        clock.mono += 2
        recorder.take("b", b"2", True)
    first, second = messages(path)
    assert second.at_ts - first.at_ts == pytest.approx(2, abs=1e-5)
    assert (first.is_retained, second.is_retained) == (False, True)
    assert (recorder.messages, recorder.retained, recorder.written_bytes) == (2, 1, path.stat().st_size)


def test_the_file_is_never_larger_than_said_and_holds_whole_lines(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "bus"
    with Recorder(path, 500, clock) as recorder:
        for number in range(50):
            recorder.take("a/b", b"x" * number, False)
        assert recorder.over.is_set()
    assert 0 < path.stat().st_size <= 500
    assert [len(heard.payload) for heard in messages(path)] == list(range(recorder.messages))


def test_what_is_there_is_left_as_it_is(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "bus"
    path.write_text("precious")
    with pytest.raises(FileExistsError):
        Recorder(path, 500, clock)
    assert path.read_text() == "precious"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        Recorder(link, 500, clock)


def test_only_its_owner_reads_it(tmp_path: Path, clock: ManualClock) -> None:
    with Recorder(tmp_path / "bus", 500, clock):
        assert (tmp_path / "bus").stat().st_mode & 0o777 == 0o600


def test_a_full_disk_ends_it_with_its_reason(clock: ManualClock, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "bus", 10**9, clock)
    recorder._file.close()
    recorder._file = open("/dev/full", "wb")  # noqa: PTH123, SIM115 - closed by the recorder
    with recorder:
        recorder.take("a", b"1", False)
        recorder.flush()
        assert recorder.over.is_set()
    assert recorder.trouble == "No space left on device"
