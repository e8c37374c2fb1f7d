"""What a driver returned, made fit for the journal: only declared channels, finite, rounded. Pure.

Called by each sensor's loop on its thread, between ``sample`` and the journal. A reading that the protocol cannot
carry would have its whole pack refused by the gateway; it is stopped here, and counted.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES, Kind, Quantity
from vigie_contract.readings import UNKNOWN_REASONS, Reading
from vigie_contract.senml import LATEST_TS

LARGEST = 1e300
"""The protocol's bound of a value."""


class Intake:
    """The declared channels of one sensor.

    Attributes:
        refused: How many readings were stopped, by reason: ``channel`` (not declared), ``time`` (in no year that the
            protocol knows), ``reason`` (an unknown without a reason of the protocol), ``value`` (not finite, or no
            state or choice of the channel). The last two go on as unknowns.
    """

    def __init__(self, channels: Iterable[Channel]) -> None:
        self._channels: Mapping[str, tuple[Channel, Quantity]] = {
            channel.id: (channel, QUANTITIES[channel.quantity]) for channel in channels
        }
        self.refused: Counter[str] = Counter()

    def admit(self, readings: Iterable[Reading]) -> list[Reading]:
        """The readings that may be journalled, in the same order."""
        admitted = (self._admit(reading) for reading in readings)
        return [reading for reading in admitted if reading is not None]

    def unknown(self, reason: str, at_ts: float) -> list[Reading]:
        """An unknown for every channel."""
        return self.admit([Reading(channel, at_ts, None, reason) for channel in self._channels])

    def _admit(self, reading: Reading) -> Reading | None:
        found = self._channels.get(reading.channel)
        if found is None:
            self.refused["channel"] += 1
            return None
        if not (math.isfinite(reading.at_ts) and 0 <= reading.at_ts < LATEST_TS):
            self.refused["time"] += 1
            return None
        channel, quantity = found
        if reading.value is None:
            if reading.reason in UNKNOWN_REASONS:
                return reading
            self.refused["reason"] += 1
            return Reading(reading.channel, reading.at_ts, None, "failed")
        value = float(reading.value)
        if not _can_be(value, channel, quantity):
            self.refused["value"] += 1
            return Reading(reading.channel, reading.at_ts, None, "out-of-range")
        return Reading(reading.channel, reading.at_ts, quantity.rounded(value))


def _can_be(value: float, channel: Channel, quantity: Quantity) -> bool:
    if quantity.kind is Kind.STATE:
        return value in (0.0, 1.0)
    if quantity.kind is Kind.CHOICE:
        return value.is_integer() and 0 <= value < len(channel.labels)
    return math.isfinite(value) and abs(value) < LARGEST
