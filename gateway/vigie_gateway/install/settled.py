"""Whether what was just started is well: the gateway by its own report, the sensors by systemd's word.

Called by ``replacement`` after a version was exchanged. Standard library only: the settings are read without
the library that checks them.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass

from vigie_gateway.doctor.running import ClosedError, NoGatewayError, Report, UntoldError, ask
from vigie_gateway.install.machine import CommandError, Machine

SETTLED_S = 150.0
"""When a version counts as not healthy. Lower sends back one that a Zero 2 W is still loading; higher leaves a
place longer without a board."""
STEADY_S = 10.0
"""How long one process must have been well. Lower takes one that dies again and again for well; higher only waits."""
LOOK_S = 1.0
"""Between two looks."""
NOT_OURS = {"clock", "nodes", "calendars", "influxdb", "disk", "heat", "supply", "notifiers", "outbox", "checks"}
"""Parts of the report that fail for reasons outside of the programs."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the gateway of this machine is asked."""

    host: str = "127.0.0.1"
    port: int = 8080


def listening(machine: Machine) -> Listening:
    """As ``gateway.toml`` says, or its defaults where it says nothing or cannot be read."""
    table = _table(machine, "http")
    port = table.get("port")
    return Listening(str(table.get("host", "127.0.0.1")), port if isinstance(port, int) else 8080)


def database(machine: Machine) -> str:
    """The path of the database."""
    return str(_table(machine, "store").get("path", "/var/lib/vigie/vigie.db"))


def _table(machine: Machine, name: str) -> dict[str, object]:
    try:
        found = tomllib.loads((machine.read("/etc/vigie/gateway.toml") or b"").decode())
    except ValueError:
        return {}
    table = found.get(name, {})
    return table if isinstance(table, dict) else {}


def failing(report: Report) -> set[str]:
    """The parts of a report that fail by the programs' own fault."""
    parts = report["parts"].items()
    return {name for name, part in parts if part.get("status") == "fail"} - NOT_OURS


def failing_now(where: Listening) -> set[str]:
    """What fails of the gateway that runs; nothing where none answers."""
    try:
        return failing(ask(where))
    except (NoGatewayError, UntoldError):
        return set()


def gateway_trouble(where: Listening, before: set[str]) -> str | None:
    """Why the gateway is not well, or not long enough yet; None when it is.

    Args:
        where: It listens.
        before: What failed already before: a disk that was full is no fault of a new version.
    """
    try:
        report = ask(where)
    except ClosedError:
        return None
    except (NoGatewayError, UntoldError) as error:
        return str(error)
    found = failing(report) - before
    if found:
        return f"its report says that {', '.join(sorted(found))} failed"
    up_s = float(report.get("up_s") or 0.0)
    return None if up_s >= STEADY_S else f"it has run for {up_s:.0f} s only"


def unit_trouble(unit: str, machine: Machine, starts_before: int) -> str | None:
    """Why a unit is not well; None when it runs and was not started again by systemd."""
    if starts(unit, machine) != starts_before:
        return f"{unit} ended by itself and was started again: journalctl -u {unit} -n 20"
    try:
        machine.run(("systemctl", "is-active", unit))
    except CommandError:
        return f"{unit} does not run: journalctl -u {unit} -n 20"
    return None


def starts(unit: str, machine: Machine) -> int:
    """How often systemd started a unit again by itself; 0 where it cannot tell."""
    try:
        said = machine.run(("systemctl", "show", "--value", "-p", "NRestarts", unit)).strip()
    except CommandError:
        return 0
    return int(said) if said.isdecimal() else 0


def wait_for(trouble: Callable[[], str | None], limit_s: float = SETTLED_S) -> str | None:
    """Look until there is no trouble; the last one when the limit is over."""
    deadline_mono = time.monotonic() + limit_s
    try:
        while (found := trouble()) is not None and time.monotonic() < deadline_mono:
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        return "nobody waited for it: interrupted"
    return found
