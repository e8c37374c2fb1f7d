"""Which firewall runs on this machine, and whether it lets a port's callers in.

Called by ``ports``. ufw and firewalld are asked first, since their users know their words; else the kernel's own rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from vigie_gateway.doctor.nft_rules import ACCEPT, DROP, Packet, Rules, RulesError
from vigie_gateway.install.machine import CommandError, Machine

_TOOL_S = 10.0
"""For a program that only lists. Lower calls a busy Pi's firewall unknown; higher keeps a person waiting."""
_SERVICES = {"mdns": "5353/udp", "http": "80/tcp", "https": "443/tcp", "mqtt": "1883/tcp", "mqtt-tls": "8883/tcp"}
"""firewalld's names for what Vigie may open (its services/*.xml)."""
MDNS_GROUP = "224.0.0.251"


class Entry(Enum):
    """Whether callers from the place's network get in."""

    IN = auto()
    OUT = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Firewall:
    """What was found.

    Attributes:
        name: For a person.
        entry: Whether a protocol and port get in.
        opening: The command that lets ``{port}`` in, such as ``8883/tcp``; how to look where none is known.
    """

    name: str
    entry: Callable[[Packet], Entry]
    opening: str


def find_firewall(machine: Machine) -> Firewall:
    """The one that runs."""
    if re.search(r"^ENABLED=yes", (machine.read("/etc/ufw/ufw.conf") or b"").decode(errors="replace"), re.MULTILINE):
        return _ufw(machine)
    try:
        is_firewalld = machine.run(("firewall-cmd", "--state"), timeout_s=_TOOL_S).strip() == "running"
    except CommandError:
        is_firewalld = False
    return _firewalld(machine) if is_firewalld else _kernel(machine)


def _ufw(machine: Machine) -> Firewall:
    try:
        said = machine.run(("ufw", "status", "verbose"), timeout_s=_TOOL_S)
    except CommandError as error:
        return Firewall(f"ufw, which does not tell its rules ({error})", lambda _: Entry.UNKNOWN, "sudo ufw status")
    if not re.search(r"^Status: active", said, re.MULTILINE):
        return _kernel(machine)
    return Firewall("ufw", lambda packet: ufw_entry(said, packet), "sudo ufw allow {port}")


def ufw_entry(said: str, packet: Packet) -> Entry:
    """By ``ufw status verbose``: the first rule that fits decides, else the default."""
    if (packet.protocol, packet.port, packet.group) == ("udp", 5353, MDNS_GROUP):
        return Entry.IN  # its before.rules let mDNS in, above whatever is listed
    is_open_to_some = False
    for line in said.splitlines():
        found = re.match(r"^(\S+)\s+(ALLOW|LIMIT|DENY|REJECT)(?: IN)?\s+(\S.*?)\s*(?:#.*)?$", line)
        if found is None or not _names(found[1], packet):
            continue
        if found[3] != "Anywhere":
            is_open_to_some = True  # for some addresses alone
            continue
        is_in = found[2] in {"ALLOW", "LIMIT"}
        return Entry.UNKNOWN if is_open_to_some else Entry.IN if is_in else Entry.OUT
    default = re.search(r"^Default: (\w+) \(incoming\)", said, re.MULTILINE)
    if default is None or is_open_to_some:
        return Entry.UNKNOWN
    return Entry.IN if default[1] == "allow" else Entry.OUT


def _names(ports: str, packet: Packet) -> bool:
    """Whether ``8883/tcp``, ``80,443/tcp``, ``6000:6007/udp``, ``8080`` or ``Anywhere`` is of a packet."""
    listed, _, protocol = ports.partition("/")
    if protocol and protocol != packet.protocol:
        return False
    if listed == "Anywhere":
        return True
    ends = [part.replace("-", ":").partition(":") for part in listed.split(",")]
    return any(
        low.isdecimal() and int(low) <= packet.port <= int(high if high.isdecimal() else low) for low, _, high in ends
    )


def _firewalld(machine: Machine) -> Firewall:
    opening = "sudo firewall-cmd --permanent --add-port={port} && sudo firewall-cmd --reload"
    try:
        said = machine.run(("firewall-cmd", "--list-all"), timeout_s=_TOOL_S)
    except CommandError as error:
        what = f"firewalld, which does not tell its rules ({error})"
        return Firewall(what, lambda _: Entry.UNKNOWN, "sudo firewall-cmd --list-all")
    return Firewall("firewalld", lambda packet: firewalld_entry(said, packet), opening)


def firewalld_entry(said: str, packet: Packet) -> Entry:
    """By ``firewall-cmd --list-all``: the default zone's ports, services and target; its rich rules may say more."""
    keys = dict(re.findall(r"^  ([a-z -]+): ?(.*)$", said, re.MULTILINE))
    ports = [*keys.get("ports", "").split(), *(_SERVICES.get(name, "") for name in keys.get("services", "").split())]
    if keys.get("target") == "ACCEPT" or any(_names(each, packet) for each in ports):
        return Entry.IN
    has_more = "ports" not in keys or re.search(r"^  rich rules:[ ]*\n\s+rule ", said, re.MULTILINE)
    return Entry.UNKNOWN if has_more else Entry.OUT


def _kernel(machine: Machine) -> Firewall:
    """The rules that the kernel has, whoever wrote them."""
    if "filter" in (machine.read("/proc/net/ip_tables_names") or b"").decode(errors="replace").split():
        return Firewall("the older iptables, whose rules were not read", lambda _: Entry.UNKNOWN, "sudo iptables -L -n")
    try:
        rules = Rules(machine.run(("/usr/sbin/nft", "--json", "list", "ruleset"), timeout_s=_TOOL_S))
    except (CommandError, RulesError) as error:
        if not machine.at("/sys/module/nf_tables").exists():  # a module, in Debian's and Raspberry Pi OS's kernels
            return Firewall("", lambda _: Entry.IN, "")
        remedy = "sudo apt-get install -y nftables, and start the doctor with sudo"
        return Firewall(f"nftables, whose rules were not read ({error})", lambda _: Entry.UNKNOWN, remedy)
    if rules.is_empty:
        return Firewall("", lambda _: Entry.IN, "")
    opening = "let {port} in where its rules are written, mostly /etc/nftables.conf: sudo nft list ruleset shows them"
    return Firewall("nftables", lambda packet: nft_entry(rules, packet), opening)


def nft_entry(rules: Rules, packet: Packet) -> Entry:
    """What the kernel's rules make of it."""
    return {frozenset({ACCEPT}): Entry.IN, frozenset({DROP}): Entry.OUT}.get(rules.outcomes(packet), Entry.UNKNOWN)
