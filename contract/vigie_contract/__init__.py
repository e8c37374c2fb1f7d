"""What the parts of Vigie say to each other: quantities, readings, topics, packs, births, acknowledgements.

Standard library only, imported by the sensors, the gateway and the dashboard alike; it imports none of them.
The wire in prose is ``docs/protocol.md``; ``docs/asyncapi.yaml`` is checked against this package by a test.
"""

PROTOCOL_VERSION = 1
"""The number in every topic (``vigie/1/…``). It changes only when an old part could misread a new one."""
