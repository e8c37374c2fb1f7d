"""What anybody can send before anybody asks who it is: bounded in bytes and in time, and never a word of an answer."""

from __future__ import annotations

import socket
import time

import pytest
from tests.gateway.api.conftest import HOST, Served

from vigie_gateway.api import serving

GET = f"GET / HTTP/1.1\r\nhost: {HOST}\r\n".encode()
POST = f"POST /sign-in HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/x-www-form-urlencoded\r\n".encode()


def told(served: Served, *parts: bytes) -> bytes:
    """All that is answered until the server closes the connection."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as peer:
        try:
            for part in parts:
                peer.sendall(part)
            answer = b""
            while chunk := peer.recv(65_536):
                answer += chunk
        except (ConnectionResetError, BrokenPipeError):
            return b""
        return answer


@pytest.mark.parametrize(
    "head",
    [
        b"x-long: " + b"a" * 40_000 + b"\r\n\r\n",
        b"".join(b"x-%d: a\r\n" % number for number in range(5_000)) + b"\r\n",
        b"x-endless: " + b"a" * 400_000,
        b"cookie: " + b"a=b; " * 8_000 + b"\r\n\r\n",
    ],
)
def test_a_head_that_is_too_large_is_refused(served: Served, head: bytes) -> None:
    answer = told(served, GET, head)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


def test_an_address_that_is_too_long_is_refused(served: Served) -> None:
    answer = told(served, b"GET /?" + b"a" * 100_000)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


def test_a_trailer_without_end_is_cut_off(served: Served) -> None:
    head = POST + b"transfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    told(served, head, *[b"x-trailer: a\r\n" * 1_000] * 40)
    assert served.visitor().get("/").status == 200


@pytest.mark.parametrize("sent", [b"", b"GET / HT", GET + b"x-slow: a"])
def test_who_sends_a_head_too_slowly_is_cut_off(served: Served, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(serving, "HEAD_WITHIN_S", 0.2)
    assert told(served, sent) == b""


def test_who_is_connected_when_another_place_follows_is_still_answered(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "HANDOVER_S", 20.0)
    with socket.create_connection(("127.0.0.1", served.port), timeout=20) as peer:
        peer.sendall(GET + b"\r\n")
        assert peer.recv(65_536).startswith(b"HTTP/1.1 200")
        served.server.end()
        while served.server.servers[0].is_serving():
            time.sleep(0.01)
        peer.sendall(GET + b"connection: close\r\n\r\n")
        answer = b""
        while chunk := peer.recv(65_536):
            answer += chunk
    assert b"HTTP/1.1 200" in answer


def test_a_further_request_on_the_same_connection_has_its_own_time(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "HEAD_WITHIN_S", 2.0)
    answer = told(served, GET + b"\r\n", GET + b"\r\n", GET + b"x-slow")
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_a_form_that_does_not_come_is_not_waited_for(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigie_gateway.api.form.FORM_WITHIN_S", 0.2)
    assert told(served, POST + b"content-length: 100\r\n\r\nname=").startswith(b"HTTP/1.1 408 ")


def test_a_form_that_says_it_is_huge_is_refused_before_it_is_read(served: Served) -> None:
    answer = told(served, POST + b"content-length: 99999999999\r\nconnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 413 ")


def test_one_connection_too_many_is_told_so(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = [socket.create_connection(("127.0.0.1", served.port), timeout=20) for _ in range(8)]
    try:
        for peer in kept:  # a first answer shows that it is counted
            peer.sendall(GET + b"\r\n")
            assert peer.recv(12) == b"HTTP/1.1 200"
        monkeypatch.setattr(served.server.config, "limit_concurrency", 8)
        assert served.visitor().get("/").status == 503
    finally:
        for peer in kept:
            peer.close()


@pytest.mark.parametrize(
    "request_head",
    [
        GET + b"content-length: 3\r\ncontent-length: 30\r\n\r\nabc",
        GET + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\nabc",
        GET + b"content-length: -1\r\n\r\n",
        GET + b"content-length: 3 3\r\n\r\nabc",
        GET + b"transfer-encoding: chunked, identity\r\n\r\nabc",
        GET + b"transfer-encoding: xchunked\r\n\r\nabc",
        GET + b"x-space : a\r\n\r\n",
        GET + b" folded: a\r\n\r\n",
        b"GET / HTTP/1.1\nhost: vigie.test\n\n",
        b"GET / HTTP/9.9\r\nhost: vigie.test\r\n\r\n",
        b"G\x00T / HTTP/1.1\r\nhost: vigie.test\r\n\r\n",
        GET + b"x-null: a\x00b\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_a_request_of_two_meanings_is_refused(served: Served, request_head: bytes) -> None:
    hidden = b"GET /accessibilite HTTP/1.1\r\nhost: vigie.test\r\nconnection: close\r\n\r\n"
    answer = told(served, request_head + hidden)
    assert answer.count(b"HTTP/1.1 ") <= 1
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("host", ["", "host: evil.test\r\n", f"host: {HOST}\r\nhost: evil.test\r\n", "host: \r\n"])
def test_a_request_to_a_name_that_is_not_ours_is_refused(served: Served, host: str) -> None:
    answer = told(served, f"GET / HTTP/1.1\r\n{host}connection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 4")
