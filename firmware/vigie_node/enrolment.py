"""Turns a one-time code into a credential: docs/protocol.md, "Enrolment". Called by ``set_up``, then by ``main``.

Nothing secret leaves the node before the gateway has shown, by a proof that only the code can make, that its authority
is the one that the code is of.
"""

import binascii
import hashlib
import json
import os

from vigie_node import VERSION
from vigie_node.boards.board import Board
from vigie_node.http import HttpError, ask
from vigie_node.trust import context, der

TYPE_CHECKING = False
if TYPE_CHECKING:  # MicroPython has neither, and reads no annotation
    from collections.abc import Callable

HOST, PORT = "vigie.local", 8884
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LETTERS = 16
"""80 bits, five a letter (Crockford's base 32)."""


class EnrolmentError(Exception):
    """No credential; one sentence for the person who typed the code."""


def parse(typed: str) -> tuple[str, str, int]:
    """(code, host, port) of what a person typed: ``CODE``, ``CODE@HOST`` or ``CODE@HOST:PORT``.

    Raises:
        EnrolmentError: It is none.
    """
    text, _, address = typed.strip().partition("@")
    code = ""
    for typed_sign in text.upper():
        sign = {"O": "0", "I": "1", "L": "1"}.get(typed_sign, typed_sign)
        if sign in LETTERS:
            code += sign
        elif sign not in "- ":
            raise EnrolmentError("The code holds " + repr(sign) + ": it has letters, digits and dashes alone.")
    if len(code) != CODE_LETTERS:
        raise EnrolmentError("The code has 16 letters and digits; this one has " + str(len(code)) + ".")
    host, _, port = address.partition(":")
    if port and not (port.isdigit() and 0 < int(port) < 65_536):
        raise EnrolmentError("The address after the @ ends in a port that is none: " + port[:10] + ".")
    return code, host or HOST, int(port) if port else PORT


def proof_of(code: str, certificate: bytes) -> str:
    """What only who knows the code can say of an authority, given in DER: HMAC-SHA-256 (RFC 2104), in hex."""
    key = hashlib.sha256(b"vigie-enrolment-1:" + code.encode()).digest() + bytes(32)
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in key]) + certificate).digest()
    outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in key]) + inner).digest()
    return binascii.hexlify(outer).decode()


class Enrolment:
    """One code at one gateway.

    Attributes:
        authority: PEM, believed once ``check`` has returned.
    """

    def __init__(self, typed: str, feed: "Callable[[], object] | None" = None) -> None:
        """Take what was typed, and what feeds the watchdog meanwhile; raises EnrolmentError."""
        self._feed = feed
        self.code, self.host, self.port = parse(typed)
        self.authority = ""

    def check(self) -> None:
        """Ask for the authority, and believe it only with its proof; raises EnrolmentError."""
        found = self._answer("GET", "/authority", b"", b"")
        authority, proof = found.get("ca"), found.get("proof")
        try:
            is_known = isinstance(authority, str) and proof_of(self.code, der(authority.encode())) == proof
        except ValueError:
            is_known = False
        if not is_known:
            raise EnrolmentError("What answers at " + self.host + " does not know this code: nothing was told to it.")
        self.authority = str(authority)

    def take(self) -> dict[str, object]:
        """Show the code; the fields of ``node.json`` that come. The code is spent. Raises EnrolmentError."""
        body = {"v": 1, "code": self.code, "software": "vigie-node " + VERSION}
        found = self._answer("POST", "/enrol", json.dumps(body).encode(), self.authority.encode())
        fields = ("site", "node", "password", "ca", "brokers", "gateways")
        if not all([field in found for field in fields]):
            raise EnrolmentError("The gateway's answer lacks a field: it may be newer than this node.")
        return {field: found[field] for field in fields}

    def tell(self, is_heard: bool, detail: str) -> None:
        """Say to who waits at the gateway how the first connection went; raises EnrolmentError."""
        body = {"v": 1, "code": self.code, "heard": is_heard, "detail": detail[:200]}
        self._answer("POST", "/enrolled", json.dumps(body).encode(), self.authority.encode())

    def _answer(self, method: str, path: str, body: bytes, authority: bytes) -> dict[str, object]:
        try:
            status, text = ask(self.host, self.port, method, path, body, context(authority), feed=self._feed)
        except HttpError as error:
            raise EnrolmentError("No gateway that waits for a node: " + str(error))
        try:
            found = json.loads(text) if text else {}
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise EnrolmentError("What answers at " + self.host + " is no gateway.")
        if status // 100 != 2:
            raise EnrolmentError(str(found.get("detail", "The gateway refuses: status " + str(status)))[:200])
        return found


def tell_enrolled(board: Board, authority: str) -> None:
    """A gateway has stored something of this node: say so to who waits there since the enrolment, if it was one."""
    path = board.folder + "/enrolled"
    try:
        with open(path) as file:
            enrolment = Enrolment(file.read(), board.feed)
    except OSError:
        return  # long ago, or never
    except EnrolmentError:
        os.remove(path)
        return
    os.remove(path)
    enrolment.authority = authority
    try:
        enrolment.tell(True, "")
    except EnrolmentError:
        pass  # nobody waits any more: it holds all the same
