"""Who reads which topic: from a message on the bus to what it says.

Step 6 of a reading's way for third parties. Built once by the composition root, called on their ingest thread for each
message, in the order of their arrival. It remembers what devices announced, within bounds; what it remembers comes
back by itself from the bus's retained messages after a restart.
"""

from __future__ import annotations

from vigie_gateway.devices.measures import Decoded, Message, Refusal


class Decoding:
    """Reads every family, and remembers what they announced."""

    def decode(self, message: Message) -> Decoded:
        """What a message says, or its one refusal. Never raises."""
        return Decoded(refusal=Refusal("topic", f"no decoder knows the topic {message.topic[:80]!r}"))
