"""Open, portal or none: what a real HTTP server of the test answers, and what its absence means."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.quantities import INTERNET_ACCESS
from vigie_sensors.captive import PortalApiError, parse_portal_api
from vigie_sensors.driver import Context, SensorConfig
from vigie_sensors.drivers import portal as driver_module
from vigie_sensors.drivers.portal import DRIVER
from vigie_sensors.http_fetch import FetchError, fetch
from vigie_sensors.routes import Route

Configured = Callable[..., SensorConfig]


class Place(BaseHTTPRequestHandler):
    """A network: what its check URL and its API answer."""

    check: tuple[int, bytes] = (204, b"")
    api: bytes = b""
    lost: int = 0
    seen: tuple[str, ...] = ()
    url: str = ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass

    def do_GET(self) -> None:
        type(self).seen += (self.path,)
        status, body = (200, type(self).api) if self.path == "/api" else type(self).check
        if type(self).lost:
            type(self).lost -= 1
            status = 503
        self.send_response(status)
        if status == 302:
            self.send_header("Location", f"{type(self).url}/login")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def place() -> Iterator[Any]:
    class OnePlace(Place):
        """Of this test alone."""

    kind = OnePlace
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        kind.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield kind
        server.shutdown()
        thread.join()


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def access(context: Context, config: SensorConfig) -> str | None:
    (reading,) = DRIVER.open(config, context).sample()
    assert reading.channel == DRIVER.channels(config)[0].id
    return INTERNET_ACCESS[int(reading.value)] if reading.value is not None else reading.reason


@pytest.mark.parametrize(
    ("check", "found"),
    [
        ((204, b""), "open"),
        ((302, b""), "portal"),
        ((200, b"<html>please sign in"), "portal"),
        ((511, b"sign in"), "portal"),
        ((200, b""), "none"),
        ((404, b"what?"), "none"),
        ((503, b""), "none"),
    ],
)
def test_the_answer_of_the_check_url_tells_open_portal_or_none(
    check: tuple[int, bytes], found: str, place: Any, context: Context, configured: Configured
) -> None:
    place.check = check
    assert access(context, configured(DRIVER, url=f"{place.url}/check?x=1")) == found
    asked = 2 if found == "none" else 1
    assert place.seen == ("/check?x=1",) * asked, "no redirect may be followed"


def test_no_internet_is_only_said_after_two_checks_in_a_row_and_then_asked_once_a_period(
    place: Any, context: Context, configured: Configured
) -> None:
    driver = DRIVER.open(configured(DRIVER, url=f"{place.url}/"), context)

    def found() -> tuple[str, int]:
        place.seen = ()
        (reading,) = driver.sample()
        assert reading.value is not None
        return INTERNET_ACCESS[int(reading.value)], len(place.seen)

    place.lost = 1
    assert found() == ("open", 2)
    place.lost = 4
    assert [found(), found(), found(), found()] == [("none", 2), ("none", 1), ("none", 1), ("open", 1)]


def test_the_network_s_own_api_is_believed_when_it_says_captive(
    place: Any, context: Context, configured: Configured, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    place.api = json.dumps({"captive": True, "user-portal-url": "https://portal.example/in?token=secret"}).encode()
    assert access(context, configured(DRIVER, url=place.url, capport_api=f"{place.url}/api")) == "portal"
    assert "portal.example" in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize("answer", [b'{"captive": false}', b"no json", b'{"captive": "yes"}'])
def test_an_api_that_does_not_say_captive_leaves_it_to_the_check(
    answer: bytes, place: Any, context: Context, configured: Configured
) -> None:
    place.api = answer
    assert access(context, configured(DRIVER, url=place.url, capport_api=f"{place.url}/api")) == "open"


@pytest.mark.parametrize(("route", "found"), [(Route("192.0.2.1", "eth0", 0), "none"), (None, "inconclusive")])
def test_a_refused_connection_is_no_internet_only_with_a_way_out_of_this_machine(
    route: Route | None,
    found: str,
    unused_port: int,
    context: Context,
    configured: Configured,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(driver_module, "read_default_route", lambda: route)
    assert access(context, configured(DRIVER, url=f"http://127.0.0.1:{unused_port}/")) == found


def test_a_server_that_drips_is_cut_off_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        stopped = threading.Event()

        def drip() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(b"HTTP/1.1 200 OK\r\n")
                while not stopped.wait(0.02):
                    try:
                        peer.sendall(b"X")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(FetchError):
            fetch(f"http://127.0.0.1:{server.getsockname()[1]}/", 0.3, 100)
        stopped.set()
        thread.join()


def test_bytes_that_are_no_http_are_a_fetch_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            peer, _ = server.accept()
            with peer:
                peer.recv(4_096)
                peer.sendall(b"\x00\xff\r\n\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        with pytest.raises(FetchError):
            fetch(f"http://127.0.0.1:{server.getsockname()[1]}/", 5, 100)
        thread.join()


def test_only_the_asked_bytes_of_a_page_are_read(place: Any) -> None:
    place.check = (200, b"x" * 1_000_000)
    assert len(fetch(place.url, 5, 1_000).body) == 1_000


@pytest.mark.parametrize(
    "url", ["", "example.org", "https://example.org/", "http://", "http://a b/", "http://h:99999/"]
)
def test_a_wrong_check_url_is_a_value_error(url: str, configured: Configured) -> None:
    with pytest.raises(ValueError, match=r"^url: .* expected http://"):
        DRIVER.channels(configured(DRIVER, url=url))


@given(st.binary(max_size=200) | st.text(max_size=50).map(lambda text: json.dumps({"captive": text}).encode()))
def test_any_answer_of_the_api_is_a_value_or_one_error(body: bytes) -> None:
    try:
        parse_portal_api(body)
    except PortalApiError:
        return


def test_a_deeply_nested_answer_of_the_api_is_one_error() -> None:
    with pytest.raises(PortalApiError):
        parse_portal_api(b"[" * 60_000)
