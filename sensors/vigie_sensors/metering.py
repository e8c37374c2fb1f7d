"""Energy and power from a meter's pulses: a pure decider, fed by the ``pulse`` driver."""

from __future__ import annotations

from vigie_sensors.debounce import PulseCounter

_WS_PER_KWH = 3_600_000


class PulseMeter:
    """Each pulse is the same energy; the time between two tells the power."""

    def __init__(self, pulses_per_kwh: float, quiet_s: float) -> None:
        """Begin at no energy.

        Args:
            pulses_per_kwh: As written on the meter.
            quiet_s: A pulse so soon after the end of another is its bounce.
        """
        self._pulses_per_kwh = pulses_per_kwh
        self._pulses = PulseCounter(quiet_s)
        self._last_s: float | None = None
        self._from: tuple[float, int] | None = None
        self._power_w: float | None = None

    def feed(self, at_s: float, active: bool) -> None:
        """Take an edge."""
        if self._pulses.feed(at_s, active):
            self._last_s = at_s
            if self._from is None:
                self._from = (at_s, self._pulses.count)

    @property
    def energy_wh(self) -> float:
        """Since it was made."""
        return self._pulses.count * 1_000 / self._pulses_per_kwh

    def power_w(self, now_s: float) -> float | None:
        """The mean power between the last pulse before the last call and the last pulse before this one.

        Without a new pulse it is at most what would have given one by now: a load that was switched off shows as
        a falling upper bound, never as a power that is still there. None until two pulses were seen.
        """
        if self._from is None or self._last_s is None:
            return None
        since_s, before = self._from
        pulses = self._pulses.count - before
        if pulses and self._last_s > since_s:
            self._power_w = self._power(pulses, self._last_s - since_s)
            self._from = (self._last_s, self._pulses.count)
        if self._power_w is None or now_s <= self._last_s:
            return self._power_w
        return min(self._power_w, self._power(1, now_s - self._last_s))

    def _power(self, pulses: int, duration_s: float) -> float:
        return pulses * _WS_PER_KWH / self._pulses_per_kwh / duration_s
