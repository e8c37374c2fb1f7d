"""Makes a machine as the steps want it, one action after the other, each told as it is done.

Called by ``commands.install``, ``commands.upgrade`` and ``commands.uninstall``, on the one thread of a command.
Whatever ends it in the middle, the next run goes on from there.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from vigie_gateway.commands.terminal import show_progress
from vigie_gateway.files import replace_file
from vigie_gateway.install import program
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
from vigie_gateway.install.examination import PENDING, examine, group_id, is_done, missing_packages, pending
from vigie_gateway.install.ini_line import with_line
from vigie_gateway.install.machine import CommandError, Machine
from vigie_gateway.install.source import SourceError
from vigie_gateway.nodes.password_file import PasswordFile, PasswordFileError, new_password
from vigie_gateway.nodes.rights import renewed

APT_S = 1_800.0
"""For all packages; a Zero on a thin line takes some minutes. Lower ends apt in the middle, which it then mends."""

Say = Callable[[str], None]


class StepError(Exception):
    """A step that could not be done: what, why, and what to do; some lines for a person."""


def show(steps: Iterable[Step], machine: Machine, say: Say) -> int:
    """Tell what would be done; returns how many actions. Raises OSError."""
    count = 0
    for found in examine(steps, machine):
        say(f"{'would do' if found.actions else 'is so   '}  {found.step.does}")
        for action in found.actions:
            say(f"            {action}")
        count += len(found.actions)
    return count


def carry_out(steps: Iterable[Step], machine: Machine, say: Say) -> int:
    """Do what is outstanding; returns how many actions were.

    Each step is looked at when its turn comes: what is installed by one makes the next possible.

    Raises:
        StepError: One could not be done; those before it are.
    """
    count = 0
    for step in steps:
        try:
            (found,) = examine([step], machine)
            say(f"{'doing' if found.actions else 'is so'}  {step.does}")
            if found.actions:
                _remember(pending(machine) | set(step.refreshes), machine)
            for action in found.actions:
                _do(action, machine)
                if isinstance(action, Refreshed):
                    _remember(pending(machine) - {action.name}, machine)
        except (CommandError, SourceError) as error:
            raise StepError(_told(step, str(error))) from error
        except OSError as error:
            raise StepError(_told(step, f"{error.filename}: {error.strerror}")) from error
        except KeyboardInterrupt:
            raise StepError(_told(step, "interrupted")) from None
        count += len(found.actions)
    return count


def _told(step: Step, why: str) -> str:
    remedy = f"\n  {step.remedy}" if step.remedy else ""
    return f"not done: {step.does}: {why}{remedy}\n  Then start this again: it goes on where it stopped"


def _remember(names: set[str], machine: Machine) -> None:
    path = machine.at(PENDING)
    if not names:
        path.unlink(missing_ok=True)
    elif names != pending(machine):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, "\n".join(sorted(names)).encode() + b"\n", 0o644)


def _do(action: Action, machine: Machine) -> None:  # noqa: C901, PLR0912 - one case for each kind of action
    match action:
        case Packages():
            _install_packages(missing_packages(action, machine), machine)
        case File():
            _write(action, machine)
        case Folder():
            machine.at(action.path).mkdir(parents=True, exist_ok=True)
            _give(action.path, action, machine)
        case Link():
            _lead(machine.at(action.path), action.target)
        case Absent():
            _delete(machine.at(action.path))
        case Line():
            path = machine.at(action.path)
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, with_line(text, action).encode(), 0o644)
        case Users():
            machine.run(("systemd-sysusers", action.file))
        case NoUser():
            machine.run(("userdel", action.name))
        case Owned():
            machine.run(("chown", "-R", f"{action.user}:", action.path))
        case Password():
            _make_password(action, machine)
        case Certificates():
            machine.run(action.command)
        case Version():
            with show_progress("  programs") as tell:
                program.build(action, machine, tell)
        case Enabled():
            machine.run(("systemctl", "enable", *action.units))
        case Refreshed():
            machine.run(action.command, timeout_s=180)
        case Stopped():
            _stop(action, machine)


def _install_packages(names: list[str], machine: Machine) -> None:
    apt = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=120")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    install = (*apt, "install", "-y", "--no-install-recommends", "-o", "APT::Status-Fd=1", *names)
    with show_progress("  packages") as tell:

        def on_line(line: str) -> None:
            told = re.match(r"(dl|pm)status:[^:]*(?::[^:]*)?:([\d.]+):", line)
            if told is not None:
                half = float(told[2]) / 200
                tell(half if told[1] == "dl" else 0.5 + half)

        try:
            machine.run(install, timeout_s=APT_S, environment=quiet, on_line=on_line)
        except CommandError:  # the lists may be old, or never fetched
            machine.run((*apt, "update"), timeout_s=APT_S, environment=quiet)
            machine.run(install, timeout_s=APT_S, environment=quiet, on_line=on_line)


def _write(wanted: File, machine: Machine) -> None:
    path = machine.at(wanted.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    found = machine.read(wanted.path)
    content = wanted.content
    if wanted.is_rights and found is not None:
        content = renewed(content.decode(), found.decode(errors="replace")).encode()
    if found != content:
        replace_file(path, content, wanted.mode)
    _give(wanted.path, wanted, machine)


def _give(name: str, wanted: File | Folder | Password, machine: Machine) -> None:
    path = machine.at(name)
    if wanted.group != "root":
        group = group_id(wanted.group, machine)
        if group is None:
            raise CommandError(f"there is no group {wanted.group} for {name}")
        if path.stat().st_gid != group:
            os.chown(path, -1, group)
    path.chmod(wanted.mode)


def _lead(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(target)
    new.replace(path)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _make_password(wanted: Password, machine: Machine) -> None:
    """The digest goes to the broker first: a password without it would count as made."""
    password = new_password()
    machine.at(wanted.file).unlink(missing_ok=True)
    try:
        PasswordFile(machine.at(wanted.broker_file)).put(wanted.user, password)
    except PasswordFileError as error:
        raise CommandError(str(error)) from error
    replace_file(machine.at(wanted.file), password.encode() + b"\n", 0o600)
    _give(wanted.file, wanted, machine)


def _stop(wanted: Stopped, machine: Machine) -> None:
    with contextlib.suppress(CommandError):  # one that is not loaded cannot be stopped: what counts is asked below
        machine.run(("systemctl", "disable", "--now", wanted.unit), timeout_s=60)
    machine.at(f"/etc/systemd/system/{wanted.unit}").unlink(missing_ok=True)
    if not is_done(wanted, machine):
        raise CommandError(f"{wanted.unit} does not stop: systemctl status {wanted.unit}")
