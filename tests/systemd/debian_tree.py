"""A Debian of its own in a folder, booted with systemd as PID 1: for tests of what is done to a whole machine.

The tree is made once by debootstrap (a minute) and kept in ``.vigie``; each use copies it. It has no network but its
own loopback: the system's packages come from its apt cache, Python's from a folder. systemd-nspawn comes with it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from vigie_gateway.install.steps import packages
from vigie_gateway.install.wishes import Kind, Wishes

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".vigie" / "trees"
RELEASE = "bookworm"
BOOT_S = 60.0
"""A tree boots in a second; lower fails on a machine that does much else."""
FIRST = ("systemd", "systemd-sysv", "dbus", "python3", "ca-certificates", "systemd-container")


class TreeError(Exception):
    """No tree could be made or booted; what said so."""


def run(
    command: Sequence[str | Path], timeout_s: float = 600, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
    )
    if done.returncode:
        raise TreeError(f"{command[0]} ended with {done.returncode}: {(done.stdout + done.stderr)[-3_000:]}")
    return done


def base_tree() -> Path:
    """A fresh Debian, with the packages of an installation in apt's cache; made when it is not there."""
    tree = KEPT / RELEASE
    if tree.is_dir():
        return tree
    part = tree.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    run(["debootstrap", "--variant=minbase", f"--include={','.join(FIRST)}", RELEASE, part])
    shutil.copy("/etc/resolv.conf", part / "etc" / "resolv.conf")
    wanted = packages(Wishes(node="pi-1", site="vigie"), Kind(True, 12, False, "x86_64", True, (3, 11)))
    run(["chroot", part, "apt-get", "update"])
    run(["chroot", part, "apt-get", "install", "-y", "--no-install-recommends", "--download-only", *wanted])
    (part / "etc" / "resolv.conf").unlink()
    part.rename(tree)
    return tree


class Debian:
    """A copy of the tree, which can be booted, asked and switched off."""

    def __init__(self, tree: Path) -> None:
        self.tree = tree
        self._process: subprocess.Popen[bytes] | None = None
        self._leader = 0

    @property
    def leader(self) -> int:
        """The process whose network is this machine's."""
        return self._leader

    def boot(self) -> float:
        """Start it; returns the seconds until systemd says that it is up."""
        started = time.monotonic()
        libraries = self.tree / "usr" / "lib" / "x86_64-linux-gnu" / "systemd"
        program, environment = shutil.which("systemd-nspawn"), dict(os.environ)
        if program is None:
            program, environment["LD_LIBRARY_PATH"] = str(self.tree / "usr" / "bin" / "systemd-nspawn"), str(libraries)
        options = ("--quiet", "--boot", "--private-network", "--register=no", "--keep-unit", "--console=pipe")
        log = (self.tree.parent / "boot.log").open("ab")
        self._process = subprocess.Popen(
            [program, *options, f"--machine={self.tree.parent.name}-{os.getpid()}", "-D", self.tree],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
        )
        log.close()
        deadline = started + BOOT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            self._leader = self._leader or self._find_leader()
            if self._leader and self.ask("systemctl", "is-system-running").strip() in {"running", "degraded"}:
                return time.monotonic() - started
            time.sleep(0.05)
        said = (self.tree.parent / "boot.log").read_text(errors="replace")[-2_000:]
        self.end()
        raise TreeError(f"the tree did not boot: {said}")

    def _find_leader(self) -> int:
        """The PID 1 of the tree, as the machine outside counts."""
        assert self._process is not None
        for child in children(self._process.pid):
            for one in (child, *children(child)):
                status = Path(f"/proc/{one}/status")
                if status.exists() and re.search(r"^NSpid:.*\t1$", status.read_text(), re.MULTILINE):
                    return one
        return 0

    def ask(self, *command: str | Path, timeout_s: float = 600) -> str:
        """What a program in it printed, whatever it ended with."""
        return self._inside(command, timeout_s).stdout

    def do(self, *command: str | Path, timeout_s: float = 600, expected: int = 0) -> str:
        """Run a program in it; returns all that it said. AssertionError when it ends otherwise than expected."""
        done = self._inside(command, timeout_s)
        said = done.stdout + done.stderr
        assert done.returncode == expected, f"{command} ended with {done.returncode}: {said[-3_000:]}"
        return said

    def begin(self, *command: str | Path) -> subprocess.Popen[str]:
        """Start a program in it, and read what it says while it goes on."""
        return subprocess.Popen(
            self._entered(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _entered(self, command: Sequence[str | Path]) -> list[str]:
        enter = ("nsenter", "-t", str(self._leader), "-m", "-u", "-i", "-n", "-p", "-C", "--")
        path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return [*enter, "env", "-i", path, "LC_ALL=C.UTF-8", "PYTHONUNBUFFERED=1", *map(str, command)]

    def _inside(self, command: Sequence[str | Path], timeout_s: float) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._entered(command),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout_s,
            stdin=subprocess.DEVNULL,
        )

    def switch_off(self) -> None:
        """As its button does: everything is stopped in order."""
        assert self._process is not None
        self.ask("systemctl", "poweroff", "--no-block")
        assert self._process.wait(60) == 0
        self._process, self._leader = None, 0

    def end(self) -> None:
        """Whatever still runs."""
        if self._process is not None and self._process.poll() is None:
            if self._leader:
                os.kill(self._leader, 9)
            self._process.terminate()
            self._process.wait(20)
        self._process, self._leader = None, 0


def connect(one: Debian, other: Debian) -> None:
    """A cable between two machines, with an address at each end: 10.87.0.1 and 10.87.0.2."""
    run(["nsenter", "-t", str(one.leader), "-n", "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1"])
    run(["nsenter", "-t", str(one.leader), "-n", "ip", "link", "set", "eth1", "netns", str(other.leader)])
    for machine, name, address in ((one, "eth0", "10.87.0.1/24"), (other, "eth1", "10.87.0.2/24")):
        inside = ("nsenter", "-t", str(machine.leader), "-n", "ip")
        run([*inside, "address", "add", address, "dev", name])
        run([*inside, "link", "set", name, "up"])


def children(pid: int) -> list[int]:
    """The processes that a process started and still has."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in path.read_text().split()] if path.exists() else []
