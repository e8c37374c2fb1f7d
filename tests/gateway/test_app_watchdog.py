"""The service manager is fed only while the gateway works: a blocked loop and a commit that never returns starve it."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.gateway.conftest import CHANNELS, Bench

from vigie_contract import topics
from vigie_contract.messages import Birth, encode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway import app
from vigie_gateway import health as health_module
from vigie_gateway.ingest.bus import Message

SILENCE_S = 1.0
"""Twenty times as long as between two messages of one that is fed."""


class Fed:
    """A gateway's watchdog on a loop of its own, and what the service manager hears of it."""

    def __init__(self, bench: Bench, manager: socket.socket) -> None:
        self.manager = manager
        self.release = threading.Event()
        self._ready = threading.Event()
        self._health = bench.gateway.health
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._thread.start()
        self._ready.wait(20)

    async def _run(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            server = SimpleNamespace(started=True, servers=[SimpleNamespace(sockets=[listener])])
            self.loop = asyncio.get_running_loop()
            self._end = asyncio.Event()
            self._ready.set()
            task = asyncio.create_task(app._feed_watchdog(server, self._health))  # type: ignore[arg-type] # its two attributes
            await self._end.wait()
            task.cancel()

    def wait_for_food(self) -> None:
        while self.manager.recv(1_000) != b"WATCHDOG=1":
            pass

    def is_starved(self) -> bool:
        """Whether nothing came for SILENCE_S, after at most a few that were under way."""
        self.manager.settimeout(SILENCE_S)
        try:
            for _ in range(15):
                self.manager.recv(1_000)
        except TimeoutError:
            return True
        finally:
            self.manager.settimeout(20)
        return False

    def close(self) -> None:
        self.release.set()
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join()


@pytest.fixture
def fed(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fed]:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "100000")
    monkeypatch.setattr(health_module, "STALLED_S", 0.2)
    take = bench.bus.get

    def get(timeout_s: float) -> object:
        message = take(timeout_s)
        if message is None:
            time.sleep(min(timeout_s, 0.01))
        return message

    monkeypatch.setattr(bench.bus, "get", get)
    monkeypatch.setattr(bench.pipeline, "_monotonic", time.monotonic)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        bench.pipeline._thread.start()
        bench.alerts.watch.start()
        fed = Fed(bench, manager)
        yield fed
        fed.close()
        bench.alerts.watch.stop()
        bench.pipeline.stop()


def test_a_blocked_loop_starves_the_watchdog_until_it_goes_on(fed: Fed) -> None:
    fed.wait_for_food()
    fed.loop.call_soon_threadsafe(fed.release.wait, 30)
    assert fed.is_starved()
    fed.release.set()
    fed.wait_for_food()


def test_a_commit_that_never_returns_starves_the_watchdog_until_it_does(
    bench: Bench, fed: Fed, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit: Callable[..., None] = bench.store.commit
    stuck = threading.Event()

    def hang(*batch: object) -> None:
        stuck.set()
        fed.release.wait(30)
        commit(*batch)

    monkeypatch.setattr(bench.store, "commit", hang)
    birth = encode_birth(Birth("test 1", "boot-1", CHANNELS))
    power = (QUANTITIES["apparent_power"], Reading("linky-va", bench.clock.now, 5.0))
    messages = [
        Message(topics.about("semaphore", "tableau"), birth, bench.clock.now),
        Message(
            topics.data("semaphore", "tableau"),
            encode_pack("semaphore", "tableau", "j1", 1, 1, [power]),
            bench.clock.now,
        ),
    ]
    fed.wait_for_food()
    bench.bus.waiting.extend(messages)
    bench.pipeline.commit_soon()
    assert stuck.wait(20)
    assert fed.is_starved()
    assert bench.gateway.health.report()["parts"]["ingest"]["status"] == "fail"
    fed.release.set()
    fed.wait_for_food()
