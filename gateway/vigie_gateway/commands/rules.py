"""``vigie-gateway rules try ID``: when a rule of alerts would have fired in the last days, while the gateway runs."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from vigie_gateway.alerts.rules import Rule
    from vigie_gateway.alerts.trial import Trial
    from vigie_gateway.commands import Commands
    from vigie_gateway.place.site import Site

EXIT_WRONG_ARGUMENT = 2
MOST_DAYS = 35
"""Single readings of most quantities are kept for so long: a longer period would only be unknown."""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    rules = commands.add_parser("rules", help="rules of alerts, tried on the readings of the last days")
    does = rules.add_subparsers(dest="does", required=True)
    attempt = does.add_parser("try", help="say when a rule would have fired; one that is off too")
    attempt.add_argument("id", help="of the rule")
    attempt.add_argument("--days", type=int, default=7, help=f"how far back, 1 to {MOST_DAYS} (default: 7)")
    rules.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")
    rules.set_defaults(run=run)


class _RefusedError(Exception):
    """It cannot be tried: the exit code, and one line of why not."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def run(options: argparse.Namespace) -> int:
    """Try it on a copy of the database, and print what would have been."""
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_IO, fail
    from vigie_gateway.place.problem import SiteError, format_problem
    from vigie_gateway.settings import SettingsError
    from vigie_gateway.store import StoreError

    try:
        lines = _answer(options)
    except _RefusedError as error:
        return fail(error.code, str(error))
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    except SiteError as error:
        return fail(EXIT_CONFIGURATION, *(format_problem(problem) for problem in error.problems))
    except StoreError as error:
        return fail(EXIT_IO, str(error))
    except OSError as error:
        return fail(EXIT_IO, f"the database could not be copied: {error.strerror}")
    print(*lines, sep="\n")
    return 0


def _answer(options: argparse.Namespace) -> list[str]:
    from vigie_contract.clock import SystemClock
    from vigie_gateway.commands.terminal import EXIT_UNAVAILABLE
    from vigie_gateway.place.alert_tables import rules_of
    from vigie_gateway.place.site import load_site
    from vigie_gateway.settings import load_settings

    if not 1 <= options.days <= MOST_DAYS:
        raise _RefusedError(EXIT_WRONG_ARGUMENT, f"--days is {options.days}, expected 1 to {MOST_DAYS}")
    settings = load_settings(options.config)
    site = load_site(settings.site_path())
    rules = {rule.id: rule for rule in rules_of(site)}
    rule = rules.get(options.id)
    if rule is None:
        there = ", ".join(sorted(rules))
        raise _RefusedError(EXIT_WRONG_ARGUMENT, f"no rule is named {options.id!r}; there are: {there}")
    trial = _tried(Path(settings.store.path), site, rule, options.days, SystemClock().now_ts())
    if not trial.is_told:
        raise _RefusedError(EXIT_UNAVAILABLE, f"{rule.id}: the readings that are stored do not tell {rule.signal!r}")
    return list(told(trial, site.zone()))


def _tried(path: Path, site: Site, rule: Rule, days: int, now_ts: float) -> Trial:
    """On a copy, because the gateway has the database open."""
    from vigie_contract.clock import SystemClock
    from vigie_gateway.alerts.recorded import try_rule
    from vigie_gateway.commands.terminal import show_progress
    from vigie_gateway.store import StoreError, open_store
    from vigie_gateway.store.copies import copy_database

    if not path.exists():
        raise StoreError(f"{path}: there is no database yet")
    with tempfile.TemporaryDirectory(prefix="vigie-") as folder:
        copy = Path(folder) / "vigie.db"
        with show_progress("copying") as progress:
            copy_database(path, copy, progress)
        store = open_store(copy, SystemClock())
        try:
            return try_rule(site, store, rule, now_ts - days * 86_400.0, now_ts)
        finally:
            store.close()


def told(trial: Trial, zone: ZoneInfo) -> Iterator[str]:
    """The lines of an answer, in local time."""

    def local(at_ts: float) -> str:
        return datetime.fromtimestamp(at_ts, UTC).astimezone(zone).strftime("%Y-%m-%d %H:%M")

    episodes, unknown_share = trial.episodes(), trial.unknown_share()
    times = "once" if len(episodes) == 1 else f"{len(episodes)} times"
    yield f"{trial.rule.id}: would have fired {times} between {local(trial.from_ts)} and {local(trial.to_ts)}"
    for one in episodes:
        end = "not over yet" if one.ended_ts is None else f"over at {local(one.ended_ts)}"
        worst = "not known" if one.worst is None else f"{one.worst:.4g}"
        yield f"  {one.subject}: {local(one.fired_ts)}, wrong since {local(one.since_ts)}, {end}, worst {worst}"
    dropped = sum(one.dropped for one in trial.subjects)
    if dropped:
        yield f"wrong, but not for long enough: {dropped} times"
    if unknown_share is None:
        yield "nothing here is measured that the rule is about, or its hours did not come: it says nothing"
    elif unknown_share:
        yield f"nothing was known for {100 * unknown_share:.1f} % of that time: then it may have been wrong, or not"
        for subject in trial.subjects:
            if subject.unknown_s and len(trial.subjects) > 1:
                yield f"  {subject.subject}: {100 * subject.unknown_s / subject.held_s:.1f} %"
