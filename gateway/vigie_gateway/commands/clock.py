"""``vigie-gateway clock``: what is believed of the clock, and a person's word where there is no NTP."""

from __future__ import annotations

import argparse
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands

EXIT_REFUSED = 1
EXIT_USAGE = 2


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "clock", help="say whether the clock is believed, or vouch for it where there is no NTP"
    )
    actions = parser.add_subparsers(dest="action", required=True)
    show = actions.add_parser("show", help="what the clock says, and whether and why it is believed")
    setting = actions.add_parser("set", help="vouch for the time: the one given, or the one that this machine shows")
    setting.add_argument("time", nargs="?", metavar="TIME", help="such as 2026-06-21T09:30 (here) or …T07:30Z")
    setting.add_argument(
        "--force", action="store_true", help="though readings with later dates are stored: those dates were wrong"
    )
    for action in (show, setting):
        action.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do what was asked."""
    from vigie_gateway.clock.vouching import RefusedError, Vouching
    from vigie_gateway.clock.word import WordError
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_IO, fail
    from vigie_gateway.settings import SettingsError, load_settings
    from vigie_gateway.store import StoreError

    try:
        vouching = Vouching(Path(load_settings(options.config).store.path))
        if options.action == "show":
            print(vouching.told())
            return 0
        moment = None if options.time is None else _moment(options.time)
        print(vouching.vouch(moment, is_forced=options.force))
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    except ValueError as error:
        return fail(EXIT_USAGE, str(error))
    except RefusedError as error:
        return fail(EXIT_REFUSED, str(error))
    except (WordError, StoreError) as error:
        return fail(EXIT_IO, str(error))
    return 0


def _moment(text: str) -> datetime:
    """A time as typed; without an offset it is this machine's local time."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"TIME is {text[:40]!r}, expected a date and time such as 2026-06-21T09:30") from error
