"""``vigie-gateway user`` and ``token``: accounts of people and secrets of programs, from the command line.

Works while the gateway runs: what is changed holds from the next request on.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.auth.accounts import Accounts
    from vigie_gateway.commands import Commands

EXIT_WRONG = 1


def add_parser(commands: Commands) -> None:
    """Describe both commands."""
    user = commands.add_parser("user", help="accounts: who may sign in, and as what")
    does = user.add_subparsers(dest="does", required=True)
    does.add_parser("list", help="every account and its role")
    for name, text in (("add", "make an account"), ("role", "make an account something else")):
        one = does.add_parser(name, help=text)
        one.add_argument("name")
        one.add_argument("role", help="concierge, organiser, network or admin")
    for name, text in (("password", "give an account another password"), ("remove", "remove an account")):
        does.add_parser(name, help=text).add_argument("name")
    token = commands.add_parser("token", help="secrets with which programs read the API")
    does_token = token.add_subparsers(dest="does", required=True)
    does_token.add_parser("list", help="every token, without its secret")
    add = does_token.add_parser("add", help="make a token; its secret is printed once")
    add.add_argument("name")
    add.add_argument("--scope", default="read", help="public, read (default), correct, sessions, alerts or admin")
    add.add_argument("--days", type=int, default=90, help="until it expires (default: 90)")
    screen = does_token.add_parser("screen", help="let in the screen on a wall that shows this code")
    screen.add_argument("name")
    screen.add_argument("code")
    does_token.add_parser("remove", help="revoke a token, also a screen's").add_argument("name")
    for parser in (user, token):
        parser.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    user.set_defaults(run=run_user)
    token.set_defaults(run=run_token)


def run_user(options: argparse.Namespace) -> int:
    """Do what was asked of accounts."""
    return _run(options, _user)


def run_token(options: argparse.Namespace) -> int:
    """Do what was asked of tokens."""
    return _run(options, _token)


def _run(options: argparse.Namespace, do: Callable[[Accounts, argparse.Namespace, float], None]) -> int:
    from vigie_contract.clock import SystemClock
    from vigie_gateway.auth.accounts import AccountError, Accounts
    from vigie_gateway.auth.passwords import BusyError
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, fail
    from vigie_gateway.settings import SettingsError, load_settings

    try:
        accounts = Accounts(load_settings(options.config).accounts_path())
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    except AccountError as error:
        return fail(EXIT_WRONG, str(error))
    try:
        do(accounts, options, SystemClock().now_ts())
    except (AccountError, BusyError) as error:
        return fail(EXIT_WRONG, str(error) or "too many passwords are being looked at: try again")
    finally:
        accounts.close()
    return 0


def _user(accounts: Accounts, options: argparse.Namespace, now_ts: float) -> None:
    from vigie_gateway.auth.accounts import role_of

    match options.does:
        case "list":
            for account in accounts.users():
                print(f"{account.name}\t{account.role}\tsince {_date(account.created_ts)}")
        case "add":
            accounts.add_user(options.name, role_of(options.role), _new_password(), _who(), now_ts)
        case "role":
            accounts.set_role(options.name, role_of(options.role), _who(), now_ts)
        case "password":
            accounts.set_password(options.name, _new_password(), _who(), now_ts)
        case "remove":
            accounts.remove_user(options.name, _who(), now_ts)


def _token(accounts: Accounts, options: argparse.Namespace, now_ts: float) -> None:
    from vigie_gateway.auth.accounts import LONGEST_TOKEN_DAYS, AccountError, shown_secret
    from vigie_gateway.auth.kiosks import CODE_LENGTH, shown_code, typed_code

    match options.does:
        case "list":
            for token in accounts.tokens():
                used = "never used" if token.used_ts is None else f"last used {_date(token.used_ts)}"
                print(f"{token.name}\t{token.scope}\tuntil {_date(token.expires_ts)}\t{used}")
        case "add":
            if not 0 < options.days <= LONGEST_TOKEN_DAYS:
                raise AccountError(f"--days is {options.days}, expected 1 to {LONGEST_TOKEN_DAYS}", "days")
            secret = accounts.add_token(options.name, options.scope, now_ts + options.days * 86_400.0, _who(), now_ts)
            print(shown_secret(secret, options.scope))
        case "screen":
            code = typed_code(options.code)
            if code is None:
                expected = f"expected the {CODE_LENGTH} letters and digits that it shows"
                raise AccountError(f"{options.code[:20]!r} is no code of a screen: {expected}", "code")
            accounts.accept_kiosk(options.name, code, _who(), now_ts)
            print(f"the screen that shows {shown_code(code)} has ten minutes to come in: it asks every few seconds")
        case "remove":
            accounts.remove_token(options.name, _who(), now_ts)


def _new_password() -> str:
    """Asked for twice at a terminal, else the first line of what comes in.

    Never an argument: everybody on the machine can read those.
    """
    from vigie_gateway.auth.accounts import AccountError

    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise AccountError("the two passwords differ", "password")
    return password


def _who() -> str:
    """For the audit list: who was at the command line."""
    return f"command line ({os.environ.get('SUDO_USER') or os.environ.get('USER') or os.getuid()})"


def _date(at_ts: float) -> str:
    return datetime.fromtimestamp(at_ts, UTC).strftime("%Y-%m-%d")
