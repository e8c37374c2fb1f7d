"""Who reads which topic: from a message on the bus to what it says.

Step 6 of a reading's way for third parties. Built once by the composition root, called on their ingest thread for each
message, in the order of their arrival. It remembers what devices announced, within bounds; what it remembers comes
back by itself from the bus's retained messages after a restart.
"""

from __future__ import annotations

from vigie_gateway.devices.announced import Announced
from vigie_gateway.devices.measures import Decoded, Message, Refusal, RefusedError, clean
from vigie_gateway.devices.sources import is_own


class Decoding:
    """Reads every family, and remembers what they announced.

    Args:
        prefixes: Under which Home Assistant discovery is announced.
    """

    def __init__(self, prefixes: tuple[str, ...] = ("homeassistant",)) -> None:
        self._announced = Announced(prefixes)

    def decode(self, message: Message) -> Decoded:
        """What a message says, or its one refusal. Never raises."""
        try:
            return self._decode(message)
        except RefusedError as refused:
            return Decoded(refusal=refused.refusal)
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends, the thread that reads it must live on
            return Decoded(refusal=Refusal("failed", f"{type(error).__name__} on {clean(message.topic)!r}"))

    def _decode(self, message: Message) -> Decoded:
        if is_own(message.topic):
            raise RefusedError("own-topic", f"no device speaks on {clean(message.topic)!r}")
        where = self._announced.topic(message.topic)
        if where is not None:
            return self._announced.announce(message, where)
        announced = self._announced.read(message)
        if announced is not None:
            return announced
        raise RefusedError("topic", f"no decoder knows the topic {clean(message.topic)!r}")
