"""What the broker says that it dropped (``$SYS/broker/publish/messages/dropped``): nothing else tells of it.

A broker whose queue for a client is full drops messages that it has acknowledged, without a line in its log. Nodes of
ours send again; other devices cannot. ``bus`` hands every report over, on its network thread; any thread may read.
"""

from __future__ import annotations

TOPIC = "$SYS/broker/publish/messages/dropped"
RECENT_S = 900.0
"""How long a rise is told of after it stopped. Lower hides a burst before anybody looks; higher keeps warning of what
is over."""


class BrokerDrops:
    """The counter, and how much of it came while this gateway was there to see.

    Attributes:
        total: As the broker last said, since its own start; None while it has said nothing.
        risen: How much it rose since the gateway started.
        risen_mono: When it last rose; None when it never did.
    """

    def __init__(self) -> None:
        self.total: int | None = None
        self.risen = 0
        self.risen_mono: float | None = None

    def take(self, payload: bytes, now_mono: float) -> None:
        """A report of the broker; one that is no number is none."""
        if not payload.isdigit() or len(payload) > 20:  # noqa: PLR2004 - more digits than a counter of 64 bits has
            return
        total = int(payload)
        # Lower than before: the broker started anew, and counts from zero.
        rise = 0 if self.total is None else total - self.total if total >= self.total else total
        self.total = total
        if rise:
            self.risen += rise
            self.risen_mono = now_mono

    def is_recent(self, now_mono: float) -> bool:
        """Whether it rose within the last RECENT_S."""
        return self.risen_mono is not None and now_mono - self.risen_mono < RECENT_S
