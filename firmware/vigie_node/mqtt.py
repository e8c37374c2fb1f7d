"""MQTT 3.1.1 (OASIS), as much of it as a node needs. Called by ``link``; never waits but for the connection to be made.

Of our own because what there is for MicroPython waits without an end for each acknowledgement, and writes a packet in
pieces, each of which the network holds back for 40 ms.
"""

import socket
import time

TYPE_CHECKING = False
if TYPE_CHECKING:  # MicroPython has neither, and reads no annotation
    from collections.abc import Callable
    from typing import Any

CONNECT_S = 5
"""For a connection to be made. Lower fails on a slow access point; it must stay below what the watchdog allows."""
WAIT_S = 0.02
"""Before a write is tried again. Lower keeps the processor busy; higher makes a birth slow on a full line."""
MOST_PACKET = 4_096
"""Bytes of a packet that is taken. What is larger is none that a node asked for."""


class MqttError(Exception):
    """The connection is no longer of use; one line says why."""


class Client:
    """One connection, from its making to its end.

    Attributes:
        unacknowledged: Messages of QoS 1 that the broker has not answered.
    """

    def __init__(
        self,
        host: str,
        port: int,
        name: str,
        password: str,
        will: str,
        keepalive_s: int,
        tls: "Any" = None,
        feed: "Callable[[], object] | None" = None,
    ) -> None:
        """Connect, and wait for the broker's yes.

        Args:
            host: Name or address.
            port: Of TCP.
            name: User and client id.
            password: Of that user.
            will: Topic of the last will, which says ``offline``, retained.
            keepalive_s: The broker takes the node for gone after half as much again.
            tls: A context that wraps the socket; None: not encrypted.
            feed: Called between two steps, each of which may take CONNECT_S: together they outlast a watchdog.

        Raises:
            MqttError: Not reached, or refused.
        """
        self.unacknowledged = 0
        self._packet_id = 0
        self._buffer = b""
        try:
            address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0][-1]
            call(feed)
            self._socket = socket.socket()
            self._socket.settimeout(CONNECT_S)
            self._socket.connect(address)
            call(feed)
            if tls is not None:
                self._socket = tls.wrap_socket(self._socket, server_hostname=host)
            call(feed)
            self._receive, self._put = stream(self._socket)
            # Clean session; will retained at QoS 1; user and password.
            body = _string("MQTT") + bytes((4, 0xEE)) + keepalive_s.to_bytes(2, "big")
            body += _string(name) + _string(will) + _string("offline") + _string(name) + _string(password)
            self._write(_packet(0x10, body))
            answer = self._receive(4) or b""
        except (OSError, ValueError) as error:  # a ValueError is TLS's: a certificate of another authority, or name
            self.close()
            raise MqttError("not reached: " + str(error).strip())
        if len(answer) < 4 or answer[0] != 0x20 or answer[3] != 0:
            self.close()
            raise MqttError("refused: " + (str(answer[3]) if len(answer) == 4 else "no answer"))
        self._socket.setblocking(False)

    def publish(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Send a message at QoS 1; raises MqttError."""
        self._packet_id = self._packet_id % 65_535 + 1
        body = _string(topic) + self._packet_id.to_bytes(2, "big") + payload
        self._send(_packet(0x33 if retain else 0x32, body))
        self.unacknowledged += 1

    def subscribe(self, topic: str) -> None:
        """Ask for a topic at QoS 0; raises MqttError."""
        self._send(_packet(0x82, b"\x00\x01" + _string(topic) + b"\x00"))

    def ping(self) -> None:
        """Say that the node is there; raises MqttError."""
        self._send(b"\xc0\x00")

    def received(self) -> list[tuple[str, bytes]]:
        """The messages that came since, as (topic, payload); raises MqttError when the connection has ended."""
        self._read()
        messages: list[tuple[str, bytes]] = []
        while True:
            found = _taken(self._buffer)
            if found is None:
                return messages
            kind, body, size = found
            self._buffer = self._buffer[size:]
            if kind >> 4 == 3:
                length = int.from_bytes(body[:2], "big")
                messages.append((body[2 : 2 + length].decode(), body[2 + length :]))
            elif kind >> 4 == 4:
                self.unacknowledged -= 1

    def disconnect(self) -> None:
        """End it without the last will."""
        try:
            self._send(b"\xe0\x00")
        except MqttError:
            pass
        self.close()

    def close(self) -> None:
        """End it; the last will is told."""
        try:
            self._socket.close()
        except (AttributeError, OSError):
            pass

    def _read(self) -> None:
        while True:
            try:
                data = self._receive(1_024)
            except OSError as error:
                if error.args[0] in _AGAIN:
                    return
                raise MqttError("lost: " + str(error))
            if data is None:
                return  # MicroPython's TLS says so that nothing is there
            if not data:
                raise MqttError("the broker ended the connection")
            self._buffer += data

    def _send(self, data: bytes) -> None:
        """At once where the network takes it; else within CONNECT_S, or the connection is lost."""
        try:
            self._write(data)
        except OSError as error:
            raise MqttError("lost: " + str(error))

    def _write(self, data: bytes) -> None:
        waits = int(CONNECT_S / WAIT_S)
        while data:
            try:
                sent = self._put(data)
            except OSError as error:
                if error.args[0] not in _AGAIN:
                    raise
                sent = 0
            data = data[sent or 0 :]
            if data and not sent:
                # MicroPython's TLS knows no timeout of its own.
                waits -= 1
                if waits < 0:
                    raise MqttError("the broker does not take what is sent")
                time.sleep(WAIT_S)


_AGAIN = (11, 35, 110, 116, 2, 3)
"""EAGAIN, and what some ports say instead; 2 and 3 are what TLS wants to read or write first, on CPython."""


def call(feed: "Callable[[], object] | None") -> None:
    """Of what may be None."""
    if feed is not None:
        feed()


def stream(sock: "Any") -> "tuple[Callable[[int], bytes | None], Callable[[bytes], int | None]]":
    """How to read and write a socket: MicroPython's of TLS has ``read`` and ``write``, CPython's ``recv``, ``send``."""
    if hasattr(sock, "recv"):
        return sock.recv, sock.send
    return sock.read, sock.write


def _string(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _packet(kind: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while True:
        digit, size = size & 127, size >> 7
        length += bytes((digit | (0x80 if size else 0),))
        if not size:
            return bytes((kind,)) + length + body


def _taken(buffer: bytes) -> tuple[int, bytes, int] | None:
    """The first whole packet: its kind, its body and its size."""
    length = 0
    for index in range(1, 5):
        if index >= len(buffer):
            return None
        length |= (buffer[index] & 127) << (7 * (index - 1))
        if not buffer[index] & 128:
            if length > MOST_PACKET:
                raise MqttError("a packet of " + str(length) + " bytes")
            end = index + 1 + length
            return (buffer[0], buffer[index + 1 : end], end) if len(buffer) >= end else None
    raise MqttError("no MQTT")
