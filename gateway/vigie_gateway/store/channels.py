"""The table ``series``: what each channel was last registered as. Called by ``sqlite``, on the writer thread."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator

from vigie_contract.messages import Channel
from vigie_gateway.store import Series
from vigie_gateway.store.pages import Field


def all_series(database: sqlite3.Connection) -> Iterator[tuple[Series, bool]]:
    """Every series by id, and whether it is retired."""
    rows = database.execute(
        "SELECT id, node, channel, quantity, period_s, room, label, labels, retired FROM series ORDER BY id"
    )
    for number, node, channel, quantity, period_s, room, label, labels, is_retired in rows:
        made = Channel(channel, quantity, period_s, room, label, tuple(json.loads(labels)))
        yield Series(number, node, made), bool(is_retired)


def row_of(series: Series, is_retired: bool) -> tuple[Field, ...]:
    """Its row, without the id."""
    channel = series.channel
    labels = json.dumps(channel.labels, ensure_ascii=False)
    return (
        series.node, channel.id, channel.quantity, channel.period_s, channel.room, channel.label, labels,
        int(is_retired),
    )  # fmt: skip


def register(database: sqlite3.Connection, node: str, channel: Channel) -> None:
    """Make a channel the live one of its name, in the caller's transaction."""
    database.execute(
        "UPDATE series SET retired = 1 WHERE node = ? AND channel = ? AND quantity <> ?",
        (node, channel.id, channel.quantity),
    )
    database.execute(
        "INSERT INTO series (node, channel, quantity, period_s, room, label, labels, retired)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET period_s = excluded.period_s, room = excluded.room, label = excluded.label,"
        " labels = excluded.labels, retired = 0",
        row_of(Series(0, node, channel), is_retired=False),
    )
