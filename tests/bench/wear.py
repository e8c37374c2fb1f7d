"""What Vigie writes to a memory card in a day of normal operation: 40 series, a reading of each every 10 s.

A whole day passes on a clock that is turned by hand, through the real code: packs as a node sends them go through the
ingest pipeline into the store, which commits every 10 s, seals and maintains when the pipeline says so; a journal takes
the same readings, second by second, and is acknowledged after each commit. It takes a minute because nothing
sleeps, and nothing is extrapolated: what happens every few hours has happened as often as in a day.

What is counted is the kernel's own figure of what this process had written to block devices (``write_bytes`` of
/proc/self/io, whole pages, each time that a page is dirtied anew), after an fsync. Each commit ends in an fsync, so
that no two of them share a page's writing, as they would not in real time. A tmpfs is not counted, as it should not
be. Not counted is what the file system writes about files: ext4 adds 12 kB to its own journal for each 5 s in which
anything was written by anybody, unless it is mounted with a longer ``commit=`` (docs/store.md).

The baseline is the same day in plain SQLite rows keyed (series, time), as ``store`` has them. A day with the gateway
away says what the node writes then.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from tests.bench import load
from tests.bench.store import QUANTITIES as NOISE
from tests.bench.store import START_TS, Plain, readings, written_bytes
from tests.conftest import ManualClock
from tests.gateway.conftest import BusInMemory
from tests.gateway.pipeline_alone import pipeline_alone

from vigie_contract import topics
from vigie_contract.messages import ONLINE, Birth, Channel, encode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.ingest.bus import Message
from vigie_gateway.ingest.pipeline import Pipeline
from vigie_gateway.place.site import load_site
from vigie_gateway.store import Sample, open_store
from vigie_sensors.journal import Journal

SERIES = 40
PERIOD_S = 10
DAY_S = 86_400
CHANNELS = tuple(Channel(f"c{place}", NOISE[place % len(NOISE)][0], float(PERIOD_S)) for place in range(SERIES))
A_SECOND = SERIES // PERIOD_S
"""Channels whose readings are due in one second: sensors do not tick all at once."""
HERE = Path(__file__).parents[2]
"""The bench writes beside the code: a folder for temporary files is often in memory."""


def main() -> None:
    """Print the line."""
    with _folder() as folder:
        plain = _day_of_plain_rows(folder)
    with _folder() as folder:
        gateway = _day_of_a_gateway(folder)
    with _folder() as folder:
        node = _day_of_a_node(folder, is_acknowledged=True)
    with _folder() as folder:
        node_alone = _day_of_a_node(folder, is_acknowledged=False)
    load.print_line(
        name="wear",
        gateway_mb_per_day=_mb(gateway),
        node_mb_per_day=_mb(node),
        node_alone_mb_per_day=_mb(node_alone),
        plain_rows_mb_per_day=_mb(plain),
        readings_per_day=SERIES * DAY_S // PERIOD_S,
    )


def _mb(written: int) -> float:
    return round(written / 1e6, 1)


@contextmanager
def _folder() -> Iterator[Path]:
    """On a disk whose writing is counted."""
    folder = Path(tempfile.mkdtemp(prefix=".bench-wear-", dir=HERE))
    try:
        before = written_bytes()
        (folder / "probe").write_bytes(bytes(8_192))
        if written_bytes() == before:
            raise SystemExit(f"bench wear: the kernel does not count what is written to {folder}: is it on a disk?")
        yield folder
    finally:
        shutil.rmtree(folder)


def _seconds() -> Iterator[list[Sample]]:
    """The readings of each second of a day; a sample's series is its channel's place."""
    due = readings(range(SERIES), DAY_S // PERIOD_S, float(PERIOD_S), START_TS, 1)
    while second := list(islice(due, A_SECOND)):
        yield second


def _day_of_plain_rows(folder: Path) -> int:
    plain = Plain(folder / "plain.db")
    before = written_bytes()
    seconds = _seconds()
    while commit := [sample for second in islice(seconds, PERIOD_S) for sample in second]:
        plain.commit(commit)
    written = written_bytes() - before
    plain.close()
    return written


def _day_of_a_gateway(folder: Path) -> int:
    clock, bus = ManualClock(START_TS), BusInMemory()
    site = load_site(load.sample_site())
    store = open_store(folder / "vigie.db", clock)
    pipeline = pipeline_alone("main", site, store, bus, clock)
    birth = encode_birth(Birth("bench 1", "bench-boot", CHANNELS))
    for leaf, payload in ((topics.about, birth), (topics.status, ONLINE)):
        _receive(pipeline, bus, clock, Message(leaf(site.id, load.NODE), payload, clock.now_ts()))
    before, number = written_bytes(), 1
    for second in _seconds():
        clock.pass_time(0.98)
        payload = _pack(site.id, number, second)
        number += len(second)
        _receive(pipeline, bus, clock, Message(topics.data(site.id, load.NODE), payload, clock.now_ts()))
    written = written_bytes() - before
    if pipeline.counts["stored"] < (number - 1) * 0.99:
        raise SystemExit(f"bench wear: {pipeline.counts['stored']} of {number - 1} readings were stored")
    store.close()
    return written


def _receive(pipeline: Pipeline, bus: BusInMemory, clock: ManualClock, message: Message) -> None:
    """The rounds of a second: one with the message, one in which none waits, when a commit or maintenance is due."""
    bus.waiting.append(message)
    for _ in range(2):
        clock.pass_time(0.01)  # else the pipeline would take one message for a flood of them
        pipeline._round()
    bus.published.clear()


def _pack(site: str, first: int, second: Sequence[Sample]) -> bytes:
    named = [(QUANTITIES[CHANNELS[sample.series].quantity], _reading(sample)) for sample in second]
    return encode_pack(site, load.NODE, "0123456789abcdef", first, first, named, last=first + len(second) - 1)


def _reading(sample: Sample) -> Reading:
    return Reading(CHANNELS[sample.series].id, sample.at_ts, sample.value)


def _day_of_a_node(folder: Path, *, is_acknowledged: bool) -> int:
    clock = ManualClock(START_TS)
    with tempfile.TemporaryDirectory(prefix="vigie-bench-", dir="/dev/shm") as young:
        journal = Journal.open(folder / "journal.sqlite", ["main"], 7.0, 64_000_000, clock, young=Path(young))
        journal.declare({channel.id: channel.quantity for channel in CHANNELS})
        before = written_bytes()
        for number, second in enumerate(_seconds(), 1):
            clock.pass_time(1.0)
            journal.append(map(_reading, second))
            journal.flush()
            if is_acknowledged and number % PERIOD_S == 0:
                journal.acknowledge("main", journal.id, journal.last)
        written = written_bytes() - before
        journal.close()
    return written


if __name__ == "__main__":
    main()
