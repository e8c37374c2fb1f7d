"""``vigie-gateway alerts``: what is wrong now, and ``alerts course N``: what happened to one."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from vigie_gateway.alerts.alert import Alert, Event
    from vigie_gateway.commands import Commands

EXIT_WRONG_ARGUMENT = 2


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    alerts = commands.add_parser("alerts", help="list the open alerts; `alerts course N`: what happened to one")
    alerts.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    does = alerts.add_subparsers(dest="does")
    course = does.add_parser("course", help="say what happened to an alert, open or not")
    course.add_argument("number", type=int, help="of the alert")
    alerts.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Read the file that the gateway writes, and print."""
    from vigie_gateway.alerts.book import BookReader
    from vigie_gateway.alerts.book_file import SeenFile
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_IO, fail
    from vigie_gateway.place.problem import SiteError, format_problem
    from vigie_gateway.place.site import load_site
    from vigie_gateway.settings import SettingsError, load_settings
    from vigie_gateway.store import StoreError
    from vigie_gateway.store.companions import ALERTS_FILE

    try:
        settings = load_settings(options.config)
        zone = load_site(settings.site_path()).zone()
        with closing(SeenFile(ALERTS_FILE.beside(Path(settings.store.path)))) as file:
            book = BookReader(file)
            if options.does is None:
                print(*listed(book.open_alerts(), zone), sep="\n")
                return 0
            alert = book.alert(options.number)
            if alert is None:
                return fail(EXIT_WRONG_ARGUMENT, f"there is no alert {options.number}")
            print(*told(alert, book.course(alert.number), book.explained_by(alert.number), zone), sep="\n")
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    except SiteError as error:
        return fail(EXIT_CONFIGURATION, *(format_problem(problem) for problem in error.problems))
    except StoreError as error:
        return fail(EXIT_IO, str(error))
    return 0


def listed(alerts: list[Alert], zone: ZoneInfo) -> Iterator[str]:
    """A line for each; one that says so where there is none."""
    if not alerts:
        yield "no open alert"
    for alert in alerts:
        yield one_line(alert, zone)


def one_line(alert: Alert, zone: ZoneInfo) -> str:
    """``12  firing  circuit-dead  circuit:c4  since 2026-11-24 14:30:00  taken by mathilde``."""
    marks = [
        f"taken by {alert.acknowledged.author}" if alert.acknowledged else "",
        f"silenced by {alert.silence.author}: {alert.silence.reason}" if alert.silence else "",
        f"explained by {alert.cause}" if alert.cause is not None else "",
        "nothing is known of it" if alert.is_lost else "",
    ]
    parts = (
        str(alert.number),
        alert.phase,
        alert.key.rule,
        str(alert.key.subject),
        f"since {_at(alert.since_ts, zone)}",
    )
    return "  ".join((*parts, *filter(None, marks)))


def told(alert: Alert, course: list[Event], dependants: list[Alert], zone: ZoneInfo) -> Iterator[str]:
    """The alert, what happened to it, and what it explains."""
    yield one_line(alert, zone)
    for event in course:
        value = "" if event.value is None else f"{event.value:g}"
        parts = (_at(event.at_ts, zone), event.what, value, event.author, event.reason)
        yield "    " + "  ".join(filter(None, parts))
    for dependant in dependants:
        yield f"    explains {one_line(dependant, zone)}"


def _at(at_ts: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at_ts, zone).strftime("%Y-%m-%d %H:%M:%S")
