"""How a new node gets its credential: the code, the proof of the authority, and what is asked and answered.

Used by ``vigie-sensors enrol`` on the node and by ``vigie-gateway node add`` on the gateway; docs/protocol.md,
"Enrolment", says it in prose. Decoding is strict and total: any bytes give a value or one ContractError.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from vigie_contract.errors import ContractError, shown
from vigie_contract.messages import dump_json, json_object, load_json, short_text
from vigie_contract.topics import check_id

PORT = 8884
"""Where the gateway's machine answers while a code is waited for."""
DEFAULT_HOST = "vigie.local"
MOST_ASKED_BYTES = 1_024
"""Of a request. Lower refuses a long ``detail`` in another script; higher lets strangers send more."""
MOST_ANSWERED_BYTES = 16_384
"""Of an answer: a certificate takes 1 kB. Higher lets whoever listens there fill a node's memory."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that is taken for a digit."""
CODE_LENGTH = 16
"""80 bits. Shorter could be found from the proof while the code holds; longer is mistyped."""
MAX_DETAIL_CHARACTERS = 200
MAX_HOST_CHARACTERS = 253
"""RFC 1035 §2.3.4."""
LAST_PORT = 65_535
MOST_ENTRIES = 16
"""Addresses or gateways. Lower refuses a machine on many networks; higher names more than a node tries."""
_HOST = re.compile(r"[A-Za-z0-9._:%-]+")
_MISREAD = str.maketrans("OIL", "011", "- \t")

REFUSALS = {
    "wrong": (403, "this is not the code that is waited for"),
    "used": (410, "the code has been used already"),
    "expired": (410, "the code is older than ten minutes"),
    "busy": (429, "too many wrong codes came from this address: try again after the seconds of `retry-after`"),
    "shape": (400, "the request is not as described here"),
    "broker": (503, "the broker did not take the new credential; the code still holds"),
}
"""Why an enrolment is refused: the HTTP status, and what it means."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a person types on a node, or a QR code holds: ``CODE``, ``CODE@HOST`` or ``CODE@HOST:PORT``."""

    code: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach the broker."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Credential:
    """What a node is given.

    Attributes:
        site: The site's id.
        node: The node's id: its user name and client id.
        password: Of the broker, of this node alone.
        ca: PEM of the place's authority.
        brokers: The same broker by its name and its addresses, best first; at least one.
        gateways: Whose acknowledgements free the journal; at least one.
    """

    site: str
    node: str
    password: str
    ca: str
    brokers: tuple[Address, ...]
    gateways: tuple[str, ...]


def new_code() -> str:
    """A random code, its capitals alone."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def shown_code(code: str) -> str:
    """As a person reads it: in fours."""
    return "-".join(code[at : at + 4] for at in range(0, CODE_LENGTH, 4))


def read_code(text: str) -> str:
    """What was typed, as its capitals alone; raises ContractError ``shape``."""
    code = text.upper().translate(_MISREAD)
    if len(code) != CODE_LENGTH or not set(code) <= set(ALPHABET):
        raise ContractError("shape", f"{shown(text)} is no code, expected {CODE_LENGTH} letters and digits in fours")
    return code


def read_invitation(text: str) -> Invitation:
    """What was typed or scanned; raises ContractError ``shape``."""
    code, at, where = text.strip().partition("@")
    if not at:
        return Invitation(read_code(code), DEFAULT_HOST, PORT)
    host, colon, port = where.rpartition(":")
    if not colon or (where.startswith("[") and where.endswith("]")):
        host, port = where, str(PORT)
    host = host.removeprefix("[").removesuffix("]")
    if not _is_host(host) or not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) <= LAST_PORT:
        raise ContractError("shape", f"{shown(where)} is no HOST or HOST:PORT after the @ of the code")
    return Invitation(read_code(code), host.lower(), int(port))


def proof_of(code: str, ca_der: bytes) -> str:
    """What shows a node that an authority comes from whoever made its code."""
    key = hashlib.sha256(f"vigie-enrolment-1:{code}".encode()).digest()
    return hmac.new(key, ca_der, hashlib.sha256).hexdigest()


def is_proof(proof: str, code: str, ca_der: bytes) -> bool:
    """Whether that proof was made with the code."""
    return hmac.compare_digest(proof.encode(), proof_of(code, ca_der).encode())


def encode_authority(ca: str, proof: str) -> bytes:
    """The answer to ``GET /authority``."""
    return dump_json({"v": 1, "ca": ca, "proof": proof})


def decode_authority(payload: bytes) -> tuple[str, str]:
    """The authority's PEM and its proof; raises ContractError."""
    found = _object(payload, "authority", {"ca", "proof"})
    return _text(found, "ca", MOST_ANSWERED_BYTES), _text(found, "proof", 64)


def encode_request(code: str, software: str) -> bytes:
    """The body of ``POST /enrol``."""
    return dump_json({"v": 1, "code": code, "software": software})


def decode_request(payload: bytes) -> tuple[str, str]:
    """The code, and by what software it was shown; raises ContractError."""
    found = _object(payload, "request", {"code", "software"})
    return read_code(_text(found, "code", 64)), short_text(found["software"], "software")


def encode_told(code: str, *, is_heard: bool, detail: str) -> bytes:
    """The body of ``POST /enrolled``."""
    return dump_json({"v": 1, "code": code, "heard": is_heard, "detail": detail[:MAX_DETAIL_CHARACTERS]})


def decode_told(payload: bytes) -> tuple[str, bool, str]:
    """The code, whether a gateway acknowledged, and a line for a person; raises ContractError."""
    found = _object(payload, "request", {"code", "heard", "detail"})
    if type(found["heard"]) is not bool:
        raise ContractError("type", f"heard is {shown(found['heard'])}, expected true or false")
    detail = short_text(found["detail"], "detail", MAX_DETAIL_CHARACTERS)
    return read_code(_text(found, "code", 64)), found["heard"], detail


def encode_credential(credential: Credential) -> bytes:
    """The answer to ``POST /enrol``."""
    return dump_json({"v": 1, **asdict(credential)})


def decode_credential(payload: bytes) -> Credential:
    """What a node was given; raises ContractError."""
    found = _object(payload, "credential", {"site", "node", "password", "ca", "brokers", "gateways"})
    password = _text(found, "password", 128, least=16)
    if not password.isprintable() or not password.isascii():
        raise ContractError("shape", "password holds other than printable ASCII")
    return Credential(
        check_id(found["site"], "site"),
        check_id(found["node"], "node"),
        password,
        _text(found, "ca", MOST_ANSWERED_BYTES),
        tuple(_address(one) for one in _list(found, "brokers")),
        tuple(check_id(one, "gateway") for one in _list(found, "gateways")),
    )


def encode_refusal(word: str, detail: str) -> bytes:
    """Why not; ``word`` is one of REFUSALS."""
    return dump_json({"error": word, "detail": detail})


def decode_refusal(payload: bytes) -> tuple[str, str]:
    """The word and the sentence; raises ContractError."""
    found = json_object(load_json(payload), {"error", "detail"}, "refusal")
    return short_text(found["error"], "error"), short_text(found["detail"], "detail", 400)


def _object(payload: bytes, where: str, fields: set[str]) -> dict[str, Any]:
    found = json_object(load_json(payload), fields | {"v"}, where)
    if type(found["v"]) is not int or found["v"] != 1:
        raise ContractError("shape", f"{where}: v is {shown(found['v'])}, expected 1")
    return found


def _text(found: dict[str, Any], key: str, most: int, least: int = 1) -> str:
    value = found[key]
    if type(value) is not str:
        raise ContractError("type", f"{key} is {shown(value)}, expected text")
    if not least <= len(value) <= most:
        raise ContractError("range", f"{key} has {len(value)} characters, expected {least} to {most}")
    return value


def _list(found: dict[str, Any], key: str) -> list[Any]:
    value = found[key]
    if type(value) is not list or not 1 <= len(value) <= MOST_ENTRIES:
        raise ContractError("type", f"{key} is {shown(value)}, expected a list of 1 to {MOST_ENTRIES}")
    return value


def _address(value: Any) -> Address:
    found = json_object(value, {"host", "port"}, "broker")
    host, port = short_text(found["host"], "host", MAX_HOST_CHARACTERS), found["port"]
    if not _is_host(host):
        raise ContractError("shape", f"host is {shown(host)}, expected a name or an address")
    if type(port) is not int or not 0 < port <= LAST_PORT:
        raise ContractError("range", f"port is {shown(port)}, expected 1 to {LAST_PORT}")
    return Address(host, port)


def _is_host(text: str) -> bool:
    return 0 < len(text) <= MAX_HOST_CHARACTERS and _HOST.fullmatch(text) is not None
