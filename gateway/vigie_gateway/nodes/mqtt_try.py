"""Whether a broker lets a user in: one short connection, by the bytes of MQTT 3.1.1. Called by ``admission``.

It goes by the loopback: whoever connects so takes the connection of that user over (the broker has the user's name as
the client id), which is how a node that was put out is surely gone.
"""

from __future__ import annotations

import socket

ANSWER_S = 5.0
"""What a broker may take to answer. Lower gives up on a busy Pi Zero; higher keeps a person waiting."""
_ACCEPTED = b"\x20\x02\x00\x00"
_CONNACK_BYTES = 4


def is_let_in(port: int, user: str, password: str, clear: tuple[str, ...] = ()) -> bool:
    """Whether the broker on this machine takes that password.

    Args:
        port: Of a listener of the loopback without TLS.
        user: The name, and the client id.
        password: To try.
        clear: Topics whose retained message is taken away while connected.

    Raises:
        OSError: Nothing answers there.
    """
    with socket.create_connection(("127.0.0.1", port), ANSWER_S) as connection:
        connection.sendall(_connect(user, password))
        answer = b""
        while len(answer) < _CONNACK_BYTES and (more := connection.recv(_CONNACK_BYTES - len(answer))):
            answer += more
        if answer != _ACCEPTED:
            return False
        for topic in clear:
            connection.sendall(b"\x31" + _counted(_text(topic)))
        connection.sendall(b"\xe0\x00")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(_CONNACK_BYTES):
            pass  # until the broker has taken it all and closes
        return True


def _connect(user: str, password: str) -> bytes:
    """A CONNECT with user name, password and a clean session (MQTT 3.1.1 §3.1)."""
    head = _text("MQTT") + b"\x04\xc2" + (10).to_bytes(2, "big")
    return b"\x10" + _counted(head + _text(user) + _text(user) + _text(password))


def _text(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _counted(body: bytes) -> bytes:
    length, digits = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (128 if length else 0))
        if not length:
            return bytes(digits) + body
