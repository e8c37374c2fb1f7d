"""The place's InfluxDB, where it has one: a copy of every reading, and the source of what retention took away here.

Off the way of a reading: the store has it on disk already, and nothing waits for what happens here.

- ``sink`` follows the store's log on a thread of its own; ``batches`` says what comes next, ``lines`` writes it down,
  ``writer`` sends it with influxdb-client, which is imported there alone and only when an InfluxDB is configured.
- ``older`` answers a history that the store alone would give too coarsely; ``query`` asks in InfluxQL.

``docs/influxdb.md`` says how readings are found there.
"""

from __future__ import annotations

FOLLOWER = "influxdb"
"""Its name among the store's cursors."""


class InfluxdbError(Exception):
    """InfluxDB cannot do what was asked; one line for a person."""


class AwayError(InfluxdbError):
    """It does not answer, or says that it cannot now: the same may be asked again later.

    ``retry_after_s`` is how long it asks to be left alone; None when it does not say.
    """

    def __init__(self, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_s = retry_after_s


class MisconfiguredError(InfluxdbError):
    """A token, name, address or certificate is wrong: only a person can mend it."""


class RefusedError(InfluxdbError):
    """It will never take what was sent; the message is its reason."""
