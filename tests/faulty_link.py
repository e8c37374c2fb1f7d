"""A bad network between a client and its broker: a TCP proxy in this process, whose faults a test turns on and off."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self

CHUNK_BYTES = 1_400
"""Read at once: about an Ethernet frame, so that delays and rates count by packet."""
LOOK_S = 0.02


class FaultyLink:
    """Forwards to a port of the loopback. Faults may be set at any moment, from any thread.

    Attributes:
        port: Where clients connect to.
        accepted: Connections that clients have made.
        latency_s: Each chunk waits so long on its way.
        bytes_per_s: No more than this passes in one direction; 0 is no limit.
        reset_after_bytes: A connection ends with a reset when so many bytes have come from its client; 0 is never.
        is_black_hole: Nothing passes, and nobody is told: both ends believe in their connection. What was under way
            passes afterwards, as TCP would send it again; a connection begun meanwhile is never answered.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="faulty-link")
        self._ready = threading.Event()
        self._ends: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.accepted = 0
        self.heal()

    def heal(self) -> None:
        """No faults any more."""
        self.latency_s = 0.0
        self.bytes_per_s = 0
        self.reset_after_bytes = 0
        self.is_black_hole = False

    def cut(self) -> None:
        """Reset every connection that there is."""
        self._loop.call_soon_threadsafe(self._abort_all)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, _type: type[BaseException] | None, _value: object, _trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._abort_all()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    def _abort_all(self) -> None:
        for end in list(self._ends):
            end.transport.abort()

    async def _accept(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self._ends.add(to_client)
        if self.is_black_hole:
            await self._pass_through_the_hole()
            to_client.transport.abort()
        else:
            from_broker, to_broker = await asyncio.open_connection("127.0.0.1", self._target_port)
            self._ends.add(to_broker)
            pumps = (self._pump(from_client, to_broker, is_upward=True), self._pump(from_broker, to_client))
            running = [asyncio.ensure_future(pump) for pump in pumps]
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for pump in running:
                pump.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            self._ends.discard(to_broker)
            to_broker.transport.abort()
            to_client.transport.abort()
        self._ends.discard(to_client)

    async def _pump(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, is_upward: bool = False
    ) -> None:
        passed = 0
        while data := await source.read(CHUNK_BYTES):
            passed += len(data)
            if is_upward and 0 < self.reset_after_bytes < passed:
                break
            await asyncio.sleep(self.latency_s)
            if self.bytes_per_s:
                await asyncio.sleep(len(data) / self.bytes_per_s)
            await self._pass_through_the_hole()
            target.write(data)
            await target.drain()
        target.transport.abort()

    async def _pass_through_the_hole(self) -> None:
        while self.is_black_hole:  # noqa: ASYNC110 - a test's thread sets a plain attribute
            await asyncio.sleep(LOOK_S)
