"""Saying a recording again."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import ManualClock

from vigie_gateway.recording.line import MAX_LINE_BYTES, Heard, encode
from vigie_gateway.recording.replayer import Extent, RecordingError, extent, messages, replay


class Said:
    """Keeps what was said, and when."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.all: list[tuple[float, str, bytes, bool]] = []

    def publish(self, topic: str, payload: bytes, *, is_retained: bool) -> None:
        self.all.append((self.clock.mono - 1_000, topic, payload, is_retained))


def recording(path: Path, *heard: Heard) -> Path:
    path.write_bytes(b"".join(map(encode, heard)))
    return path


def times(path: Path, clock: ManualClock, speed: float) -> list[float]:
    said = Said(clock)
    replay(path, said, clock, speed)
    return [at for at, *_ in said.all]


@pytest.mark.parametrize(("speed", "expected"), [(1, [0, 4, 4, 10]), (2, [0, 2, 2, 5]), (0, [0, 0, 0, 0])])
def test_the_spacing_is_kept_and_what_is_late_is_said_at_once(
    tmp_path: Path, clock: ManualClock, speed: float, expected: list[float]
) -> None:
    path = recording(tmp_path / "bus", *(Heard(100 + at, "a", b"", False) for at in (0, 4, 3, 10)))
    assert extent(path) == Extent(4, 10)
    assert times(path, clock, speed) == pytest.approx(expected)


def test_what_was_retained_is_retained(tmp_path: Path, clock: ManualClock) -> None:
    said = Said(clock)
    replay(recording(tmp_path / "bus", Heard(1, "a", b"\xff", True), Heard(1, "b", b"", False)), said, clock, 1)
    assert [one[1:] for one in said.all] == [("a", b"\xff", True), ("b", b"", False)]


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path = recording(tmp_path / "bus", Heard(1, "a", b"", False), Heard(2, "b", b"", False))
    path.write_bytes(path.read_bytes()[:-5])
    assert [heard.topic for heard in messages(path)] == ["a"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", ": no message, expected a recording"),
        (encode(Heard(1, "a", b"", False)) + b"{}\n", ":2: at_ts is None"),
        (b"x" * (MAX_LINE_BYTES + 2), ":1: longer than"),
    ],
)
def test_a_file_that_is_no_recording_is_named_with_its_line(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "bus"
    path.write_bytes(content)
    with pytest.raises(RecordingError) as error:
        extent(path)
    assert str(error.value).startswith(f"{path}{told}")
