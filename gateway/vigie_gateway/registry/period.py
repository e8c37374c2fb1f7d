"""How often a device speaks of one thing. Pure; called by ``ingest.device_readings`` on the store writer's thread."""

from __future__ import annotations

ASSUMED_S = 300.0
"""Until it is known: how often a Tasmota tells its measures by default. Lower calls a slow device old between two of
its words; higher shows what a plug said minutes after it was pulled out."""


class Period:
    """Of one channel of a device.

    Attributes:
        period_s: A message is due at least this often.
    """

    def __init__(self, known_s: float | None = None) -> None:
        """``known_s``: as the store has it from before; None when it has none."""
        self.period_s = known_s or ASSUMED_S

    def heard(self, at_ts: float) -> bool:  # noqa: ARG002 - nothing is learnt from it yet
        """The device spoke of it; whether its period became another."""
        return False

    def moved(self, step_s: float) -> None:
        """The gateway's clock was moved."""
