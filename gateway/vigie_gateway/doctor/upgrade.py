"""Whether an installation or upgrade was cut off in the middle, and whether what is installed is what runs.

Called by ``checks`` on a thread of the doctor. Looks at what ``install`` keeps below /opt/vigie.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from vigie_gateway.doctor.findings import Finding
from vigie_gateway.install.examination import COMPLETE, PENDING, pending
from vigie_gateway.install.machine import LOCK, Machine
from vigie_gateway.install.replacement import ON_TRIAL
from vigie_gateway.install.steps import CURRENT, OPT, PREVIOUS

PART = "upgrade"
_INSTALL = "sudo ./run install in the folder of the clone, or sudo vigie-gateway install: it goes on where it stopped"
_UPGRADE = "start that upgrade once more, sudo ./run upgrade in its clone: it judges that version, or goes back"


def upgrade_findings(machine: Machine) -> list[Finding]:
    """What is to be said of the versions below /opt/vigie; nothing where none was installed by ``install``."""
    current = _version(machine, CURRENT)
    if current is None and not machine.at(PENDING).exists() and not machine.at(f"{OPT}/versions").exists():
        return []
    if _runs_now(machine):
        text = "an installation or upgrade runs just now: it was not looked at"
        return [Finding(PART, "warn", text, "wait until it has ended, then start the doctor again")]
    found = [*_cut_off(machine, current), *_not_whole(machine, current)]
    before = _version(machine, PREVIOUS)
    kept = f", {before} is kept beside it" if before is not None else ""
    return found or [Finding(PART, "pass", f"version {current} is installed whole{kept}")]


def _cut_off(machine: Machine, current: str | None) -> Iterator[Finding]:
    waiting = sorted(pending(machine))
    if waiting:
        text = f"{PENDING}: an installation was cut off: {', '.join(waiting)} did not take notice of what it changed"
        yield Finding(PART, "fail", text, _INSTALL)
    if machine.at(ON_TRIAL).exists():
        before = _version(machine, PREVIOUS)
        text = f"{ON_TRIAL}: an upgrade to {current} was cut off before it was seen to be well"
        if before is not None:
            text += f"; {before}, which ran before, is kept"
        yield Finding(PART, "fail", text, _UPGRADE)


def _not_whole(machine: Machine, current: str | None) -> Iterator[Finding]:
    if current is None:
        yield Finding(PART, "fail", f"{CURRENT} leads to no version: an installation was cut off", _INSTALL)
    elif not machine.at(f"{OPT}/versions/{current}/{COMPLETE}").is_file():
        yield Finding(PART, "fail", f"version {current} is to run and is not there whole", _INSTALL)
    for folder in _half_made(machine):
        if folder.name != current:
            text = f"{OPT}/versions/{folder.name} is half made, by an upgrade that was cut off, and takes room"
            yield Finding(PART, "warn", text, f"sudo rm -r {OPT}/versions/{folder.name}")
    if current is not None and (running := version("vigie")) != current.partition("-")[0]:
        text = f"this doctor is of Vigie {running}, but {current} is installed here"
        yield Finding(PART, "warn", text, f"sudo {OPT}/bin/vigie-gateway doctor")


def _half_made(machine: Machine) -> list[Path]:
    folder = machine.at(f"{OPT}/versions")
    if not folder.is_dir():
        return []
    return sorted(one for one in folder.iterdir() if one.is_dir() and not (one / COMPLETE).is_file())


def _version(machine: Machine, link: str) -> str | None:
    path = machine.at(link)
    if not path.is_symlink() or not path.is_dir():
        return None
    return path.readlink().name


def _runs_now(machine: Machine) -> bool:
    try:
        with machine.at(LOCK).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
