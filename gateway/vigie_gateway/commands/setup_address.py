"""``vigie-gateway setup-address``: a one-time address with which the first administrator sets the place up.

Works while the gateway runs; the address before stops holding.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands

EXIT_REFUSED = 1


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("setup-address", help="print a one-time address to set the place up in a browser")
    parser.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    parser.add_argument("--qr", action="store_true", help="with its QR code, or how to reach it where a phone cannot")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print an address, unless there is an administrator already."""
    from vigie_gateway.auth.accounts import AccountError, Accounts
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_IO, fail
    from vigie_gateway.settings import SettingsError, load_settings
    from vigie_gateway.setup.address import AddressError, SetupAddress, address_of

    try:
        settings = load_settings(options.config)
        accounts = Accounts(settings.accounts_path())
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    except AccountError as error:
        return fail(EXIT_IO, str(error))
    try:
        address = SetupAddress(settings.accounts_path().parent, accounts)
        administrators = address.administrators()
        if administrators:
            who = ", ".join(administrators)
            return fail(EXIT_REFUSED, f"there is an administrator ({who}): sign in and open /setup")
        told = address_of(settings.http, settings.http.port, address.issue())
        print(told)
        if options.qr:
            print(_way(told))
    except (AccountError, AddressError, OSError, ValueError) as error:
        return fail(EXIT_IO, str(error))
    finally:
        accounts.close()
    return 0


def _way(address: str) -> str:
    """A drawing for a phone's camera; where the address leads to this machine alone, how to get there instead."""
    from urllib.parse import urlsplit

    from vigie_dashboard.qr import terminal_drawing

    parts = urlsplit(address)
    if parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        return terminal_drawing(address)
    return (
        "It leads to this machine alone. To open it from another one, type there first, with your user and this "
        f"machine's name: ssh -L {parts.port}:127.0.0.1:{parts.port} USER@NAME"
    )
