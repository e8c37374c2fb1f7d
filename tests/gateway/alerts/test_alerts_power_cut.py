"""The power is cut at any write to the alerts: what was written is there, and no alert without its notice."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import pytest
from tests.gateway.store.power import Disk, Mode

from vigie_gateway.alerts.alert import Alert, AlertKey, Change, Event, Phase, What
from vigie_gateway.alerts.book import Book
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.notify.notices import Message, Notice, Occasion
from vigie_gateway.notify.outbox import Outbox

NOW_TS = 1_795_527_000.0
DATE = "2026-11-24"
ALERTS = 12
CUTS = 25


@pytest.mark.parametrize("mode", ["prefix", "subset", "torn"])
def test_whatever_write_the_power_is_cut_at_all_that_had_been_written_is_there(tmp_path: Path, mode: Mode) -> None:
    path = tmp_path / "alerts.db"
    BookFile(path, DATE).close()
    disk, chance = Disk(f"alerts-{mode}"), random.Random(1)
    written, marked, cuts = 0, 0, list[tuple[Path, int, int]]()
    with closing(BookFile(path, DATE, disk.connect)) as file:
        book, outbox = Book(file), Outbox(file)
        moments = set(chance.sample(range(disk.operations, disk.operations + ALERTS * 12), CUTS))

        def before() -> None:
            if disk.operations in moments:
                cuts.append((tmp_path / str(disk.operations), written, marked))
                disk.cut(cuts[-1][0], chance, mode)

        disk.before = before
        for number in range(1, ALERTS + 1):
            key = AlertKey(f"rule-{number}", Subject(SubjectKind.GATEWAY, ""))
            alert = Alert(number, key, Phase.FIRING, NOW_TS, NOW_TS)
            fired = Change(alert, (Event(0, number, What.FIRED, NOW_TS),))
            book.write([fired], [Notice(0, "desk", "mail", Occasion.FIRED, number, NOW_TS, NOW_TS)])
            written = number
            message = Message("", f"message {number}", "", "critical", "en", (number,), NOW_TS)
            claimed = outbox.claim("desk", "mail", [number], [], message, NOW_TS)
            assert claimed is not None
            outbox.sent(claimed.dispatch.key, NOW_TS)
            marked = number
        disk.before = lambda: None
        assert file.trouble is None
    assert len(cuts) > CUTS // 2
    for folder, least, told in cuts:
        with closing(BookFile(folder / "alerts.db", DATE)) as left:
            assert (left.set_aside, left.trouble) == (None, None)
            there = [alert.number for alert in Book(left).open_alerts()]
            assert there in (list(range(1, least + 1)), list(range(1, least + 2)))
            owed = Outbox(left).counts(NOW_TS).waiting
            assert len(there) - told - 1 <= owed <= len(there) - told
