"""What of a pack can be shown while the gateway does not know the time, and as of when. Pure; on the ingest thread.

Nothing of it is stored or acknowledged, so that the node sends all of it again: tries of old readings in turn with new
ones as they come. Ages hold whatever the gateway's clock says. Dates cannot be compared with it; but a pack that ends
with the node's newest reading has just been sent, and the distances between its dates are true.
"""

from __future__ import annotations

from typing import NamedTuple

from vigie_contract.senml import Pack
from vigie_gateway.ingest.nodes import NodeState
from vigie_gateway.quality import BACKLOG_AGE_S, judge

DECODE_TS = 2e9
"""Stands for the time of receipt while that is not known: any from which ages of some years reach no impossible date,
as they do from a clock in 1970."""


class Shown(NamedTuple):
    """A reading as the board takes it."""

    name: str
    at_ts: float
    value: float | None
    reason: str | None


def readings_to_show(node: NodeState, pack: Pack, received_ts: float) -> list[Shown]:
    """Readings that were not shown yet and are young enough, with times by the gateway's clock as it stands.

    Args:
        node: Remembers what was shown.
        pack: Decoded with DECODE_TS.
        received_ts: When it came, by that clock.
    """
    end = pack.first + len(pack.readings) - 1
    if pack.is_dated and pack.last != end:
        return []  # old readings, and nothing tells how old
    journal, shown_upto = node.shown
    skip = max(0, shown_upto + 1 - pack.first) if journal == pack.journal else 0
    node.shown = (pack.journal, end if journal != pack.journal else max(shown_upto, end))
    newest_ts = max(reading.at_ts for reading in pack.readings) if pack.is_dated else DECODE_TS
    shown = []
    for channel_id, taken_ts, value, reason in pack.readings[skip:]:
        age_s = max(0.0, newest_ts - taken_ts)
        if age_s <= BACKLOG_AGE_S:
            channel = node.channels[channel_id]
            verdict = judge(channel.quantity, received_ts - age_s, value, reason, None, received_ts)
            shown.append(Shown(channel.name, received_ts - age_s, verdict.value, verdict.reason))
    return shown
