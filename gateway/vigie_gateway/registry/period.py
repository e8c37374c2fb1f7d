"""How often a device speaks of one thing, told by it or learnt from when it is heard. Pure.

Called by ``ingest.device_readings`` on the store writer's thread, for each message of an approved channel. A device
speaks at its own interval and, mostly, at each change as well: its period is the longest interval that is usual, by
how much of the time passes in such intervals, so that a thousand words of one busy minute count as that minute.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque

from vigie_gateway.place.cells import FRESH_PERIODS

LADDER_S = (10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0, 86400.0)
"""What a learnt period may be. More steps register a channel anew with each wavering; fewer call a device fresh for
longer after its last word. The last is the longest period that a channel may have."""
ASSUMED_S = 300.0
"""Until it is known: how often a Tasmota tells its measures by default. Lower calls a slow device old between two of
its words; higher shows what a plug said minutes after it was pulled out."""
RISING = 1.25
"""An interval asks for a longer period beyond so much of this one: whoever speaks 20 % too late does not. Lower lets
jitter raise the period; higher calls a device old at its first lost word."""
STAYING = 1.1
"""An interval keeps a period beyond so much of the next shorter one. Nearer to RISING, a device in between goes up and
down; nearer to 1, one that came to speak more often, a second late each time, keeps its long period."""
USUAL_SHARE = 0.02
"""Of the time, in intervals so long, for them to be usual: half an hour of a day. Lower takes lost packets for a
period; higher forgets the interval of a device that speaks at changes nearly all day."""
USUAL_TIMES = 3
"""Intervals so long, for them to be usual. Lower takes two cuts of power for a period; higher follows later."""
OUTAGE_PERIODS = 12.0
"""An interval over so many periods keeps no period: the device was switched off. Lower takes a slow device's silence
for a cut; higher lets the nights of a plug that is switched off keep its period long."""
DAY_S = 20 * 3600.0
"""Listened to before a period becomes shorter: with a block, at most a day; each holds a good part of a night, when
nothing changes and the device's own interval shows. Lower takes a busy day for a short period; higher follows later."""
BLOCK_S = DAY_S / 5
"""What is forgotten at once. Lower takes memory; higher takes longer than a day to follow."""
SHORTEST_TOLD_S = 1.0
"""A device that calls its values unknown after less is not believed: it would be old at each message."""


class _Block:
    """Intervals heard in some hours: seconds and number, by the step of the ladder that they ask for, or keep."""

    def __init__(self, begun_ts: float) -> None:
        self.begun_ts = begun_ts
        self.asked: Counter[float] = Counter()
        self.asked_s: defaultdict[float, float] = defaultdict(float)
        self.kept_s: defaultdict[float, float] = defaultdict(float)


class Period:
    """Of one channel of a device.

    What is learnt is not kept over a restart, but the period itself: it becomes shorter only after a day without one.
    """

    def __init__(self, told_s: float | None = None, known_s: float | None = None) -> None:
        """Begin.

        Args:
            told_s: Silence after which the device itself calls the value unknown (``Entity.expire_after_s``).
            known_s: The period as the store has it from before; None when it has none.
        """
        self._learnt_s = _step(known_s) if known_s else ASSUMED_S
        self._told_s: float | None = None
        self._last_ts: float | None = None
        self._blocks: deque[_Block] = deque()
        self._longer_s: deque[float] = deque(maxlen=USUAL_TIMES)
        self._shorter_s = 0.0
        self.tell(told_s)

    @property
    def period_s(self) -> float:
        """A message is due at least this often; a step of LADDER_S unless the device told it."""
        return self._learnt_s if self._told_s is None else self._told_s

    def tell(self, told_s: float | None) -> bool:
        """Take over what the device announces, as ``told_s`` of ``__init__``; whether its period became another."""
        before_s = self.period_s
        is_told = told_s is not None and math.isfinite(told_s) and told_s > 0
        self._told_s = min(max(told_s / FRESH_PERIODS, SHORTEST_TOLD_S), LADDER_S[-1]) if told_s and is_told else None
        return self.period_s != before_s

    def heard(self, at_ts: float) -> bool:
        """The device spoke of it, afresh; whether its period became another."""
        last_ts, self._last_ts = self._last_ts, at_ts
        if last_ts is None or at_ts <= last_ts:
            return False
        before_s, interval_s = self.period_s, at_ts - last_ts
        has_begun_block = self._note(last_ts, interval_s)
        learnt_s = self._learnt_s
        if interval_s > RISING * learnt_s:
            self._longer_s.append(interval_s)
            self._shorter_s = 0.0
            learnt_s = max(learnt_s, self._repeated_s(), self._usual_s())
        else:
            self._shorter_s += interval_s
            if self._shorter_s > learnt_s / 2:
                self._longer_s.clear()
            if has_begun_block:
                learnt_s = self._shortened_s(at_ts)
        if learnt_s != self._learnt_s:
            self._learnt_s = learnt_s
            self._blocks.clear()
            self._longer_s.clear()
        return self.period_s != before_s

    def moved(self, step_s: float) -> None:
        """The gateway's clock was moved: what was heard was heard as long ago as it was."""
        if self._last_ts is not None:
            self._last_ts += step_s
        for block in self._blocks:
            block.begun_ts += step_s

    def _note(self, begun_ts: float, interval_s: float) -> bool:
        """Count an interval; whether it is the first of a block."""
        is_first = not self._blocks or begun_ts - self._blocks[-1].begun_ts >= BLOCK_S
        if is_first:
            self._blocks.append(_Block(begun_ts))
        block = self._blocks[-1]
        asked_s = _step(interval_s / RISING)
        block.asked[asked_s] += 1
        block.asked_s[asked_s] += interval_s
        if interval_s <= OUTAGE_PERIODS * self._learnt_s:
            block.kept_s[_step(interval_s / STAYING)] += interval_s
        return is_first

    def _repeated_s(self) -> float:
        """What the last intervals ask for that are longer than the period, without as much as half of one between."""
        if len(self._longer_s) < USUAL_TIMES:
            return 0.0
        return _step(sorted(self._longer_s)[USUAL_TIMES // 2] / RISING)

    def _usual_s(self) -> float:
        """The longest step that usual intervals ask for."""
        total_s = sum(sum(block.asked_s.values()) for block in self._blocks)
        times, seconds = 0, 0.0
        for step_s in reversed(LADDER_S):
            times += sum(block.asked[step_s] for block in self._blocks)
            seconds += sum(block.asked_s.get(step_s, 0.0) for block in self._blocks)
            if times >= USUAL_TIMES and seconds >= USUAL_SHARE * total_s:
                return step_s
        return 0.0

    def _shortened_s(self, at_ts: float) -> float:
        """The longest step that a whole day's intervals keep, or two periods' if that is longer; else as it is."""
        span_s = max(DAY_S, 2 * self._learnt_s)
        while len(self._blocks) > 1 and at_ts - self._blocks[1].begun_ts >= span_s:
            self._blocks.popleft()
        if at_ts - self._blocks[0].begun_ts < span_s:
            return self._learnt_s
        total_s = sum(sum(block.kept_s.values()) for block in self._blocks)
        seconds = 0.0
        for step_s in reversed(LADDER_S):
            seconds += sum(block.kept_s.get(step_s, 0.0) for block in self._blocks)
            if seconds > USUAL_SHARE * total_s:
                return min(step_s, self._learnt_s)
        return self._learnt_s


def _step(interval_s: float) -> float:
    """The next step of the ladder, from below."""
    return next((step_s for step_s in LADDER_S if step_s >= interval_s), LADDER_S[-1])
