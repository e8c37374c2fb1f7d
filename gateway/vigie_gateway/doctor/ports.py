"""Whether what Vigie opens to the place's network is there and let in, and whether what must stay inside does.

Called by ``checks`` on a thread of the doctor. By the kernel's tables of what listens, not by configurations; nothing
is connected to, since a connection from this machine to itself passes by its firewall.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from vigie_contract.enrolment import PORT as ENROLMENT_PORT
from vigie_gateway.doctor.broker_file import BrokerFile
from vigie_gateway.doctor.findings import Finding
from vigie_gateway.doctor.firewall import MDNS_GROUP, Entry, Firewall
from vigie_gateway.doctor.nft_rules import Packet
from vigie_gateway.install.machine import Machine
from vigie_gateway.settings import HttpSettings

PART = "network"
MDNS_PORT = 5353
_LISTENS = {"tcp": "0A", "udp": "07"}
"""States of a socket in /proc/net: a listener, and one that is bound to nobody."""
_ROW = re.compile(r"^\s*\d+: ([0-9A-F]{8,32}):([0-9A-F]{4}) \S+ ([0-9A-F]{2}) ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Opened:
    """A port that Vigie opens to the network.

    Attributes:
        packet: What its callers send first.
        what_for: For a person.
        start: What makes somebody listen there; empty where nobody has to just now.
    """

    packet: Packet
    what_for: str
    start: str

    @property
    def name(self) -> str:
        """Such as ``8883/tcp``."""
        return f"{self.packet.port}/{self.packet.protocol}"


def opened_ports(http: HttpSettings, broker: BrokerFile | None, *, has_mdns: bool) -> list[Opened]:
    """What the configuration opens beyond this machine.

    Args:
        http: Of ``gateway.toml``.
        broker: Mosquitto's configuration; None where it is elsewhere, or could not be read.
        has_mdns: Whether this machine answers by a name.
    """
    found = []
    if http.host not in {"localhost", "127.0.0.1", "::1"}:
        start = "sudo systemctl start vigie-gateway"
        found.append(Opened(Packet("tcp", http.port), "pages", start))
        if http.certificate_file is not None:
            found.append(Opened(Packet("tcp", http.https_port), "pages with HTTPS", start))
    for listener in () if broker is None else broker.listeners:
        if not listener.is_local() and listener.is_encrypted() and listener.port.isdecimal():
            start = "sudo systemctl restart mosquitto; journalctl -u mosquitto says more"
            found.append(Opened(Packet("tcp", int(listener.port)), "nodes elsewhere", start))
            found.append(Opened(Packet("tcp", ENROLMENT_PORT), "nodes that are let in, while node add waits", ""))
    if has_mdns:
        start = "sudo systemctl start avahi-daemon"
        found.append(Opened(Packet("udp", MDNS_PORT, MDNS_GROUP), "the machine's name, NAME.local", start))
    return found


def listening(machine: Machine) -> set[tuple[str, int]]:
    """Protocol and port of each socket that callers from elsewhere reach; raises OSError."""
    found = set()
    for protocol, state in _LISTENS.items():
        for table in (protocol, f"{protocol}6"):
            text = (machine.read(f"/proc/net/{table}") or b"").decode(errors="replace")
            found |= {
                (protocol, int(port, 16))
                for address, port, now in _ROW.findall(text)
                if now == state and not _is_loopback(address)
            }
    return found


def _is_loopback(text: str) -> bool:
    """Whether an address in the kernel's notation, words of four bytes turned round, is this machine's own."""
    words = [bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text) - 7, 8)]
    try:
        address = ipaddress.ip_address(b"".join(words))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def port_findings(
    opened: Sequence[Opened], inside: Sequence[int], heard: set[tuple[str, int]], firewall: Firewall
) -> list[Finding]:
    """What is to be said of them.

    Args:
        opened: What Vigie opens.
        inside: TCP ports that speak without TLS and are for this machine alone.
        heard: What listens, as ``listening`` says it.
        firewall: That runs here.
    """
    found = [
        *(finding for port in sorted(set(inside)) for finding in _inside(port, heard, firewall)),
        *(finding for each in opened for finding in _opened(each, heard, firewall)),
    ]
    return found or [Finding(PART, "pass", "nothing of Vigie is open to the network: it is this machine's alone")]


def _inside(port: int, heard: set[tuple[str, int]], firewall: Firewall) -> Iterator[Finding]:
    if ("tcp", port) not in heard:
        yield Finding(PART, "pass", f"port {port}/tcp, the broker without TLS, is this machine's alone")
        return
    text = f"the broker without TLS listens beyond this machine, on port {port}/tcp"
    remedy = f"write `listener {port} 127.0.0.1` into Mosquitto's configuration and restart it"
    if firewall.entry(Packet("tcp", port)) is Entry.OUT:
        yield Finding(PART, "warn", f"{text}: {firewall.name} alone keeps others out", remedy)
    else:
        yield Finding(PART, "fail", f"{text}: whoever is in the network reads passwords there", remedy)


def _opened(each: Opened, heard: set[tuple[str, int]], firewall: Firewall) -> Iterator[Finding]:
    what = f"port {each.name} ({each.what_for})"
    entry = firewall.entry(each.packet)
    if entry is Entry.OUT:
        text = f"{what} is kept out by {firewall.name}: nobody gets in there"
        yield Finding(PART, "fail" if each.start else "warn", text, firewall.opening.replace("{port}", each.name))
    elif entry is Entry.UNKNOWN:
        text = f"whether {what} is let in is not known: it is for {firewall.name} to say"
        yield Finding(PART, "unknown", text, firewall.opening.replace("{port}", each.name))
    elif each.start and (each.packet.protocol, each.packet.port) not in heard:
        yield Finding(PART, "warn", f"nothing listens on {what}", each.start)
    else:
        let_in = f"is let in by {firewall.name}" if firewall.name else "is open: no firewall runs here"
        yield Finding(PART, "pass", f"{what} {let_in}")
