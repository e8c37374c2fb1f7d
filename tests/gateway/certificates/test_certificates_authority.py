"""The authority, judged by OpenSSL: by what a node and a browser judge it with."""

from __future__ import annotations

import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vigie_gateway.certificates.authority import (
    FIRST_AT,
    LAST_AT,
    CertificateError,
    Pair,
    certify,
    certify_for_browsers,
    certify_for_nodes,
    facts_of,
    is_of,
    is_pair,
    make_authority,
    permits,
    shown_fingerprint,
)

NOW_AT = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> Pair:
    return make_authority("lieu", ["vigie.local", "pi.local"], ["203.0.113.9", "192.168.1.2"])


def shake_hands(folder: Path, authority: Pair, server: Pair, name: str) -> str:
    """Connect as a node does; returns the version of TLS."""
    (folder / "ca").write_bytes(authority.certificate)
    (folder / "crt").write_bytes(server.certificate)
    (folder / "key").write_bytes(server.key)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(folder / "crt", folder / "key")
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            serving.wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with ssl.create_default_context(cafile=str(folder / "ca")).wrap_socket(ours, server_hostname=name) as secured:
            return str(secured.version())
    finally:
        ours.close()
        thread.join(10)


@pytest.mark.parametrize("name", ["vigie.local", "192.168.1.20", "fd00::20", "203.0.113.9"])
def test_a_node_trusts_the_brokers_certificate_by_each_of_its_names(tmp_path: Path, authority: Pair, name: str) -> None:
    server = certify_for_nodes(authority, ["vigie.local", "192.168.1.20", "fd00::20", "203.0.113.9"])
    assert shake_hands(tmp_path, authority, server, name) == "TLSv1.3"


@pytest.mark.parametrize("name", ["example.org", "local", "8.8.8.8", "2001:db8::1"])
def test_whoever_steals_the_authority_can_pose_as_nobody_outside_of_the_place(
    tmp_path: Path, authority: Pair, name: str
) -> None:
    forged = certify_for_nodes(authority, [name])
    assert not permits(authority.certificate, name)
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shake_hands(tmp_path, authority, forged, name)


def test_another_authority_is_not_trusted_whatever_it_calls_itself(tmp_path: Path, authority: Pair) -> None:
    other = make_authority("lieu", ["vigie.local"])
    server = certify_for_nodes(other, ["vigie.local"])
    assert is_of(server.certificate, other.certificate)
    assert not is_of(server.certificate, authority.certificate)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(tmp_path, authority, server, "vigie.local")


def test_a_certificate_for_nodes_holds_on_a_board_whose_clock_begins_in_2000(authority: Pair) -> None:
    for certificate in (authority.certificate, certify_for_nodes(authority, ["vigie.local"]).certificate):
        facts = facts_of(certificate)
        assert (facts.from_ts, facts.until_ts) == (FIRST_AT.timestamp(), LAST_AT.timestamp())
    assert FIRST_AT.isoformat() == "2000-01-01T00:00:00+00:00"


def test_a_certificate_for_browsers_is_no_longer_than_they_take(authority: Pair) -> None:
    facts = facts_of(certify_for_browsers(authority, ["vigie.local"], NOW_AT).certificate)
    assert facts.from_ts < NOW_AT.timestamp() < facts.until_ts
    assert facts.until_ts - facts.from_ts <= timedelta(days=398).total_seconds()


def test_a_server_cannot_certify_others_and_its_key_is_its_own(authority: Pair) -> None:
    server = certify(authority, ["vigie.local", "10.0.0.1"], FIRST_AT, LAST_AT)
    facts = facts_of(server.certificate)
    assert (facts.is_authority, facts_of(authority.certificate).is_authority) == (False, True)
    assert (facts.subject, facts.names) == ("vigie.local", ("vigie.local", "10.0.0.1"))
    assert is_pair(server)
    assert not is_pair(Pair(server.certificate, authority.key))
    assert shown_fingerprint(facts).replace(":", "").lower() == facts.fingerprint


@pytest.mark.parametrize("name", ["", "a b", "*.local", "vigie..local", "é.local", "-a.local", "x" * 254])
def test_what_is_no_name_is_not_certified(authority: Pair, name: str) -> None:
    with pytest.raises(CertificateError, match="neither a host name nor an address"):
        certify_for_nodes(authority, [name])


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff"])
def test_what_is_no_certificate_is_one_error(authority: Pair, content: bytes) -> None:
    with pytest.raises(CertificateError, match="no certificate"):
        facts_of(content)
    with pytest.raises(CertificateError, match="private key"):
        certify_for_nodes(Pair(authority.certificate, content), ["vigie.local"])
