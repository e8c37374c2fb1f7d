"""``vigie-gateway restore FILE``: a copy becomes the database, the alerts with it; the gateway must be stopped."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands
    from vigie_gateway.store.restoring import Restored


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
    from vigie_gateway.store.copies import alerts_copy
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
    print(_alerts_line(restored, alerts_copy(options.file)))
    return 0


def _alerts_line(restored: Restored, copy: Path) -> str:
    if not restored.has_alerts:
        return f"There is no {copy}: the alerts are as they were"
    kept = "" if restored.alerts_aside is None else f"; what they replaced is {restored.alerts_aside}"
    return f"The alerts are what {copy} holds{kept}. Nobody is told any more of what waited then"
