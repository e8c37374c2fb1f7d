"""Readings in InfluxDB's line protocol. Pure; called by the sink.

A reading is identified by quantity, site, node, channel and its time in milliseconds: one that is sent twice overwrites
itself. What may change, such as the room of a channel, is therefore no tag.
"""

from __future__ import annotations

from vigie_gateway.store import Sample, Series

TRIAL = "vigie_doctor"
"""The measurement that the doctor tries both halves with."""
_IN_NAMES = str.maketrans({",": r"\,", " ": r"\ ", "=": r"\=", "\n": "_", "\r": "_", "\\": "_"})
"""The protocol has no way to write a line's end in a name, nor a backslash before what must be escaped."""
_IN_STRINGS = str.maketrans({'"': r"\"", "\\": r"\\", "\n": " ", "\r": " "})


def key(site: str, series: Series) -> str:
    """What is the same in every line of a series: measurement and tags, these by name."""
    channel = series.channel
    return f"{channel.quantity},channel={_name(channel.id)},node={_name(series.node)},site={_name(site)}"


def _name(text: str) -> str:
    return text.translate(_IN_NAMES)


def line(series_key: str, sample: Sample) -> str:
    """One reading. An unknown has no ``value`` at all, but ``unknown`` with its reason."""
    at_ms = int(sample.at_ts * 1000.0 + 0.5)
    if sample.value is None:
        return f'{series_key} unknown="{(sample.reason or "unknown").translate(_IN_STRINGS)}" {at_ms}'
    return f"{series_key} value={sample.value!r} {at_ms}"


def trial(site: str, at_ts: float) -> str:
    """A line that the doctor writes to read it back."""
    return f"{TRIAL},site={_name(site)} value=1.0 {int(at_ts * 1000.0 + 0.5)}"


def probe(site: str, at_ts: float) -> str:
    """A line that is right for every server: who refuses it refuses everything."""
    return f"vigie_probe,site={_name(site)} value=1.0 {int(at_ts * 1000.0 + 0.5)}"
