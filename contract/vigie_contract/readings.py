"""A reading: a channel's value at a time, or that it is unknown and why.

Made by drivers, kept by the journal, sent by the publisher, judged and stored by the gateway.
"""

from __future__ import annotations

from typing import NamedTuple

UNKNOWN_REASONS = {
    "absent": "the hardware does not answer",
    "busy": "the hardware is in use by something else",
    "failed": "the measurement was tried and failed",
    "inconclusive": "the measurement could not tell (a refused or skipped test, our own uplink down)",
    "not-told": "this radio or meter does not tell it",
    "not-associated": "the node is not associated with an access point of the site",
    "starting": "not enough samples yet",
    "counter-back": "a counter went backwards between two samples",
    "out-of-range": "the value cannot be true",
    "spike": "the value jumped further than it can",
    "silent": "nothing has been heard for longer than the channel's period allows",
    "restarted": "the daemon started again",
}
"""Why a value is unknown: the word on the wire and in the API, and what it means."""


class Reading(NamedTuple):
    """One channel at one time.

    Attributes:
        channel: The channel's id within its node, ``[a-z0-9-]{1,32}``.
        at_ts: Epoch seconds, of the end of the interval that the reading covers.
        value: In the channel's unit, finite; a state is 1.0 or 0.0, a choice its index. None when unknown.
        reason: A word of UNKNOWN_REASONS when ``value`` is None, else None.
    """

    channel: str
    at_ts: float
    value: float | None
    reason: str | None = None
