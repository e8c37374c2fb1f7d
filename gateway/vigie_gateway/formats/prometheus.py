"""The health report as Prometheus reads it: every number of ``/healthz``, in the text exposition format 0.0.4.

``/metrics`` calls ``exposition`` on the event loop. What is unknown (null in the report) is absent: a sample of 0 would
be a measure. Names follow https://prometheus.io/docs/practices/naming/; docs/metrics.md lists them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATUS_NUMBERS = {"pass": 0, "warn": 1, "fail": 2}
"""What a part's word is as a number, so that a rule may ask for ``> 1``."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: With its unit at its end, and ``_total`` after that for a counter.
        kind: A counter starts again with whatever counts it.
        path: Where its value stands in the report. A step in braces stands for every key there, which becomes the
            label of that name.
        text: One line of help.
    """

    name: str
    kind: Literal["gauge", "counter"]
    path: tuple[str, ...]
    text: str

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its labels."""
        return tuple(step[1:-1] for step in self.path if step.startswith("{"))


def _of(part: str, *metrics: tuple[str, Literal["gauge", "counter"], str, str]) -> tuple[Metric, ...]:
    """Metrics of one part; the path within it is written with dots."""
    return tuple(
        Metric(f"vigie_{name}", kind, ("parts", part, *path.split(".")), text) for name, kind, path, text in metrics
    )


METRICS: tuple[Metric, ...] = (
    Metric("vigie_time_seconds", "gauge", ("now_ts",), "The gateway's clock, in epoch seconds"),
    Metric("vigie_up_seconds", "gauge", ("up_s",), "Since the gateway started"),
    Metric("vigie_status", "gauge", ("status",), "The worst of the parts: 0 pass, 1 warn, 2 fail"),
    Metric("vigie_part_status", "gauge", ("parts", "{part}", "status"), "One part: 0 pass, 1 warn, 2 fail"),
    *_of(
        "clock",
        ("clock_known", "gauge", "is_known", "1 when the clock is known to be right, 0 when not"),
        ("clock_since_seconds", "gauge", "since_ts", "Epoch seconds since when it is, or is not"),
        ("clock_steps_total", "counter", "steps", "How often the clock was moved by more than 1 s"),
        ("clock_last_step_seconds", "gauge", "last_step_s", "By how many seconds it was moved last"),
    ),
    *_of(
        "broker",
        ("broker_round_trip_seconds", "gauge", "round_trip_s", "From the last subscription to the broker's answer"),
        ("broker_dropped_messages_total", "counter", "dropped_messages", "Messages the broker dropped since its start"),
        (
            "broker_dropped_while_watched_messages_total",
            "counter",
            "dropped_while_watched",
            "Messages the broker dropped while this gateway ran",
        ),
        ("broker_takeovers_total", "counter", "takeovers", "Times that another client took the gateway's connection"),
    ),
    *_of(
        "ingest",
        ("ingest_messages_total", "counter", "messages", "Messages taken off the bus"),
        ("ingest_readings_total", "counter", "readings", "Readings taken out of them"),
        ("ingest_stored_readings_total", "counter", "stored", "Readings committed to the disk"),
        ("ingest_commits_total", "counter", "commits", "Commits"),
        ("ingest_gaps_total", "counter", "gaps", "Gaps recorded: readings that can never come"),
    ),
    *_of(
        "store",
        ("store_size_bytes", "gauge", "size_bytes", "Size of the database and its write-ahead log"),
        ("store_checked_seconds", "gauge", "checked_ts", "Epoch seconds of the last check of the whole database"),
        (
            "store_damaged_chunks",
            "gauge",
            "damaged_chunks",
            "Rows of history that the last check found damaged",
        ),
        ("store_copies", "gauge", "copies", "Daily copies that are there"),
        ("store_ballast_kept", "gauge", "is_ballast_kept", "1 when the ballast is there, 0 when the disk was full"),
        ("store_salvaged_readings", "gauge", "salvage.readings", "Readings put back from the last damaged file"),
        ("store_salvage_unreadable_rows", "gauge", "salvage.unreadable_rows", "Rows of it that cannot be read"),
    ),
    *_of(
        "backlog",
        ("backlog_node_readings", "gauge", "on_nodes_readings", "Readings that nodes hold and the disk does not"),
        ("backlog_nodes_since_seconds", "gauge", "on_nodes_since_ts", "Epoch seconds since when some wait on nodes"),
        ("backlog_messages", "gauge", "messages", "Messages that wait for the ingest thread"),
        ("backlog_messages_bytes", "gauge", "message_bytes", "Payload bytes of these"),
        ("backlog_messages_since_seconds", "gauge", "messages_since_ts", "Epoch seconds since when some wait"),
        ("backlog_uncommitted_readings", "gauge", "uncommitted_readings", "Readings taken and not yet on disk"),
        ("backlog_uncommitted_since_seconds", "gauge", "uncommitted_since_ts", "Epoch seconds since when some wait"),
    ),
    *_of(
        "nodes",
        ("node_online", "gauge", "by_id.{node}.is_online", "1 when the node says that it is online, 0 when not"),
        ("node_heard_seconds", "gauge", "by_id.{node}.heard_ts", "Epoch seconds of its last message"),
        ("node_channels", "gauge", "by_id.{node}.channels", "Channels that it has declared"),
        ("node_stored_sequence", "gauge", "by_id.{node}.stored_upto", "Last number of its journal that is on disk"),
        ("node_dated", "gauge", "by_id.{node}.is_dated", "1 when its own clock dates its readings, 0 when not"),
        (
            "node_clock_off_seconds",
            "gauge",
            "by_id.{node}.clock_off_s",
            "How far its clock is ahead; absent when right",
        ),
        ("node_cloned", "gauge", "by_id.{node}.is_cloned", "1 when two nodes give numbers in one journal of it"),
        ("node_battery_percent", "gauge", "by_id.{node}.battery_percent", "How full its battery is"),
        ("node_signal_dbm", "gauge", "by_id.{node}.signal_dbm", "Signal strength of its radio link"),
        ("node_waiting_readings", "gauge", "by_id.{node}.waiting_readings", "Readings of it that are not on disk here"),
        ("node_waiting_since_seconds", "gauge", "by_id.{node}.waiting_since_ts", "Epoch seconds since when some wait"),
    ),
    *_of(
        "refused",
        ("refused_total", "counter", "by_reason.{reason}.count", "What was refused, by reason"),
        ("refused_last_seconds", "gauge", "by_reason.{reason}.at_ts", "Epoch seconds of the last one"),
    ),
    *_of(
        "influxdb",
        ("influxdb_cursor_commit", "gauge", "cursor", "Last commit of the store that InfluxDB has"),
        ("influxdb_filling", "gauge", "is_filling", "1 while InfluxDB is filled with what was there before"),
        ("influxdb_waiting_readings", "gauge", "waiting_readings", "Committed readings that InfluxDB has not had"),
        ("influxdb_waiting_since_seconds", "gauge", "waiting_since_ts", "Epoch seconds since when some wait"),
        ("influxdb_written_readings_total", "counter", "written_readings", "Readings that InfluxDB took"),
        ("influxdb_written_seconds", "gauge", "written_ts", "Epoch seconds of its last write"),
        ("influxdb_set_aside_readings_total", "counter", "set_aside", "Readings that InfluxDB refuses, set aside"),
    ),
    *_of(
        "calendars",
        ("calendars", "gauge", "calendars", "Calendars of the site file"),
        ("calendars_oldest_read_seconds", "gauge", "oldest_read_ts", "Epoch seconds of the oldest of their last reads"),
        ("calendar_status", "gauge", "by_id.{calendar}.status", "One calendar: 0 read, 1 its last read failed"),
        ("calendar_read_seconds", "gauge", "by_id.{calendar}.read_ts", "Epoch seconds of its last good read"),
        ("calendar_events", "gauge", "by_id.{calendar}.events", "Events of today and tomorrow"),
        ("calendar_unplaced_events", "gauge", "by_id.{calendar}.unplaced_events", "Of these, those in no known room"),
    ),
    *_of(
        "checks",
        ("checks_sessions", "gauge", "sessions", "Sessions of the next two days that were looked at before they begin"),
        ("checks_unchecked_sessions", "gauge", "unchecked_sessions", "Of these, those that could not be checked"),
        ("checks_failures_total", "counter", "failures", "Checks that failed because the store could not be read"),
    ),
    *_of(
        "alerts",
        ("alerts_pending", "gauge", "pending", "Alerts that are not for long enough yet"),
        ("alerts_firing", "gauge", "firing", "Alerts that fire"),
        ("alerts_acknowledged", "gauge", "acknowledged", "Open alerts that somebody has in hand"),
        ("alerts_silenced", "gauge", "silenced", "Open alerts of which nobody is told"),
        ("alerts_explained", "gauge", "explained", "Open alerts that another one explains"),
        ("alerts_unwritten", "gauge", "unwritten", "Changes of alerts that are not written yet"),
        ("alerts_rounds_total", "counter", "rounds", "How often the alert thread came round"),
        ("alerts_failures_total", "counter", "internal", "Rounds of it that failed"),
    ),
    *_of(
        "outbox",
        ("outbox_notices", "gauge", "waiting", "What is due to be told and did not get through yet"),
        ("outbox_oldest_seconds", "gauge", "oldest_ts", "Epoch seconds when the oldest of it happened"),
        ("outbox_later_notices", "gauge", "later", "What is to be told later: quiet hours, grouping, escalation"),
        ("outbox_failing_messages", "gauge", "failing", "Messages that were tried and are tried again"),
    ),
    *_of(
        "disk",
        ("disk_free_bytes", "gauge", "free_bytes", "Free on the file system of the database"),
        ("disk_size_bytes", "gauge", "size_bytes", "Size of that file system"),
    ),
    *_of("heat", ("cpu_celsius", "gauge", "cpu_celsius", "Temperature of the processor")),
    *_of(
        "supply",
        ("supply_low", "gauge", "is_low", "1 when the supply voltage is too low now, 0 when not"),
        ("supply_was_low", "gauge", "was_low", "1 when it was since the machine was started, 0 when not"),
        ("processor_slowed", "gauge", "is_slowed", "1 when the processor is slowed for heat or voltage, 0 when not"),
    ),
    *_of(
        "live",
        ("live_viewers", "gauge", "viewers", "Browsers that follow the board now"),
        ("live_dropped_viewers_total", "counter", "dropped", "Browsers that were too slow and had to connect again"),
    ),
)


def exposition(report: Mapping[str, Any]) -> str:
    """The report of ``Health.report`` as text; a metric that has no known value is left out whole."""
    lines = [
        "# HELP vigie_build_info The version that runs, as a label",
        "# TYPE vigie_build_info gauge",
        f'vigie_build_info{{version="{_escaped(str(report["version"]))}"}} 1',
    ]
    for metric in METRICS:
        samples = [
            f"{metric.name}{labelled(labels)} {number}"
            for labels, value in _values(report, metric.path, ())
            if (number := _number(value)) is not None
        ]
        if samples:
            lines += [f"# HELP {metric.name} {metric.text}", f"# TYPE {metric.name} {metric.kind}", *samples]
    return "\n".join(lines) + "\n"


_Labels = tuple[tuple[str, str], ...]


def _values(found: Any, path: tuple[str, ...], labels: _Labels) -> Iterator[tuple[_Labels, Any]]:
    if not path:
        yield labels, found
    elif isinstance(found, Mapping):
        step, rest = path[0], path[1:]
        if step.startswith("{"):
            for key, inner in found.items():
                yield from _values(inner, rest, (*labels, (step[1:-1], key)))
        else:
            yield from _values(found.get(step), rest, labels)


def _number(value: Any) -> str | None:
    if isinstance(value, str):
        value = STATUS_NUMBERS.get(value)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    return None


def labelled(labels: _Labels) -> str:
    """Labels as they stand behind a metric's name; nothing where there are none."""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels) + "}" if labels else ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
