"""A feed is fetched whole and in time, or not at all; never from where only this machine can reach."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from vigie_gateway.calendars import fetch
from vigie_gateway.calendars.events import FeedError
from vigie_gateway.calendars.fetch import Fetcher, is_allowed

Answers = dict[str, tuple[int, dict[str, str], bytes]]


@pytest.fixture
def answers() -> Answers:
    """By path, what the server says."""
    return {"/feed": (200, {}, b"BEGIN:VCALENDAR")}


@pytest.fixture
def server(answers: Answers) -> Iterator[ThreadingHTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

        def do_GET(self) -> None:
            if self.path == "/drip":
                self.send_response(200)
                self.end_headers()
                while not stopping.wait(0.05):
                    try:
                        self.wfile.write(b"x")
                        self.wfile.flush()
                    except OSError:
                        return
                return
            status, headers, body = answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    stopping = threading.Event()
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.block_on_close = False
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    stopping.set()
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def get(server: ThreadingHTTPServer) -> Callable[[str], bytes]:
    """Fetches a path of the server, which may be on this machine."""
    return lambda path: Fetcher().url(f"http://127.0.0.1:{server.server_address[1]}{path}", may_be_here=True)


def test_a_feed_is_fetched_and_a_redirect_followed(get: Callable[[str], bytes], answers: Answers) -> None:
    answers["/old"] = (302, {"Location": "/feed"}, b"")
    assert get("/feed") == get("/old") == b"BEGIN:VCALENDAR"


def test_this_machine_is_not_asked_unless_that_was_said(server: ThreadingHTTPServer) -> None:
    with pytest.raises(FeedError, match=r"localhost is (127.0.0.1|::1), on this machine"):
        Fetcher().url(f"http://localhost:{server.server_address[1]}/feed", may_be_here=False)


@pytest.mark.parametrize(
    ("address", "is_well"),
    [
        ("192.0.2.7", True),
        ("192.168.1.4", True),
        ("fd00::7", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("169.254.169.254", False),
        ("::ffff:169.254.169.254", False),
        ("fe80::1%eth0", False),
        ("0.0.0.0", False),
        ("::", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
    ],
)
def test_addresses_of_a_place_or_the_world_are_asked_and_those_of_a_machine_or_link_are_not(
    address: str, is_well: bool
) -> None:
    assert is_allowed(address, may_be_here=False) is is_well


def test_a_link_s_own_address_is_refused_even_where_this_machine_is_allowed() -> None:
    assert not is_allowed("169.254.169.254", may_be_here=True)


def test_a_redirect_is_checked_as_the_first_address_was(get: Callable[[str], bytes], answers: Answers) -> None:
    answers["/meta"] = (302, {"Location": "http://169.254.169.254/latest"}, b"")
    with pytest.raises(FeedError, match=r"169\.254\.169\.254"):
        get("/meta")
    answers["/file"] = (302, {"Location": "file:///etc/passwd"}, b"")
    with pytest.raises(FeedError, match="neither http nor https"):
        get("/file")
    answers["/loop"] = (302, {"Location": "/loop"}, b"")
    with pytest.raises(FeedError, match="leads on more than"):
        get("/loop")


def test_another_answer_too_long_a_body_and_nobody_there_are_each_told(
    get: Callable[[str], bytes], answers: Answers, server: ThreadingHTTPServer
) -> None:
    with pytest.raises(FeedError, match=r"127\.0\.0\.1 answered 404, expected 200"):
        get("/secret-token")
    answers["/long"] = (200, {}, b"x" * (fetch.MAX_BYTES + 1))
    with pytest.raises(FeedError, match="longer than 2 MB"):
        get("/long")
    server.shutdown()
    server.server_close()
    with pytest.raises(FeedError, match="did not answer"):
        get("/feed")


def test_an_answer_that_drips_is_given_up_in_time(get: Callable[[str], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "FETCH_S", 0.3)
    with pytest.raises(FeedError, match="too slow"):
        get("/drip")


def test_a_part_of_a_feed_is_no_feed(get: Callable[[str], bytes], answers: Answers) -> None:
    answers["/cut"] = (200, {"Content-Length": "40"}, b"BEGIN:VCALENDAR")
    with pytest.raises(FeedError, match="25 bytes are missing"):
        get("/cut")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_a_certificate_that_nobody_vouches_for_is_refused(server: ThreadingHTTPServer, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with pytest.raises(FeedError, match=r"could not be trusted: self[- ]signed"):
        Fetcher().url(f"https://localhost:{server.server_address[1]}/feed", may_be_here=True)


def test_a_file_that_is_not_there_is_told_by_its_name_alone(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"^sessions\.ics cannot be read: No such file"):
        Fetcher().file(tmp_path / "sessions.ics")


def test_nothing_is_fetched_once_stopped(server: ThreadingHTTPServer) -> None:
    fetcher = Fetcher()
    fetcher.stop()
    with pytest.raises(FeedError, match="the gateway stops"):
        fetcher.url(f"http://127.0.0.1:{server.server_address[1]}/feed", may_be_here=True)
