"""``vigie-gateway place export`` and ``import``: the place's recipe, out of one gateway and into another."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    place = commands.add_parser("place", help="the place's recipe, to share: site.toml without secrets")
    does = place.add_subparsers(dest="does", required=True)
    does.add_parser("export", help="print the recipe: without calendars at an address, and without passwords")
    take = does.add_parser("import", help="let a checked file be the place's; the one before is kept beside it")
    take.add_argument("file", type=Path)
    place.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    place.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the recipe, or take one in."""
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_IO, fail
    from vigie_gateway.place.problem import SiteError, format_problem
    from vigie_gateway.place.site import load_site
    from vigie_gateway.settings import SettingsError, load_settings
    from vigie_gateway.setup.recipe import RecipeError, shared
    from vigie_gateway.setup.site_file import SiteFile, SiteFileError

    try:
        file = SiteFile(load_settings(options.config).site_path())
        if options.does == "export":
            load_site(file.path)
            sys.stdout.write(shared(file.read().text))
            return 0
        rooms = load_site(options.file).rooms
        file.replace(options.file.read_text(encoding="utf-8"), file.read().digest)
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    except SiteError as error:
        return fail(EXIT_CONFIGURATION, *(format_problem(problem) for problem in error.problems))
    except (SiteFileError, RecipeError, OSError) as error:
        return fail(EXIT_IO, str(error))
    print(f"{file.path}: {len(rooms)} rooms; have the gateway read it: sudo systemctl reload vigie-gateway")
    return 0
