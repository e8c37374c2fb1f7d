"""The far end serves who knows the secret, and nobody learns the secret from listening."""

from __future__ import annotations

import http.client
import socket

import pytest
from tests.sensors.rehearsal.links import SECRET, far_end

from vigie_sensors.rehearsal.far_end import MOST_CONNECTIONS, PROOF, FarEndServer, prove
from vigie_sensors.rehearsal.streams import BODY_BYTES


def ask(port: int, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, body=body or None, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read(64).decode("ascii", "replace")
    finally:
        connection.close()


def test_an_upload_with_a_proof_is_read_to_its_end_and_counted() -> None:
    with far_end() as server:
        _, nonce = ask(server.server_port, "GET", "/nonce")
        answer = ask(server.server_port, "POST", "/upload", {PROOF: prove(SECRET, nonce)}, b"x" * 100_000)
    assert answer == (200, "100000")


@pytest.mark.parametrize("path", ["/download", "/upload"])
def test_without_a_proof_nothing_is_given_or_taken(path: str) -> None:
    with far_end() as server:
        _, nonce = ask(server.server_port, "GET", "/nonce")
        method = "GET" if path == "/download" else "POST"
        for proof in ("", "x y", nonce, prove("another secret", nonce), prove(SECRET, "f" * 32), "é"):
            status, _ = ask(server.server_port, method, path, {PROOF: proof.encode().decode("latin-1")}, b"x")
            assert status == 403
        assert server.refused == 6


def test_a_proof_serves_only_the_address_that_asked_for_its_nonce() -> None:
    with far_end() as server:
        proof = prove(SECRET, server.give_nonce("192.0.2.7"))
        assert ask(server.server_port, "GET", "/download", {PROOF: proof})[0] == 403


def test_the_oldest_nonces_are_forgotten_and_those_in_use_are_not() -> None:
    with far_end() as server:
        first = server.give_nonce("127.0.0.1")
        last = [server.give_nonce("127.0.0.1") for _ in range(1_024)][-1]
        assert not server.is_proved(prove(SECRET, first), "127.0.0.1")
        assert server.is_proved(prove(SECRET, last), "127.0.0.1")


@pytest.mark.parametrize("length", [str(BODY_BYTES + 1), "-1", "many", "1e3"])
def test_a_body_of_no_or_of_too_great_a_length_is_refused_unread(length: str) -> None:
    with far_end() as server:
        proof = prove(SECRET, server.give_nonce("127.0.0.1"))
        assert ask(server.server_port, "POST", "/upload", {PROOF: proof, "Content-Length": length})[0] == 413


def test_elsewhere_there_is_nothing() -> None:
    with far_end() as server:
        assert ask(server.server_port, "GET", "/../etc/passwd")[0] == 404
        assert ask(server.server_port, "POST", "/nonce", body=b"x")[0] == 404


def test_a_connection_too_many_is_closed_and_the_next_one_is_served_when_others_have_gone() -> None:
    with far_end() as server:
        held = [socket.create_connection(("127.0.0.1", server.server_port), 5) for _ in range(MOST_CONNECTIONS)]
        with pytest.raises((http.client.HTTPException, OSError)):
            ask(server.server_port, "GET", "/nonce")
        for sock in held:
            sock.close()
        while True:
            try:
                assert ask(server.server_port, "GET", "/nonce")[0] == 200
            except (http.client.HTTPException, OSError):
                continue  # its threads have not yet seen that nobody is there
            break


def test_a_short_secret_is_none() -> None:
    with pytest.raises(ValueError, match="a secret of 5 characters, expected 16 or more"):
        FarEndServer("127.0.0.1", 0, "short")
