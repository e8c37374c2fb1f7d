"""The rehearsal that is under way, from the order to its result. One at a time: two on one line tell nothing.

``begin`` is called on a request's thread and waits; ``take``, ``node_can`` and ``serve`` on the ingest thread, which
alone writes to the store. ``current``, ``newest``, ``one`` and ``places`` may be called from any thread.

What is sent is on the disk before, so that whatever becomes of this process, a rehearsal that was begun is told of: one
whose end was not seen is *lost*, its result not known. How far it is stands in memory alone.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from vigie_contract import topics
from vigie_contract.clock import Clock
from vigie_contract.commands import Done, Rehearse, encode_do
from vigie_contract.errors import ContractError
from vigie_gateway.capacity.supply import Rehearsal as Held
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.ingest.handover import Handover, NoTurnError
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import Site
from vigie_gateway.rehearsals.evidence import FRESH_S, evidence_of
from vigie_gateway.rehearsals.order import NotBegunError, Order, check_calendar, check_demand, choose_node
from vigie_gateway.store import Store, StoreError
from vigie_gateway.store.rehearsals import Rehearsal

EXPIRES_S = 10
"""After so long the broker forgets a command that the node did not take. Lower loses it on a bad moment of the Wi-Fi;
higher has a node load the line when whoever asked has left."""
FIRST_ANSWER_S = 45.0
"""Of silence after the command: it may wait EXPIRES_S, and a node that looks for a server of speedtest.net takes half a
minute. Lower calls that one silent; higher keeps the next from beginning."""
SILENT_S = 20.0
"""Of silence on the way: a node tells how far it is twice a second, but for the pause at the beginning, and takes 15 s
in all. Lower gives up on what is still running; higher keeps people waiting for a node that has lost its power."""
RETRY_SAVE_S = 2.0
"""Between two tries to keep a result that the disk refused."""
REMEMBERED = 20
"""That were given up and may still be answered. Fewer loses the result of a node that comes back; more holds memory."""

Send = Callable[[str, bytes, int], bool]
"""Topic, payload, seconds until it expires; whether it was sent."""

log = logging.getLogger(__name__)


class Places(NamedTuple):
    """Where one can be had now: ids of rooms, and whether the line alone can be tried; ``has_nodes``: ever."""

    rooms: tuple[str, ...]
    line: bool
    has_nodes: bool


class Rehearsals:
    """See the module."""

    def __init__(
        self,
        site: Site,
        store: Store,
        board: Board,
        clock: Clock,
        watch: ClockWatch,
        send: Send,
        on_change: Callable[[], None],
        monotonic: Callable[[], float],
    ) -> None:
        """Be ready.

        Args:
            site: Its rooms and calendars.
            store: Where they are kept.
            board: Whose agenda says what is on.
            clock: Dates them.
            watch: Whether it is right.
            send: Gives a command to the broker.
            on_change: Called when there is something else to show.
            monotonic: The machine's own: nodes rehearse in real seconds, also on a simulated day.
        """
        self._site = site
        self._store = store
        self._board = board
        self._clock = clock
        self._watch = watch
        self._send = send
        self._on_change = on_change
        self._monotonic = monotonic
        self._handover: Handover[tuple[Order, str], Rehearsal] = Handover(self._begin, NotBegunError)
        self._can: dict[str, tuple[str, ...] | None] = {}
        self._live: Rehearsal | None = None
        self._given_up: dict[str, Rehearsal] = {}
        self._unsaved: dict[int, Rehearsal] = {}
        self._until_mono = 0.0
        self._save_mono = 0.0

    def load(self) -> None:
        """What an earlier run left under way is lost; raises StoreError."""
        for one in self._store.rehearsals.under_way():
            self._end(replace(one, state="lost"))

    def begin(self, order: Order, author: str) -> Rehearsal:
        """Have a node rehearse.

        Raises:
            NotBegunError: Nothing was sent.
        """
        try:
            return self._handover.ask((order, author))
        except NoTurnError as error:
            raise NotBegunError("store", str(error)) from error

    def places(self) -> Places:
        """Where one can be begun now."""
        can = [rooms for rooms in list(self._can.values()) if rooms is not None]
        rooms = {room for one in can for room in one}
        known = tuple(room.id for room in self._site.rooms if room.id in rooms)
        return Places(known, bool(can), bool(self._can))

    def current(self) -> Rehearsal | None:
        """The one that is under way."""
        return self._live

    def newest(self, limit: int) -> list[Rehearsal]:
        """The newest first; raises StoreError."""
        return [self._as_of_now(one) for one in self._store.rehearsals.newest(limit)]

    def one(self, number: int) -> Rehearsal | None:
        """By its id; raises StoreError."""
        found = self._store.rehearsals.one(number)
        return None if found is None else self._as_of_now(found)

    def evidence(self, room: str, starts_ts: float, ends_ts: float) -> Held | None:
        """What was held that counts for a session; raises StoreError."""
        now_ts = self._clock.now_ts()
        found = self._store.rehearsals.finished(now_ts - FRESH_S)
        return evidence_of(found, room, starts_ts, ends_ts, now_ts, self._site.zone())

    def _as_of_now(self, stored: Rehearsal) -> Rehearsal:
        live = self._live
        if live is not None and live.id == stored.id:
            return live
        return self._unsaved.get(stored.id, stored) if stored.is_under_way else stored

    def serve(self) -> None:
        """Begin what is asked for, and give up what is silent."""
        self._handover.serve()
        live = self._live
        if live is not None and self._monotonic() >= self._until_mono:
            self._give_up(live, "the node did not answer")
        if self._unsaved and self._monotonic() >= self._save_mono:
            self._save()

    def node_can(self, node: str, rooms: tuple[str, ...] | None, *, is_online: bool) -> None:
        """What a node's birth and presence say: rooms that it rehearses for, none for the line, None for never."""
        if rooms is None:
            self._can.pop(node, None)
        else:
            self._can[node] = rooms if is_online else None
        live = self._live
        if live is not None and live.node == node and not is_online:
            self._give_up(live, "the node went offline")

    def take(self, node: str, done: Done) -> bool:
        """An answer; whether there is something else to show.

        Raises:
            ContractError: Another node than the one that was asked.
        """
        live = self._live
        if live is None or live.command != done.id:
            return self._take_late(node, done)
        if live.node != node:
            raise ContractError("id", f"answer: id is that of a command to {live.node}")
        if done.state == "running":
            self._until_mono = self._monotonic() + SILENT_S
            self._live = replace(live, state="running", share=max(live.share, done.share))
        else:
            self._end(_ended(live, done, self._clock.now_ts()))
        return True

    def _take_late(self, node: str, done: Done) -> bool:
        """Of one that was given up; all others were asked by another gateway."""
        given_up = self._given_up.get(done.id)
        if given_up is None or given_up.node != node or done.state == "running":
            return False
        self._end(_ended(given_up, done, self._clock.now_ts()))
        return True

    def _begin(self, asked: tuple[Order, str]) -> Rehearsal:
        order, author = asked
        check_demand(order)
        if order.room is not None and order.room not in {room.id for room in self._site.rooms}:
            raise NotBegunError("room", f"no room has the id {order.room[:40]!r}")
        if self._live is not None:
            raise NotBegunError("busy", f"{self._live.node} is rehearsing for {self._live.author}")
        if not self._watch.is_known:
            raise NotBegunError("clock", "the gateway's clock is not known to be right")
        now_ts = self._clock.now_ts()
        check_calendar(order, self._board.agenda, has_calendars=bool(self._site.calendars), now_ts=now_ts)
        node = choose_node(order.room, self._can)
        begun = Rehearsal(
            command=secrets.token_hex(8),
            node=node,
            room=order.room,
            download_bps=order.download_bps,
            upload_bps=order.upload_bps,
            most_bytes=order.cost().most_bytes,
            author=author,
            at_ts=round(now_ts, 3),
            is_forced=order.is_forced,
        )
        try:
            begun = replace(begun, id=self._store.rehearsals.add(begun))
        except StoreError as error:
            raise NotBegunError("store", f"it could not be stored: {error}") from error
        command = Rehearse(begun.command, begun.download_bps, begun.upload_bps, begun.most_bytes)
        if not self._send(topics.do(self._site.id, node), encode_do(command), EXPIRES_S):
            self._end(replace(begun, state="silent", detail="the gateway has no connection to the broker"))
            raise NotBegunError("broker", "the gateway has no connection to the broker")
        log.info("rehearsal %d begun on %s for %s", begun.id, node, author)
        self._live = begun
        self._until_mono = self._monotonic() + FIRST_ANSWER_S
        self._on_change()
        return begun

    def _give_up(self, live: Rehearsal, why: str) -> None:
        log.warning("rehearsal %d on %s: %s", live.id, live.node, why)
        self._end(replace(live, state="silent", ended_ts=self._clock.now_ts(), detail=why))

    def _end(self, ended: Rehearsal) -> None:
        if self._live is not None and self._live.id == ended.id:
            self._live = None
        if ended.state in {"silent", "lost"}:
            self._given_up[ended.command] = ended
            while len(self._given_up) > REMEMBERED:
                del self._given_up[next(iter(self._given_up))]
        else:
            self._given_up.pop(ended.command, None)
        self._unsaved[ended.id] = ended
        self._save()
        self._on_change()

    def _save(self) -> None:
        for number, ended in list(self._unsaved.items()):
            try:
                self._store.rehearsals.save(ended)
            except StoreError as error:
                log.warning("the result of rehearsal %d is not on the disk yet: %s", number, error)
                self._save_mono = self._monotonic() + RETRY_SAVE_S
                return
            del self._unsaved[number]


def _ended(asked: Rehearsal, done: Done, now_ts: float) -> Rehearsal:
    return replace(
        asked, state=done.state, share=1.0, ended_ts=round(now_ts, 3), reason=done.reason, detail=done.detail,
        result=done.result,
    )  # fmt: skip
