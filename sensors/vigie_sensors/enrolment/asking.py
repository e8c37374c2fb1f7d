"""The node's side of an enrolment over HTTPS: the authority first, then the code to whoever is of that authority.

Called by ``course``, on the main thread. docs/protocol.md, "Enrolment", has the order and why it is so.
"""

from __future__ import annotations

import http.client
import ssl
from http import HTTPStatus

from vigie_contract.enrolment import (
    MOST_ANSWERED_BYTES,
    Credential,
    Invitation,
    decode_authority,
    decode_credential,
    decode_refusal,
    encode_request,
    encode_told,
    is_proof,
)
from vigie_contract.errors import ContractError

ANSWER_S = 20.0
"""What the gateway may take: it waits for its broker. Lower gives up on bad Wi-Fi; higher keeps a person waiting."""


class AskingError(Exception):
    """This node was not let in; one sentence for a person."""


def ask_authority(invitation: Invitation) -> str:
    """The place's authority, PEM, as far as the code proves it.

    Raises:
        AskingError: Nobody waits there, or whoever does, does not know the code.
    """
    # Nothing is believed of this connection: what it brings is proved by the code, below.
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    status, payload = _ask(invitation, anybody, "GET", "/authority", b"")
    where = _where(invitation)
    try:
        if status != HTTPStatus.OK:
            raise AskingError(f"{where} does not tell its authority (HTTP {status}): is it Vigie's gateway?")
        ca, proof = decode_authority(payload)
        der = ssl.PEM_cert_to_DER_cert(ca)
    except (ContractError, ValueError) as error:
        raise AskingError(f"what answers at {where} is no gateway of Vigie: {error}") from error
    if not is_proof(proof, invitation.code, der):
        raise AskingError(
            f"what answers at {where} does not know this code: it was mistyped, is of another node add, "
            "or somebody else answers there. Nothing was sent"
        )
    return ca


def ask_credential(invitation: Invitation, ca: str, software: str) -> Credential:
    """Show the code; raises AskingError with the gateway's own sentence when it is refused."""
    status, payload = _ask(invitation, _only(ca), "POST", "/enrol", encode_request(invitation.code, software))
    if status != HTTPStatus.OK:
        raise AskingError(_why(payload, status, invitation))
    try:
        credential = decode_credential(payload)
        is_same = ssl.PEM_cert_to_DER_cert(credential.ca) == ssl.PEM_cert_to_DER_cert(ca)
    except (ContractError, ValueError) as error:
        raise AskingError(f"the gateway's answer cannot be used: {error}") from error
    if not is_same:
        raise AskingError("the gateway names another authority than the one that it proved")
    return credential


def tell(invitation: Invitation, ca: str, *, is_heard: bool, detail: str) -> None:
    """Say to the person at the gateway whether this node is heard; raises AskingError."""
    payload = encode_told(invitation.code, is_heard=is_heard, detail=_one_line(detail))
    status, answer = _ask(invitation, _only(ca), "POST", "/enrolled", payload)
    if status != HTTPStatus.OK:
        raise AskingError(_why(answer, status, invitation))


def _only(ca: str) -> ssl.SSLContext:
    """Trust in that authority alone."""
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cadata=ca)
    except ssl.SSLError as error:
        raise AskingError(f"the gateway's authority cannot be used: {error}") from error
    return context


def _ask(invitation: Invitation, trust: ssl.SSLContext, method: str, path: str, body: bytes) -> tuple[int, bytes]:
    where = _where(invitation)
    connection = http.client.HTTPSConnection(invitation.host, invitation.port, timeout=ANSWER_S, context=trust)
    try:
        connection.request(method, path, body or None, {"Connection": "close", "Content-Type": "application/json"})
        with connection.getresponse() as answer:
            return answer.status, answer.read(MOST_ANSWERED_BYTES + 1)
    except ConnectionRefusedError as error:
        raise AskingError(
            f"nobody waits for a node at {where}: a code holds for ten minutes, once, and as long as "
            "vigie-gateway node add runs there"
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise AskingError(
            f"what answers at {where} is not of the place's authority ({error.verify_message}). The code was not sent"
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise AskingError(f"{where} cannot be asked: {error or type(error).__name__}") from error
    finally:
        connection.close()


def _why(payload: bytes, status: int, invitation: Invitation) -> str:
    try:
        return _one_line(decode_refusal(payload)[1])
    except ContractError:
        return f"{_where(invitation)} refuses (HTTP {status}) and does not say why"


def _where(invitation: Invitation) -> str:
    host = f"[{invitation.host}]" if ":" in invitation.host else invitation.host
    return f"{host}:{invitation.port}"


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
