"""One node's way in: a code that holds once and for ten minutes, and what is answered to whoever shows one.

Made by ``node add``; asked by ``door`` on its request threads. Knows nothing of sockets or of the broker: it is given a
function that lets the node in. The code itself is kept nowhere, only its digest.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from vigie_contract.enrolment import (
    REFUSALS,
    Credential,
    decode_request,
    decode_told,
    encode_authority,
    encode_credential,
    encode_refusal,
    proof_of,
)
from vigie_contract.errors import ContractError
from vigie_gateway.auth.throttle import Throttle

HOLDS_S = 600.0
"""Lower is over before somebody has walked to the node; higher leaves the door open for longer."""
_THROTTLED = "code of a node"
"""What is guessed, for the throttle."""


class NotLetInError(Exception):
    """The broker does not take the node; one line for a person."""


class Stage(StrEnum):
    """How far it is."""

    WAITING = "waiting"
    HANDED = "handed"
    """The credential was fetched."""
    TOLD = "told"
    """The node said whether a gateway acknowledged its first pack."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node is told: an HTTP status, a body, and for how long to wait before another try."""

    status: int
    body: bytes
    retry_after_s: int | None = None


class Enrolment:
    """The code of one node.

    Attributes:
        stage: How far it is; read by whoever waits.
        is_heard: Whether a gateway acknowledged, as the node said.
        detail: One line of the node's, mostly empty.
        software: What showed the code.
        address: From where.
        trouble: What the broker said last when it did not take the node; empty when nothing.
        tries: Wrong codes so far.
    """

    def __init__(
        self,
        code: str,
        ca: str,
        ca_der: bytes,
        let_in: Callable[[], Credential],
        now_mono: Callable[[], float],
    ) -> None:
        """Begin to wait.

        Args:
            code: Its capitals.
            ca: The place's authority, PEM.
            ca_der: The same, as the proof is made of.
            let_in: Gives the node its right and returns what to hand out; raises NotLetInError.
            now_mono: Seconds that nobody sets.
        """
        self.stage = Stage.WAITING
        self.is_heard = False
        self.detail = self.software = self.address = self.trouble = ""
        self.tries = 0
        self.authority = encode_authority(ca, proof_of(code, ca_der))
        self._digest = _digest(code)
        self._let_in = let_in
        self._now_mono = now_mono
        self._began_mono = now_mono()
        self._throttle = Throttle()
        self._lock = threading.Lock()
        self._changed = threading.Condition()

    def left_s(self) -> float:
        """For how long the code still holds."""
        return max(0.0, self._began_mono + HOLDS_S - self._now_mono())

    def wait(self, timeout_s: float) -> Stage:
        """Until the stage changes, at most so long; the stage then."""
        before = self.stage
        with self._changed:
            self._changed.wait_for(lambda: self.stage is not before, timeout_s)
        return self.stage

    def enrol(self, payload: bytes, address: str) -> Answer:
        """Hand out the credential to whoever shows the code first."""
        try:
            code, software = decode_request(payload)
        except ContractError as error:
            return refused("shape", error.detail)
        with self._lock:
            turned_away = self._turned_away(code, address)
            if turned_away is not None:
                return turned_away
            if self.stage is not Stage.WAITING:
                return refused("used", "the code has been used already: vigie-gateway node add makes another")
            if not self.left_s():
                return refused("expired", "the code is older than ten minutes: vigie-gateway node add makes another")
            try:
                credential = self._let_in()
            except NotLetInError as error:
                self.trouble = str(error)
                return refused("broker", f"the gateway's broker did not take the node, the code still holds: {error}")
            self.software, self.address = software, address
            self._reach(Stage.HANDED)
            return Answer(200, encode_credential(credential))

    def told(self, payload: bytes, address: str) -> Answer:
        """Take the node's word for whether it is heard."""
        try:
            code, is_heard, detail = decode_told(payload)
        except ContractError as error:
            return refused("shape", error.detail)
        with self._lock:
            turned_away = self._turned_away(code, address)
            if turned_away is not None:
                return turned_away
            if self.stage is Stage.WAITING:
                return refused("shape", "the credential was not fetched yet")
            self.is_heard, self.detail = is_heard, detail
            self._reach(Stage.TOLD)
            return Answer(200, b"{}")

    def _turned_away(self, code: str, address: str) -> Answer | None:
        """What whoever guesses is told; None when the code is right."""
        wait_s = self._throttle.wait_s(_THROTTLED, address, self._now_mono())
        if wait_s > 0:
            seconds = math.ceil(wait_s)
            answer = refused("busy", f"too many wrong codes came from this address: try again in {seconds} s")
            return Answer(answer.status, answer.body, seconds)
        self._throttle.tried(_THROTTLED, address, self._now_mono())
        if not hmac.compare_digest(_digest(code), self._digest):
            self.tries += 1
            return refused("wrong", "this is not the code that the gateway waits for: look at it again")
        self._throttle.succeeded(_THROTTLED, address)
        return None

    def _reach(self, stage: Stage) -> None:
        with self._changed:
            self.stage = stage
            self._changed.notify_all()


def refused(word: str, detail: str) -> Answer:
    """An answer of REFUSALS."""
    status, _ = REFUSALS[word]
    return Answer(status, encode_refusal(word, detail[:400]))


def _digest(code: str) -> bytes:
    return hashlib.sha256(f"vigie-code:{code}".encode()).digest()
