"""What of the steps is still to be done on a machine: looks, and changes nothing.

Called by ``execution`` and for ``--dry-run``, on the one thread of a command.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vigie_gateway.install.actions import (
    Absent,
    Action,
    Certificates,
    Enabled,
    File,
    Folder,
    Line,
    Link,
    NoUser,
    Owned,
    Packages,
    Password,
    Refreshed,
    Step,
    Stopped,
    Users,
    Version,
)
from vigie_gateway.install.ini_line import with_line
from vigie_gateway.install.machine import CommandError, Machine
from vigie_gateway.nodes.rights import shipped_part, unbound

PENDING = "/opt/vigie/pending"
"""Names of what must still take notice of a change: so that a run that was cut off is made good by the next."""
COMPLETE = ".complete"
"""In a version's folder, once everything is in it: names the Python that it was made for."""
SYSTEM_PYTHON = "/usr/bin/python3"
"""The system's own: what it brings (python3-lgpio) is for that one."""


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A step, and what of it is still to be done: nothing, when it is done."""

    step: Step
    actions: tuple[Action, ...]


def examine(steps: Iterable[Step], machine: Machine) -> list[Outstanding]:
    """Every step with what is outstanding of it, in their order. Raises OSError."""
    changed = pending(machine)
    found = []
    for step in steps:
        actions = tuple(
            action
            for action in step.actions
            if (action.name in changed if isinstance(action, Refreshed) else False) or not is_done(action, machine)
        )
        if actions:
            changed |= set(step.refreshes)
        found.append(Outstanding(step, actions))
    return found


def pending(machine: Machine) -> set[str]:
    """What an earlier run changed and did not come to refresh."""
    return set((machine.read(PENDING) or b"").decode().split())


def is_done(action: Action, machine: Machine) -> bool:  # noqa: C901, PLR0911, PLR0912 - one case for each kind of action
    """Whether the machine is as an action wants it. Raises OSError."""
    match action:
        case Packages():
            return not missing_packages(action, machine)
        case File():
            is_there = machine.at(action.path).is_file()
            if action.is_kept:
                return is_there
            return is_there and _as_shipped(action, machine) == action.content and _has_mode(action, machine)
        case Folder():
            return machine.at(action.path).is_dir() and _has_mode(action, machine)
        case Link():
            path = machine.at(action.path)
            return path.is_symlink() and str(path.readlink()) == action.target
        case Absent():
            path = machine.at(action.path)
            return not path.exists() and not path.is_symlink()
        case Line():
            found = (machine.read(action.path) or b"").decode()
            return found == with_line(found, action)
        case Users():
            return set(action.names) <= set(_names(machine, "/etc/passwd"))
        case NoUser():
            return action.name not in _names(machine, "/etc/passwd")
        case Owned():
            return not _strays(action, machine)
        case Password():
            digests = (machine.read(action.broker_file) or b"").decode()
            is_known = re.search(rf"^{re.escape(action.user)}:\$", digests, re.MULTILINE) is not None
            return is_known and bool(machine.read(action.file))
        case Certificates():
            kept = "/etc/vigie/https" if action.for_pages else "/etc/mosquitto/certs"
            return machine.at(f"{kept}/vigie.crt").is_file() and _fit(action, machine)
        case Version():
            return machine.read(f"{action.folder}/{COMPLETE}") == python_of(machine).encode()
        case Enabled():
            folder = machine.at(f"/etc/systemd/system/{action.target}.wants")
            return all((folder / unit).is_symlink() for unit in action.units)
        case Refreshed():
            return not action.is_unit or _is_active(action.name, machine)
        case Stopped():
            unit = machine.at(f"/etc/systemd/system/{action.unit}")
            return not unit.exists() and not _is_active(action.unit, machine)


def python_of(machine: Machine) -> str:
    """Which Python the system has, as Debian calls its program: another one after an upgrade of the system."""
    return machine.at(SYSTEM_PYTHON).resolve().name


def missing_packages(action: Packages, machine: Machine) -> list[str]:
    """Those that dpkg does not call installed."""
    known = (machine.read("/var/lib/dpkg/status") or b"").decode(errors="replace")
    installed = {
        name
        for name, status in re.findall(r"^Package: (\S+)\nStatus: (.+)$", known, re.MULTILINE)
        if status.endswith(" ok installed")
    }
    return [name for name in action.names if name not in installed]


def group_id(name: str, machine: Machine) -> int | None:
    """The number of a group of the machine; None where it is not there (yet)."""
    if name == "root":
        return 0
    return _names(machine, "/etc/group").get(name)


def user_id(name: str, machine: Machine) -> int | None:
    """The number of a user of the machine; None where it is not there (yet)."""
    return _names(machine, "/etc/passwd").get(name)


def _names(machine: Machine, path: str) -> dict[str, int]:
    lines = (machine.read(path) or b"").decode(errors="replace").splitlines()
    return {fields[0]: int(fields[2]) for fields in (line.split(":") for line in lines) if len(fields) > 2}  # noqa: PLR2004


def _as_shipped(action: File, machine: Machine) -> bytes:
    found = machine.read(action.path) or b""
    return unbound(shipped_part(found.decode(errors="replace"))).encode() if action.is_rights else found


def _has_mode(action: File | Folder, machine: Machine) -> bool:
    found = machine.at(action.path).stat()
    is_ours = action.group == "root" or found.st_gid == group_id(action.group, machine)
    return stat.S_IMODE(found.st_mode) == action.mode and is_ours


def _strays(action: Owned, machine: Machine) -> list[Path]:
    folder = machine.at(action.path)
    if not folder.is_dir():
        return []
    owner = user_id(action.user, machine)
    return [path for path in (folder, *folder.rglob("*")) if path.lstat().st_uid != owner]


def _fit(action: Certificates, machine: Machine) -> bool:
    if machine.root != Path("/"):
        return True  # of another system only the files are known
    try:
        return "nothing to do" in machine.run((*action.command, "--dry-run"))
    except CommandError:
        return False


def _is_active(unit: str, machine: Machine) -> bool:
    if machine.root != Path("/"):
        return False  # another system, which does not run
    try:
        return machine.run(("systemctl", "is-active", unit)).strip() in {"active", "activating", "reloading"}
    except CommandError:
        return False
