"""Reads a recording and says it again, with the spacing of its times. Called by the command ``replay``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import NamedTuple, Protocol

from vigie_contract.clock import Clock
from vigie_gateway.recording.journals import Journals
from vigie_gateway.recording.line import MAX_LINE_BYTES, Heard, LineError, decode


class RecordingError(Exception):
    """The file is no recording; one line that names the file's line."""


class Extent(NamedTuple):
    """What a recording holds: messages, and seconds from the first to the latest."""

    messages: int
    duration_s: float


class Sayer(Protocol):
    """What is needed of ``wire.Wire``."""

    def publish(self, topic: str, payload: bytes, *, is_retained: bool) -> None:
        """Say it."""


def messages(path: Path) -> Iterator[Heard]:
    """What a recording holds, in its order. A last line that was cut off, as by a kill, is left out.

    Raises:
        RecordingError: A line is none.
        OSError: The file cannot be read.
    """
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) > MAX_LINE_BYTES:
                raise RecordingError(f"{path}:{number}: longer than {MAX_LINE_BYTES} bytes, expected a message")
            if not line.endswith(b"\n"):
                return
            try:
                yield decode(line)
            except LineError as error:
                raise RecordingError(f"{path}:{number}: {error}") from error


def extent(path: Path) -> Extent:
    """Read all of it, so that a file that is wrong anywhere is refused before anything is said.

    Raises:
        RecordingError: A line is none, or there is no message at all.
        OSError: The file cannot be read.
    """
    count, first_ts, last_ts = 0, 0.0, 0.0
    for heard in messages(path):
        first_ts, last_ts = (heard.at_ts, heard.at_ts) if count == 0 else (first_ts, max(last_ts, heard.at_ts))
        count += 1
    if count == 0:
        raise RecordingError(f"{path}: no message, expected a recording as `vigie-gateway record` writes it")
    return Extent(count, last_ts - first_ts)


def replay(
    path: Path, sayer: Sayer, clock: Clock, speed: float, told: Callable[[int], None] = lambda _count: None
) -> None:
    """Say all of it, each as long after the first as it was heard.

    Args:
        path: The recording, which ``extent`` has read.
        sayer: Where to.
        clock: Waits.
        speed: Times faster; 0 does not wait at all.
        told: Is told how many are said, after each.
    """
    start_mono, start_ts = clock.now_mono(), None
    never, journals = Event(), Journals()
    for count, heard in enumerate(messages(path), 1):
        start_ts = heard.at_ts if start_ts is None else start_ts
        if speed > 0:
            # Reckoned from the start, so that what publishing takes does not add up; one that is late is said at once.
            wait_s = start_mono + (heard.at_ts - start_ts) / speed - clock.now_mono()
            if wait_s > 0:
                clock.wait(never, wait_s)
        payload = journals.fit(heard.topic, heard.payload)
        sayer.publish(heard.topic, payload, is_retained=heard.is_retained)
        told(count)
