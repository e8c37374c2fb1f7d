"""What a device's silence says of its last value: it stands, it ended by itself, or it is unknown. Pure.

A device that speaks at changes alone (a contact, an unused plug) is silent for days without being away. Where the
broker would say that it is gone, its last value stands for as long as it says nothing else.

For the store writer's thread, once a second, of each approved channel, after what was heard:

- keep a ``Standing`` for it, ``Standing(value, at_ts, at_ts)`` anew with each fresh message of it;
- keep the newest ``Presence`` of its entity, or else of its device, heard **in the present connection to the broker**,
  which tells retained ones again; None while there is no connection, since then nobody would tell that it is gone;
- ask ``next_word`` until it answers None: each answer is taken like a message of that moment that the device did not
  send, so that no period is learnt from it, and the standing becomes ``standing.after(held)``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from vigie_contract.quantities import QUANTITIES, Kind
from vigie_gateway.devices.measures import Device, Entity, Presence

MEASURED_STANDS_S = 7 * 86_400.0
"""A measured value stands for so long after the device told it. Lower loses an unused plug over a quiet weekend;
higher shows for longer what a sensor said before it broke within a device that is still connected."""


class Held(NamedTuple):
    """A word in the place of a silent device.

    Attributes:
        at_ts: From when on it is so.
        value: In the quantity's unit; None when unknown.
        reason: A word of ``vigie_contract.readings.UNKNOWN_REASONS`` when ``value`` is None.
    """

    at_ts: float
    value: float | None
    reason: str | None = None


class Terms(NamedTuple):
    """What is known of an entity for good.

    Attributes:
        kind: Of its quantity.
        off_delay_s: How long after its last "on" it is off without saying so; None when it says so.
        may_stand: Whether its device being connected says that it is there.
    """

    kind: Kind
    off_delay_s: float | None = None
    may_stand: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest word of a channel.

    Attributes:
        value: In the quantity's unit; None when unknown.
        at_ts: When it was told, or held, last.
        heard_ts: When the device itself spoke of it last.
    """

    value: float | None
    at_ts: float
    heard_ts: float

    def after(self, held: Held) -> Standing:
        """What stands once a word was held."""
        return replace(self, value=held.value, at_ts=held.at_ts)

    def moved(self, step_s: float) -> Standing:
        """The same, after the gateway's clock was moved."""
        return replace(self, at_ts=self.at_ts + step_s, heard_ts=self.heard_ts + step_s)


def terms_of(entity: Entity, device: Device) -> Terms | None:
    """The terms of an entity; None when it measures nothing.

    What speaks through another device (``Device.via``) does not stand by the other's connection: a thermometer with an
    empty battery is silent while its radio gateway is online. What itself says after which silence its value is unknown
    (``expire_after``) does not stand either.
    """
    if entity.quantity is None:
        return None
    may_stand = not device.via and entity.expire_after_s is None
    return Terms(QUANTITIES[entity.quantity].kind, entity.off_delay_s, may_stand)


def next_word(
    standing: Standing, terms: Terms, presence: Presence | None, period_s: float, now_ts: float
) -> Held | None:
    """The first thing that is to be said in a silent device's place; None when there is nothing.

    Args:
        standing: The newest word.
        terms: Of its entity.
        presence: As above; None when not told.
        period_s: Of its channel: what stands is said again as often.
        now_ts: The time.
    """
    if standing.value is None:
        return None
    is_gone = presence is not None and not presence.is_online and presence.at_ts >= standing.heard_ts
    until_ts = presence.at_ts if presence is not None and is_gone else now_ts
    if terms.kind is Kind.STATE and terms.off_delay_s is not None and standing.value:
        off_ts = standing.heard_ts + terms.off_delay_s
        if off_ts <= until_ts:
            return Held(max(off_ts, standing.at_ts), 0.0)
    if is_gone:
        return Held(max(until_ts, standing.at_ts), None, "absent")
    is_standing = presence is not None and presence.is_online and terms.may_stand
    is_old = terms.kind is not Kind.STATE and now_ts - standing.heard_ts > MEASURED_STANDS_S
    if is_standing and not is_old and now_ts - standing.at_ts >= period_s:
        return Held(now_ts, standing.value)
    return None
