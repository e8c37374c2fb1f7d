"""The machine that Vigie is installed on: its files below a root, and the programs that change it.

The lowest seam: tests give a tree of their own and commands that are written down. Called by ``examination`` and
``execution``, on the one thread of a command.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

SAID_LINES = 3
"""Of what a program said before it failed. Fewer hide apt's reason behind its last word; more bury ours."""

LOCK = "/run/vigie-install.lock"
ALONE_S = 120.0
"""How long another run is waited for. Lower gives up on what a run that was killed started; higher seems to hang."""


class CommandError(Exception):
    """A program that failed or is not there; one line for a person."""


class Machine:
    """Files below ``root``, and programs; those change this machine, whatever the root is."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        self._lock: tuple[int, ...] = ()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other runs out, until this one has ended, and every program that it started.

        Raises:
            CommandError: Another one does not end.
        """
        path = self.at(LOCK)
        path.parent.mkdir(parents=True, exist_ok=True)
        deadline_mono = time.monotonic() + ALONE_S
        with path.open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline_mono:
                        raise CommandError("another installation runs here: wait until it has ended") from None
                    time.sleep(0.5)
            self._lock = (file.fileno(),)
            try:
                yield
            finally:
                self._lock = ()

    def at(self, path: str) -> Path:
        """Where an absolute path of the machine is to be found from here."""
        return self.root / path.lstrip("/")

    def read(self, path: str) -> bytes | None:
        """The content of a file; None where there is none. Raises OSError."""
        try:
            return self.at(path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float = 60.0,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> str:
        """Run a program; returns what it printed.

        Args:
            command: The program and its arguments.
            timeout_s: When it is ended.
            environment: Beside what there is.
            on_line: Told each line as it comes.

        Raises:
            CommandError: It is not there, ended with anything but 0, or took too long.
        """
        name = Path(command[0]).name
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                pass_fds=self._lock,
                env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
            )
        except OSError as error:
            raise CommandError(f"{name} cannot be started: {error.strerror}") from error
        lines, is_late = [], threading.Event()

        def end() -> None:
            is_late.set()
            process.kill()

        watch = threading.Timer(timeout_s, end)
        watch.start()
        try:
            with process:
                for line in process.stdout or ():
                    lines.append(line)
                    if on_line is not None:
                        on_line(line.rstrip("\n"))
        finally:
            watch.cancel()
        if is_late.is_set():
            raise CommandError(f"{name} took longer than {timeout_s:.0f} s and was ended")
        if process.returncode:
            raise CommandError(f"{name} ended with {process.returncode}: {_reason(lines)}")
        return "".join(lines)


def _reason(lines: Sequence[str]) -> str:
    """What a program said of its failure: from its first line that is called an error on, else its last lines."""
    said = [line.strip() for line in lines if line.strip()]
    first = next((at for at, line in enumerate(said) if line.startswith(("ERROR:", "E: "))), None)
    told = said[-SAID_LINES:] if first is None else said[first : first + SAID_LINES]
    return " / ".join(told) or "it said nothing"
