"""``vigie-gateway uninstall``: takes Vigie off this machine; ``sudo ./run uninstall`` is the same.

What was measured and configured stays, unless it is asked for twice.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands

SURE = "delete everything"
"""What is typed before data are deleted."""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("uninstall", help="take Vigie off this machine; what was measured stays; as root")
    parser.add_argument("--purge", action="store_true", help="also all that was measured and configured; asks first")
    parser.add_argument("--yes", action="store_true", help="with --purge: do not ask")
    parser.add_argument("--dry-run", action="store_true", help="show every step, and change nothing")
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Remove it, or show what that would do."""
    from vigie_gateway.commands.install import root_refusal
    from vigie_gateway.commands.terminal import EXIT_UNAVAILABLE, fail
    from vigie_gateway.install.actions import Packages
    from vigie_gateway.install.examination import is_done
    from vigie_gateway.install.execution import StepError, carry_out, show
    from vigie_gateway.install.machine import CommandError, Machine
    from vigie_gateway.install.removal import DATA, removal_steps
    from vigie_gateway.install.steps import BROKER, UNITS

    machine = Machine(options.root)
    is_gateway = machine.at(f"{UNITS}/{BROKER}.d/vigie.conf").exists()
    has_broker = is_done(Packages(("mosquitto",)), machine)
    steps = removal_steps("vigie" if is_gateway else "", has_broker=has_broker, with_data=options.purge)
    if options.dry_run:
        show(steps, machine, print)
        return 0
    refused = root_refusal(machine)
    if refused is not None:
        return fail(*refused)
    if options.purge and not options.yes and not _is_sure():
        return fail(2, "nothing was changed: --purge deletes all readings, and asks; where nobody can answer: --yes")
    try:
        with machine.alone():
            count = carry_out(steps, machine, lambda line: print(line, flush=True))
    except (CommandError, StepError) as error:
        return fail(EXIT_UNAVAILABLE, str(error))
    print("Removed." if count else "Nothing was changed: nothing of Vigie is here.")
    if not options.purge:
        print(f"What was measured and configured is still in {', '.join(DATA)}.")
    return 0


def _is_sure() -> bool:
    if not sys.stdin.isatty():
        return False
    print("This deletes every reading, account, password and setting of this place on this machine.")
    return input(f"Type {SURE!r} to go on: ").strip() == SURE
