"""When to try again what did not get through. Pure: failures and a time in, a time out.

A notifier that fails again and again **rests**: then one message at a time is tried, rarely, and when one gets through
all the others follow.
"""

from __future__ import annotations

from random import Random

FIRST_S = 5.0
"""Longest wait after the first failure. Lower asks a server that is restarting over and over; higher delays what one
lost packet held up."""
LONGEST_S = 300.0
"""Longest wait of all. Lower burdens a service that is down for hours with every place that uses it; higher tells of an
outage so much later than the channel is back."""
FINAL_S = 3_600.0
"""Longest wait where only changed settings can help. A restart tries at once, so this is for what mends itself after
all. Lower annoys whoever refuses, who may then refuse for good."""
RESTS_AFTER = 5
"""Failures in a row. Fewer rest after a blip; more send a whole queue against a closed door."""


class Patience:
    """That of one notifier.

    Attributes:
        failures: In a row.
        until_ts: While it rests, when the next may be tried.
    """

    def __init__(self, random: Random) -> None:
        self.failures = 0
        self.until_ts = 0.0
        self._random = random

    @property
    def is_resting(self) -> bool:
        """Whether only a probe is sent."""
        return self.failures >= RESTS_AFTER

    def succeeded(self) -> None:
        """Trust it again."""
        self.failures = 0
        self.until_ts = 0.0

    def failed(self, now_ts: float, tries: int, *, is_permanent: bool) -> float:
        """Take note of a failure.

        Args:
            now_ts: When.
            tries: How often this message was tried, this time included.
            is_permanent: Whether trying the same cannot help.

        Returns:
            When to try the message again. Anywhere between now and the longest wait ("full jitter"), so that a
            thousand places do not come back in the same second.
        """
        self.failures += 1
        longest_s = FINAL_S if is_permanent else min(LONGEST_S, FIRST_S * 2.0 ** min(tries - 1, 16))
        retry_ts = now_ts + self._random.uniform(0.0, longest_s)
        if self.is_resting:
            self.until_ts = retry_ts
        return retry_ts

    def may_try(self, now_ts: float) -> bool:
        """Whether anything may be tried now; the clock may have been set back meanwhile."""
        return not self.is_resting or now_ts >= self.until_ts or self.until_ts - now_ts > FINAL_S
