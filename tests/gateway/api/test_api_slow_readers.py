"""Readers that ask for the stream and never read it: let go, closed, and never in anybody's way."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.gateway.api.conftest import Served, Visitor

from vigie_gateway.api import serving
from vigie_gateway.auth.roles import Role

READERS = 20
WAIT_S = 20.0


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the server listens."""
    monkeypatch.setattr(serving, "STUCK_MS", 1_000)


@pytest.fixture
def slow(served: Served) -> Iterator[list[socket.socket]]:
    """Streams that were asked for, each by a socket that takes next to nothing."""
    visitor = served.staff(Role.CONCIERGE)
    head = "".join(f"{name}: {value}\r\n" for name, value in visitor.headers.items())
    with ExitStack() as stack:
        made = []
        for _ in range(READERS):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            reader.connect(("127.0.0.1", served.port))
            reader.sendall(f"GET /events?l=fr HTTP/1.1\r\n{head}\r\n".encode())
            made.append(reader)
        yield made


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline_mono = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline_mono
        time.sleep(0.02)


def change_everything(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on every frame has 20 kB."""
    count = itertools.count()
    monkeypatch.setattr(
        served.bench.gateway.live, "_fields", lambda _lang: {f"f{n}": f"{next(count):0200}" for n in range(100)}
    )


def test_they_are_let_go_and_their_connections_end_while_one_that_reads_goes_on(
    served: Served, slow: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    live, connections = served.bench.gateway.live, served.server.server_state.connections
    wait_for(lambda: live.viewers() == READERS)
    reader: Visitor = served.staff(Role.CONCIERGE)
    connection = reader.open("GET", "/events?l=fr")
    stream = connection.getresponse()
    change_everything(served, monkeypatch)
    while live.viewers() > 1 or len(connections) > 1:
        live.poke()
        assert stream.readline(), "the one that reads was let go too"
    assert len(slow) == READERS
    stream.close()
    connection.close()


def test_a_stop_waits_for_none_of_them(
    served: Served, slow: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    live = served.bench.gateway.live
    wait_for(lambda: live.viewers() == READERS)
    change_everything(served, monkeypatch)
    live.poke()
    served.server.end()
    wait_for(lambda: live.viewers() == 0)
    assert len(slow) == READERS
