"""Which disk a path is on, by the kernel's own tables: its mount, its file system, its folder in sysfs.

Called by ``card``. Reads and parses; judges nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from vigie_gateway.install.machine import Machine

_OCTAL = re.compile(r"\\([0-7]{3})")
_MOUNT = re.compile(
    r"^\d+ \d+ (?P<device>\d+:\d+) \S+ (?P<point>\S+) (?P<own>\S+)(?: \S+)*? - "
    r"(?P<kind>\S+) (?P<source>\S+) (?P<whole>\S+)$",
    re.MULTILINE,
)
"""A line of /proc/PID/mountinfo (proc_pid_mountinfo(5)): between the options and the dash stand any number of words."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount.

    Attributes:
        device: Major and minor number, as sysfs names it.
        point: Where it is in the tree.
        kind: Of its file system.
        source: What is mounted there.
        options: Its own and those of the whole file system.
    """

    device: str
    point: str
    kind: str
    source: str
    options: frozenset[str]

    @property
    def is_read_only(self) -> bool:
        """Whether nothing can be written there, by the mount or by its file system."""
        return "ro" in self.options


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk, with what the kernel keeps of it in ``folder``."""

    name: str
    folder: Path

    @property
    def is_card(self) -> bool:
        """Whether it is an SD card or the eMMC of a board."""
        return self.name.startswith("mmcblk")


def mounts_of(mountinfo: str) -> list[Mount]:
    """Every mount, in the order in which they were made."""
    return [
        Mount(
            found["device"],
            _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), found["point"]),
            found["kind"],
            found["source"],
            frozenset(found["own"].split(",")) | frozenset(found["whole"].split(",")),
        )
        for found in _MOUNT.finditer(mountinfo)
    ]


def mount_at(path: str, mounts: list[Mount]) -> Mount | None:
    """What a path is on: the mount deepest above it, of two at one place the later."""
    above = [one for one in mounts if path == one.point or path.startswith(one.point.rstrip("/") + "/")]
    return max(enumerate(above), key=lambda each: (len(each[1].point), each[0]))[1] if above else None


def mount_of(path: str, machine: Machine) -> Mount | None:
    """The same on a machine, links followed; None where the kernel does not say. Raises OSError."""
    root = machine.root.resolve()
    real = "/" + str(machine.at(path).resolve().relative_to(root)).removeprefix(".")
    table = (machine.read("/proc/self/mountinfo") or b"").decode(errors="replace")
    return mount_at(real, mounts_of(table))


def disk_of(device: str, machine: Machine) -> Disk | None:
    """The disk of a partition, also below an encrypted one; None for what is none, such as memory or a network."""
    link = machine.at(f"/sys/dev/block/{device}")
    if not link.exists():
        return None
    folder = link.resolve()
    below = sorted((folder / "slaves").iterdir()) if (folder / "slaves").is_dir() else []
    if len(below) == 1:
        folder = below[0].resolve()
    if (folder / "partition").exists():
        folder = folder.parent
    return Disk(folder.name, folder)
