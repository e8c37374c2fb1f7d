"""What whoever installs asks for, and what the machine is by its own word. Called by ``commands.install``."""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from vigie_gateway.install.machine import Machine

OLDEST_DEBIAN = 12
"""Debian 11's Python is 3.9 and its systemd does not hand passwords over."""
FREE_BYTES = 600 * 1024 * 1024
"""Of the disk below /opt: a version takes 180 MB, and a third one is made before an old one goes. Lower fills a card in
the middle of an upgrade; higher refuses one that would do."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Options of ``install``.

    Attributes:
        node: The id of this machine as a node.
        site: The short name of the place, as nodes say it.
        name: What it answers to in the local network, before ``.local``; empty leaves its name alone.
        is_gateway: Else it only measures.
        bundle: A folder of wheels, for a machine without internet.
        has_https: The pages are served to the network, with a certificate by the place's own authority.
    """

    node: str
    site: str
    name: str = "vigie"
    is_gateway: bool = True
    bundle: Path | None = None
    has_https: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """What the machine is.

    Attributes:
        is_debian: Debian, Raspberry Pi OS, or what says that it is like them.
        release: Its number; 0 where it says none (Debian's testing).
        is_raspberry: Raspberry Pi OS, whose archive has the pins' library.
        machine: The processor, as uname says it.
        is_64_bit: Of the system's Python; a 64-bit kernel may run a 32-bit system.
        python: Of the system.
    """

    is_debian: bool
    release: int
    is_raspberry: bool
    machine: str
    is_64_bit: bool
    python: tuple[int, int]

    @property
    def lacks_lgpio(self) -> bool:
        """Whether neither a wheel nor the system brings what reads the pins."""
        return self.machine == "aarch64" and self.python >= (3, 13) and not self.is_raspberry


def kind_of(machine: Machine) -> Kind:
    """Look at the machine."""
    said = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', (machine.read("/etc/os-release") or b"").decode(), re.MULTILINE))
    names = {said.get("ID", ""), *said.get("ID_LIKE", "").split()}
    release = re.match(r"\d+", said.get("VERSION_ID", "")) if said.get("ID") in {"debian", "raspbian"} else None
    return Kind(
        is_debian=bool(names & {"debian", "raspbian"}),
        release=int(release[0]) if release else 0,
        is_raspberry=machine.at("/etc/rpi-issue").exists() or said.get("ID") == "raspbian",
        machine=platform.machine(),
        is_64_bit=sys.maxsize > 2**32,
        python=sys.version_info[:2],
    )


def obstacles(kind: Kind, free_bytes: int, *, has_systemd: bool, is_by_hand: bool) -> list[str]:
    """Why Vigie cannot be installed here, each with what to do; empty when it can."""
    found = []
    if not kind.is_debian or 0 < kind.release < OLDEST_DEBIAN:
        found.append("this is not Debian or Raspberry Pi OS, 12 or newer: docs/install-by-hand.md has the steps")
    if not kind.is_64_bit:
        found.append("this system is 32-bit, for which much of what Vigie needs has no build: take the 64-bit one")
    if kind.python < (3, 11):
        found.append(f"Python is {kind.python[0]}.{kind.python[1]}, expected 3.11 or newer: take a newer system")
    if not has_systemd:
        found.append("systemd does not run here (a container?): ./run demo needs none of it")
    if free_bytes < FREE_BYTES:
        found.append(f"{free_bytes // 2**20} MB are free below /opt, expected {FREE_BYTES // 2**20}: make room first")
    if is_by_hand:
        found.append(
            "/opt/vigie is an environment made by hand: sudo systemctl stop vigie.target && sudo mv /opt/vigie "
            "/opt/vigie-by-hand, then start again; configuration, passwords and data stay"
        )
    return found
