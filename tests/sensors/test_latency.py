"""Latency: real round trips to this machine, sums that are true, and silence that is never a zero."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_sensors.driver import Context, DriverError, SensorConfig
from vigie_sensors.drivers.latency import DRIVER, figures, parse_host
from vigie_sensors.prober import LEAST_PROBES, SILENT_BEFORE, Collected, Prober, Way
from vigie_sensors.probes import IcmpEcho, NotAllowedError, NotSentError, TcpConnect
from vigie_sensors.round_trips import percentile, summarise
from vigie_sensors.routes import Route, parse_default_route

Configured = Callable[..., SensorConfig]
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0000A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
tun0\t00000000\t00000000\t0001\t0\t0\t5\t00000080\t0\t0\t0
"""
GATEWAY = Route("192.0.2.1", "wlan0", 600)


class ScriptedProbe:
    """Gives what it is told to, then loses everything."""

    name = "script"

    def __init__(self, *outcomes: float | Exception | None) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[tuple[str, str]] = []

    def measure(self, address: str, interface: str) -> float | None:
        self.asked.append((address, interface))
        outcome = self.outcomes.pop(0) if self.outcomes else None
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


def prober(clock: Any, *ways: Way, route: Route | None = GATEWAY, interface: str = "") -> Prober:
    return Prober("test", ways, 1.0, interface, clock, lambda _: route)


def probe_times(one: Prober, clock: Any, times: int) -> None:
    for _ in range(times):
        one.probe_once()
        clock.advance(1)


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_tcp_connection_accepted_or_refused_is_a_round_trip(listener: int) -> None:
    accepted = TcpConnect(listener).measure("127.0.0.1", "lo")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    refused = TcpConnect(port).measure("127.0.0.1", "")
    assert accepted is not None
    assert accepted > 0
    assert refused is not None


def test_an_icmp_echo_to_this_machine_is_answered_where_the_kernel_allows_it() -> None:
    try:
        round_trip_ms = IcmpEcho().measure("127.0.0.1", "lo")
    except NotAllowedError as error:
        pytest.skip(str(error))
    assert round_trip_ms is not None
    assert round_trip_ms > 0


@pytest.mark.parametrize("probe", [TcpConnect(9), IcmpEcho()])
def test_a_probe_by_an_interface_that_is_not_there_is_not_sent(probe: Any) -> None:
    with pytest.raises((NotSentError, NotAllowedError)):
        probe.measure("127.0.0.1", "nosuch0")


def test_the_default_route_is_that_of_least_metric_or_of_the_named_interface() -> None:
    assert parse_default_route(ROUTES) == Route("192.168.0.1", "eth0", 100)
    assert parse_default_route(ROUTES, "wlan0") == GATEWAY
    assert parse_default_route(ROUTES, "tun0") is None
    assert parse_default_route("") is None


@given(st.text(max_size=300) | st.lists(st.sampled_from([*ROUTES.split(), "-1", "F" * 20, "\n"])).map("\t".join))
def test_any_route_table_gives_a_route_or_none(text: str) -> None:
    parse_default_route(text)
    parse_default_route("header\n" + text)


def test_a_summary_is_that_of_the_answers_and_the_loss_that_of_all() -> None:
    found = summarise([10.0, 12.0, None, 20.0, 21.0])
    assert (found.sent, found.p50_ms, found.p95_ms, found.loss) == (5, 12.0, 21.0, 0.2)
    assert found.jitter_ms == pytest.approx((2 + 1) / 2)


def test_nothing_sent_has_no_loss_and_all_lost_has_no_latency() -> None:
    assert summarise([]).loss is None
    lost = summarise([None, None])
    assert (lost.loss, lost.p50_ms, lost.jitter_ms) == (1.0, None, None)


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=50), st.floats(0.001, 1))
def test_a_percentile_is_a_measured_value_that_enough_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_too_few_probes_are_starting_and_enough_are_figures(hand_clock: Any) -> None:
    one = prober(hand_clock, Way("", ScriptedProbe(*[5.0] * 10)))
    probe_times(one, hand_clock, LEAST_PROBES - 1)
    assert figures(one.collect(60))["p50"] == (None, "starting")
    probe_times(one, hand_clock, 1)
    assert figures(one.collect(60)) == {
        "p50": (5.0, "failed"),
        "p95": (5.0, "failed"),
        "loss": (0.0, "failed"),
        "jitter": (0.0, "failed"),
    }
    hand_clock.advance(100)
    assert one.collect(60).reason == "starting"


def test_no_default_route_is_absent_for_every_figure(hand_clock: Any) -> None:
    one = prober(hand_clock, Way("", ScriptedProbe(5.0)), route=None)
    probe_times(one, hand_clock, 10)
    assert set(figures(one.collect(60)).values()) == {(None, "absent")}


def test_a_route_that_goes_makes_what_was_measured_before_it_absent(hand_clock: Any) -> None:
    one = prober(hand_clock, Way("", ScriptedProbe(*[5.0] * 6, NotSentError("down"))))
    probe_times(one, hand_clock, 7)
    assert one.collect(60) == Collected([], "absent")


def test_what_never_answered_is_inconclusive_and_not_an_outage(hand_clock: Any) -> None:
    one = prober(hand_clock, Way("", ScriptedProbe()))
    probe_times(one, hand_clock, 10)
    assert one.collect(60).reason == "inconclusive"


def test_what_has_answered_and_stops_is_a_loss_of_one(hand_clock: Any) -> None:
    one = prober(hand_clock, Way("", ScriptedProbe(5.0)))
    probe_times(one, hand_clock, 8)
    hand_clock.advance(54)
    found = figures(one.collect(60))
    assert found["loss"] == (1.0, "failed")
    assert found["p50"] == (None, "failed")


def test_the_next_way_is_tried_when_one_never_answers_or_is_not_allowed(hand_clock: Any) -> None:
    refused, deaf = ScriptedProbe(NotAllowedError("no")), ScriptedProbe()
    good = ScriptedProbe(*[7.0] * 20)
    one = prober(hand_clock, Way("", refused), Way("", deaf), Way("", good), interface="wlan0")
    probe_times(one, hand_clock, 1 + SILENT_BEFORE + 5)
    assert len(refused.asked) == 1
    assert len(deaf.asked) == SILENT_BEFORE
    assert good.asked == [("192.0.2.1", "wlan0")] * 5
    assert figures(one.collect(5.5))["p50"] == (7.0, "failed")


def test_a_host_that_cannot_be_looked_up_is_failed_and_costs_no_loss(
    hand_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_name(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_name)
    one = prober(hand_clock, Way("host.invalid", ScriptedProbe(5.0)))
    probe_times(one, hand_clock, 6)
    assert one.collect(60) == Collected([], "failed")


def test_a_new_gateway_starts_anew(hand_clock: Any) -> None:
    routes = [GATEWAY] * 6 + [Route("192.0.2.254", "wlan0", 600)] * 6
    one = Prober("test", [Way("", ScriptedProbe(*[5.0] * 6))], 1.0, "", hand_clock, lambda _: routes.pop(0))
    probe_times(one, hand_clock, 12)
    assert one.collect(60).reason == "inconclusive"


def test_a_simulated_day_does_not_hurry_the_probes(hand_clock: Any, configured: Configured) -> None:
    hand_clock.speed = 60.0
    config = configured(DRIVER)
    driver = DRIVER.open(config, Context(hand_clock, no_iw, "/nowhere"))
    try:
        assert [one._interval_s for one in driver._probers.values()] == [1.0]  # type: ignore[attr-defined]
        assert driver._window_s == 60.0  # type: ignore[attr-defined]
    finally:
        driver.close()


def no_iw(arguments: list[str], deadline_s: float) -> str:
    raise DriverError("the program iw is not installed: type sudo apt install iw")


def test_real_probes_of_this_machine_give_figures_and_the_mark_of_the_radio(
    hand_clock: Any, configured: Configured, listener: int
) -> None:
    config = configured(DRIVER, interface="lo", outside=[f"127.0.0.1:{listener}"])
    driver: Any = DRIVER.open(config, Context(hand_clock, no_iw, "/nowhere"))
    try:
        for _ in range(LEAST_PROBES):
            driver._probers["outside"].probe_once()
        found = {reading.channel: reading for reading in driver.sample()}
    finally:
        driver.close()
    assert set(found) == {channel.id for channel in DRIVER.channels(config)}
    p50_ms = found["s-outside-p50"].value
    assert p50_ms is not None
    assert p50_ms > 0
    assert found["s-outside-loss"].value == 0
    assert found["s-power-save"].reason == "absent"
    assert found["s-gateway-p50"].reason in {"absent", "starting"}, "the loopback has no gateway"


def test_the_prober_thread_ends_when_stopped(hand_clock: Any) -> None:
    answered = Event()

    class Signalling(ScriptedProbe):
        def measure(self, address: str, interface: str) -> float | None:
            answered.set()
            return 1.0

    one = Prober("test", [Way("127.0.0.1", Signalling())], 0.01, route=lambda _: GATEWAY)
    one.start()
    assert answered.wait(20)
    one.stop()
    assert not one._thread.is_alive()


def test_a_prober_that_ends_by_itself_is_a_driver_error_and_not_an_old_value(
    hand_clock: Any, configured: Configured
) -> None:
    driver: Any = DRIVER.open(configured(DRIVER), Context(hand_clock, no_iw, "/nowhere"))
    driver._probers["gateway"].stop()
    with pytest.raises(DriverError, match="gateway"):
        driver.sample()
    driver.close()


def test_an_interface_that_is_not_there_is_one_clear_error(hand_clock: Any, configured: Configured) -> None:
    with pytest.raises(DriverError, match="nosuch0"):
        DRIVER.open(configured(DRIVER, interface="nosuch0"), Context(hand_clock, no_iw, "/nowhere"))


def test_targets_are_a_host_with_or_without_a_port() -> None:
    assert parse_host("example.org") == ("example.org", 443)
    assert parse_host("192.0.2.1:53") == ("192.0.2.1", 53)
    for wrong in ("", ":53", "host:", "host:0", "host:65536", "host:x", "2001:db8::1"):
        with pytest.raises(ValueError, match=r"outside: .* is no target"):
            parse_host(wrong)
