"""Which broker a command of recordings speaks to, and as whom: never as the gateway that runs. Pure."""

from __future__ import annotations

import argparse
import re

from vigie_gateway.settings import BrokerSettings

_ADDRESS = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<host>[^:\[\]\s/]+)):(?P<port>\d{1,5})")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_HIGHEST_PORT = 65_535


class UsageError(Exception):
    """What was typed is no broker; one line."""


class RefusedError(Exception):
    """It would disturb the gateway that runs; one line."""


def chosen(options: argparse.Namespace, live: BrokerSettings) -> BrokerSettings:
    """The broker that ``--broker`` names, or the gateway's own, as ``--user``.

    Raises:
        UsageError: ``--broker`` is no address.
        RefusedError: It is the gateway's own user at the gateway's own broker, who would be thrown out.
    """
    host, port = (live.host, live.port) if options.broker is None else _address(options.broker)
    settings = BrokerSettings(
        host=host,
        port=port,
        username=options.user,
        password_file=options.password_file,
        ca_file=options.ca_file or (live.ca_file if options.broker is None else None),
    )
    if _is_live(settings, live) and options.user == live.username:
        raise RefusedError(
            f"user {options.user} is the gateway's own at {host}:{port}, and would throw it out; "
            "give another one with --user and --password-file (docs/operations.md, Recordings)"
        )
    return settings


def chosen_elsewhere(options: argparse.Namespace, live: BrokerSettings) -> BrokerSettings:
    """As ``chosen``; the gateway's own broker only where ``--into-the-live-place`` says so."""
    settings = chosen(options, live)
    if _is_live(settings, live) and not options.into_the_live_place:
        raise RefusedError(
            f"{options.broker} is this place's own broker (gateway.toml): name another one, "
            "or say --into-the-live-place"
        )
    return settings


def _is_live(settings: BrokerSettings, live: BrokerSettings) -> bool:
    same_host = settings.host.lower() == live.host.lower() or {settings.host.lower(), live.host.lower()} <= _HERE
    return same_host and settings.port == live.port


def _address(text: str) -> tuple[str, int]:
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match["port"]) <= _HIGHEST_PORT:
        raise UsageError(f"--broker is {text[:80]!r}, expected HOST:PORT such as 127.0.0.1:1884")
    return match["v6"] or match["host"], int(match["port"])
