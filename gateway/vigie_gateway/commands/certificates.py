"""``vigie-gateway certificates``: make the place's authority and certificates, or anew what does not fit any more.

Safe to repeat: what fits is left alone. The broker is told of a new certificate; the gateway takes one at its next
start.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.certificates.kept import Wanted
    from vigie_gateway.commands import Commands
    from vigie_gateway.settings import Settings

EXIT_REFUSED = 1


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("certificates", help="make or renew the place's authority and its certificates")
    parser.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    parser.add_argument("--name", action="append", default=[], help="a further host name or address of this machine")
    parser.add_argument("--authority", type=Path, help="folder of the authority (default: /etc/vigie/authority)")
    parser.add_argument("--broker", type=Path, help="folder of the broker's (default: /etc/mosquitto/certs)")
    parser.add_argument(
        "--https", type=Path, nargs="?", const=True, help="also one for the pages (default: /etc/vigie/https)"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do what is to be done, each step said before it is taken."""
    from datetime import UTC, datetime

    from vigie_contract.clock import SystemClock
    from vigie_gateway.certificates.authority import CertificateError
    from vigie_gateway.certificates.kept import steps_of
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_IO, fail
    from vigie_gateway.place.problem import SiteError, format_problem
    from vigie_gateway.settings import SettingsError, load_settings

    try:
        settings = load_settings(options.config)
        steps = steps_of(wanted_by(options, settings), datetime.fromtimestamp(SystemClock().now_ts(), UTC))
        for step in steps:
            print(step.says, flush=True)
            if not options.dry_run:
                step.take()
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    except SiteError as error:
        return fail(EXIT_CONFIGURATION, *(format_problem(problem) for problem in error.problems))
    except CertificateError as error:
        return fail(EXIT_REFUSED, str(error))
    except OSError as error:
        return fail(EXIT_IO, f"{error.filename}: {error.strerror}; as root?")
    if not steps:
        print("nothing to do: the authority and its certificates fit")
    elif not options.dry_run:
        _tell_broker(settings)
    return 0


def wanted_by(options: argparse.Namespace, settings: Settings) -> Wanted:
    """What was asked for, with what this machine is called by."""
    from vigie_gateway.certificates import kept, own_names
    from vigie_gateway.nodes.place import site_id

    folder = options.authority or kept.AUTHORITY_FOLDER
    browsers = kept.BROWSER_FOLDER if options.https is True else options.https
    return kept.Wanted(
        site=site_id(settings),
        names=tuple(dict.fromkeys((*kept.within(own_names.wanted_names(), folder), *options.name))),
        authority=folder,
        broker=options.broker or kept.BROKER_FOLDER,
        browsers=browsers,
        broker_group=None if options.broker else kept.BROKER_GROUP,
        browser_group=None if browsers not in {None, kept.BROWSER_FOLDER} else kept.BROWSER_GROUP,
    )


def _tell_broker(settings: Settings) -> None:
    from vigie_gateway.commands.terminal import fail
    from vigie_gateway.nodes.admission import AdmissionError, find_broker, reload_broker

    try:
        if reload_broker(find_broker(settings.broker)):
            print("the broker was told to read its certificate again")
    except (AdmissionError, OSError) as error:
        fail(0, f"the broker was not told, and takes the certificate at its next start: {error}")
