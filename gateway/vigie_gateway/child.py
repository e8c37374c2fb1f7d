"""A child process that is watched: started again when it dies, and never left behind.

The broker and the demo run their programs through it. Each child has a thread of its own here, which starts it,
waits for it and starts it again; the kernel ends the child when this process goes, however it goes.
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Event, Lock, Thread

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
"""Before the first new start. Lower burns processor time on a program that cannot start; higher is a longer hole."""
LONGEST_PAUSE_S = 10.0
"""Between new starts of a program that keeps dying. Higher would leave a place without its broker after a repair."""
HEALTHY_S = 30.0
"""A run this long starts the pauses anew. Lower takes a program that dies each minute for a healthy one's accident."""
LOG_BYTES = 1_000_000
"""At a start a log longer than this is set aside as ``….1``. Lower loses what came before; higher fills a card."""


class Child:
    """One program, kept running until ``stop``.

    Attributes:
        name: For a person, in messages.
        log_path: Where its output goes, both streams.
        starts: How many times it was started.
        last_code: Exit code of its last end (negative: a signal); None while it has not ended yet.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str | Path],
        log_path: Path,
        *,
        environment: Mapping[str, str] | None = None,
        is_restarted: bool = True,
        on_exit: Callable[[Child, int], None] | None = None,
    ) -> None:
        """Describe the child; nothing runs yet.

        Args:
            name: For a person.
            arguments: The program's path and its arguments; never a secret, they are public on the machine.
            log_path: File that its output is appended to, made with mode 0600.
            environment: Variables beside those of this process.
            is_restarted: Whether it is started again when it ends by itself.
            on_exit: Called on the child's watching thread with its exit code, when it ended without ``stop``.
        """
        self.name = name
        self.log_path = log_path
        self.starts = 0
        self.last_code: int | None = None
        self._arguments = [str(argument) for argument in arguments]
        self._environment = {**os.environ, **(environment or {})}
        self._is_restarted = is_restarted
        self._on_exit = on_exit
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()
        self._stopping = Event()
        self._started = Event()
        self._thread: Thread | None = None
        self._start_error: OSError | None = None

    @property
    def pid(self) -> int | None:
        """Of the running process; None between two runs."""
        with self._lock:
            return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the program and its watching thread; return when the process exists.

        Raises:
            OSError: The program could not be started at all.
        """
        # PR_SET_PDEATHSIG fires at the end of the *thread* that forked: the one that watches must fork.
        self._thread = Thread(target=self._watch, name=f"child-{self.name}", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._start_error is not None:
            raise self._start_error

    def ask_to_stop(self) -> None:
        """Send SIGTERM and start it no more; do not wait."""
        self._stopping.set()
        self._signal(signal.SIGTERM)

    def stop(self, grace_s: float = 3.0) -> None:
        """End the process: SIGTERM, then SIGKILL after ``grace_s``. Safe to call twice."""
        self.ask_to_stop()
        if self._thread is None:
            return
        self._thread.join(grace_s)
        if self._thread.is_alive():
            log.warning("%s did not stop within %g s of being asked and is killed", self.name, grace_s)
            self._signal(signal.SIGKILL)
            self._thread.join()

    def log_tail(self, lines: int = 5) -> list[str]:
        """The last lines of its output, oldest first; empty when there is none."""
        try:
            with self.log_path.open("rb") as file:
                file.seek(max(0, self.log_path.stat().st_size - 16_384))
                return file.read().decode(errors="replace").splitlines()[-lines:]
        except OSError:
            return []

    def _signal(self, number: int) -> None:
        with self._lock:
            # poll() under the lock: the pid cannot have been given to another process before it is waited for.
            if self._process is not None and self._process.poll() is None:
                self._process.send_signal(number)

    def _watch(self) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            began_mono = time.monotonic()
            try:
                process = self._spawn()
            except OSError as error:
                self._start_error = error
                self._started.set()
                return
            self._started.set()
            if self._stopping.is_set():
                self._signal(signal.SIGTERM)
            code = _wait(process)
            with self._lock:
                self._process = None
            self.last_code = code
            if self._stopping.is_set():
                return
            if self._on_exit is not None:
                self._on_exit(self, code)
            if not self._is_restarted:
                return
            pause_s = FIRST_PAUSE_S if time.monotonic() - began_mono > HEALTHY_S else pause_s
            log.warning("%s ended with %d; it is started again in %g s", self.name, code, pause_s)
            if self._stopping.wait(pause_s):
                return
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def _spawn(self) -> subprocess.Popen[bytes]:
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_BYTES:
            self.log_path.replace(self.log_path.with_name(self.log_path.name + ".1"))
        descriptor = os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            process = subprocess.Popen(
                [*_death_signal(), *self._arguments],
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=subprocess.STDOUT,
                env=self._environment,
                # A group of its own: Ctrl-C in the terminal reaches this process alone, which stops its children.
                process_group=0,
            )
        finally:
            os.close(descriptor)
        with self._lock:
            self._process = process
        self.starts += 1
        return process


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Wait without reaping first, so that a signal sent meanwhile cannot reach a stranger with the same pid."""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    return process.wait()


def _death_signal() -> list[str]:
    """The prefix by which the kernel sends SIGTERM to the child when this process dies (prctl(2), PR_SET_PDEATHSIG).

    util-linux is an essential package of Debian; where its setpriv is absent a killed parent leaves its children.
    A function run between fork and exec would do the same, but is not safe in a process with threads.
    """
    setpriv = shutil.which("setpriv", path=f"{os.environ.get('PATH', os.defpath)}:/usr/bin:/bin")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv is not None else []
