"""Whether the configuration files are right and the programs new enough."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from vigie_gateway.broker import INSTALL_COMMAND, find_mosquitto
from vigie_gateway.doctor.findings import AS_ROOT, Finding
from vigie_gateway.place.problem import SiteError, format_problem
from vigie_gateway.place.site import load_site
from vigie_gateway.settings import DEFAULT_PATH, Settings, SettingsError, load_settings
from vigie_gateway.store.schema import OLDEST_SQLITE, SQLITE

CREDENTIALS = Path("/run/credentials")
"""Where systemd puts a service's passwords while it runs, for that service and root alone."""
OLDEST_MOSQUITTO = (2, 0)
"""Before 2.0 a listener without a word on anonymous clients let everybody in, and memory_limit is newer too."""


def settings_findings(config: Path | None) -> tuple[Settings, list[Finding]]:
    """The settings, the defaults where the file is wrong, and what is to be said of it."""
    try:
        settings = load_settings(config)
    except SettingsError as error:
        remedy = "correct it; docs/configuration.md lists the keys"
        return Settings(), [Finding("configuration", "fail", problem, remedy) for problem in error.problems]
    path = config or DEFAULT_PATH
    text = f"{path}: nothing wrong" if path.exists() else f"{path} is not there: every setting is its default"
    return settings, [Finding("configuration", "pass", text)]


def site_findings(path: Path) -> list[Finding]:
    """What is wrong with the place's file."""
    if not path.exists():
        remedy = "set the place up in a browser, docs/setup.md, or write the file, docs/configuration.md"
        return [Finding("configuration", "warn", f"{path} is not there: no place is set up yet", remedy)]
    try:
        site = load_site(path)
    except SiteError as error:
        remedy = "correct it; docs/configuration.md explains each table"
        return [Finding("configuration", "fail", format_problem(problem), remedy) for problem in error.problems]
    return [Finding("configuration", "pass", f"{path}: nothing wrong ({len(site.rooms)} rooms)")]


def password_findings(settings: Settings) -> list[Finding]:
    """Whether the gateway's password at the broker is there, and a secret."""
    if settings.broker.password_file is None:
        text = "[broker] password_file is not set: only a broker that lets everybody in takes a gateway without one"
        return [Finding("configuration", "warn", text, "give the gateway a password: docs/install.md, Passwords")]
    path = Path(settings.broker.password_file)
    try:
        secret = path.read_text(encoding="utf-8").strip()
        mode = path.stat().st_mode
    except (OSError, UnicodeDecodeError) as error:
        return [_unread_password(path, error)]
    if not secret:
        return [Finding("configuration", "fail", f"[broker] password_file {path} is empty", "write the password there")]
    if mode & 0o007:
        text = f"[broker] password_file {path} may be read by everybody on this machine (mode {mode & 0o777:o})"
        return [Finding("configuration", "warn", text, f"sudo chmod o= {path}")]
    return []


def _unread_password(path: Path, error: OSError | UnicodeDecodeError) -> Finding:
    if isinstance(error, FileNotFoundError) and path.is_relative_to(CREDENTIALS):
        text = f"{path} exists only while the service runs: not looked at"
        return Finding("configuration", "warn", text, "sudo systemctl start vigie-gateway")
    if isinstance(error, PermissionError):
        text = f"[broker] password_file {path} may not be read by this user: not looked at"
        return Finding("configuration", "warn", text, AS_ROOT)
    reason = error.strerror if isinstance(error, OSError) else "it is not text"
    text = f"[broker] password_file {path} cannot be read: {reason}"
    return Finding("configuration", "fail", text, "make it: docs/install.md, Passwords")


def program_findings() -> list[Finding]:
    """Which versions of what run here."""
    python = ".".join(str(part) for part in sys.version_info[:3])
    found = [
        Finding("programs", "pass", f"Vigie {version('vigie')} on Python {python}"),
        sqlite_finding(SQLITE),
    ]
    program = find_mosquitto()
    if program is None:
        text = "the MQTT broker Mosquitto is not installed on this machine"
        return [*found, Finding("programs", "warn", text, INSTALL_COMMAND)]
    said = subprocess.run([program, "-h"], capture_output=True, text=True, check=False, timeout=5).stdout
    return [*found, mosquitto_finding(program, said)]


def sqlite_finding(version_info: tuple[int, ...]) -> Finding:
    """What is to be said of the SQLite that this Python has."""
    said = ".".join(str(part) for part in version_info)
    if version_info < OLDEST_SQLITE:
        wanted = ".".join(str(part) for part in OLDEST_SQLITE)
        text = f"Python's SQLite is {said}, expected {wanted} or newer: the store cannot be opened"
        return Finding("programs", "fail", text, "take a newer system: Debian or Raspberry Pi OS, 12 or newer")
    return Finding("programs", "pass", f"SQLite {said}")


def mosquitto_finding(program: Path, said: str) -> Finding:
    """What is to be said of a broker that calls itself so in its help."""
    match = re.search(r"mosquitto version (\d+)\.(\d+)\S*", said)
    if match is None:
        return Finding("programs", "warn", f"{program} does not tell its version", f"{program} -h")
    if (int(match[1]), int(match[2])) < OLDEST_MOSQUITTO:
        wanted = ".".join(str(part) for part in OLDEST_MOSQUITTO)
        text = f"{program} is {match[0]}, expected {wanted} or newer"
        return Finding("programs", "fail", text, INSTALL_COMMAND)
    return Finding("programs", "pass", f"{program} is {match[0]}")
