"""A system in a folder, whose commands are written down: what a step does to files is real."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from vigie_gateway.install.examination import COMPLETE, python_of
from vigie_gateway.install.machine import CommandError, Machine
from vigie_gateway.install.source import this_source
from vigie_gateway.install.steps import version_folder

STATUS = """\
Package: {name}
Status: install ok installed
Version: 1

"""
SOURCE = this_source()
"""This clone; its digest takes a tenth of a second."""
AVAHI_CONF = "[server]\n#host-name=foo\nuse-ipv4=yes\n\n[publish]\n"


class PowerCut(BaseException):
    """Nothing of ours runs any more."""


class TreeMachine(Machine):
    """Its programs do to the tree what the steps rely on, and can be told to fail."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.ran: list[str] = []
        self.failing: set[str] = set()
        self.cut_at: int | None = None

    def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float = 60.0,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> str:
        line = " ".join(command)
        self.ran.append(line)
        if any(name in line for name in self.failing):
            raise CommandError(f"{command[0]} ended with 1: as told")
        if "apt-get" in line and " install " in line:
            names = [part for part in command if not part.startswith("-") and "::" not in part][2:]
            self._append("/var/lib/dpkg/status", "".join(STATUS.format(name=name) for name in names))
            if "mosquitto" in names:
                self._append("/etc/group", f"mosquitto:x:{os.getgid()}:\n")
                self._append("/etc/passwd", f"mosquitto:x:{os.getuid()}:{os.getgid()}::/:/bin/false\n")
        elif command[0] == "systemd-sysusers":
            self._append("/etc/passwd", "vigie-gateway:x:900:900::/:\nvigie-sensors:x:901:901::/:\n")
            self._append("/etc/group", f"vigie-gateway:x:{os.getgid()}:\n")
        elif command[0] == "systemctl":
            self._links(command[1], command[2:])
        elif "certificates" in command:
            folder = "/etc/vigie/https" if "--https" in command else "/etc/mosquitto/certs"
            self._append(f"{folder}/vigie.key", "key")
            self._append(f"{folder}/vigie.crt", "certificate")
        elif command[0].endswith("bin/vigie-gateway"):
            return "vigie-gateway 0.1.0\n"
        elif " -m venv " in line:
            Path(command[-1]).mkdir(parents=True)
        if len(self.ran) == self.cut_at:
            raise PowerCut
        return ""

    def _links(self, verb: str, units: Sequence[str]) -> None:
        for unit in units:
            folder = self.at("/etc/systemd/system") / ("multi-user" if unit == "vigie.target" else "vigie")
            wants = folder.with_suffix(".target.wants")
            if verb == "enable":
                wants.mkdir(parents=True, exist_ok=True)
                (wants / unit).symlink_to(f"../{unit}")
            elif verb == "disable":
                (wants / unit).unlink(missing_ok=True)

    def _append(self, path: str, text: str) -> None:
        self.at(path).parent.mkdir(parents=True, exist_ok=True)
        with self.at(path).open("a") as file:
            file.write(text)

    def files(self) -> dict[str, str]:
        """Every file and link with what it holds or leads to."""
        return {
            f"/{path.relative_to(self.root)}": str(path.readlink()) if path.is_symlink() else path.read_text()
            for path in sorted(self.root.rglob("*"))
            if path.is_symlink() or path.is_file()
        }


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TreeMachine:
    """A fresh Debian 12, as far as the steps look at it, with the programs of this clone complete."""
    found = complete(tmp_path / "root")
    monkeypatch.setattr("vigie_gateway.files.os.fsync", lambda _: None)  # no test here cuts the power
    return found


@pytest.fixture
def bare_machine(tmp_path: Path) -> TreeMachine:
    """The same without any programs of ours."""
    return bare(tmp_path / "root")


def complete(root: Path) -> TreeMachine:
    """A fresh system with the programs of this clone."""
    found = bare(root)
    mark = found.at(f"{version_folder(SOURCE)}/{COMPLETE}")
    mark.parent.mkdir(parents=True)
    mark.write_text(python_of(found))
    return found


def bare(root: Path) -> TreeMachine:
    found = TreeMachine(root)
    for path, text in {
        "/etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
        "/etc/avahi/avahi-daemon.conf": AVAHI_CONF,
        "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n",
    }.items():
        found.at(path).parent.mkdir(parents=True, exist_ok=True)
        found.at(path).write_text(text)
    return found
