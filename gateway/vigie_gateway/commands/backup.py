"""``vigie-gateway backup [FILE]``: a checked copy of the database and of what goes with it, while the gateway runs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser(
        "backup", help="make a checked copy of database, alerts, forecasts and devices, while the gateway runs"
    )
    parser.add_argument("file", nargs="?", type=Path, help="the copy (default: one in the folder of the daily copies)")
    parser.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Make it, and print where it is."""
    from datetime import UTC, datetime

    from vigie_contract.clock import SystemClock
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_IO, fail, show_progress
    from vigie_gateway.settings import SettingsError, load_settings
    from vigie_gateway.store import StoreError
    from vigie_gateway.store.companions import COMPANIONS
    from vigie_gateway.store.copies import copy_with_companions

    try:
        settings = load_settings(options.config)
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    source, target = Path(settings.store.path), options.file
    try:
        if target is None:
            now = datetime.fromtimestamp(SystemClock().now_ts(), UTC).strftime("%Y-%m-%dT%H%M%SZ")
            target = settings.store.copies_folder() / f"vigie-{now}.db"
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for there in (target, *(one.copy_of(target) for one in COMPANIONS)):
            if there.exists():
                return fail(EXIT_IO, f"{there}: it is there already: name another file")
        if not source.exists():
            return fail(EXIT_IO, f"{source}: there is no database yet")
        with show_progress("copying") as progress:
            copy_with_companions(source, target, progress)
    except StoreError as error:
        return fail(EXIT_IO, str(error))
    except OSError as error:
        return fail(EXIT_IO, f"{target}: could not be made: {error.strerror}")
    print(target)
    for companion in COMPANIONS:
        if companion.copy_of(target).exists():
            print(companion.copy_of(target))
    return 0
