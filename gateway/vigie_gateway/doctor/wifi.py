"""Whether this machine's radio sleeps between beacons: then it answers late, and its latency says nothing.

Called by ``checks`` on a thread of the doctor. Asks iw, as the sensors do, else what NetworkManager was told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

from vigie_gateway.doctor.findings import AS_ROOT, Finding
from vigie_gateway.install.machine import CommandError, Machine

PART = "wifi"
_TOOL_S = 5.0
"""For a program that only asks. Lower calls a busy Pi silent; higher keeps a person waiting."""
_KEEP = (
    "printf '[connection]\\nwifi.powersave=2\\n' | sudo tee /etc/NetworkManager/conf.d/vigie-power-save.conf, "
    "then sudo systemctl restart NetworkManager"
)


class Wish(StrEnum):
    """What NetworkManager does of itself (NetworkManager.conf(5), wifi.powersave)."""

    ON = "3"
    OFF = "2"
    LEFT = "the driver's own way"


def wifi_findings(machine: Machine) -> list[Finding]:
    """What is to be said of each radio of this machine."""
    folders = machine.at("/sys/class/net")
    radios = sorted(path for path in folders.glob("*") if (path / "phy80211").exists() or (path / "wireless").exists())
    if not radios:
        return [Finding(PART, "pass", "this machine has no radio: it is on a cable")]
    return [finding for radio in radios for finding in _of_radio(radio, machine)]


def _of_radio(radio: Path, machine: Machine) -> Iterator[Finding]:
    name = radio.name
    if _text(radio / "operstate") != "up":
        yield Finding(PART, "pass", f"{name} is not connected: whether it saves power is of no matter")
        return
    wish = wish_of(machine)
    try:
        is_saving = _asked(name, machine)
    except CommandError as error:
        yield _untold(name, wish, str(error))
        return
    if is_saving is None:
        yield _untold(name, wish, "iw does not say it")
    elif is_saving:
        text = (
            f"{name} saves power: it sleeps between beacons, answers late, and its latency says nothing of the network"
        )
        yield Finding(PART, "warn", text, f"sudo iw dev {name} set power_save off; to keep it: {_KEEP}")
    elif wish is Wish.ON:
        text = f"{name} saves no power now, but NetworkManager turns that on at the next connection"
        yield Finding(PART, "warn", text, _KEEP)
    else:
        kept = ", and NetworkManager keeps it so" if wish is Wish.OFF else ""
        yield Finding(PART, "pass", f"{name} saves no power{kept}")


def _asked(name: str, machine: Machine) -> bool | None:
    said = machine.run(("/usr/sbin/iw", "dev", name, "get", "power_save"), timeout_s=_TOOL_S)
    match = re.search(r"^\s*Power save:\s*(on|off)\b", said, re.MULTILINE | re.IGNORECASE)
    return None if match is None else match[1].lower() == "on"


def _untold(name: str, wish: Wish, why: str) -> Finding:
    if wish is Wish.ON:
        text = f"NetworkManager lets {name} save power: it sleeps between beacons and answers late ({why})"
        return Finding(PART, "warn", text, _KEEP)
    text = f"whether {name} saves power is not known: {why}"
    return Finding(PART, "unknown", text, f"sudo apt-get install -y iw, then {AS_ROOT}")


def wish_of(machine: Machine) -> Wish:
    """What NetworkManager's own files say for all connections, the last of them; one connection may say otherwise."""
    folders = ("/usr/lib/NetworkManager/conf.d", "/etc/NetworkManager/conf.d")
    # A file below /etc hides the one of the same name below /usr/lib.
    named = {path.name: path for folder in folders for path in machine.at(folder).glob("*.conf")}
    found = Wish.LEFT
    for path in (machine.at("/etc/NetworkManager/NetworkManager.conf"), *(named[name] for name in sorted(named))):
        for value in re.findall(r"^\s*wifi\.powersave\s*=\s*(\d)", _text(path) or "", re.MULTILINE):
            found = Wish(value) if value in {Wish.ON, Wish.OFF} else Wish.LEFT
    return found


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
