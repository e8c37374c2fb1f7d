"""Runs the checks in order, each for a limited time, and never ends for one that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from vigie_gateway.doctor.findings import Finding

LIMIT_S = 20.0
"""What a check may take. Lower calls a Pi's slow card broken; higher lets a host that does not answer keep a person
waiting."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to look at.

    Attributes:
        part: What its findings are about.
        work: Looks, and says what it found; called on a thread of its own.
        limit_s: How long that may take.
    """

    part: str
    work: Callable[[], list[Finding]]
    limit_s: float = LIMIT_S


def run(checks: Iterable[Check]) -> list[Finding]:
    """What all of them found, in their order."""
    return [finding for check in checks for finding in _run_one(check)]


def _run_one(check: Check) -> list[Finding]:
    found: list[Finding] = []

    def work() -> None:
        try:
            found.extend(check.work())
        except Exception as error:  # noqa: BLE001 - whatever it is: it is told, and the other checks go on
            found.append(Finding(check.part, "fail", f"this check itself failed: {error!r}", "please report it"))

    # A daemon: a check that hangs in a system call must not keep the command from ending.
    thread = threading.Thread(target=work, name=f"doctor-{check.part}", daemon=True)
    thread.start()
    thread.join(check.limit_s)
    if thread.is_alive():
        return [Finding(check.part, "fail", f"no answer after {check.limit_s:g} s: what it asks hangs")]
    return found
