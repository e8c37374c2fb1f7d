"""Another version in place of the one that runs, and back again when it is not well.

Called by ``commands.upgrade``. The new programs are made beside those that run; then comes the backup, and only then is
anything exchanged: by links, at once. What a version ships beside its programs (units, the broker's configuration) goes
with it, there and back.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from vigie_gateway.install import settled
from vigie_gateway.install.actions import Absent, Link, Step
from vigie_gateway.install.execution import Say, StepError, carry_out
from vigie_gateway.install.machine import CommandError, Machine
from vigie_gateway.install.source import SHARE, Source, SourceError
from vigie_gateway.install.steps import (
    CURRENT,
    GATEWAY,
    OPT,
    PREVIOUS,
    SENSORS,
    UNITS,
    places_of_programs,
    running,
    system_files,
    version_folder,
)

BACKUP_S = 3_600.0
"""A year of a large place takes minutes on a slow card. Lower ends a backup that would have been made."""


ON_TRIAL = f"{OPT}/on-trial"
"""There from the exchange on until the new version was seen to be well, or the old one is back."""


class NotHealthyError(Exception):
    """The new version was not well; what was done about it, for a person."""


class Replacement:
    """One exchange of versions on one machine."""

    def __init__(self, machine: Machine, say: Say) -> None:
        self._machine = machine
        self._say = say
        self.is_gateway = machine.at(f"{UNITS}/{GATEWAY}").exists()
        self.is_measuring = machine.at(f"{UNITS}/vigie.target.wants/{SENSORS}").is_symlink()

    def current(self) -> Source | None:
        """The version that runs; None where none was installed this way."""
        return self._version(CURRENT)

    def interrupted(self) -> Source | None:
        """The version before, where the one that runs was never seen to be well: the machine was switched off."""
        return self._version(PREVIOUS) if self._machine.at(ON_TRIAL).exists() else None

    def _version(self, path: str) -> Source | None:
        link = self._machine.at(path)
        if not link.is_symlink():
            return None
        folder = self._machine.at(f"{OPT}/{link.readlink()}")
        return Source(folder.name, folder / SHARE, None)

    def steps(self, new: Source, old: Source | None = None) -> list[Step]:
        """What lets a version whose programs are there already be the one that runs, with an older one kept beside."""
        kept = [] if old is None else [Step("the version before is kept", (Link(PREVIOUS, f"versions/{old.id}"),))]
        alone = [] if old is not None else [Step("no other version is kept", (Absent(PREVIOUS),))]
        return [
            *kept,
            *places_of_programs(version_folder(new)),
            *alone,
            *system_files(new, is_gateway=self.is_gateway),
            *running(is_gateway=self.is_gateway, is_measuring=self.is_measuring),
        ]

    def exchange(self, new: Source, old: Source) -> None:
        """Let the new version run; where it is not well in time, the old one again.

        Raises:
            NotHealthyError: It was not; the old one runs again, or does not.
            StepError: The backup could not be made: nothing was exchanged.
        """
        copy = self._back_up()
        on_trial = self._machine.at(ON_TRIAL)
        # Of one that is judged again, what fails may be its own.
        before = set() if on_trial.exists() else settled.failing_now(settled.listening(self._machine))
        on_trial.touch()
        trouble = self._let_run(new, old, before)
        if trouble is None:
            on_trial.unlink()
            self._clear_up({new.id, old.id})
            return
        self._say(f"version {new.id} is not well: {trouble}")
        self._say(f"going back to version {old.id}")
        trouble_of_old = self._let_run(old, None, before)
        on_trial.unlink(missing_ok=True)
        if trouble_of_old is not None and copy is not None:
            self._say(f"version {old.id} is not well with what the other wrote ({trouble_of_old}): restoring {copy}")
            trouble_of_old = self._restore(copy) or self._wait(before)
        if trouble_of_old is not None:
            raise NotHealthyError(
                f"version {new.id} was not well ({trouble}), and {old.id} is not either: {trouble_of_old}\n"
                "  sudo vigie-gateway doctor says more; nodes keep their readings meanwhile"
            )
        self._clear_up({old.id})
        raise NotHealthyError(f"version {new.id} was not well: version {old.id} runs again, as before")

    def _back_up(self) -> Path | None:
        path = settled.database(self._machine)
        if not self.is_gateway or not self._machine.at(path).exists():
            return None
        self._say("doing  a backup")
        try:
            said = self._machine.run((*_as_gateway(), f"{OPT}/bin/vigie-gateway", "backup"), timeout_s=BACKUP_S)
        except CommandError as error:
            raise StepError(f"not done: a backup: {error}\n  Nothing was exchanged") from error
        copies = [line for line in said.splitlines() if line.startswith("/")]
        for line in copies:
            self._say(f"       {line}")
        return Path(copies[0]) if copies else None

    def _let_run(self, version: Source, kept: Source | None, before: set[str]) -> str | None:
        try:
            carry_out(self.steps(version, kept), self._machine, self._say)
        except (StepError, SourceError) as error:
            return str(error).splitlines()[0]
        return self._wait(before)

    def _wait(self, before: set[str]) -> str | None:
        units = [*([GATEWAY] if self.is_gateway else []), *([SENSORS] if self.is_measuring else [])]
        starts = {unit: settled.starts(unit, self._machine) for unit in units}
        where = settled.listening(self._machine)
        began_mono = time.monotonic()

        def trouble() -> str | None:
            found = settled.gateway_trouble(where, before) if self.is_gateway else None
            if found is None and time.monotonic() - began_mono < settled.STEADY_S:
                found = "it has run for a few seconds only"
            for unit in units:
                found = found or settled.unit_trouble(unit, self._machine, starts[unit])
            return found

        self._say("doing  waiting until it is well")
        return settled.wait_for(trouble)

    def _restore(self, copy: Path) -> str | None:
        try:
            self._machine.run(("systemctl", "stop", GATEWAY))
            restore = (f"{OPT}/bin/vigie-gateway", "restore", str(copy))
            self._machine.run((*_as_gateway(), *restore), timeout_s=BACKUP_S)
            self._machine.run(("systemctl", "start", GATEWAY), timeout_s=180)
        except CommandError as error:
            return str(error)
        return None

    def _clear_up(self, kept: set[str]) -> None:
        for folder in self._machine.at(f"{OPT}/versions").iterdir():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def _as_gateway() -> tuple[str, ...]:
    return ("runuser", "-u", "vigie-gateway", "--")
