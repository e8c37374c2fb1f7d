"""Throughput: a real speed test against a server of the test's own, and every way in which there is none."""

from __future__ import annotations

import random
import re
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.clock import SystemClock
from vigie_sensors import speedtest_watch
from vigie_sensors.budget import DataBudget
from vigie_sensors.driver import Context, SensorConfig
from vigie_sensors.drivers import throughput as driver_module
from vigie_sensors.drivers.throughput import DRIVER, ThroughputDriver, budget_bytes, most_bytes
from vigie_sensors.interfaces import parse_byte_counters, read_bytes
from vigie_sensors.rare_times import is_allowed, parse_hours, pick_due_ts, window_of
from vigie_sensors.speedtest_run import Allowance
from vigie_sensors.speedtest_watch import SpeedTest, lock_machine, parse_result

Configured = Callable[..., SensorConfig]
TEST_MB = 20.0


class MiniServer(BaseHTTPRequestHandler):
    """The least of a Speedtest Mini server; ``mood`` makes it refuse downloads or never answer them."""

    mood = "good"
    moved = 0
    hung = threading.Event()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            for start in range(0, len(body), 65_536):
                type(self).moved += self.wfile.write(body[start : start + 65_536])
        except ConnectionError:
            self.close_connection = True

    def do_GET(self) -> None:
        image = re.search(r"/random(\d+)x", self.path)
        if self.path.split("?")[0] == "/mini":
            self._answer(200, b'upload_extension: "php"')
        elif "latency.txt" in self.path:
            self._answer(200, b"test=test\n")
        elif image is None or type(self).mood == "refusing":
            self._answer(403, b"no")
        elif type(self).mood == "hanging":
            type(self).hung.wait(60)
        else:
            self._answer(200, bytes(2 * int(image[1]) ** 2))

    def do_POST(self) -> None:
        left = int(self.headers["Content-Length"])
        while left > 0:
            chunk = self.rfile.read1(min(65_536, left))
            if not chunk:
                return
            left -= len(chunk)
            type(self).moved += len(chunk)
        self._answer(403 if type(self).mood == "refusing" else 200, b"size=500")


@pytest.fixture
def mini() -> Iterator[Any]:
    class OneServer(MiniServer):
        moved = 0
        hung = threading.Event()
        url = ""

    with ThreadingHTTPServer(("127.0.0.1", 0), OneServer) as server:
        server.daemon_threads = True
        # What waits in the sending buffer counts as moved here, and is not.
        server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65_536)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        OneServer.url = f"http://127.0.0.1:{server.server_address[1]}/mini"
        yield OneServer
        OneServer.hung.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def opened(context: Context, configured: Configured, hand_clock: Any) -> Iterator[Callable[..., ThroughputDriver]]:
    drivers: list[ThroughputDriver] = []

    def make(server: str = "http://127.0.0.1:9/mini", **given: Any) -> ThroughputDriver:
        options = {"interface": "lo", "busy_mbps": 1e6, "max_test_mb": TEST_MB} | given
        config = configured(DRIVER, server=server, **options)
        driver = ThroughputDriver(config, context, real_time=hand_clock, chance=random.Random(7))
        drivers.append(driver)
        return driver

    yield make
    for driver in drivers:
        driver.close()


def until_due(driver: ThroughputDriver, clock: Any, most_s: float = 86_400) -> list[tuple[str, float | None, Any]]:
    """Look once a minute until there are readings or a test has run; what it told, without times."""
    end_mono = clock.now_mono() + most_s
    while clock.now_mono() < end_mono:
        readings = list(driver.sample())
        if driver._test is not None:
            driver._test._thread.join()
        if readings:
            return [(reading.channel, reading.value, reading.reason) for reading in readings]
        clock.advance(60)
    return []


INCONCLUSIVE = [("s-download", None, "inconclusive"), ("s-upload", None, "inconclusive")]


def test_a_test_against_the_places_own_server_tells_both_rates_within_the_booked_bytes(
    mini: Any, opened: Callable[..., ThroughputDriver], hand_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The loopback carries the traffic of everything else on this machine: what the server saw is what was moved.
    monkeypatch.setattr(driver_module, "read_bytes", lambda _: mini.moved)
    driver = opened(mini.url)
    (download, down_bps, _), (upload, up_bps, _) = until_due(driver, hand_clock)
    assert (download, upload) == ("s-download", "s-upload")
    assert down_bps is not None
    assert up_bps is not None
    assert down_bps > 1e5
    assert up_bps > 1e5
    spent = driver._budget.load(hand_clock.now_ts()).spent_bytes
    assert 1e6 < spent == mini.moved <= TEST_MB * 1e6


def test_a_server_that_refuses_gives_inconclusive_and_never_zero(
    mini: Any, opened: Callable[..., ThroughputDriver], hand_clock: Any
) -> None:
    mini.mood = "refusing"
    found = until_due(opened(mini.url), hand_clock)
    assert found[0] == INCONCLUSIVE[0]
    assert found[1][1] != 0


def test_no_server_at_all_gives_inconclusive(opened: Callable[..., ThroughputDriver], hand_clock: Any) -> None:
    assert until_due(opened(), hand_clock) == INCONCLUSIVE


def test_at_most_so_many_tests_a_day_and_the_next_one_waits_for_its_part_of_the_day(
    opened: Callable[..., ThroughputDriver], hand_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts: list[float] = []

    class NoTest:
        def __init__(self, server: str, interface: str, most: int, lock: Any, *_: Any) -> None:
            lock.close()
            starts.append(hand_clock.now_ts())
            self._thread = threading.Thread(target=lambda: None)
            self._thread.start()

        def outcome(self) -> speedtest_watch.Outcome:
            return speedtest_watch.Outcome(1e6, 1e6, 1_000, hand_clock.now_ts(), "")

    monkeypatch.setattr(driver_module, "SpeedTest", NoTest)
    driver = opened()
    for _ in range(6):
        until_due(driver, hand_clock)
    windows = [window_of(start_ts, 2) for start_ts in starts]
    assert windows == list(range(windows[0], windows[0] + 6))
    assert all(datetime.fromtimestamp(start_ts, UTC).minute != 0 for start_ts in starts)


def test_a_restart_does_not_test_again_in_the_same_part_of_the_day(
    opened: Callable[..., ThroughputDriver], hand_clock: Any
) -> None:
    until_due(opened(), hand_clock)
    tested_ts = hand_clock.now_ts()
    again = opened()
    again.sample()
    assert again._due_ts is not None
    assert window_of(again._due_ts, 2) > window_of(tested_ts, 2)


def test_an_exhausted_budget_refuses_before_anything_is_sent(
    mini: Any, opened: Callable[..., ThroughputDriver], hand_clock: Any
) -> None:
    driver = opened(mini.url, monthly_mb=TEST_MB - 1)
    assert until_due(driver, hand_clock) == INCONCLUSIVE
    assert driver._budget.load(hand_clock.now_ts()).spent_bytes == 0


def test_a_busy_line_is_left_alone_and_said_once_when_the_time_is_over(
    opened: Callable[..., ThroughputDriver], hand_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = iter(range(0, 10**15, 10**9))
    monkeypatch.setattr(driver_module, "read_bytes", lambda _: next(moved))
    driver = opened(busy_mbps=1.0)
    assert until_due(driver, hand_clock) == INCONCLUSIVE
    assert driver._budget.load(hand_clock.now_ts()).spent_bytes == 0


def test_without_a_default_route_it_is_inconclusive(
    opened: Callable[..., ThroughputDriver], hand_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module, "read_default_route", lambda: None)
    assert until_due(opened(interface=""), hand_clock) == INCONCLUSIVE


def test_no_second_test_starts_on_this_machine_while_one_runs(
    opened: Callable[..., ThroughputDriver], hand_clock: Any
) -> None:
    driver = opened()
    lock = lock_machine(driver._lock_path)
    assert lock is not None
    with lock:
        assert lock_machine(driver._lock_path) is None
        assert until_due(driver, hand_clock) == INCONCLUSIVE
        assert driver._budget.load(hand_clock.now_ts()).spent_bytes == 0


def started(url: str, tmp_path: Path, clock: Any, most: int, **given: Any) -> SpeedTest:
    lock = lock_machine(tmp_path / "lock")
    assert lock is not None
    return SpeedTest(url, "lo", most, lock, clock, SystemClock(), **given)


def test_a_test_that_hangs_is_killed_at_its_deadline(
    mini: Any, tmp_path: Path, hand_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speedtest_watch, "DEADLINE_S", 1.0)
    mini.mood = "hanging"
    test = started(mini.url, tmp_path, hand_clock, 10**9)
    test._thread.join()
    outcome = test.outcome()
    assert outcome is not None
    assert "did not end" in outcome.error
    lock = lock_machine(tmp_path / "lock")
    assert lock is not None, "the lock is free again"
    lock.close()


def test_a_test_is_killed_when_the_interface_moves_more_than_it_may_cost(
    mini: Any, tmp_path: Path, hand_clock: Any
) -> None:
    counts = iter([0, 5_000_001, 5_000_002])
    mini.mood = "hanging"
    test = started(mini.url, tmp_path, hand_clock, 5_000_000, counter=lambda _: next(counts))
    test._thread.join()
    outcome = test.outcome()
    assert outcome is not None
    assert "5.0 MB" in outcome.error
    assert (outcome.download_bps, outcome.moved_bytes) == (None, 5_000_002)


def test_stopping_kills_the_test_and_counters_that_go_back_cost_all_that_was_booked(
    mini: Any, tmp_path: Path, hand_clock: Any
) -> None:
    mini.mood = "hanging"
    counts = iter([100])
    outcome = started(mini.url, tmp_path, hand_clock, 777, counter=lambda _: next(counts, 5)).stop()
    assert outcome.moved_bytes == 777
    assert outcome.download_bps is None


def test_closing_the_driver_settles_a_test_that_runs(
    mini: Any, opened: Callable[..., ThroughputDriver], hand_clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module, "read_bytes", lambda _: mini.moved)
    mini.mood = "hanging"
    driver = opened(mini.url)
    while driver._test is None:
        driver.sample()
        hand_clock.advance(60)
    driver.close()
    assert driver._budget.load(hand_clock.now_ts()).spent_bytes == mini.moved


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"download_bps": 5e6, "upload_bps": null}', (5e6, None, "")),
        ('{"download_bps": 0, "upload_bps": 0}', (None, None, "too little was moved to tell")),
        ('{"error": "no"}', (None, None, "no")),
        ("", (None, None, "the test printed no result")),
        ('{"download_bps": true, "upload_bps": 1e400}', (None, None, "too little was moved to tell")),
    ],
)
def test_only_a_rate_above_zero_is_a_measurement(text: str, told: tuple[Any, Any, str]) -> None:
    assert parse_result(text) == told


@given(st.text(max_size=100))
def test_any_output_of_the_test_is_a_result_or_an_error(text: str) -> None:
    download_bps, upload_bps, error = parse_result(text)
    assert bool(error) == (download_bps is None and upload_bps is None)


def test_an_allowance_stops_at_its_bytes_and_can_be_granted_again() -> None:
    allowance = Allowance()
    allowance.grant(100_000, 16_384)
    assert [allowance.isSet() for _ in range(7)] == [False] * 6 + [True]
    assert allowance.is_used_up()
    allowance.grant(100_000, 16_384)
    assert not allowance.isSet()


def test_the_default_budget_lasts_the_month(configured: Configured) -> None:
    for metered in (False, True):
        config = configured(DRIVER, server="speedtest.net", metered=metered)
        assert most_bytes(config) * 2 * 31 <= budget_bytes(config)
    assert budget_bytes(configured(DRIVER, server="speedtest.net", metered=True)) == 200_000_000


def test_the_channels_are_due_once_a_test_and_not_once_a_look(configured: Configured) -> None:
    download, upload = DRIVER.channels(configured(DRIVER, server="speedtest.net"))
    assert (download.quantity, upload.quantity) == ("download", "upload")
    assert download.period_s == 43_200


@pytest.mark.parametrize("wrong", [{"server": "my server"}, {"server": "x", "hours": []}, {"hours": ["1-2"]}])
def test_a_wrong_option_is_a_value_error(wrong: dict[str, Any], configured: Configured) -> None:
    with pytest.raises(ValueError, match="expected"):
        DRIVER.channels(configured(DRIVER, **({"server": "speedtest.net"} | wrong)))


def test_byte_counters_are_both_directions_and_those_of_the_loopback_once() -> None:
    text = " face |bytes\n  lo: 70 1 0 0 0 0 0 0 70 1 0 0 0 0 0 0\nwlan0:7 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n"
    assert parse_byte_counters(text) == {"lo": 70, "wlan0": 12}
    assert read_bytes("lo") is not None
    assert read_bytes("nosuch0") is None


@given(st.text(max_size=200))
def test_any_counter_table_is_read_without_error(text: str) -> None:
    parse_byte_counters(text)


def test_hours_may_pass_midnight() -> None:
    hours = parse_hours(["22:30-06:00"])
    at = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    assert is_allowed(at, hours)
    assert is_allowed(at.replace(hour=5, minute=59), hours)
    assert not is_allowed(at.replace(hour=6), hours)
    assert is_allowed(at.replace(hour=12), [])


@given(
    st.integers(1_600_000_000, 1_900_000_000),
    st.integers(1, 24),
    st.sampled_from([[], ["01:00-06:00"], ["22:00-02:30"], ["12:00-12:30", "18:15-18:16"]]),
    st.integers(),
)
def test_a_due_time_is_allowed_not_on_the_hour_and_in_this_or_the_next_part_of_the_day(
    now_ts: int, times_a_day: int, texts: list[str], seed: int
) -> None:
    hours, now_at = parse_hours(texts), datetime.fromtimestamp(now_ts, UTC)
    due_ts = pick_due_ts(now_at, 0, times_a_day, hours, random.Random(seed))
    if due_ts is None:
        assert hours, "without allowed hours there is always a minute"
        return
    due_at = datetime.fromtimestamp(due_ts, UTC)
    assert due_ts > now_ts
    assert due_at.minute != 0
    assert is_allowed(due_at, hours)
    assert window_of(due_ts, times_a_day) - window_of(now_ts, times_a_day) in {0, 1}
    later_ts = pick_due_ts(now_at, due_ts, times_a_day, hours, random.Random(seed))
    assert later_ts is None or window_of(later_ts, times_a_day) > window_of(due_ts, times_a_day)


def test_two_sensors_of_a_node_keep_their_own_budgets(context: Context) -> None:
    folder = Path(context.state_directory)
    DataBudget(folder / "a.json", 10).book(10, 1e9)
    assert DataBudget(folder / "b.json", 10).remaining_bytes(1e9) == 10
