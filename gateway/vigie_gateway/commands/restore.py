"""``vigie-gateway restore FILE``: a copy becomes the database, and what goes with it; the gateway must be stopped."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands
    from vigie_gateway.store.restoring import RestoredCompanion


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("restore", help="let a copy be the database; stop the gateway first")
    parser.add_argument("file", type=Path, help="a copy, as backup or the daily copies make it")
    parser.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Restore it, and say where what it replaced is now."""
    from vigie_contract.clock import SystemClock
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_IO, EXIT_UNAVAILABLE, fail, show_progress
    from vigie_gateway.settings import SettingsError, load_settings
    from vigie_gateway.store import InUseError, StoreError
    from vigie_gateway.store.restoring import restore

    try:
        settings = load_settings(options.config)
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    path = Path(settings.store.path)
    try:
        with show_progress("restoring") as progress:
            restored = restore(options.file, path, SystemClock().now_ts(), progress)
    except InUseError as error:
        return fail(EXIT_UNAVAILABLE, f"{error} (sudo systemctl stop vigie-gateway)")
    except StoreError as error:
        return fail(EXIT_IO, str(error))
    kept = "" if restored.aside is None else f"; what it replaced is {restored.aside}"
    print(f"{path} is what {options.file} holds{kept}. Nodes send again what they still hold of the time since")
    for companion in restored.companions:
        print(_line(companion))
    return 0


def _line(one: RestoredCompanion) -> str:
    if not one.is_there:
        return f"There is no {one.copy}: the {one.name} are as they were"
    kept = "" if one.aside is None else f"; what they replaced is {one.aside}"
    waited = ". Nobody is told any more of what waited then" if one.name == "alerts" else ""
    return f"The {one.name} are what {one.copy} holds{kept}{waited}"
