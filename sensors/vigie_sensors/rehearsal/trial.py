"""One rehearsal for real: streams both ways at the pace that the course asks for, and round trips beside them.

Called by ``commands`` on the thread of the command, which it holds for up to ``LONGEST_S``. Everything is in the
machine's own time, also in a simulated day: bytes are real.
"""

from __future__ import annotations

import statistics
import threading
from collections.abc import Callable
from dataclasses import dataclass

from vigie_contract.clock import Clock
from vigie_contract.rehearsal import IDLE_S
from vigie_sensors.prober import LEAST_PROBES, Collected, Prober, Way
from vigie_sensors.probes import IcmpEcho, TcpConnect
from vigie_sensors.rehearsal import streams
from vigie_sensors.rehearsal.course import TICK_S, Course, Demand, Direction, Finding
from vigie_sensors.rehearsal.pace import Pace

PROBERS = 4
"""One after the other: a probe that is lost in a full queue holds its prober for two seconds. Fewer tell nothing where
it matters most; more load a slow line themselves."""
PROBE_INTERVAL_S = 0.4
"""Of each. draft-ietf-ippm-qoo warns that sampling below 1 Hz flatters; together they sample at 10 Hz."""
GIVE_UP_S = 2.0
"""After so long without a byte, and a reason why, the far end cannot be used. Lower gives up one that is slow to
answer; higher keeps people waiting for nothing."""
JOIN_S = streams.TIMEOUT_S + 1.0


@dataclass(frozen=True, slots=True)
class Told:
    """What one direction came to.

    Attributes:
        finding: What it holds.
        held_bps: The best rate of three seconds; None when there was none.
    """

    finding: Finding
    held_bps: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """Round trips to the far end, in ms; each None when too few probes could tell.

    Attributes:
        idle_ms: Median before the load.
        loaded_ms: Median of the time in which the load was what the finding is about.
        loaded_p95_ms: 95th percentile of the same.
        lost_share: Of the probes under load, 0 to 1.
    """

    idle_ms: float | None
    loaded_ms: float | None
    loaded_p95_ms: float | None
    lost_share: float | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rehearsal said.

    Attributes:
        download: Towards the people.
        upload: From them.
        latency: To the far end meanwhile.
        moved_bytes: Both ways, with an estimate of the headers.
        took_s: Seconds under load.
        stopped_by: ``most-bytes`` or ``longest`` when it ended before all was told, ``stopped`` when it was told to;
            else "".
        trouble: Why the far end could not be used, one line; "" when it could.
    """

    download: Told
    upload: Told
    latency: Latency
    moved_bytes: int
    took_s: float
    stopped_by: str
    trouble: str


class RoundTrips:
    """To the far end, by several probers in turn: ICMP, else the opening of a connection."""

    def __init__(self, host: str, port: int, interface: str) -> None:
        self._probers = [
            Prober(
                f"rehearsal {host}", [Way(host, IcmpEcho()), Way(host, TcpConnect(port))], PROBE_INTERVAL_S, interface
            )
            for _ in range(PROBERS)
        ]

    def start(self, clock: Clock, stop: threading.Event) -> None:
        """Start them evenly spread."""
        for prober in self._probers:
            prober.start()
            clock.wait(stop, PROBE_INTERVAL_S / PROBERS)

    def stop(self) -> None:
        """End them."""
        for prober in self._probers:
            prober.stop()

    def collect(self, window_s: float) -> Collected:
        """Of the last seconds, by all of them; a reason only where none could tell."""
        found = [prober.collect(window_s) for prober in self._probers]
        times_ms = [time_ms for collected in found for time_ms in collected.round_trips_ms]
        is_enough = len(times_ms) >= LEAST_PROBES and any(collected.reason in {"", "starting"} for collected in found)
        return Collected(times_ms, "" if is_enough else found[0].reason or "starting")


def rehearse(
    far_end: streams.FarEnd,
    demand: Demand,
    most_bytes: int,
    interface: str,
    round_trips: RoundTrips,
    clock: Clock,
    stop: threading.Event,
    on_progress: Callable[[float], None],
) -> Outcome:
    """Run it.

    Args:
        far_end: The other side.
        demand: What to try; at least one direction above 0.
        most_bytes: Both ways together, headers included.
        interface: Leave by this one; "" for any.
        round_trips: To the far end, not started.
        clock: The machine's.
        stop: Set it to end early.
        on_progress: Told how far it is, 0 to 1, every tick.
    """
    course = Course(demand, most_bytes)
    round_trips.start(clock, stop)
    try:
        clock.wait(stop, IDLE_S)
        idle = round_trips.collect(IDLE_S)
        flows, took_s = _load(far_end, course, interface, clock, stop, on_progress)
        loaded = round_trips.collect(course.steady_s)
    finally:
        round_trips.stop()
    trouble = next((flow.trouble for flow in flows if flow.trouble and not flow.arrived_bytes), "")
    return Outcome(
        _told(course.download, trouble),
        _told(course.upload, trouble),
        _latency(idle, loaded),
        course.moved_bytes,
        took_s,
        "stopped" if stop.is_set() else course.stopped_by,
        trouble,
    )


def _load(
    far_end: streams.FarEnd,
    course: Course,
    interface: str,
    clock: Clock,
    stop: threading.Event,
    on_progress: Callable[[float], None],
) -> tuple[list[streams.Flow], float]:
    """Both ways at once until the course is over; the flows and the seconds it took."""
    over = threading.Event()
    down, up = (streams.Flow(Pace(_pace_bps(way), clock)) for way in (course.download, course.upload))
    threads = []
    began_mono = clock.now_mono()
    try:
        for way, flow, move in ((course.download, down, streams.download), (course.upload, up, streams.upload)):
            if way.finding is not Finding.NOT_ASKED:
                threads += streams.start(move, far_end, flow, interface, over, clock)
        at_s, is_over = 0.0, False
        while not is_over and not stop.is_set():
            clock.wait(stop, TICK_S)
            at_s = clock.now_mono() - began_mono
            moved_bytes = down.moved_bytes + up.moved_bytes
            is_over = course.tick(at_s, down.arrived_bytes, up.arrived_bytes, moved_bytes)
            down.pace.set_rate(_pace_bps(course.download))
            up.pace.set_rate(_pace_bps(course.upload))
            on_progress(course.share)
            if at_s >= GIVE_UP_S and not moved_bytes and (down.trouble or up.trouble):
                break
        return [down, up], at_s
    finally:
        over.set()
        end_mono = clock.now_mono() + JOIN_S
        for thread in threads:
            thread.join(max(0.0, end_mono - clock.now_mono()))


def _pace_bps(way: Direction) -> float:
    return way.pace_bps or 1.0  # of a direction without streams nobody asks


def _told(way: Direction, trouble: str) -> Told:
    if way.finding is Finding.NOT_ASKED:
        return Told(way.finding, None)
    # A far end that could not be used says nothing of the line.
    if trouble or way.finding is None:
        return Told(Finding.UNKNOWN, None if trouble else way.held_bps)
    return Told(way.finding, way.held_bps)


def _latency(idle: Collected, loaded: Collected) -> Latency:
    idle_ms = sorted(time_ms for time_ms in idle.round_trips_ms if time_ms is not None)
    loaded_ms = sorted(time_ms for time_ms in loaded.round_trips_ms if time_ms is not None)
    return Latency(
        statistics.median(idle_ms) if idle_ms and not idle.reason else None,
        statistics.median(loaded_ms) if loaded_ms and not loaded.reason else None,
        loaded_ms[min(len(loaded_ms) - 1, int(0.95 * len(loaded_ms)))] if loaded_ms and not loaded.reason else None,
        1 - len(loaded_ms) / len(loaded.round_trips_ms) if loaded.round_trips_ms and not loaded.reason else None,
    )
