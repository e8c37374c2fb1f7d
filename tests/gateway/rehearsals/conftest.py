"""A bench whose node can rehearse, and somebody who asks it to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from tests.gateway.conftest import CHANNELS, Bench

from vigie_contract import topics
from vigie_contract.commands import Done, Rehearse, Rehearsed, decode_do, encode_done
from vigie_contract.messages import OFFLINE, ONLINE, Birth, encode_birth
from vigie_gateway.place.sessions import Agenda
from vigie_gateway.rehearsals.order import Order
from vigie_gateway.store.rehearsals import Rehearsal

NODE = "ondes"
DEMAND = Order("salle", 24e6, 9e6)
HELD = Rehearsed(
    download="headroom",
    download_bps=31.2e6,
    upload="short",
    upload_bps=7.1e6,
    idle_ms=9.1,
    loaded_ms=84.0,
    loaded_p95_ms=131.0,
    lost_share=0.0,
    moved_bytes=21_400_000,
    took_s=5.6,
    stopped_by="",
    far_end="hub.example.org:8377",
)


@dataclass
class Stage:
    """The gateway, and a node that says what a test has it say."""

    bench: Bench

    def declare(self, *rooms: str, node: str = NODE, is_able: bool = True) -> None:
        birth = Birth("test 1", "boot-1", CHANNELS, rooms if is_able else None)
        self.bench.receive(topics.about("semaphore", node), encode_birth(birth))
        self.bench.receive(topics.status("semaphore", node), ONLINE)

    def leave(self, node: str = NODE) -> None:
        self.bench.receive(topics.status("semaphore", node), OFFLINE)

    def begin(self, order: Order = DEMAND, author: str = "lou") -> Rehearsal:
        """On a request's thread, while the ingest thread goes round."""
        with ThreadPoolExecutor(1) as thread:
            answer = thread.submit(self.bench.gateway.rehearsals.begin, order, author)
            while not answer.done():
                self.bench.pipeline._round()
        return answer.result()

    def sent(self) -> list[Rehearse]:
        return [decode_do(payload) for _, payload, _ in self.bench.bus.commands]

    def answer(self, command: str, state: str, share: float = 0.0, node: str = NODE, **fields: object) -> None:
        done = Done(command, state, share, **fields)  # type: ignore[arg-type] # a test's own
        self.bench.receive(topics.done("semaphore", node), encode_done(done))

    def finish(self, begun: Rehearsal, result: Rehearsed = HELD) -> None:
        self.answer(begun.command, "finished", 1.0, result=result)


@pytest.fixture
def stage(bench: Bench) -> Stage:
    """A node on the access point of one room, and a calendar without sessions that was read."""
    made = Stage(bench)
    bench.board.agenda = Agenda(until_ts=2e9)
    made.declare("salle")
    return made
