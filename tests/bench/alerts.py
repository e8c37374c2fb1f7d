"""What a thousand rules on each of a thousand channels cost, looked at once a second.

Every value changes every second, by noise and a slow wave of its own; levels lie from where values are to far above
them, half of them with ``for`` and ``keep_firing``, all with hysteresis, so that some rules are always being crossed.
What is timed is the engine's step, in processor time; signals are made beforehand, as another part of the gateway does.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence

from tests.bench.load import print_line
from tests.gateway.alerts.alert_stream import EveryRuleOnEverySignal, channel, rule

from vigie_gateway.alerts.engine import Engine
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import Signal

RULES = 1_000
CHANNELS = 1_000
SECONDS = 120
PLAIN_CHANNELS = 5
PLAIN_SECONDS = 10
NOW_TS = 1_795_518_000.0


def main() -> None:
    """Print one line."""
    rules = [level_rule(number) for number in range(RULES)]
    moments = [signals_at(second) for second in range(SECONDS)]
    engine = Engine(rules)
    engine.step(moments[0], None, NOW_TS)
    begin_s = time.process_time()
    changes = [
        change
        for second, signals in enumerate(moments[1:], 1)
        for change in engine.step(signals, None, NOW_TS + second)
    ]
    engine_s = (time.process_time() - begin_s) / (SECONDS - 1)
    print_line(
        bench="alerts",
        rules=RULES,
        channels=CHANNELS,
        cpu_percent=round(100 * engine_s, 2),
        events=sum(len(change.events) for change in changes),
        open_alerts=len(engine.alerts()),
        baseline_cpu_percent=round(100 * plain_s(rules, moments) * CHANNELS / PLAIN_CHANNELS),
    )


def level_rule(number: int) -> Rule:
    """Of the levels 24.0, 24.1, ... about every channel."""
    wait_s = 30.0 if number % 2 else 0.0
    level = 24.0 + number / 10
    return rule(
        f"r{number}", signal="reading", level=level, clears=level - 0.5, for_s=wait_s, keep_firing_s=wait_s
    )  # fmt: skip


def signals_at(second: int) -> list[Signal]:
    """Of every channel: one in ten comes as far as the first dozen levels."""
    chance = random.Random(second)
    return [
        Signal(
            "reading",
            channel(number),
            20.0 + (4.5 if number % 10 == 0 else 2.0) * math.sin((second + 7 * number) / 60) + chance.gauss(0, 0.1),
            NOW_TS + second,
        )
        for number in range(CHANNELS)
    ]


def plain_s(rules: Sequence[Rule], moments: Sequence[list[Signal]]) -> float:
    """Processor seconds of a step that judges every rule on every signal, of few channels."""
    plain = EveryRuleOnEverySignal(rules)
    begin_s = time.process_time()
    for second in range(PLAIN_SECONDS):
        plain.step(moments[second][:PLAIN_CHANNELS], None, NOW_TS + second)
    return (time.process_time() - begin_s) / PLAIN_SECONDS
