"""Which machine this is, and which boot of it: so that a journal notices that its card was put, or copied, elsewhere.

Called when the journal is opened. What identifies a machine is neither stored nor sent: the journal keeps
fingerprints, which say nothing without the identity, and nothing of the same machine in another journal.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import pbkdf2_hmac
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_SERIAL = Path("/proc/device-tree/serial-number")
_INTERFACES = Path("/sys/class/net")
_PERMANENT = "0"
"""``addr_assign_type`` of an address that is the hardware's own (linux/netdevice.h)."""
_ROUNDS = 5_000
"""Of the hash. Lower makes guessing a hardware address, of which there are few, quick for who has the card; higher
delays the start of a Pi Zero: so many take it 0.2 s."""


def boot_id() -> str:
    """The kernel's random id of this boot, without its dashes so that it is an id of the protocol."""
    return _BOOT_ID.read_text(encoding="ascii").strip().replace("-", "")


def machine_identities(serial: Path = _SERIAL, interfaces: Path = _INTERFACES) -> list[str]:
    """What tells this machine from others; empty where nothing does.

    The serial number of a Raspberry Pi; elsewhere the hardware addresses of its network interfaces, in order. Of
    several, one that is found again is enough: an adapter may have been plugged in or out.
    """
    try:
        number = serial.read_bytes().strip(b"\0\n ").decode("ascii", "replace")
    except OSError:
        number = ""
    if number.strip("0"):
        return [f"serial {number}"]
    return sorted({f"address {address}" for address in map(_address, _entries(interfaces)) if address})


def fingerprints(journal: str, identities: Iterable[str]) -> frozenset[str]:
    """What a journal stores of the machine that it is on."""
    return frozenset(pbkdf2_hmac("sha256", each.encode(), journal.encode(), _ROUNDS, 16).hex() for each in identities)


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _address(interface: Path) -> str | None:
    """The hardware address; None for bridges, tunnels and the like, and for an address that somebody made up."""
    try:
        kind = (interface / "addr_assign_type").read_text().strip()
        address = (interface / "address").read_text().strip()
    except OSError:
        return None
    is_real = (interface / "device").exists() and kind == _PERMANENT and address.strip("0:")
    return address if is_real else None
