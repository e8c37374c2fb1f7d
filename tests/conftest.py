"""Fixtures for every folder: a clock that tests move by hand, and a running gateway without threads or network."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from threading import Event

import pytest
from hypothesis import HealthCheck, settings

# Nothing here measures time: an example that a busy machine holds up is no failure of what it tries.
settings.register_profile("vigie", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vigie")


SETS = {
    "root": "needs root",
    "long": "takes long",
    "emulated": "starts a whole emulated computer",
    "peers": "installs a program of others",
}
"""Markers of tests that run only when they are asked for, and why."""


def pytest_addoption(parser: pytest.Parser) -> None:
    for marker, why in SETS.items():
        parser.addoption(f"--{marker}", action="store_true", help=f"run what {why}, and only that")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What mounts, changes the network or takes long runs only when it is asked for, whoever runs the others."""
    wanted = [marker for marker in SETS if config.getoption(f"--{marker}")]
    if "root" in wanted and os.geteuid() != 0:
        raise pytest.UsageError("--root: these tests need root")
    chosen = [item for item in items if not wanted or any(item.get_closest_marker(marker) for marker in wanted)]
    if len(chosen) < len(items):
        kept = set(chosen)
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    for item in chosen:
        for marker, why in SETS.items():
            if marker not in wanted and item.get_closest_marker(marker) is not None:
                item.add_marker(pytest.mark.skip(reason=f"{why}: ./run test --{marker}"))
    items[:] = chosen


class ManualClock:
    """Wall and monotonic time that move only when told; always synchronised unless told otherwise."""

    def __init__(self, now_ts: float) -> None:
        self.now = now_ts
        self.mono = 1_000.0
        self.is_right = True
        self.speed = 1.0

    def now_ts(self) -> float:
        return self.now

    def now_mono(self) -> float:
        return self.mono

    def pass_time(self, seconds: float) -> None:
        """Let time go by on both."""
        self.now += seconds
        self.mono += seconds

    def wait(self, event: Event, duration_s: float) -> bool:
        self.pass_time(max(0.0, duration_s))
        return event.is_set()

    def is_synchronised(self) -> bool:
        return self.is_right


TUESDAY_1430_TS = 1_795_527_000.0
"""Tuesday 24 November 2026, 14:30 in Paris."""


@pytest.fixture
def clock() -> ManualClock:
    """A clock at 14:30 on an ordinary Tuesday."""
    return ManualClock(TUESDAY_1430_TS)


class _RaisingHandler(logging.Handler):
    """A badly formatted log call fails its test instead of printing to stderr."""

    def emit(self, record: logging.LogRecord) -> None:
        record.getMessage()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        raise  # noqa: PLE0704 - called inside logging's except block


@pytest.fixture(autouse=True)
def _log_calls_are_well_formed() -> Iterator[None]:
    handler = _RaisingHandler()
    root = logging.getLogger()
    root.addHandler(handler)
    yield
    root.removeHandler(handler)


@pytest.fixture(autouse=True)
def _the_process_is_left_as_it_was() -> Iterator[None]:
    """A command that is called in this process must not mute the log, nor let a broken pipe end what comes after."""
    yield
    assert logging.root.manager.disable == logging.NOTSET
    assert signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN
