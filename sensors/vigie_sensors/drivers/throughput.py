"""How fast the uplink is: a short speed test, rarely, at a random minute, within a byte budget kept beforehand.

``sample`` runs on the sensor's own thread. Its period is only how often it looks whether a test is due; most looks
give no reading, and the channels' period is the time between tests. A test runs in a process of its own and its result
is told by the next look. Everything but the readings' time is of the machine's own clocks, also in a simulated day:
bytes cost real money. Any error is *inconclusive*, never 0.
"""

from __future__ import annotations

import logging
import random
from datetime import UTC, datetime
from pathlib import Path

from vigie_contract.clock import Clock, SystemClock
from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.budget import BudgetError, DataBudget, Spending
from vigie_sensors.driver import REQUIRED, Context, DriverSpec, Option, SensorConfig
from vigie_sensors.http_fetch import check_url
from vigie_sensors.interfaces import read_bytes
from vigie_sensors.rare_times import is_allowed, parse_hours, pick_due_ts, window_of
from vigie_sensors.routes import read_default_route
from vigie_sensors.speedtest_watch import Outcome, SpeedTest, lock_machine

_log = logging.getLogger(__name__)

SPEEDTEST_NET = "speedtest.net"
DEFAULT_BUDGET_BYTES = 2_000_000_000
METERED_BUDGET_BYTES = 200_000_000
_MONTH_DAYS = 31
LEAST_TEST_BYTES = 2_000_000
"""Lower ends while TCP still finds its speed, on any line worth testing."""
_DAY_S = 86_400.0


class ThroughputDriver:
    """Decides when to test, keeps the budget, and tells what came out."""

    def __init__(
        self,
        config: SensorConfig,
        context: Context,
        real_time: Clock | None = None,
        chance: random.Random | None = None,
    ) -> None:
        options = config.options
        self._name = config.name
        self._clock = context.clock
        self._real_time = real_time or SystemClock()
        self._chance = chance or random.SystemRandom()
        self._server = str(options["server"])
        self._interface = str(options["interface"])
        self._times_a_day = int(options["times_a_day"])
        self._hours = parse_hours(options["hours"])
        self._busy_bps = float(options["busy_mbps"]) * 1e6
        self._most_bytes = most_bytes(config)
        folder = Path(context.state_directory)
        self._budget = DataBudget(folder / f"throughput-{config.name}.json", budget_bytes(config))
        self._lock_path = folder / "throughput.lock"
        self._due_ts: float | None = None
        self._last_ts: float | None = None
        self._seen: tuple[float, str, int] | None = None
        self._test: SpeedTest | None = None
        self._before: Spending | None = None

    def sample(self) -> list[Reading]:
        """The result of a test that has ended; nearly always nothing."""
        if self._test is not None:
            outcome = self._test.outcome()
            return [] if outcome is None else self._finish(outcome)
        rate_bps = self._look_at_traffic()
        now_ts = self._real_time.now_ts()
        if self._due_ts is None:
            self._due_ts = self._plan(now_ts)
        if self._due_ts is None or now_ts < self._due_ts:
            return []
        if window_of(now_ts, self._times_a_day) > window_of(self._due_ts, self._times_a_day):
            return self._give_up("the line was busy, or this machine off, all the time in which it was due")
        interface = self._route_interface()
        if interface is None:
            return self._give_up("there is no default route")
        if not is_allowed(self._local(now_ts), self._hours) or rate_bps is None or rate_bps > self._busy_bps:
            return []
        return self._begin(interface, now_ts)

    def _plan(self, now_ts: float) -> float | None:
        if self._last_ts is None:
            try:
                self._last_ts = self._budget.load(now_ts).last_ts
            except BudgetError as error:
                _log.warning("%s: %s", self._name, error)
                return None
        due_ts = pick_due_ts(self._local(now_ts), self._last_ts, self._times_a_day, self._hours, self._chance)
        if due_ts is not None:
            _log.info("%s: next test at %s", self._name, self._local(due_ts).isoformat(timespec="minutes"))
        return due_ts

    def _begin(self, interface: str, now_ts: float) -> list[Reading]:
        try:
            lock = lock_machine(self._lock_path)
        except OSError as error:
            return self._give_up(f"{self._lock_path} cannot be made: {error.strerror}")
        if lock is None:
            return []  # another test runs: look again
        try:
            self._before = self._budget.book(self._most_bytes, now_ts)
        except BudgetError as error:
            lock.close()
            return self._give_up(str(error))
        self._last_ts, self._due_ts = now_ts, None
        self._test = SpeedTest(
            self._server, interface, self._most_bytes, lock, self._clock, self._real_time, read_bytes
        )
        return []

    def _finish(self, outcome: Outcome) -> list[Reading]:
        self._test = None
        self._seen = None  # the test's own bytes are no traffic of the place
        self._settle(outcome)
        if outcome.error:
            _log.warning("%s: inconclusive: %s", self._name, outcome.error)
        rates = (("download", outcome.download_bps), ("upload", outcome.upload_bps))
        return [
            Reading(f"{self._name}-{way}", outcome.ended_ts, rate_bps, "inconclusive" if rate_bps is None else None)
            for way, rate_bps in rates
        ]

    def _settle(self, outcome: Outcome) -> None:
        if self._before is None:
            return
        try:
            self._budget.settle(self._before, outcome.moved_bytes, self._real_time.now_ts())
        except BudgetError as error:
            _log.warning("%s: all that was booked counts as spent: %s", self._name, error)
        self._before = None

    def _give_up(self, why: str) -> list[Reading]:
        """No test in this window of the day: said once, as unknown."""
        _log.warning("%s: no test this time: %s", self._name, why)
        self._last_ts, self._due_ts = self._due_ts, None
        at_ts = self._clock.now_ts()
        return [Reading(f"{self._name}-{way}", at_ts, None, "inconclusive") for way in ("download", "upload")]

    def _look_at_traffic(self) -> float | None:
        """Bits a second that the interface moved since the last look; None at the first one."""
        interface = self._route_interface()
        moved = None if interface is None else read_bytes(interface)
        now_mono = self._real_time.now_mono()
        seen, self._seen = self._seen, None
        if interface is None or moved is None:
            return None
        self._seen = (now_mono, interface, moved)
        if seen is None or seen[1] != interface or moved < seen[2] or now_mono <= seen[0]:
            return None
        return (moved - seen[2]) * 8 / (now_mono - seen[0])

    def _route_interface(self) -> str | None:
        if self._interface:
            return self._interface
        route = read_default_route()
        return None if route is None else route.interface

    @staticmethod
    def _local(at_ts: float) -> datetime:
        return datetime.fromtimestamp(at_ts, UTC).astimezone()

    def close(self) -> None:
        """Kill a test that runs; what it moved is counted."""
        if self._test is not None:
            outcome = self._test.stop()
            self._test = None
            self._settle(outcome)


def budget_bytes(config: SensorConfig) -> int:
    """The month's budget: ``monthly_mb``, else 2 GB, 200 MB on a metered line."""
    if config.options["monthly_mb"]:
        return int(config.options["monthly_mb"] * 1e6)
    return METERED_BUDGET_BYTES if config.options["metered"] else DEFAULT_BUDGET_BYTES


def most_bytes(config: SensorConfig) -> int:
    """The most of one test: ``max_test_mb``, else an even share of the budget, so that it lasts the month."""
    if config.options["max_test_mb"]:
        return int(config.options["max_test_mb"] * 1e6)
    return max(LEAST_TEST_BYTES, budget_bytes(config) // (_MONTH_DAYS * int(config.options["times_a_day"])))


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """Download and upload, due once a test; raises ValueError naming a wrong option."""
    if config.options["server"] != SPEEDTEST_NET:
        check_url(config.options["server"], ("http", "https"), "server")
    hours = parse_hours(config.options["hours"])
    period_s = _DAY_S if hours else _DAY_S / int(config.options["times_a_day"])
    return tuple(
        Channel(f"{config.name}-{way}", way, period_s, config.room, config.label) for way in ("download", "upload")
    )


DRIVER = DriverSpec(
    name="throughput",
    kind="wifi",
    text="Download and upload speed of the uplink, rarely, within a monthly data budget that is kept before each test",
    wiring=(
        "no wiring. Who runs the server learns this place's address, so it has to be named. The sensor's period is how "
        "often it looks whether a test is due; give the hours in which nobody is in session"
    ),
    options=(
        Option(
            "server",
            "str",
            f'URL of a Speedtest Mini server of your own, or "{SPEEDTEST_NET}" (run by Ookla)',
            REQUIRED,
        ),
        Option("interface", "str", "interface under test; empty: the default route's", ""),
        Option("times_a_day", "int", "tests a day at most, each at a random minute", 2, low=1, high=24),
        Option(
            "hours",
            "list[str]",
            'local time spans in which a test may run, "01:00-06:00"; empty: any time at which the line is quiet',
            [],
        ),
        Option("metered", "bool", "the line is paid by the byte: the budget is 200 MB instead of 2 GB", False),
        Option("monthly_mb", "float", "budget of a month; 0: 2000, or 200 when metered", 0.0, unit="MB", low=0),
        Option("max_test_mb", "float", "the most of one test; 0: an even share of the month", 0.0, unit="MB", low=0),
        Option("busy_mbps", "float", "no test while the interface moves more than this", 1.0, unit="Mbit/s", low=0),
    ),
    period_s=60.0,
    channels=channels,
    open=ThroughputDriver,
)
