"""Real time-series servers on random ports, and a faulty one that answers as it is told. All die with their test."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import shutil
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from vigie_gateway.broker import free_port
from vigie_gateway.child import Child

START_S = 20.0


UNPACKED = Path(__file__).parents[4] / ".vigie" / "servers"
"""Where ./run test puts a server that the system does not have: nothing is installed for it, and nothing starts it."""


def program(name: str) -> Path:
    unpacked = [str(folder / "usr" / "bin") for folder in UNPACKED.glob("*")]
    found = shutil.which(name, path=":".join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", *unpacked]))
    if found is None:
        pytest.skip(f"{name} is not there: ./run test fetches it where the system has it")
    return Path(found)


def ask(url: str, path: str, parameters: Mapping[str, str] | None = None, data: bytes | None = None) -> bytes:
    query = urllib.parse.urlencode(parameters or {})
    with urllib.request.urlopen(f"{url}{path}?{query}", data=data, timeout=10) as answer:  # noqa: S310 - http, ours
        body: bytes = answer.read()
    return body


@dataclass
class Server:
    """A program that serves HTTP on a port of its own; ``cut`` is kill -9, ``start`` brings it back with its data."""

    arguments: Callable[[int], list[str | Path]]
    folder: Path
    answers_at: str
    environment: Callable[[int], dict[str, str]] = lambda _: {}
    port: int = field(default_factory=free_port)
    child: Child | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.child = Child(
            "server",
            self.arguments(self.port),
            self.folder / "log",
            environment=self.environment(self.port),
            is_restarted=False,
        )
        self.child.start()
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            try:
                ask(self.url, self.answers_at)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
            else:
                return
        raise AssertionError((self.folder / "log").read_text()[-2_000:])

    def stop(self) -> None:
        if self.child is not None:
            self.child.stop()


def victoria_metrics(folder: Path) -> Server:
    name = program("victoria-metrics")
    return Server(
        lambda port: [
            name,
            f"-httpListenAddr=127.0.0.1:{port}",
            f"-storageDataPath={folder / 'data'}",
            "-retentionPeriod=100y",
            "-dedup.minScrapeInterval=1ms",
            "-memory.allowedBytes=64MB",
            "-loggerLevel=ERROR",
        ],
        folder,
        "/health",
    )


def influxd(folder: Path) -> Server:
    name = program("influxd")
    (folder / "influxdb.conf").write_text("")

    def environment(port: int) -> dict[str, str]:
        return {
            "INFLUXDB_HTTP_BIND_ADDRESS": f"127.0.0.1:{port}",
            "INFLUXDB_BIND_ADDRESS": f"127.0.0.1:{free_port()}",
            "INFLUXDB_META_DIR": str(folder / "meta"),
            "INFLUXDB_DATA_DIR": str(folder / "data"),
            "INFLUXDB_DATA_WAL_DIR": str(folder / "wal"),
            "INFLUXDB_REPORTING_DISABLED": "true",
            "INFLUXDB_MONITOR_STORE_ENABLED": "false",
            "INFLUXDB_HTTP_LOG_ENABLED": "false",
            "HOME": str(folder),
        }

    return Server(lambda _: [name, "-config", folder / "influxdb.conf"], folder, "/ping", environment)


def points_in_victoria(url: str) -> list[tuple[dict[str, str], int, float]]:
    """Every point that is there: labels, milliseconds, value; two of one time would be two."""
    ask(url, "/internal/force_flush")
    body = ask(url, "/api/v1/export", {"match[]": '{__name__!=""}', "start": "0", "end": "4000000000"})
    found = []
    for line in body.splitlines():
        series = json.loads(line)
        for at_ms, value in zip(series["timestamps"], series["values"], strict=True):
            found.append((series["metric"], at_ms, value))
    return found


@dataclass
class Answer:
    """What the faulty server says: once ``held`` is set, when there is one, and ``is_cut`` in the middle of a word."""

    status: int = 204
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    held: threading.Event | None = None
    is_cut: bool = False


class FaultyServer:
    """Takes writes as InfluxDB does and answers as ``behaviour`` says, which sees the lines.

    ``taken`` is what it has answered 204 for: by series and time, so that what is sent again overwrites itself, and
    ``values`` how often each was taken.
    """

    def __init__(self) -> None:
        self.behaviour: Callable[[list[str]], Answer] = lambda _: Answer()
        self.date: str | None = None
        self.taken: dict[tuple[str, str], str] = {}
        self.requests: list[tuple[str, dict[str, str], list[str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    raw = gzip.decompress(raw)
                outer._answer(self, raw.decode().split("\n"))

            def do_GET(self) -> None:
                outer._answer(self, [])

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def _answer(self, request: BaseHTTPRequestHandler, lines: list[str]) -> None:
        self.requests.append((request.path, dict(request.headers), lines))
        answer = self.behaviour(lines)
        if answer.held is not None:
            answer.held.wait(20)
        if answer.status < 300:
            for line in lines:
                name, fields, at_ms = line.rsplit(" ", 2)
                self.taken[name, at_ms] = fields
        body = json.dumps(answer.body).encode() if answer.body else b""
        try:
            if answer.is_cut:
                request.wfile.write(b"HTTP/1.")
                request.connection.close()
                return
            request.send_response_only(answer.status)
            request.send_header("Date", self.date or request.date_time_string())
            for name, value in answer.headers.items():
                request.send_header(name, value)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except OSError:
            pass  # the client gave up

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
