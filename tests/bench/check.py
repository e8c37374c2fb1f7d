"""How soon the capacity check answers a form, with a year of 40 series in the store.

The sample place, whose site file names far more than 40 channels: line, latency, radio and stations of three access
points, the main meter, and use and power of twelve outlets have a reading every quarter of an hour for a year.
Questions come as from people: other rooms, days, hours, crowds and activities. What is timed is the answer, without
HTTP, in processor time, which other programs on the machine do not lengthen. ``cold_ms`` is the first question of all,
after a start that nothing has warmed.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from zoneinfo import ZoneInfo

from tests.bench.load import print_line

import vigie_gateway
from vigie_contract.clock import SimulatedClock
from vigie_contract.messages import Channel
from vigie_gateway.capacity import forecast
from vigie_gateway.capacity.check import check
from vigie_gateway.capacity.forecast import HOUR_S
from vigie_gateway.capacity.judgement import Verdict
from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import measure
from vigie_gateway.place.board import Board
from vigie_gateway.place.sessions import Agenda
from vigie_gateway.place.site import Site, load_site
from vigie_gateway.store import Sample, Store, open_store
from vigie_gateway.supply.supplies import Supplies

PERIOD_S = 900.0
YEAR_S = 365 * 86_400.0
COMMIT = 20_000
QUESTIONS = 120
NOW_TS = 1_795_518_000.0
"""Tuesday 24 November 2026, 11:40 in Paris."""
PEOPLE = (6, 12, 20, 36)
ACTIVITIES = ("listen-talk", "web-write", "video-call", "download-code")

_CHANNELS: tuple[tuple[str, str, float, float], ...] = (
    ("ondes.debit-download", "download", 90e6, 8e6),
    ("ondes.debit-upload", "upload", 18e6, 2e6),
    *((f"ondes.latence-{target}-{part}", quantity, middle, spread)
      for target in ("gateway", "outside")
      for part, quantity, middle, spread in (
          ("p50", "latency_p50", 12, 2), ("p95", "latency_p95", 30, 6), ("loss", "loss", 0.002, 0.001))),
    ("ondes.latence-power-save", "power_save", 0, 0),
    ("ondes.rssi", "rssi", -58, 3),
    *((f"ondes.scan-borne-{number}-{part}", quantity, middle, spread)
      for number in (1, 2, 3)
      for part, quantity, middle, spread in (
          ("stations", "stations", 9, 3), ("utilisation", "channel_utilisation", 0.2, 0.05))),
    ("tableau.linky-va", "apparent_power", 2500, 500),
    *((f"tableau.p{number:02}-{part}", quantity, middle, spread)
      for number in range(1, 13)
      for part, quantity, middle, spread in (("in-use", "in_use", 0.5, 0.5), ("va", "apparent_power", 40, 20))),
)  # fmt: skip
"""Name, quantity, middle and spread: 41 series."""


def main() -> None:
    """Print one line."""
    sample = Path(vigie_gateway.__file__).parent / "sample" / "site.toml"
    text = sample.read_text(encoding="utf-8").replace("[[wifi]]\n", '[[wifi]]\nrssi = "ondes.rssi"\n')
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "site.toml").write_text(text, encoding="utf-8")
        (Path(folder) / "sessions.ics").write_bytes((sample.parent / "sessions.ics").read_bytes())
        site = load_site(Path(folder) / "site.toml")
        clock = SimulatedClock(NOW_TS, time.clock_gettime(time.CLOCK_MONOTONIC), 1)
        store = open_store(Path(folder) / "vigie.db", clock)
        fill(store)
        board = Board(site, clock)
        board.agenda = Agenda((), (), NOW_TS + YEAR_S)
        supplies = Supplies(site, store, board, clock)
        first, *questions = asked(site)
        cold_ms = answer_ms(site, supplies, first)
        for _ in site.rooms:
            supplies.refresh()
        times_ms = sorted(answer_ms(site, supplies, one) for one in questions)
        store.close()
    cuts = quantiles(times_ms, n=100, method="inclusive")
    print_line(
        bench="check",
        series=len(_CHANNELS),
        questions=len(times_ms),
        cold_ms=round(cold_ms),
        answer_p50_ms=round(cuts[49], 1),
        answer_p99_ms=round(cuts[98], 1),
        baseline_forecast_ms=round(forecast_ms(), 1),
    )


def fill(store: Store) -> None:
    """A year of every channel, series by series as a restored backup would bring it."""
    chance = random.Random("check")
    for name, quantity, middle, spread in _CHANNELS:
        node, _, channel = name.partition(".")
        series = store.register(node, [Channel(channel, quantity, PERIOD_S)])[channel]
        batch = []
        for number in range(round(YEAR_S / PERIOD_S)):
            value = round(chance.gauss(middle, spread)) if quantity == "in_use" else chance.gauss(middle, spread)
            value = min(1.0, max(0.0, value)) if quantity in {"in_use", "loss"} else value
            batch.append(Sample(series.id, NOW_TS - YEAR_S + (number + 1) * PERIOD_S, round(value, 3)))
            if len(batch) == COMMIT:
                store.commit(batch, {})
                batch = []
        store.commit(batch, {})
        while store.maintain(NOW_TS).has_more:
            pass


def asked(site: Site) -> Iterator[Question]:
    """Of people: any room, a day of the next six weeks, an hour of the day."""
    chance = random.Random("questions")
    rooms = [room.id for room in site.rooms if room.seats > 1]
    midnight_ts = NOW_TS // 86_400 * 86_400
    for _ in range(QUESTIONS):
        starts_ts = midnight_ts + 86_400 * chance.randrange(1, 42) + HOUR_S * chance.randrange(8, 17)
        ends_ts = starts_ts + HOUR_S * chance.choice((1.5, 2, 3))
        people, activity = chance.choice(PEOPLE), chance.choice(ACTIVITIES)
        yield Question(chance.choice(rooms), starts_ts, ends_ts, people, activity, equipment=(("projector", 1),))


def answer_ms(site: Site, supplies: Supplies, question: Question) -> float:
    """Milliseconds of processor time from a question to its answer, as ``api.context`` finds it."""
    begin_s = time.process_time()
    supply = supplies.at(question)
    if check(question, supply, site.session_activities()).verdict is not Verdict.GO:
        check(question, supplies.with_alternatives(supply, question), site.session_activities())
    return 1000 * (time.process_time() - begin_s)


def forecast_ms() -> float:
    """One resource alone: a session of three hours from 16 weeks of hourly samples that were never looked at before."""
    samples = [forecast.Sample(NOW_TS - number * HOUR_S, float(number % 24)) for number in range(16 * 168)]
    begin_s = time.process_time()
    measure(samples, NOW_TS + HOUR_S, NOW_TS + 4 * HOUR_S, ZoneInfo("Europe/Paris"))
    return 1000 * (time.process_time() - begin_s)
