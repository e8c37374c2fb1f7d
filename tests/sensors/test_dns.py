"""The resolver's time, measured against name servers of the test's own."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_sensors.driver import Context, DriverError, SensorConfig
from vigie_sensors.drivers import dns as driver_module
from vigie_sensors.drivers.dns import DRIVER, parse_resolv

Configured = Callable[..., SensorConfig]


class NameServer(socketserver.UDPServer):
    """Answers every question with one response code; with None, with bytes that are no DNS."""

    code: dns.rcode.Rcode | None = dns.rcode.NOERROR


class Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        question, sock = self.request
        assert isinstance(self.server, NameServer)
        if self.server.code is None:
            sock.sendto(b"\x00garbage", self.client_address)
            return
        answer = dns.message.make_response(dns.message.from_wire(question))
        answer.set_rcode(self.server.code)
        sock.sendto(answer.to_wire(), self.client_address)


@pytest.fixture
def server() -> Iterator[NameServer]:
    with NameServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def ask(context: Context, configured: Configured, server: NameServer) -> Callable[[], Any]:
    """One sample of a driver that asks the test's server."""

    def sample() -> Any:
        config = configured(DRIVER, resolver="127.0.0.1", port=server.server_address[1])
        (reading,) = DRIVER.open(config, context).sample()
        return reading

    return sample


def test_an_answer_is_a_time(ask: Callable[[], Any], configured: Configured) -> None:
    reading = ask()
    assert reading.value > 0
    assert reading.channel == DRIVER.channels(configured(DRIVER))[0].id


@pytest.mark.parametrize("code", [dns.rcode.SERVFAIL, dns.rcode.NXDOMAIN, dns.rcode.REFUSED])
def test_a_refusal_is_failed(ask: Callable[[], Any], server: NameServer, code: dns.rcode.Rcode) -> None:
    server.code = code
    reading = ask()
    assert (reading.value, reading.reason) == (None, "failed")


def test_bytes_that_are_no_dns_are_failed(ask: Callable[[], Any], server: NameServer) -> None:
    server.code = None
    assert ask().reason == "failed"


def test_silence_is_failed(context: Context, configured: Configured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_module, "DEADLINE_S", 0.05)
    with socketserver.UDPServer(("127.0.0.1", 0), Handler) as deaf:  # bound, and never served
        config = configured(DRIVER, resolver="127.0.0.1", port=deaf.server_address[1])
        (reading,) = DRIVER.open(config, context).sample()
    assert (reading.value, reading.reason) == (None, "failed")


def test_a_system_without_resolver_is_one_clear_error(
    context: Context, configured: Configured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(driver_module, "RESOLV_FILE", tmp_path / "resolv.conf")
    with pytest.raises(DriverError, match=r"resolv\.conf"):
        DRIVER.open(configured(DRIVER), context).sample()


def test_the_first_good_name_server_of_the_system_is_taken() -> None:
    text = "# nameserver 192.0.2.9\nsearch example\nnameserver no\nnameserver 2001:db8::1\nnameserver 192.0.2.1\n"
    assert parse_resolv(text) == "2001:db8::1"
    assert parse_resolv("") is None


@given(st.text() | st.text().map("nameserver {}".format))
def test_any_resolv_file_gives_an_address_or_none(text: str) -> None:
    parse_resolv(text)


@pytest.mark.parametrize("wrong", [{"resolver": "example"}, {"lookup": "a..b"}, {"lookup": "x" * 70 + ".org"}])
def test_a_wrong_option_is_a_value_error_naming_it(wrong: dict[str, str], configured: Configured) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        DRIVER.channels(configured(DRIVER, **wrong))
