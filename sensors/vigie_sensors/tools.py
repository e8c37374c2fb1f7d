"""Running the system's programs for drivers: a deadline, bounded output, the C locale.

``run_tool`` is what drivers find in their Context; it is called on a sensor's own thread.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
from typing import IO

from vigie_contract.clock import Clock, SystemClock
from vigie_sensors.driver import DriverError

MAX_OUTPUT_BYTES = 1_000_000
"""Of a tool. Lower would cut a scan of a crowded street (about 2 kB a network); higher lets a tool gone mad fill the
memory of a small Pi."""

_MAX_ERROR_BYTES = 4_096
_SYSTEM_FOLDERS = ("/usr/sbin", "/sbin")
"""Where Debian keeps iw and ip's friends, and what an ordinary user's PATH lacks."""

_PACKAGES = {
    "iw": "iw",
    "ip": "iproute2",
    "ping": "iputils-ping",
    "nmcli": "network-manager",
    "iwconfig": "wireless-tools",
    "ethtool": "ethtool",
    "speedtest-cli": "speedtest-cli",
    "resolvectl": "systemd-resolved",
}
"""The Debian package of each program that a driver may run, where it is missing."""


def run_tool(argv: list[str], deadline_s: float) -> str:
    """Run a program and return what it printed.

    Args:
        argv: The program and its arguments; never a shell's line.
        deadline_s: Real seconds after which it and its children are killed.

    Returns:
        Its standard output; bytes that are no UTF-8 become U+FFFD.

    Raises:
        DriverError: ``absent`` when the program is not installed, naming the Debian package; ``failed`` when it
            ended with an error, printed too much or met its deadline.
    """
    environment = tool_environment()
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
            executable=_find(argv[0], environment["PATH"]),
        )
    except FileNotFoundError as error:
        raise DriverError(_how_to_install(argv[0])) from error
    except OSError as error:
        raise DriverError(f"{argv[0]} cannot be started: {error.strerror}", "failed") from error
    with process:
        try:
            output, complaint = _collect(process, deadline_s, SystemClock())
        finally:
            _kill_group(process)
    if process.returncode != 0:
        first_line = (complaint.strip() or output.strip() or "it said nothing").splitlines()[0]
        raise DriverError(f"{' '.join(argv)} ended with code {process.returncode}: {first_line:.200}", "failed")
    return output


def tool_environment() -> dict[str, str]:
    """The environment that tools get: ours, in the C locale, with the administrator's folders in PATH."""
    environment = dict(os.environ)
    environment["LC_ALL"] = "C"
    for name in ("LANGUAGE", "NOTIFY_SOCKET", "WATCHDOG_USEC"):  # a tool must not speak to systemd in our name
        environment.pop(name, None)
    folders = environment.get("PATH", "/usr/bin:/bin").split(os.pathsep)
    folders += [folder for folder in _SYSTEM_FOLDERS if folder not in folders]
    environment["PATH"] = os.pathsep.join(folders)
    return environment


def _find(program: str, path: str) -> str:
    if os.sep in program:
        return program
    for folder in path.split(os.pathsep):
        candidate = f"{folder or '.'}/{program}"
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):  # noqa: PTH112 - PATH entries are text
            return candidate
    raise FileNotFoundError(program)


def _how_to_install(program: str) -> str:
    name = program.rpartition("/")[2]
    package = _PACKAGES.get(name)
    if package is None:
        return f"the program {program} is not installed"
    return f"the program {name} is not installed: type sudo apt install {package}"


def _collect(process: subprocess.Popen[bytes], deadline_s: float, clock: Clock) -> tuple[str, str]:
    assert process.stdout is not None  # noqa: S101 - both are pipes, see Popen above
    assert process.stderr is not None  # noqa: S101
    limits: dict[IO[bytes], int] = {process.stdout: MAX_OUTPUT_BYTES, process.stderr: _MAX_ERROR_BYTES}
    found: dict[IO[bytes], bytearray] = {pipe: bytearray() for pipe in limits}
    name = str(process.args[0]) if isinstance(process.args, list) else str(process.args)
    end_mono = clock.now_mono() + deadline_s
    with selectors.DefaultSelector() as selector:
        for registered in limits:
            selector.register(registered, selectors.EVENT_READ, registered)
        while selector.get_map():
            left_s = end_mono - clock.now_mono()
            if left_s <= 0:
                raise DriverError(f"{name} did not end within {deadline_s:g} s", "failed")
            for key, _ in selector.select(left_s):
                pipe: IO[bytes] = key.data
                chunk = os.read(key.fd, 65_536)
                if not chunk:
                    selector.unregister(pipe)
                elif pipe is process.stdout and len(found[pipe]) + len(chunk) > limits[pipe]:
                    raise DriverError(f"{name} printed more than {MAX_OUTPUT_BYTES} bytes", "failed")
                else:
                    found[pipe] += chunk[: limits[pipe] - len(found[pipe])]
    try:
        process.wait(max(0.0, end_mono - clock.now_mono()))
    except subprocess.TimeoutExpired as error:
        raise DriverError(f"{name} did not end within {deadline_s:g} s", "failed") from error
    return found[process.stdout].decode(errors="replace"), found[process.stderr].decode(errors="replace")


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the program's own process group: itself, and children that it did not wait for."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # everything has ended
