"""The files of a node's credential, each put in its place whole. Called by ``course``, mostly as root."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PASSWORD_MODE = 0o600
"""systemd reads it as root and hands it to the daemon (``LoadCredential=``): nobody else needs to."""
PUBLIC_MODE = 0o644


@dataclass(frozen=True, slots=True)
class Places:
    """Where they are.

    Attributes:
        config: sensors.toml.
        password: The password, on its first line.
        ca: The authority that the broker's certificate is of.
        handed: Where the daemon finds the password: systemd's copy, or the same file.
    """

    config: Path
    password: Path
    ca: Path
    handed: Path


def usual_places(config: Path) -> Places:
    """Those of an installation for its own sensors.toml; beside the file for any other."""
    if config == Path("/etc/vigie/sensors.toml"):
        return Places(
            config,
            Path("/etc/vigie/credentials/sensors"),
            Path("/etc/vigie/broker-ca.crt"),
            Path("/run/credentials/vigie-sensors.service/broker-password"),
        )
    folder = config.absolute().parent
    password = folder / "broker-password"
    return Places(config, password, folder / "broker-ca.crt", password)


def check_writable(places: Places) -> None:
    """Try each folder before a code is spent; raises OSError."""
    for folder in {path.parent for path in (places.config, places.password, places.ca)}:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".vigie-enrol"
        probe.touch(0o600)
        probe.unlink()


def keep(path: Path, content: str, mode: int) -> None:
    """Put a file in its place at once, on the disk when this returns; raises OSError."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
