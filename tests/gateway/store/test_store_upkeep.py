"""The store is looked after: tried when nothing is committed, checked and copied at night, its ballast made again."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.conftest import Bench

from vigie_contract.readings import Reading
from vigie_gateway.store import ballast as ballasts
from vigie_gateway.store import upkeep as upkeeps
from vigie_gateway.store.upkeep import NIGHT_HOUR, PROBE_S, REST_S

HOUR_S = 3_600.0


def part(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = bench.gateway.health.report()["parts"]["store"]
    return found


def pass_time(bench: Bench, seconds: float) -> None:
    """Time goes by, and the store's own monotonic clock, which is the machine's, is as the bench's."""
    bench.clock.pass_time(seconds)
    bench.upkeep.round()


@pytest.fixture(autouse=True)
def _one_monotonic_clock(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.store.file.written_mono = bench.clock.now_mono()
    monkeypatch.setattr("vigie_gateway.store.file.time.monotonic", bench.clock.now_mono)


def refuse(_folder: Path) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def test_a_disk_gone_read_only_fails_within_30_s_although_nothing_is_committed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    bench.upkeep._on_probe = told.append
    monkeypatch.setattr(upkeeps, "probe_write", refuse)
    assert PROBE_S + upkeeps.ROUND_S < 30
    pass_time(bench, PROBE_S - 1)
    assert part(bench)["status"] == "pass"
    pass_time(bench, 1)
    assert (part(bench)["status"], told) == ("fail", [False])
    assert "Read-only file system" in part(bench)["trouble"]
    monkeypatch.undo()
    pass_time(bench, PROBE_S)
    assert (part(bench)["status"], told) == ("pass", [False, True])


def test_a_disk_that_takes_commits_is_not_written_to_for_a_try(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[Path] = []
    monkeypatch.setattr(upkeeps, "probe_write", tries.append)
    bench.declare()
    for number in range(1, 7):
        bench.send(Reading("linky-va", bench.clock.now, 900.0 + number), first=number)
        bench.commit()
        bench.upkeep.round()
    assert tries == []
    pass_time(bench, PROBE_S + 1)
    assert len(tries) == 1


def test_a_night_brings_one_check_and_one_copy_and_a_place_that_was_off_makes_up_for_them(bench: Bench) -> None:
    pass_time(bench, REST_S)
    assert [copy.name for copy in bench.upkeep._copies.all()] == ["vigie-2026-11-24.db"]
    found = part(bench)
    assert (found["check"], found["checked_ts"]) == ("ok", bench.clock.now)
    assert (found["copies"], found["newest_copy"]) == (1, "vigie-2026-11-24.db")
    assert found["size_bytes"] >= bench.store.file.path.stat().st_size
    for _ in range(10):
        pass_time(bench, HOUR_S)
    assert part(bench)["copies"] == 1  # not at midnight
    for _ in range(NIGHT_HOUR):
        pass_time(bench, HOUR_S)
    assert part(bench)["newest_copy"] == "vigie-2026-11-25.db"


def test_no_copy_is_dated_by_a_clock_that_is_not_known_to_be_right(bench: Bench) -> None:
    bench.clock.is_right = False
    bench.clock.pass_time(REST_S)
    bench.upkeep._watch.look()
    bench.upkeep.round()
    assert part(bench)["copies"] == 0
    bench.clock.is_right = True
    bench.clock.pass_time(REST_S)
    bench.upkeep._watch.look()
    bench.upkeep.round()
    assert part(bench)["copies"] == 1


def test_a_copy_that_cannot_be_made_is_a_warning_and_tried_again(bench: Bench) -> None:
    bench.upkeep._copies.folder.write_text("not a folder")
    pass_time(bench, REST_S)
    assert part(bench)["status"] == "warn"
    assert "copies cannot be kept there" in part(bench)["trouble"]
    bench.upkeep._copies.folder.unlink()
    pass_time(bench, 60)
    assert part(bench)["status"] == "warn"
    pass_time(bench, HOUR_S)
    assert (part(bench)["status"], part(bench)["copies"]) == ("pass", 1)


def test_what_is_done_at_night_is_done_after_the_start_and_once_a_night(bench: Bench) -> None:
    nights: list[float] = []
    bench.upkeep.at_night = nights.append
    pass_time(bench, REST_S)
    for _ in range(24):
        pass_time(bench, HOUR_S)
    assert len(nights) == 2


def test_damage_that_the_night_finds_has_the_file_replaced_by_the_writer(bench: Bench) -> None:
    bench.declare()
    bench.send(Reading("linky-va", bench.clock.now, 900.0), first=1)
    bench.commit()
    path = bench.store.file.path
    bench.store.file.writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xaa" * (path.stat().st_size - 4096))
    pass_time(bench, REST_S)
    assert "ok" not in part(bench)["check"]
    bench.clock.pass_time(61)
    bench.pipeline._round()  # maintenance
    assert part(bench)["salvage"]["reason"] == part(bench)["check"]
    assert [value for _, value in bench.stored("linky-va")] == [900.0]
    assert bench.store.progress() == {("tableau", "j1"): 1}
    assert part(bench)["status"] == "warn"


def test_a_row_of_history_that_was_damaged_is_counted_and_the_rest_is_served(bench: Bench) -> None:
    bench.declare()
    bench.send(Reading("linky-va", bench.clock.now, 900.0), first=1)
    bench.commit()
    while bench.store.maintain(bench.clock.now + 86_400).sealed:
        pass
    bench.store.file.writer.execute(
        "UPDATE chunk SET data = CAST(substr(data, 1, 5) || x'00' AS BLOB) WHERE tier = 300"
    )
    pass_time(bench, REST_S)
    assert (part(bench)["check"], part(bench)["damaged_chunks"], part(bench)["status"]) == ("ok", 1, "warn")
    assert [value for _, value in bench.stored("linky-va")] == [900.0]


def test_the_ballast_is_let_go_on_a_full_disk_and_made_again_when_there_is_room(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    ballast = bench.store.file.ballast
    ballast.size_bytes = 1 << 20
    pass_time(bench, 60)
    assert ballast.is_kept()
    bench.declare()
    pages = bench.store.file.writer.execute("PRAGMA page_count").fetchone()[0]
    free = ballast.free

    def make_room() -> bool:
        bench.store.file.writer.execute("PRAGMA max_page_count = 100000")
        return free()

    monkeypatch.setattr(ballast, "free", make_room)
    bench.store.file.writer.execute(f"PRAGMA max_page_count = {pages}")
    taken = [Reading("linky-va", bench.clock.now + number / 1000, 900.0 + number / 7) for number in range(3_000)]
    for first in range(0, 3_000, 50):
        bench.send(*taken[first : first + 50], first=first + 1)
    bench.commit()
    assert bench.acks()[-1].upto == 3_000
    assert len(bench.stored("linky-va")) == 3_000
    assert not ballast.is_kept()
    assert (part(bench)["status"], part(bench)["is_ballast_kept"]) == ("warn", False)
    monkeypatch.setattr(ballasts, "SLACK", 1 << 40)
    pass_time(bench, 61)
    assert part(bench)["status"] == "warn"
    monkeypatch.undo()
    pass_time(bench, 61)
    assert (part(bench)["status"], part(bench)["is_ballast_kept"]) == ("pass", True)
