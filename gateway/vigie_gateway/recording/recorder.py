"""Writes what the bus says into a file, within bounds. Called by the command ``record``; ``take`` by the wire's thread.

The file is new, readable by its owner alone (devices tell of people), and whole lines at every moment that is written
out: a recording that was killed is still one.
"""

from __future__ import annotations

import os
from pathlib import Path
from threading import Event, Lock
from typing import Self

from vigie_contract.clock import Clock
from vigie_gateway.recording.line import Heard, encode


class Recorder:
    """One recording. Attributes may be read from any thread.

    Attributes:
        over: Set when no more is taken.
        messages: Taken.
        retained: Of them, those that the broker had kept.
        written_bytes: Of the file.
        trouble: Why the file takes no more; None while it does, and when it is only full.
    """

    def __init__(self, path: Path, max_bytes: int, clock: Clock) -> None:
        """Make the file.

        Args:
            path: Where; nothing may be there.
            max_bytes: The file is never larger.
            clock: Of the receipts: its wall time at the start, and what has passed since.

        Raises:
            FileExistsError: Something is there; it is left as it is.
            OSError: It cannot be made.
        """
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._max_bytes = max_bytes
        self._clock = clock
        self._start_ts, self._start_mono = clock.now_ts(), clock.now_mono()
        self._lock = Lock()
        self.over = Event()
        self.messages = 0
        self.retained = 0
        self.written_bytes = 0
        self.trouble: str | None = None

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        with self._lock:
            self.over.set()
            self._write_out(is_last=True)

    def take(self, topic: str, payload: bytes, is_retained: bool) -> None:
        """Write a message; the first that has no room ends the recording."""
        with self._lock:
            if self.over.is_set():
                return
            at_ts = self._start_ts + self._clock.now_mono() - self._start_mono
            line = encode(Heard(at_ts, topic, payload, is_retained))
            if self.written_bytes + len(line) > self._max_bytes:
                self.over.set()
                return
            try:
                self._file.write(line)
            except OSError as error:
                self._fail(error)
                return
            self.messages += 1
            self.retained += is_retained
            self.written_bytes += len(line)

    def flush(self) -> None:
        """Write out what was taken so far."""
        with self._lock:
            self._write_out(is_last=False)

    def _write_out(self, *, is_last: bool) -> None:
        try:
            if is_last:
                self._file.close()
            elif not self._file.closed:
                self._file.flush()
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.trouble = self.trouble or error.strerror or str(error)
        self.over.set()
