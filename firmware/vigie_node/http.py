"""One question over HTTP/1.1, and its answer in pieces: for ``update`` and ``enrolment``, on the loop's thread.

Of our own because what MicroPython brings holds a whole answer in RAM, and checks no certificate.
"""

import socket

from vigie_node.mqtt import CONNECT_S, call, stream

TYPE_CHECKING = False
if TYPE_CHECKING:  # MicroPython has neither, and reads no annotation
    from collections.abc import Callable
    from typing import Any

PIECE_BYTES = 1_024
"""Read at once. Higher asks for RAM in one piece; lower takes longer."""
MOST_HEAD_BYTES = 2_048
"""Of an answer's head, beyond which nobody of ours speaks."""


class HttpError(Exception):
    """No answer that can be used; one line says why."""


def ask(
    host: str,
    port: int,
    method: str,
    path: str,
    body: bytes = b"",
    tls: "Any" = None,
    to: "Callable[[bytes], object] | None" = None,
    feed: "Callable[[], object] | None" = None,
    most: int = 8_192,
) -> tuple[int, bytes]:
    """The status, and the body of the answer.

    Args:
        host: Whom to ask; the certificate must be its.
        port: Of TCP.
        method: ``GET`` or ``POST``.
        path: With its slash.
        body: JSON, of a ``POST``.
        tls: A context that wraps the socket; None: not encrypted.
        to: Called with each piece of the body, which is then not returned; None: it is.
        feed: Called between two steps, each of which may take CONNECT_S: together they outlast a watchdog.
        most: Bytes of the body at most.

    Raises:
        HttpError: Not reached, not to be trusted, or no HTTP.
    """
    sock = socket.socket()
    try:
        address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0][-1]
        call(feed)
        sock.settimeout(CONNECT_S)
        sock.connect(address)
        call(feed)
        if tls is not None:
            sock = tls.wrap_socket(sock, server_hostname=host)
            call(feed)
        read, write = stream(sock)
        head = method + " " + path + " HTTP/1.1\r\nhost: " + host + "\r\nconnection: close\r\n"
        if body:
            head += "content-type: application/json\r\ncontent-length: " + str(len(body)) + "\r\n"
        left = head.encode() + b"\r\n" + body
        while left:
            left = left[write(left) or 0 :]
        return _answer(read, to, feed, most)
    except (OSError, ValueError) as error:
        raise HttpError(host + ":" + str(port) + path + ": " + str(error))
    finally:
        sock.close()


def _answer(
    read: "Callable[[int], bytes | None]",
    to: "Callable[[bytes], object] | None",
    feed: "Callable[[], object] | None",
    most: int,
) -> tuple[int, bytes]:
    found = b""
    while b"\r\n\r\n" not in found:
        piece = read(PIECE_BYTES)
        if not piece or len(found) > MOST_HEAD_BYTES:
            raise HttpError("no HTTP, or cut off")
        found += piece
    at = found.index(b"\r\n\r\n")
    lines = found[:at].decode().lower().split("\r\n")
    words = lines[0].split(" ")
    length = [int(line.split(":", 1)[1]) for line in lines if line.startswith("content-length:")]
    if len(words) < 2 or not words[1].isdigit() or not length or length[0] > most:
        raise HttpError("an answer without its length, or longer than " + str(most) + " bytes")
    piece, got, kept = found[at + 4 :], 0, b""
    while True:
        call(feed)
        got += len(piece)
        if to is None or words[1] != "200":
            kept += piece
        else:
            to(piece)
        if got >= length[0]:
            return int(words[1]), kept
        piece = read(min(PIECE_BYTES, length[0] - got))
        if not piece:
            raise HttpError("cut off after " + str(got) + " of " + str(length[0]) + " bytes")
