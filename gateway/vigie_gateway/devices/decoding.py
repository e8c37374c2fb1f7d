"""Who reads which topic: from a message on the bus to what it says.

Step 6 of a reading's way for third parties. Built once by the composition root, called on their ingest thread for each
message, in the order of their arrival. It remembers what devices announced, within bounds; what it remembers comes
back by itself from the bus's retained messages after a restart.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import chain

from vigie_gateway.devices.announced import Announced
from vigie_gateway.devices.families.esphome import Esphome
from vigie_gateway.devices.families.mqtt_io import MqttIo
from vigie_gateway.devices.families.openmqttgateway import OpenMqttGateway
from vigie_gateway.devices.families.shelly_gen1 import ShellyGen1
from vigie_gateway.devices.families.shelly_gen2 import ShellyGen2
from vigie_gateway.devices.families.tasmota import Tasmota
from vigie_gateway.devices.families.teleinfo import Teleinfo2mqtt
from vigie_gateway.devices.families.told import Family
from vigie_gateway.devices.families.zigbee2mqtt import Zigbee2mqtt
from vigie_gateway.devices.measures import Decoded, Message, Refusal, RefusedError, clean
from vigie_gateway.devices.sources import is_own


class Decoding:
    """Reads every family, and remembers what they announced.

    Args:
        prefixes: Under which Home Assistant discovery is announced; none where the place does not want it read.
        bases: First levels of Zigbee2MQTT's topics.
        families: Names of those to read; None for all. A family that is not read is told as ``topic``.

    Attributes:
        filters: Topic filters to subscribe to, for a start; ``Decoded.listen`` names more.
    """

    def __init__(
        self,
        prefixes: tuple[str, ...] = ("homeassistant",),
        bases: tuple[str, ...] = ("zigbee2mqtt",),
        families: Collection[str] | None = None,
    ) -> None:
        self._announced = Announced(prefixes)
        # Whoever has the narrower idea of its topics is asked before the others.
        known: tuple[Family, ...] = (
            Zigbee2mqtt(bases),
            ShellyGen2(),
            ShellyGen1(),
            Tasmota(),
            Teleinfo2mqtt(),
            OpenMqttGateway(),
            Esphome(),
            MqttIo(),
        )
        self._families = tuple(one for one in known if families is None or one.name in families)
        announcements = (f"{prefix}/{levels}/config" for prefix in prefixes for levels in ("+/+", "+/+/+"))
        self.filters = (*announcements, *chain.from_iterable(one.filters for one in self._families))

    def pin(self, topics: Mapping[str, str]) -> None:
        """See ``Announced.pin``."""
        self._announced.pin(topics)

    def decode(self, message: Message) -> Decoded:
        """What a message says, or its one refusal. Never raises."""
        try:
            return self._decode(message)
        except RefusedError as refused:
            return Decoded(refused.family, refusal=refused.refusal)
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends, the thread that reads it must live on
            return Decoded(refusal=Refusal("failed", f"{type(error).__name__} on {clean(message.topic)!r}"))

    def _decode(self, message: Message) -> Decoded:
        if is_own(message.topic):
            raise RefusedError("own-topic", f"no device speaks on {clean(message.topic)!r}")
        where = self._announced.topic(message.topic)
        if where is not None:
            return self._announced.announce(message, where)
        announced = self._announced.read(message)
        if announced is None:
            return self._native(message)
        try:
            # Whoever announces its entities is not read twice, under two identities.
            native = Decoded() if self._announced.measures_from(message.topic) else self._native(message)
        except RefusedError:
            native = Decoded()
        if native == Decoded():
            if not (announced.measures or announced.presences):
                raise RefusedError("nothing", "it holds nothing of what was announced for its topic")
            return announced
        return replace(
            native,
            measures=(*native.measures, *announced.measures),
            presences=(*native.presences, *announced.presences),
        )

    def _native(self, message: Message) -> Decoded:
        if self._announced.is_below(message.topic):
            raise RefusedError("topic", "neither an announcement nor of an announced entity")
        levels = message.topic.split("/")
        for family in self._families:
            if family.claims(levels):
                try:
                    return family.read(message, levels)
                except RefusedError as refused:
                    refused.family = family.name
                    raise
        raise RefusedError("topic", f"no decoder knows the topic {clean(message.topic)!r}")
