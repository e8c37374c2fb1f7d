"""An authority of a place and its certificates: values in, PEM out. The one module that knows cryptography.

Called by ``kept``, by the doctor and by ``nodes``. What the dates and the limits are for is in
docs/decisions/0018-a-places-own-authority.md.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Kind = TypeVar("Kind", bound=x509.ExtensionType)

FIRST_AT = datetime(2000, 1, 1, tzinfo=UTC)
"""From when certificates for nodes hold. A board without a clock starts there; later, and it could not say that it is
there until somebody set its clock."""
LAST_AT = datetime(2049, 12, 31, tzinfo=UTC)
"""Until when. Earlier puts a place out of order on a day that nobody knows; later needs another form of date (RFC 5280
§4.1.2.5), which small boards read less well."""
BROWSER_DAYS = 396
"""How long one for browsers holds. Above 398, those of Apple refuse it; lower renews it more often."""
LONGEST_NAME = 253
"""RFC 1035 §2.3.4."""

LOCAL_NETWORKS = (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
    "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip
"""Addresses that are nobody's on the internet: the authority may certify these beside the place's names, whatever the
router gives to the machine tomorrow."""


class CertificateError(Exception):
    """A certificate or key cannot be made or read; one line for a person."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, both PEM."""

    certificate: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Facts:
    """What a certificate says of itself.

    Attributes:
        subject: Its common name.
        names: Host names and addresses that it is for, as written.
        from_ts: When it begins to hold.
        until_ts: When it ceases to.
        fingerprint: SHA-256 of its DER, lower-case hex.
        is_authority: Whether it may certify others.
    """

    subject: str
    names: tuple[str, ...]
    from_ts: float
    until_ts: float
    fingerprint: str
    is_authority: bool


def make_authority(site: str, names: Iterable[str], addresses: Iterable[str] = ()) -> Pair:
    """A new authority that can certify only these names, their sub-names, these addresses and LOCAL_NETWORKS.

    Args:
        site: What people find it by among the authorities of a telephone.
        names: Host names.
        addresses: Further ones that are not of LOCAL_NETWORKS.

    Raises:
        CertificateError: A name or an address is none.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    networks = [*LOCAL_NETWORKS, *(address for address in addresses if not is_local(address))]
    permitted: list[x509.GeneralName] = [x509.DNSName(_checked(name)) for name in dict.fromkeys(names)]
    permitted += [x509.IPAddress(ipaddress.ip_network(network)) for network in networks]
    builder = (
        _builder(f"Vigie {site}", key.public_key(), FIRST_AT, LAST_AT)
        .issuer_name(_called(f"Vigie {site}"))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(is_authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        # Not critical, against RFC 5280 §4.2.1.10: Mbed TLS, which boards have, refuses a critical extension that it
        # does not know. OpenSSL and browsers hold to it either way.
        .add_extension(x509.NameConstraints(permitted, None), critical=False)
    )
    return _signed(builder, key, key)


def certify(authority: Pair, names: Sequence[str], from_at: datetime, until_at: datetime) -> Pair:
    """A certificate of the authority for a server with these names and addresses, the first of which it is called by.

    Raises:
        CertificateError: The authority's files are none, or a name is neither a host name nor an address.
    """
    issuer, issuer_key = _certificate(authority.certificate), _key(authority.key)
    alternatives = [_general(name) for name in dict.fromkeys(names)]
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(names[0], key.public_key(), from_at, until_at)
        .issuer_name(issuer.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    return _signed(builder, key, issuer_key)


def certify_for_nodes(authority: Pair, names: Sequence[str]) -> Pair:
    """The broker's: it holds whatever a node's clock says. Raises CertificateError."""
    return certify(authority, names, FIRST_AT, LAST_AT)


def certify_for_browsers(authority: Pair, names: Sequence[str], now_at: datetime) -> Pair:
    """The gateway's pages': no browser takes one that holds for decades. Raises CertificateError."""
    return certify(authority, names, now_at - timedelta(days=1), now_at + timedelta(days=BROWSER_DAYS))


def facts_of(certificate: bytes) -> Facts:
    """What a PEM certificate says; raises CertificateError."""
    found = _certificate(certificate)
    subject = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    constraints = _extension(found, x509.BasicConstraints)
    names = _extension(found, x509.SubjectAlternativeName)
    return Facts(
        str(subject[0].value) if subject else "",
        () if names is None else tuple(_written(name) for name in names),
        found.not_valid_before_utc.timestamp(),
        found.not_valid_after_utc.timestamp(),
        found.fingerprint(hashes.SHA256()).hex(),
        constraints is not None and constraints.ca,
    )


def is_of(certificate: bytes, authority: bytes) -> bool:
    """Whether the authority signed the certificate; raises CertificateError."""
    try:
        _certificate(certificate).verify_directly_issued_by(_certificate(authority))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def permits(authority: bytes, name: str) -> bool:
    """Whether the authority may certify a host name or address (RFC 5280 §4.2.1.10); raises CertificateError."""
    constraints = _extension(_certificate(authority), x509.NameConstraints)
    permitted = [] if constraints is None else constraints.permitted_subtrees or []
    wanted = _general(name)
    if isinstance(wanted, x509.IPAddress):
        address = _address(name)
        networks = (ipaddress.ip_network(one.value) for one in permitted if isinstance(one, x509.IPAddress))
        return any(address in network for network in networks)
    domains = (one.value for one in permitted if isinstance(one, x509.DNSName))
    return any(wanted.value == domain or str(wanted.value).endswith(f".{domain}") for domain in domains)


def is_pair(pair: Pair) -> bool:
    """Whether the key is the certificate's; raises CertificateError."""
    return _key(pair.key).public_key() == _certificate(pair.certificate).public_key()


def der_of(certificate: bytes) -> bytes:
    """The bytes that a fingerprint or a proof is made of; raises CertificateError."""
    return _certificate(certificate).public_bytes(serialization.Encoding.DER)


def shown_fingerprint(facts: Facts) -> str:
    """As telephones and browsers show one."""
    digits = facts.fingerprint.upper()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def _builder(
    name: str, key: ec.EllipticCurvePublicKey, from_at: datetime, until_at: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_called(name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(from_at)
        .not_valid_after(until_at)
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey) -> Pair:
    return Pair(
        builder.sign(by, hashes.SHA256()).public_bytes(serialization.Encoding.PEM),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _called(name: str) -> x509.Name:
    # A common name holds 64 characters at most (RFC 5280, appendix A); who checks reads the alternative names.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def is_local(address: str) -> bool:
    """Whether an address is of LOCAL_NETWORKS; raises CertificateError for what is none."""
    found = _address(address)
    return any(found in ipaddress.ip_network(network) for network in LOCAL_NETWORKS)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        raise CertificateError(f"{text!r} is no address") from None


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(_checked(name))


def _checked(name: str) -> str:
    labels = name.split(".")
    is_name = len(name) <= LONGEST_NAME and all(
        label.isascii() and label.replace("-", "").isalnum() and not label.startswith("-") for label in labels
    )
    if not is_name:
        raise CertificateError(f"{name!r} is neither a host name nor an address")
    return name.lower()


def _written(name: x509.GeneralName) -> str:
    return str(name.value)


def _extension(found: x509.Certificate, kind: type[Kind]) -> Kind | None:
    try:
        return found.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None


def _certificate(pem: bytes) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise CertificateError(f"no certificate in PEM ({hashlib.sha256(pem).hexdigest()[:8]}): {error}") from error


def _key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise CertificateError("no private key in PEM, or one with a passphrase") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CertificateError("the private key is of another kind than Vigie makes (elliptic curve P-256)")
    return key
