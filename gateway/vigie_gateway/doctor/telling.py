"""Whether an alert would reach anybody, also while the place has no internet. Nothing is sent.

Called by ``checks`` for ``vigie-gateway doctor``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vigie_contract.clock import SystemClock
from vigie_gateway.doctor.findings import Finding
from vigie_gateway.notify import notifier_file
from vigie_gateway.notify.notifier_file import NotifierFile
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.place.alert_tables import recipients_of
from vigie_gateway.place.problem import SiteError
from vigie_gateway.place.site import load_site
from vigie_gateway.settings import Settings

WHO = "add [[told]] to site.toml: docs/configuration.md says how"


def telling_findings(settings: Settings, site: Path) -> list[Finding]:
    """What is wrong with the ways of telling, and whom they leave out."""
    path = settings.notifiers_path() or notifier_file.DEFAULT_PATH
    try:
        found = notifier_file.read_notifiers(settings.notifiers_path(), SystemClock().now_ts)
    except notifier_file.NotifierFileError as error:
        remedy = "correct it; docs/configuration.md explains each table of notifiers.toml"
        return [Finding("alerts", "fail", problem, remedy) for problem in error.problems]
    try:
        people = recipients_of(load_site(site))
    except SiteError:
        return []  # told by the check of that file
    return judge(people, found, path)


def judge(people: Sequence[Recipient], found: NotifierFile, path: Path) -> list[Finding]:
    """What is to be said of who is told by what.

    Args:
        people: Of the place.
        found: What this machine's file of notifiers says.
        path: Of that file.
    """
    is_local = {one.name: one.is_local for one in found.notifiers} | dict.fromkeys(found.lamps, True)
    missing = [
        Finding(
            "alerts",
            "warn",
            f"{one.id} is to be told by {name}, which {path} does not have: they are not told",
            f"add [notifiers.{name}] to {path}, or take it out of [[told]] in site.toml",
        )
        for one in people
        for name in one.notifiers
        if name not in is_local and name not in notifier_file.RESERVED
    ]
    used = {name for one in people for name in one.notifiers if name in is_local}
    return [*missing, _reach(used, is_local), _outside(found, path)]


def _reach(used: set[str], is_local: dict[str, bool]) -> Finding:
    if not used:
        text = "nobody is told of alerts: they are only on the board and on /alerts"
        return Finding("alerts", "warn", text, WHO)
    names = ", ".join(sorted(used))
    if not any(is_local[name] for name in used):
        text = f"whoever is told is told over the internet ({names}): of its outage only after it"
        remedy = "add a notifier on the place's own network (`local = true`) or a lamp: docs/alerts.md, Notifiers"
        return Finding("alerts", "warn", text, remedy)
    return Finding("alerts", "pass", f"alerts are told by {names}")


def _outside(found: NotifierFile, path: Path) -> Finding:
    if found.heartbeat is not None:
        return Finding("alerts", "pass", "a service outside hears from this gateway, and tells when it hears nothing")
    text = "nobody outside notices when this gateway itself is down: no [heartbeat] is set"
    return Finding("alerts", "warn", text, f"add [heartbeat] to {path}: docs/alerts.md, Dead man's switch")
