"""A small server for browser tests, with the pages of ``places``."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.dashboard.alerts import alerted_view
from tests.dashboard.answers import state_asked
from tests.dashboard.places import (
    ILL,
    NOW_TS,
    bare_view,
    compared_view,
    finer_view,
    health_of,
    history_view,
    listed_view,
    sample_view,
    sample_visitors,
    sheet_view,
    silent_visitors,
    states_view,
    untimed_view,
)

from vigie_dashboard import pages
from vigie_dashboard.assets import asset
from vigie_dashboard.check_page import render_check
from vigie_dashboard.history_view import HistoryView
from vigie_dashboard.kiosk import render_kiosk, render_waiting_kiosk
from vigie_dashboard.sheet_view import CorrectionForms
from vigie_dashboard.view import (
    BoardView,
    VisitorsView,
)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass
class Site:
    """The test server: pages of ``views``, and an event stream that sends what ``send`` is given.

    ``shown`` is the board that was asked for last: the stream speaks of that one. ``stream_status`` is what the stream
    is answered with, ``kiosk_state`` what a screen is told that waits.
    """

    address: str = ""
    views: dict[str, BoardView] = field(default_factory=dict)
    visitors: dict[str, VisitorsView] = field(default_factory=dict)
    requests: list[tuple[str, int]] = field(default_factory=list)
    streams: list[Callable[[bytes], None]] = field(default_factory=list)
    connections: list[socket.socket] = field(default_factory=list)
    shown: str = "board"
    stream_status: int = 200
    kiosk_state: str = "waiting"

    def cut(self) -> None:
        """End every stream, as a gateway does that is killed."""
        self.streams.clear()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.connections.clear()

    def send(self, kind: str, data: object) -> None:
        """Send an event to every open stream; those that were closed are forgotten."""
        message = f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
        for stream in list(self.streams):
            try:
                stream(message)
            except OSError:
                self.streams.remove(stream)


def handler_of(site: Site, stopping: threading.Event) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - a class is in it
    """The request handler of one server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            lang, theme = query.get("l", "fr"), query.get("theme")
            if url.path == "/events":
                self._stream(lang)
            elif url.path.startswith("/static/"):
                found = asset(url.path.removeprefix("/static/"))
                if found is None:
                    self._answer(404, "text/plain", b"")
                else:
                    self._answer(200, found.content_type, found.body, found.gzip)
            elif url.path.endswith(".json"):
                self._answer(200, "application/json", json.dumps(pages.history_points(finer_view(query))).encode())
            elif url.path.startswith(("/history", "/health", "/rooms/", "/check")):
                self._answer(200, "text/html; charset=utf-8", self._past(url.path, query, lang, theme).encode())
            elif url.path in {"/" + name for name in site.views}:
                site.shown = url.path[1:]
                csrf = query.get("csrf", "")
                page = pages.render_board(site.views[site.shown], lang, theme, csrf=csrf)
                self._answer(200, "text/html; charset=utf-8", page.encode())
            elif url.path.startswith("/kiosk"):
                self._kiosk(url.path, lang, theme, is_loud=query.get("sound") == "on")
            elif url.path in {"/visitors", "/visitors-silent"}:
                page = pages.render_visitors(site.visitors[url.path[1:]], lang)
                policy = POLICY.replace("style-src 'self'", f"style-src {pages.visitors_style_source()}")
                self._answer(200, "text/html; charset=utf-8", page.encode(), policy=policy)
            elif url.path == "/accessibilite":
                page = pages.render_accessibility({"en": "The place"}, None, lang, theme)
                self._answer(200, "text/html; charset=utf-8", page.encode())
            else:  # /problem with status 200, for Chromium logs every other
                status = 200 if url.path == "/problem" else 404
                self._answer(status, "text/html; charset=utf-8", pages.render_problem(404, lang, theme).encode())

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self._answer(200, "application/json", json.dumps({"state": site.kiosk_state}).encode())

        def _kiosk(self, path: str, lang: str, theme: str | None, *, is_loud: bool) -> None:
            if path == "/kiosk/alive":
                self._answer(204, "text/plain", b"")
                return
            if path == "/kiosk/wait":
                second = site.views["board"].second_address
                name = {"fr": "Le Sémaphore"}
                page = render_waiting_kiosk(name, lang, theme, code="ABCD-EFGH", second_address=second)
                policy = POLICY.replace("connect-src 'self'", f"connect-src 'self' {(second or '').rstrip('/')}")
                self._answer(200, "text/html; charset=utf-8", page.encode(), policy=policy)
                return
            site.shown = "board" if path == "/kiosk" else "closed"
            view = site.views[site.shown]
            second = (view.second_address or "").rstrip("/")
            policy = POLICY.replace("connect-src 'self'", f"connect-src 'self' {second}")
            page = render_kiosk(view, lang, theme, is_loud=is_loud)
            self._answer(200, "text/html; charset=utf-8", page.encode(), policy=policy)

        def _past(self, path: str, query: Mapping[str, str], lang: str, theme: str | None) -> str:
            if path == "/check":
                return render_check(state_asked(query), lang, theme)
            if path == "/health":
                return pages.render_health(health_of(*ILL), lang, theme)
            if path.startswith("/rooms/"):
                forms = CorrectionForms("csrf", 54, "people", {"value": "999", "reason": ""}, "value", "too-many")
                return pages.render_sheet(sheet_view(path.removeprefix("/rooms/")), lang, theme, history_view(), forms)
            if path == "/history":
                return pages.render_series_list(listed_view(), query.get("q", ""), query.get("by", ""), lang, theme)
            view = history_view(query.get("span", "day"))
            return pages.render_history(compared_view() if path == "/history/series/door.in" else view, lang, theme)

        def _answer(
            self, status: int, kind: str, body: bytes, packed: bytes | None = None, policy: str = POLICY
        ) -> None:
            import gzip

            packed = packed or (gzip.compress(body, 6) if body else None)
            sent = packed or body
            site.requests.append((self.path, len(sent)))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", policy)
            if packed:
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def _stream(self, lang: str) -> None:
            if site.stream_status != 200:
                self._answer(site.stream_status, "text/plain", b"")
                return
            site.requests.append((self.path, 0))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            full = {"seq": 1, "fields": pages.board_fields(site.views[site.shown], lang)}
            self.wfile.write(f"retry: 1000\n\nid: 1\nevent: state\ndata: {json.dumps(full)}\n\n".encode())
            self.wfile.flush()

            def write(message: bytes) -> None:
                self.wfile.write(message)
                self.wfile.flush()

            site.streams.append(write)
            site.connections.append(self.connection)
            stopping.wait()

    return Handler


@contextmanager
def served() -> Iterator[Site]:
    """A server on a random port: the boards ``/board``, ``/states``, ``/untimed``…, a kiosk, the public page."""
    made = Site()
    sample = sample_view()
    none = replace(bare_view(), rooms=())
    made.views = {"board": sample, "states": states_view(), "bare": bare_view(), "none": none}
    made.views["closed"] = replace(sample, is_open=False, closes_at_ts=None, opens_at_ts=NOW_TS + 40_000)
    made.views["untimed"] = untimed_view()
    made.views["alerted"] = alerted_view()
    made.visitors = {"visitors": sample_visitors(), "visitors-silent": silent_visitors()}
    stopping = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(made, stopping))
    server.daemon_threads = True
    server.block_on_close = False
    # By default a stop is looked for every half second, and every test waits for it.
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    made.address = f"http://127.0.0.1:{server.server_address[1]}"
    yield made
    stopping.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    """The test server."""
    with served() as made:
        yield made


@pytest.fixture
def other_site() -> Iterator[Site]:
    """The server at the second address."""
    with served() as made:
        yield made


@pytest.fixture(name="sample")
def sample_fixture() -> BoardView:
    """The board of the pictures."""
    return sample_view()


@pytest.fixture(name="states")
def states_fixture() -> BoardView:
    """A room in every state."""
    return states_view()


@pytest.fixture(name="bare")
def bare_fixture() -> BoardView:
    """A place that measures nothing."""
    return bare_view()


@pytest.fixture(name="history")
def history_fixture() -> HistoryView:
    """A day of a room."""
    return history_view()
