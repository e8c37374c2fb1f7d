"""``vigie-gateway doctor``: the first thing to type when something is wrong; ends with 1 when something fails."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands

EXIT_WRONG = 1


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("doctor", help="say what is wrong with this installation, and what to do")
    parser.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    parser.add_argument("--site", type=Path, help="site.toml, instead of the one that gateway.toml names")
    parser.add_argument("--broker-config", type=Path, help="mosquitto.conf (default: the one that runs, else Debian's)")
    parser.add_argument("--json", action="store_true", help="one JSON document, for programs")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look at everything, print what was found."""
    from vigie_gateway.doctor import checkup, installation, wording
    from vigie_gateway.doctor.checks import Installation, checks_of

    logging.disable(logging.WARNING)  # what is wrong is said once, below
    try:
        settings, findings = installation.settings_findings(options.config)
        place = options.site or settings.site_path()
        findings += checkup.run(checks_of(Installation(settings, place, options.broker_config)))
    finally:
        logging.disable(logging.NOTSET)
    print(wording.as_json(findings) if options.json else wording.as_text(findings))
    return EXIT_WRONG if wording.worst(findings) == "fail" else 0
