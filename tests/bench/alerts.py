"""What a thousand rules on each of a thousand channels cost, looked at once a second.

Every value changes every second, by noise and a slow wave of its own; levels lie from where values are to far above
them, half of them with ``for`` and ``keep_firing``, all with hysteresis, so that some rules are always being crossed.
What is timed is the engine's step, in processor time; signals are made beforehand, as another part of the gateway does.

Then how soon somebody is told: a pack of a node, through a real broker and a running gateway, to a web server here that
takes the message. The rule and the group of messages wait for nothing, so that what is left is Vigie's own: up to a
second until the next round of the alert thread, and the way from there. Faults come at any moment of that second.
"""

from __future__ import annotations

import json
import math
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from tests.bench import load
from tests.bench.load import print_line
from tests.gateway.alerts.alert_stream import EveryRuleOnEverySignal, channel, rule
from tests.gateway.notify.servers import Receiver, receiver

from vigie_contract import topics
from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.alerts.building import FILE_NAME
from vigie_gateway.alerts.engine import Engine
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import Signal

RULES = 1_000
CHANNELS = 1_000
SECONDS = 120
PLAIN_CHANNELS = 5
PLAIN_SECONDS = 10
NOW_TS = 1_795_518_000.0
FAULTS = 30
MAINS = Channel("c4-mains", "mains", 10.0)
PATIENCE_S = 30.0
"""For one message, before the bench gives up."""


def main() -> None:
    """Print a line of what rules cost, and one of how soon somebody is told."""
    engine_line()
    message_line()


def engine_line() -> None:
    """A thousand rules on a thousand channels."""
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


def message_line() -> None:
    """From a fault to its message."""
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as name, receiver() as web:
        directory = Path(name)
        settings = without_waiting(directory, web.port)
        with load.bed(directory, settings) as bed:
            sent, received_ts = faults(bed, web)
        with closing(sqlite3.connect(directory / FILE_NAME)) as database:
            rows = database.execute("SELECT at_ts FROM event WHERE what = 'fired' ORDER BY number").fetchall()
    judged_ts = [row[0] for row in rows]
    print_line(
        bench="alerts",
        faults=FAULTS,
        **quantiles("first_message", sent, received_ts),
        **quantiles("until_round", sent, judged_ts),
        **quantiles("after_round", judged_ts, received_ts),
    )


def without_waiting(directory: Path, port: int) -> str:
    """The sample place, whose breakers are told at once to the web server; lines of ``gateway.toml`` for it."""
    text = load.sample_site().read_text(encoding="utf-8")
    text = text.replace('id = "circuit-dead"\n', 'id = "circuit-dead"\nfor = 0\nkeep_firing_for = 0\n')
    text += '[alerts]\ngroup_wait = 0\n[[told]]\nid = "bench"\nname = "Bench"\nby = ["hook"]\n'
    (directory / "place.toml").write_text(text, encoding="utf-8")
    notifiers = directory / "notifiers.toml"
    notifiers.write_text(
        f'[notifiers.hook]\nurl = "json://127.0.0.1:{port}/"\nlocal = true\nloopback = true\n', encoding="utf-8"
    )
    notifiers.chmod(0o600)
    place = json.dumps(str(directory / "place.toml"))
    return f"site = {place}\n[notify]\nfile = {json.dumps(str(notifiers))}\n"


def faults(bed: load.Bed, web: Receiver) -> tuple[list[float], list[float]]:
    """When each fault was published, and when its message was there, both by the clock on the wall."""
    chance, sent, received_ts = random.Random(1), list[float](), list[float]()
    with bed.node() as node:
        node.declare([MAINS])
        time.sleep(1)  # the gateway answers before it listens
        say(node, 1, is_live=True)
        time.sleep(2)
        for number in range(FAULTS):
            time.sleep(chance.random())
            sent.append(time.time())
            say(node, 2 * number + 2, is_live=False)
            received_ts.append(when_told(web, 2 * number + 1))
            say(node, 2 * number + 3, is_live=True)
            when_told(web, 2 * number + 2)
    return sent, received_ts


def say(node: load.RawNode, number: int, *, is_live: bool) -> None:
    """One reading of the breaker's sensor."""
    reading = (QUANTITIES[MAINS.quantity], Reading(MAINS.id, time.time(), float(is_live)))
    payload = encode_pack(load.SITE, load.NODE, "bench-alerts", number, 1, [reading])
    node.send(load.publish_packet(topics.data(load.SITE, load.NODE), payload, number))
    node.wait(0)


def when_told(web: Receiver, messages: int) -> float:
    """The time at which so many messages have come, to two milliseconds."""
    give_up_mono = time.monotonic() + PATIENCE_S
    while len(web.received) < messages:
        if time.monotonic() > give_up_mono:
            raise TimeoutError(f"no message within {PATIENCE_S:.0f} s")
        time.sleep(0.002)
    return time.time()


def quantiles(name: str, began: Sequence[float], ended: Sequence[float]) -> dict[str, int]:
    """The middle and the 99th in a hundred of what lies between."""
    found = [1e3 * (end - begin) for begin, end in zip(began, ended, strict=True)]
    worst = statistics.quantiles(found, n=100, method="inclusive")[98]
    return {f"{name}_p50_ms": round(statistics.median(found)), f"{name}_p99_ms": round(worst)}


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
