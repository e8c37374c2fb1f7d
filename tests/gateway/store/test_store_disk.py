"""Real disks that fill up, go read-only and lose their power under the store."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import sqlite3
import struct
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.gateway.conftest import Bench, make_bench

from vigie_contract.readings import Reading
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.place.site import Site
from vigie_gateway.store import open_store
from vigie_gateway.store.upkeep import PROBE_S

pytestmark = pytest.mark.root

FS_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2
"""include/uapi/linux/fs.h: nothing more reaches the disk, not even the file system's own journal."""
CUTS = 5


def tool(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 12 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    try:
        tool("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", folder)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        pytest.skip(f"nothing can be mounted here: {error}")
    yield folder
    tool("umount", "-l", folder)


class Ext4:
    """A real ext4 on a loop device."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "mounted"
        self.folder.mkdir()
        image = folder / "image"
        with image.open("wb") as file:
            file.truncate(64 << 20)
        tool("mkfs.ext4", "-q", "-F", image)
        self.device = tool("losetup", "-f", "--show", image)
        self.mount()

    def mount(self) -> None:
        tool("mount", "-o", "errors=remount-ro", self.device, self.folder)

    def cut_power(self) -> None:
        opened = os.open(self.folder, os.O_RDONLY)
        fcntl.ioctl(opened, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(opened)

    def close(self) -> None:
        subprocess.run(["umount", "-l", self.folder], capture_output=True, check=False)
        subprocess.run(["losetup", "-d", self.device], capture_output=True, check=False)


@pytest.fixture
def ext4(tmp_path: Path) -> Iterator[Ext4]:
    try:
        disk = Ext4(tmp_path)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        pytest.skip(f"no ext4 on a loop device can be had here: {error}")
    yield disk
    disk.close()


def bench_on(folder: Path, clock: ManualClock, site: Site, accounts: Accounts, ballast_mb: int = 0) -> Bench:
    store = open_store(folder / "vigie.db", clock, ballast_mb << 20)
    made = make_bench(store, clock, site, accounts)
    made.declare()
    return made


def test_a_disk_that_fills_up_takes_commits_on_the_ballast_then_stops_and_goes_on_with_nothing_lost(
    small_disk: Path, clock: ManualClock, site: Site, bench: Bench
) -> None:
    full = bench_on(small_disk, clock, site, bench.gateway.access.accounts, ballast_mb=1)
    assert full.store.file.ballast.is_kept()
    filler = small_disk / "filler"
    with filler.open("wb") as file:
        room = os.statvfs(small_disk)
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - 100_000)
    chance, sent, waiting = random.Random(1), 0, []
    while full.pipeline.store_trouble is None:
        assert sent < 2_000_000
        waiting = [Reading("linky-va", clock.now + n / 1000, chance.random() * 9000) for n in range(2_000)]
        for start in range(0, 2_000, 50):
            full.send(*waiting[start : start + 50], first=sent + start + 1)
        sent += 2_000
        full.commit()
    assert not full.store.file.ballast.is_kept()
    assert "the disk is full" in full.gateway.health.report()["parts"]["store"]["trouble"]
    on_disk = full.store.progress()["tableau", "j1"]
    assert on_disk == full.acks()[-1].upto
    assert on_disk < sent
    filler.unlink()
    clock.pass_time(31)
    full.commit()
    clock.pass_time(61)
    full.upkeep.round()
    assert full.acks()[-1].upto == sent
    assert len(full.stored("linky-va")) == sent
    report = full.gateway.health.report()["parts"]["store"]
    assert (report["status"], report["is_ballast_kept"]) == ("pass", True)
    full.store.close()


def test_an_ext4_that_goes_read_only_is_told_within_30_s_although_nothing_is_committed(
    ext4: Ext4, clock: ManualClock, site: Site, bench: Bench
) -> None:
    worn = bench_on(ext4.folder, clock, site, bench.gateway.access.accounts)
    trigger = Path(f"/sys/fs/ext4/{Path(ext4.device).name}/trigger_fs_error")
    try:
        trigger.write_text("worn out")
    except OSError as error:
        worn.store.close()
        pytest.skip(f"this kernel's ext4 cannot be told to fail: {error}")
    worn.upkeep._probed_mono = worn.upkeep._monotonic() - PROBE_S
    worn.store.file.written_mono = worn.upkeep._probed_mono
    worn.upkeep.round()
    report = worn.gateway.health.report()["parts"]["store"]
    assert report["status"] == "fail"
    assert "takes no write" in report["trouble"]
    assert worn.gateway.board.view(clock.now) is not None
    worn.store.close()


_WRITER = """
    import sys
    from pathlib import Path
    from vigie_contract.clock import SimulatedClock
    from vigie_contract.messages import Channel
    from vigie_gateway.store import Sample, open_store

    store = open_store(Path(sys.argv[1]), SimulatedClock(1_780_012_800.0, 0.0, 1e-9))
    ids = [found.id for found in store.register("n", [Channel(f"c{n}", "power", 10.0) for n in range(8)]).values()]
    number = store.progress().get(("n", "j"), 0)
    print("open", flush=True)
    while True:
        number += 1
        at_ts = 1_780_012_800.0 + number * 100
        samples = [Sample(series, at_ts + place, float(number % 500)) for series in ids for place in range(10)]
        store.commit(samples, {("n", "j"): number})
        print(number, flush=True)
        if number % 5 == 0:
            while store.maintain(1_780_012_800.0 + 1e6).sealed:
                pass
"""


def test_an_ext4_whose_power_is_cut_again_and_again_has_every_commit_that_had_returned(
    ext4: Ext4, clock: ManualClock
) -> None:
    path, chance = ext4.folder / "vigie.db", random.Random()
    for _ in range(CUTS):
        writer = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_WRITER), str(path)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        time.sleep(chance.uniform(0.1, 0.6))
        ext4.cut_power()
        writer.send_signal(signal.SIGKILL)
        told = writer.stdout.read().split("\n")[:-1]
        writer.stdout.close()
        writer.wait()
        tool("umount", ext4.folder)
        ext4.mount()
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        store = open_store(path, clock)
        stored = store.progress()["n", "j"]
        last = int(told[-1]) if told else 0
        assert last <= stored <= last + 1
        assert all(len(store.samples(series.id, 0, 2e9)) == 10 * stored for series in store.series())
        assert store.salvage_report is None
        store.close()
