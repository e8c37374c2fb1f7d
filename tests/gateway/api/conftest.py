"""A gateway's pages on a real socket: the server as it is shipped, in this process, asked over HTTP."""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.conftest import ManualClock
from tests.gateway.api.named_place import Maker, named_places
from tests.gateway.conftest import Bench

from vigie_gateway.api.server import build
from vigie_gateway.api.serving import Server, bound
from vigie_gateway.auth.access import COOKIE, Access
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role

PROXY = "127.0.0.1"
HOST = "vigie.test"
ELSEWHERE = {"x-forwarded-for": "192.168.1.20", "x-forwarded-proto": "https"}
"""What the trusted proxy of these tests says of a browser on the place's network that speaks TLS to it."""
PASSWORD = "eight rooms, one lamp"


@dataclass(frozen=True)
class Answer:
    """One answer, read whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Visitor:
    """A browser or program on the place's network, over TLS up to a trusted proxy."""

    def __init__(self, port: int, address: str = "192.168.1.20", **headers: str) -> None:
        self.port = port
        self.headers = {"host": HOST, **ELSEWHERE, "x-forwarded-for": address, **headers}

    def open(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPConnection:
        """Ask, and leave the connection for the caller to read and close."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, self.headers | dict(headers or {}))
        return connection

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        connection = self.open(method, path, body, headers)
        try:
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Answer:
        """A form of a page of ours."""
        form = {"content-type": "application/x-www-form-urlencoded", "origin": f"https://{HOST}"}
        return self.ask("POST", path, urlencode(fields).encode(), form | headers)

    def sign_in(self, name: str, password: str = PASSWORD) -> Answer:
        answer = self.post("/sign-in", {"name": name, "password": password})
        found = re.match(rf"{COOKIE}=([^;]+)", answer.headers.get("set-cookie", ""))
        if found is not None:
            self.headers["cookie"] = f"{COOKIE}={found[1]}"
        return answer

    def csrf(self) -> str:
        """Of its session's forms."""
        return str(re.findall(r'name="csrf" value="([^"]+)"', self.get("/account").text)[0])


@dataclass(frozen=True)
class Served:
    """The server, and what it serves."""

    port: int
    bench: Bench
    server: Server

    def visitor(self, address: str = "192.168.1.20", **headers: str) -> Visitor:
        return Visitor(self.port, address, **headers)

    def staff(self, role: Role, address: str = "192.168.1.20") -> Visitor:
        """Somebody of that role, without the work of a password."""
        accounts, now_ts = self.bench.gateway.access.accounts, self.bench.clock.now_ts()
        name = f"of-{role}"
        if name not in {account.name for account in accounts.users()}:
            accounts._database.execute("INSERT INTO user VALUES (?, ?, 'x', ?, ?)", (name, role, now_ts, now_ts))
        return self.visitor(address, cookie=f"{COOKIE}={accounts.open_session(name, now_ts)}")


@pytest.fixture
def served(bench: Bench) -> Iterator[Served]:
    """Behind a proxy on this machine that is believed, so that a test may come from anywhere."""
    access = bench.gateway.access
    believing = Access(access.accounts, access.clock, Role.CONCIERGE, proxy=PROXY, allows_plain=False)
    object.__setattr__(bench.gateway, "access", believing)
    server = Server(build(bench.gateway, {HOST}), bench.gateway.live)
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    bound(listener)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    yield Served(listener.getsockname()[1], bench, server)
    server.handle_exit(0, None)
    thread.join(20)
    listener.close()
    assert not thread.is_alive()


@pytest.fixture
def make(tmp_path: Path, clock: ManualClock, accounts: Accounts) -> Iterator[Maker]:
    """Makes places in which everything that has a name has the same one."""
    with named_places(tmp_path, clock, accounts) as made:
        yield made
