"""``vigie-gateway upgrade``: this clone or wheel in place of what runs; ``sudo ./run upgrade`` is the same."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from vigie_gateway.commands.install import add_common

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands

EXIT_WENT_BACK = 1


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("upgrade", help="exchange the version that runs for this one, with a backup; as root")
    add_common(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Exchange it, or show what that would do."""
    from vigie_gateway.commands.install import refusal
    from vigie_gateway.commands.terminal import EXIT_UNAVAILABLE, fail
    from vigie_gateway.install.execution import StepError, carry_out, show
    from vigie_gateway.install.machine import CommandError, Machine
    from vigie_gateway.install.replacement import NotHealthyError, Replacement
    from vigie_gateway.install.source import SourceError, this_source
    from vigie_gateway.install.steps import beside
    from vigie_gateway.install.wishes import Wishes, kind_of

    def say(line: str) -> None:
        print(line, flush=True)

    machine = Machine(options.root)
    replacement = Replacement(machine, say)
    old = replacement.current()
    if old is None:
        return fail(EXIT_UNAVAILABLE, "no version is installed here: install puts one here")
    try:
        new = this_source()
        wishes = Wishes("", "", is_gateway=replacement.is_gateway, bundle=options.bundle)
        first = beside(wishes, kind_of(machine), new)
        if options.dry_run:
            show(first, machine, print)
            print("would do  a backup of database and alerts, where there is a database")
            show(replacement.steps(new, old), machine, print)
            print("would do  waiting until it is well, and going back where it is not")
            return 0
        refused = refusal(machine, wishes)
        if refused is not None:
            return fail(*refused)
        is_same = new.id == old.id
        if is_same and (before := replacement.interrupted()) is not None:
            say(f"version {new.id} was exchanged, and then never seen to be well: going on with that")
            is_same, old = False, before
        if not is_same:
            with machine.alone():
                carry_out(first, machine, say)
                replacement.exchange(new, old)
    except (CommandError, SourceError, StepError) as error:
        return fail(EXIT_UNAVAILABLE, str(error))
    except NotHealthyError as error:
        return fail(EXIT_WENT_BACK, str(error))
    if is_same:
        say(f"Nothing was changed: version {new.id} runs already. install makes good what is not as it should be.")
    else:
        say(f"Version {new.id} runs; {old.id} is kept beside it.")
    return 0
