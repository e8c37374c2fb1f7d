"""``vigie-gateway``: run the gateway, check a site file, show the sample place, and the commands of ``commands``.

Exit codes: 0 ended as asked; 1 an error of our own, or one that the doctor found; 2 wrong arguments; 69 something it
needs is missing or taken; 74 the database or a recording cannot be used; 78 a configuration file is wrong (systemd does
not start it again). The same table is in docs/operations.md.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from vigie_gateway.commands import (
    alerts,
    backup,
    certificates,
    clock,
    doctor,
    install,
    node,
    place,
    record,
    replay,
    restore,
    rules,
    setup_address,
    uninstall,
    upgrade,
    user,
)
from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_IO, EXIT_UNAVAILABLE, fail

if TYPE_CHECKING:  # the commands import what they need, so that --help and a wrong file answer at once
    from vigie_contract.clock import Clock
    from vigie_gateway.place.site import Site
    from vigie_gateway.settings import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """The entry point; returns the exit code."""
    parser = argparse.ArgumentParser(prog="vigie-gateway", description="The gateway of Vigie.")
    parser.add_argument("--version", action="version", version=f"vigie-gateway {version('vigie')}")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="take readings off the bus, store them, serve the board")
    check = commands.add_parser(
        "check", help="say everything that is wrong with gateway.toml, site.toml and notifiers.toml"
    )
    for command in (run, check):
        command.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
        command.add_argument("--site", type=Path, help="site.toml, instead of the one that gateway.toml names")
    commands.add_parser("demo", help="a sample place, live, with simulated pins; demo --help tells its options")
    for module in (
        alerts,
        backup,
        certificates,
        clock,
        doctor,
        install,
        node,
        place,
        record,
        replay,
        restore,
        rules,
        setup_address,
        uninstall,
        upgrade,
        user,
    ):
        module.add_parser(commands)
    given = list(sys.argv[1:] if arguments is None else arguments)
    _log_to_stderr()
    if given[:1] == ["demo"]:  # it has a parser of its own, and `run` need not load it
        from vigie_gateway import demo

        return demo.main(given[1:])
    options = parser.parse_args(given)
    if "run" in options:
        return int(options.run(options))
    return _run(options.config, options.site, is_check=options.command == "check")


def _run(config: Path | None, site_path: Path | None, *, is_check: bool) -> int:
    gc.disable()  # importing makes much and drops little: the collector would only look at it again and again
    from vigie_contract.clock import clock_from_environment
    from vigie_gateway.notify.notifier_file import NotifierFileError, read_notifiers
    from vigie_gateway.place.problem import SiteError, format_problem
    from vigie_gateway.place.site import load_site
    from vigie_gateway.settings import SettingsError, load_settings
    from vigie_gateway.setup.unset import read_place

    try:
        settings = load_settings(config)
        path = site_path or settings.site_path()
        site = load_site(path) if is_check else read_place(path, Path(settings.store.path).parent)
        clock = clock_from_environment()
        if is_check:
            told_by = read_notifiers(settings.notifiers_path(), clock.now_ts)
    except (SettingsError, NotifierFileError) as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    except SiteError as error:
        return fail(EXIT_CONFIGURATION, *(format_problem(problem) for problem in error.problems))
    except ValueError as error:
        return fail(EXIT_CONFIGURATION, str(error))
    if is_check:
        print(f"{path}: nothing wrong ({len(site.rooms)} rooms)")
        if told_by.notifiers:
            print(f"notifiers: nothing wrong ({', '.join(one.name for one in told_by.notifiers)})")
        return 0
    return _serve(settings, path, site, clock)


def _serve(settings: Settings, site_path: Path, site: Site, clock: Clock) -> int:
    from vigie_contract.memory import share_one_heap

    share_one_heap()
    from vigie_gateway import app
    from vigie_gateway.auth.accounts import AccountError
    from vigie_gateway.notify.notifier_file import NotifierFileError, read_notifiers
    from vigie_gateway.store import StoreError

    try:
        told_by = read_notifiers(settings.notifiers_path(), clock.now_ts)
    except NotifierFileError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    # What is loaded by now stays for good: the collector need not walk it ever again.
    gc.freeze()
    gc.enable()
    try:
        app.run(settings, site_path, site, clock, told_by)
    except (StoreError, AccountError) as error:
        return fail(EXIT_IO, str(error))
    except (app.ListenError, OSError) as error:
        return fail(EXIT_UNAVAILABLE, str(error))
    return 0


def _log_to_stderr() -> None:
    # Under systemd the journal has the time already.
    style = (
        "%(levelname)s %(name)s: %(message)s"
        if "JOURNAL_STREAM" in os.environ
        else "%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.basicConfig(level=logging.INFO, format=style, stream=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
