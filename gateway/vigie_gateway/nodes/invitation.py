"""All that ``node add`` needs before it opens the door: the broker, the authority, what a node will be given.

Called by the command, on the main thread, as root. The broker's certificate is made anew first where this machine's
address changed since: the node checks it against the address that was typed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from vigie_contract.enrolment import Address, Credential
from vigie_gateway.certificates import authority, kept
from vigie_gateway.certificates.authority import CertificateError
from vigie_gateway.certificates.kept import Wanted
from vigie_gateway.nodes.admission import AdmissionError, Broker, bind_rights, let_in, reload_broker
from vigie_gateway.nodes.enrolment import NotLetInError
from vigie_gateway.nodes.password_file import PasswordFileError, new_password

MOST_ADDRESSES = 8
"""Of one broker that a node is told. Lower leaves out a network; a node tries one after the other, each for some
seconds."""


class InvitationError(Exception):
    """No node can be let in; one line for a person."""


@dataclass(frozen=True, slots=True)
class Ready:
    """What a door is opened with.

    Attributes:
        ca: The authority, PEM.
        ca_der: The same, as the proof is made of.
        names: By which the broker is found, best first.
        lan_port: Where the broker speaks with nodes.
        renewed: What was made anew for it, a sentence each.
    """

    ca: str
    ca_der: bytes
    names: tuple[str, ...]
    lan_port: int
    renewed: tuple[str, ...]


def prepare(broker: Broker, wanted: Wanted, now_at: datetime, listen: str = "") -> Ready:
    """Look at the broker and its certificate.

    Args:
        broker: At which the node will come in.
        wanted: What certificates there should be.
        now_at: Now.
        listen: The one address on which the node is waited for; empty for all of them.

    Raises:
        InvitationError: No node can be let in.
    """
    if broker.lan_port is None or broker.certificate is None:
        raise InvitationError(
            f"{broker.config}: the broker has no listener with TLS, at which nodes come in: put "
            "systemd/mosquitto/vigie-lan.conf into /etc/mosquitto/conf.d and restart mosquitto"
        )
    try:
        renewed = _renew(broker, broker.certificate, wanted, now_at)
        if bind_rights(broker, wanted.site):
            renewed += (f"nodes may speak in the site {wanted.site} alone from now on ({broker.rights})",)
            reload_broker(broker)
        ca = kept.certificate_path(wanted.authority, kept.AUTHORITY_NAME).read_bytes()
        certificate = broker.certificate.read_bytes()
        if not authority.is_of(certificate, ca):
            raise InvitationError(
                f"{broker.certificate} is not of the authority in {wanted.authority}: sudo vigie-gateway certificates"
            )
        names = authority.facts_of(certificate).names
        names = (listen, *(name for name in names if name != listen)) if listen in names else reachable(names)
        return Ready(ca.decode(), authority.der_of(ca), names, broker.lan_port, renewed)
    except (CertificateError, AdmissionError) as error:
        raise InvitationError(str(error)) from error
    except OSError as error:
        raise InvitationError(
            f"{error.filename}: {error.strerror}; as root? sudo vigie-gateway certificates"
        ) from error


def _renew(broker: Broker, certificate: Path, wanted: Wanted, now_at: datetime) -> tuple[str, ...]:
    """Make the broker's certificate anew where it does not fit; what was done."""
    is_ours = certificate == kept.certificate_path(certificate.parent)
    if not is_ours or not kept.key_path(wanted.authority, kept.AUTHORITY_NAME).exists():
        return ()  # somebody keeps the key elsewhere, or has another certificate here
    names = kept.within(wanted.names, wanted.authority)
    steps = kept.steps_of(replace(wanted, names=names, broker=certificate.parent, browsers=None), now_at)
    for step in steps:
        step.take()
    if steps:
        reload_broker(broker)
    return tuple(step.says for step in steps)


def credential_for(
    broker: Broker, ready: Ready, site: str, node: str, gateway: str, note: Callable[[], None]
) -> Credential:
    """Give the node its right at the broker, and say what to hand out. ``note`` writes it down.

    Raises:
        NotLetInError: The broker does not take it.
    """
    password = new_password()
    try:
        let_in(broker, node, password)
    except (AdmissionError, PasswordFileError, OSError) as error:
        raise NotLetInError(str(error)) from error
    note()
    brokers = tuple(Address(name, ready.lan_port) for name in ready.names[:MOST_ADDRESSES])
    return Credential(site, node, password, ready.ca, brokers, (gateway,))


def reachable(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those by which another machine finds this one; all of them where no other is left."""
    return tuple(name for name in names if not _is_loopback(name)) or names


def address_to_type(names: tuple[str, ...]) -> str:
    """What a person types after the @: an address before a name, which not every network and board can look up."""
    return next((name for name in names if _is_address(name)), names[0])


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(name: str) -> bool:
    return _is_address(name) and ipaddress.ip_address(name).is_loopback
