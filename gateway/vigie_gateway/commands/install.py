"""``vigie-gateway install``: this machine runs Vigie, from this clone or wheel. ``sudo ./run install`` is the same."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands
    from vigie_gateway.install.machine import Machine
    from vigie_gateway.install.source import Source
    from vigie_gateway.install.wishes import Wishes

EXIT_NO_ROOT = 77


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("install", help="install Vigie on this machine, with units and broker; as root")
    parser.add_argument("--sensors-only", action="store_true", help="a Pi that only measures, for a gateway elsewhere")
    parser.add_argument("--node", help="this machine's id as a node (default: pi-1)")
    parser.add_argument("--site", default="vigie", help="the place's short name, as this node says it (default: vigie)")
    parser.add_argument("--name", default="vigie", help='NAME.local in the network (default: vigie; "": as it is)')
    parser.add_argument("--https", action="store_true", help="serve the pages to the network too, over HTTPS")
    add_common(parser)
    parser.set_defaults(run=run)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add what ``install`` and ``upgrade`` both take."""
    parser.add_argument("--bundle", type=Path, metavar="FOLDER", help="a folder of wheels, in place of the internet")
    parser.add_argument("--dry-run", action="store_true", help="show every step, and change nothing")
    parser.add_argument("--root", type=Path, default=Path("/"), help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Install, or show what that would do."""
    from vigie_contract.topics import check_id
    from vigie_gateway.commands.terminal import EXIT_UNAVAILABLE, fail
    from vigie_gateway.install.execution import StepError, carry_out, show
    from vigie_gateway.install.first_address import show_first_address
    from vigie_gateway.install.machine import CommandError, Machine
    from vigie_gateway.install.program import lacks_assets
    from vigie_gateway.install.source import SourceError, this_source
    from vigie_gateway.install.steps import install_steps, version_folder
    from vigie_gateway.install.wishes import Wishes, kind_of

    machine, kind = Machine(options.root), kind_of(Machine(options.root))
    try:
        node, site = check_id(options.node or "pi-1", "node"), check_id(options.site, "site")
        wishes = Wishes(node, site, options.name, not options.sensors_only, options.bundle, options.https)
        source = this_source()
        is_enrolled = all(machine.at(f"/etc/vigie/{name}").exists() for name in ("sensors.toml", "credentials/sensors"))
        steps = install_steps(wishes, kind, source, is_enrolled=is_enrolled)
        if options.dry_run:
            show(steps, machine, print)
            return 0
        refused = refusal(machine, wishes)
        if refused is not None:
            return fail(*refused)
        other = _other_version(machine, source)
        if other is not None:
            return fail(EXIT_UNAVAILABLE, other)
        with machine.alone():
            count = carry_out(steps, machine, lambda line: print(line, flush=True))
    except ValueError as error:
        return fail(2, str(error))
    except (CommandError, SourceError, StepError) as error:
        return fail(EXIT_UNAVAILABLE, str(error))
    print("Nothing was changed: everything is as it should be." if not count else "Installed.")
    if wishes.is_gateway and lacks_assets(machine.at(version_folder(source))):
        print("The charts' script could not be had (no npm here, or no network): the server draws the charts.")
    if kind.lacks_lgpio:
        print("Nothing here reads the pins: lgpio has no build for this Python. Raspberry Pi OS brings its own.")
    if wishes.is_gateway:
        show_first_address(machine, print)
    elif not is_enrolled:
        print("This Pi knows no gateway yet. On the gateway: sudo vigie-gateway node add NAME")
        print("Here, with the code that it shows: sudo vigie-sensors enrol CODE, and then this again.")
    return 0


def root_refusal(machine: Machine) -> tuple[int, str] | None:
    """Why a command that changes this system is not begun: the exit code and what to say."""
    import os

    if os.geteuid() != 0:
        return EXIT_NO_ROOT, "this changes the system: start it with sudo. --dry-run shows what it would do, without"
    if machine.root != Path("/"):
        return 2, "--root shows what would be done to another system, with --dry-run only"
    return None


def refusal(machine: Machine, wishes: Wishes) -> tuple[int, str] | None:
    """Why nothing is installed here: the exit code and what to say."""
    import shutil

    from vigie_gateway.commands.terminal import EXIT_UNAVAILABLE
    from vigie_gateway.install.wishes import kind_of, obstacles

    refused = root_refusal(machine)
    if refused is not None:
        return refused
    by_hand = Path("/opt/vigie/bin")
    found = obstacles(
        kind_of(machine),
        shutil.disk_usage("/opt" if Path("/opt").exists() else "/").free,
        has_systemd=Path("/run/systemd/system").exists(),
        is_by_hand=by_hand.exists() and not by_hand.is_symlink(),
    )
    if wishes.bundle is not None and not wishes.bundle.is_dir():
        found.append(f"{wishes.bundle} is no folder: docs/install.md, Without internet, says how to make one")
    return (EXIT_UNAVAILABLE, "\n".join(found)) if found else None


def _other_version(machine: Machine, source: Source) -> str | None:
    """What to say where another version runs."""
    from vigie_gateway.install.steps import CURRENT

    current = machine.at(CURRENT)
    if not current.is_symlink() or current.readlink().name == source.id:
        return None
    return f"version {current.readlink().name} runs here: upgrade brings {source.id}, with a backup first"
