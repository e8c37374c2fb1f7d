"""Keeps probing one target on a thread of its own, and remembers the round trips of the last while.

Made by the ``latency`` driver, one for each target, so that a slow name server or a dead outside host does not hold up
the probes of the gateway. Everything here runs in the machine's own time, also in a simulated day: the network does
not run faster, and a day at sixty times its speed must not send sixty times the pings.
"""

from __future__ import annotations

import logging
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event, Lock, Thread

from vigie_contract.clock import Clock, SystemClock
from vigie_sensors.probes import TIMEOUT_S, NotAllowedError, NotSentError, Probe
from vigie_sensors.routes import Route, read_default_route

_log = logging.getLogger(__name__)

LEAST_PROBES = 5
"""Fewer tell nothing of a percentile. Lower lets one slow answer be the median; higher delays the first figure, which
at one probe in five seconds comes after 25 s."""
SILENT_BEFORE = 5
"""Unanswered probes after which another way is tried, as long as nothing has ever answered: many gateways drop pings.
Lower would leave a good way for a moment's loss; higher delays the first figure."""
SILENT_AFTER = 30
"""The same once a way has answered. Lower would change the method, and with it the figures, in a short outage."""
_MOST_KEPT = 4_096
"""More than an hour at one a second; a bound, should nobody collect."""


@dataclass(frozen=True, slots=True)
class Way:
    """A host and how to probe it; ``host`` is a name or an IPv4 address, "" for the default gateway."""

    host: str
    probe: Probe


@dataclass(frozen=True, slots=True)
class Collected:
    """What the prober knows.

    Attributes:
        round_trips_ms: Of the probes sent in the window, in their order; None for each without an answer.
        reason: Why they tell nothing, a word of UNKNOWN_REASONS; "" when they do.
    """

    round_trips_ms: list[float | None]
    reason: str


class Prober:
    """One target, probed in the first of several ways that answers."""

    def __init__(
        self,
        name: str,
        ways: Sequence[Way],
        interval_s: float,
        interface: str = "",
        clock: Clock | None = None,
        route: Callable[[str], Route | None] = read_default_route,
    ) -> None:
        """Prepare; nothing is sent before ``start``.

        Args:
            name: For the log and the thread: ``net gateway``.
            ways: Tried in turn until one answers; at least one.
            interval_s: Real seconds between probes.
            interface: Probes leave by this one; "" for any.
            clock: The machine's own; another in tests.
            route: Finds the default route of an interface.
        """
        self._name = name
        self._ways = list(ways)
        self._interval_s = interval_s
        self._interface = interface
        self._clock = clock or SystemClock()
        self._route = route
        self._stopped = Event()
        self._lock = Lock()
        self._kept: deque[tuple[float, float | None]] = deque(maxlen=_MOST_KEPT)
        self._unsent_reason = ""
        self._has_answered = False
        self._silent = 0
        self._way = 0
        self._address: str | None = None
        self._thread = Thread(target=self._run, name=f"probe {name}", daemon=True)

    def start(self) -> None:
        """Begin probing."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a probe under way is waited for."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(TIMEOUT_S + 1)

    @property
    def is_running(self) -> bool:
        """Whether the thread still probes."""
        return self._thread.is_alive()

    def collect(self, window_s: float) -> Collected:
        """The probes of the last real seconds. Called on the sensor's thread."""
        since_mono = self._clock.now_mono() - window_s
        with self._lock:
            kept = [round_trip_ms for sent_mono, round_trip_ms in self._kept if sent_mono > since_mono]
            if self._unsent_reason:
                reason = self._unsent_reason
            elif len(kept) < LEAST_PROBES:
                reason = "starting"
            else:
                # What never answered may be deaf to every probe of ours; that is not an outage.
                reason = "" if self._has_answered else "inconclusive"
        return Collected(kept, reason)

    def _run(self) -> None:
        while not self._stopped.is_set():
            started_mono = self._clock.now_mono()
            self.probe_once()
            elapsed_s = self._clock.now_mono() - started_mono
            self._clock.wait(self._stopped, self._interval_s - elapsed_s)

    def probe_once(self) -> None:
        """Send one probe and remember its outcome. On the prober's thread."""
        if not self._ways:
            return
        way = self._ways[self._way]
        started_mono = self._clock.now_mono()
        try:
            round_trip_ms = way.probe.measure(self._find(way), self._interface)
        except _UnknownHostError as error:
            self._cannot_send("failed", f"{way.host} cannot be looked up: {error}")
            self._next_way()
        except NotSentError as error:
            self._cannot_send("absent", f"nothing can be sent: {error}")
        except NotAllowedError as error:
            self._forget(way, error)
        else:
            self._remember(way, started_mono, round_trip_ms)

    def _find(self, way: Way) -> str:
        """The address to probe; a host's is looked up once, the gateway's each time."""
        if not way.host:
            route = self._route(self._interface)
            if route is None:
                raise NotSentError("no default route")
            if self._address not in (None, route.gateway):
                self._start_over()
            self._address = route.gateway
        elif self._address is None:
            try:
                found = socket.getaddrinfo(way.host, None, socket.AF_INET, socket.SOCK_STREAM)
            except (OSError, UnicodeError) as error:
                raise (_UnknownHostError if self._route(self._interface) else NotSentError)(str(error)) from error
            self._address = str(found[0][4][0])
        return self._address

    def _remember(self, way: Way, started_mono: float, round_trip_ms: float | None) -> None:
        with self._lock:
            self._unsent_reason = ""
            self._kept.append((started_mono, round_trip_ms))
            is_first = round_trip_ms is not None and not self._has_answered
            if round_trip_ms is not None:
                self._has_answered = True
                self._silent = 0
            else:
                self._silent += 1
            is_silent = self._silent >= (SILENT_AFTER if self._has_answered else SILENT_BEFORE)
        if is_first:
            _log.info("%s: measured by %s", self._name, way.probe.name)
        if is_silent:
            self._next_way()

    def _next_way(self) -> None:
        self._silent = 0
        self._way = (self._way + 1) % len(self._ways)
        self._address = None
        _log.debug("%s: now trying %s", self._name, self._ways[self._way].probe.name)

    def _forget(self, way: Way, error: NotAllowedError) -> None:
        _log.info("%s: no %s: %s", self._name, way.probe.name, error)
        self._ways = [other for other in self._ways if other.probe is not way.probe]
        self._way = 0
        self._address = None
        if not self._ways:
            self._cannot_send("absent", "this machine allows no kind of probe")

    def _start_over(self) -> None:
        with self._lock:
            self._kept.clear()
            self._has_answered = False
            self._silent = 0

    def _cannot_send(self, reason: str, why: str) -> None:
        if reason != self._unsent_reason:
            _log.info("%s: %s", self._name, why)
        # What was measured before the way out went is of another time: nothing is told until probes leave again.
        with self._lock:
            self._kept.clear()
            self._unsent_reason = reason


class _UnknownHostError(Exception):
    """The name of a host could not be looked up, though there is a default route."""
