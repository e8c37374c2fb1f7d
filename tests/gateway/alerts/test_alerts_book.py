"""The book of alerts: what is written is there after a restart, and people are told whatever the disk does."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.alerts.alert import Acknowledgement, Alert, AlertKey, Change, Event, Phase, Silence, What
from vigie_gateway.alerts.book import DROPPED_KEPT_S, KEPT_S, Book
from vigie_gateway.alerts.book_file import RETRY_S, BookError, BookFile
from vigie_gateway.alerts.rows import alert_of, alert_row
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.notify.notices import Notice, Occasion
from vigie_gateway.notify.outbox import Outbox
from vigie_gateway.store import DamagedError, StoreError

NOW_TS = 1_795_527_000.0
DATE = "2026-11-24"
CIRCUIT = Subject(SubjectKind.CIRCUIT, "c4")


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.db"


@pytest.fixture
def file(path: Path) -> Iterator[BookFile]:
    with closing(BookFile(path, DATE)) as opened:
        yield opened


def began(rule: str = "circuit-dead", subject: Subject = CIRCUIT, at_ts: float = NOW_TS) -> Change:
    alert = Alert(0, AlertKey(rule, subject), Phase.PENDING, at_ts)
    return Change(alert, (Event(0, 0, What.BEGAN, at_ts, value=1.0),))


def step(alert: Alert, what: What, at_ts: float, **fields: Any) -> Change:
    return Change(replace(alert, **fields), (Event(0, alert.number, what, at_ts),))


def fired(alert: Alert, at_ts: float = NOW_TS) -> Change:
    return step(alert, What.FIRED, at_ts, phase=Phase.FIRING, fired_ts=at_ts)


def resolved(alert: Alert, at_ts: float) -> Change:
    return step(alert, What.RESOLVED, at_ts, phase=Phase.RESOLVED, ended_ts=at_ts)


def dropped(alert: Alert, at_ts: float) -> Change:
    return step(alert, What.DROPPED, at_ts, phase=Phase.DROPPED, ended_ts=at_ts)


def notice(alert: int | None, due_ts: float = NOW_TS, recipient: str = "desk", notifier: str = "mail") -> Notice:
    occasion = Occasion.TEST if alert is None else Occasion.FIRED
    return Notice(0, recipient, notifier, occasion, alert, NOW_TS, due_ts)


def test_an_alert_is_there_after_a_restart_with_all_that_is_known_of_it(path: Path) -> None:
    with closing(BookFile(path, DATE)) as file:
        (alert,) = Book(file).write([began()])
        full = replace(
            alert, value=1.0, worst=1.0, at_ts=NOW_TS - 3, unknown_since_ts=NOW_TS, unknown_s=4.5, is_lost=True,
            well_since_ts=NOW_TS, figures={"outlets": 4, "power_w": None, "reason": "é"}, cause=7, fault="device",
            acknowledged=Acknowledgement("mathilde", NOW_TS, "j'y vais"), silence=Silence("iris", NOW_TS, "test", None),
        )  # fmt: skip
        Book(file).write([Change(full, (Event(0, 1, What.ACKNOWLEDGED, NOW_TS, "mathilde"),))])
    with closing(BookFile(path, DATE)) as file:
        assert Book(file).open_alerts() == [full]
        assert Book(file).explained_by(7) == [full]
        assert [event.what for event in Book(file).course(1)] == [What.BEGAN, What.ACKNOWLEDGED]


@given(st.one_of(st.text(), st.from_regex(r'\{"(figures|silence|is_lost|value|fault)":.{0,20}\}', fullmatch=True)))
def test_whatever_lies_in_a_row_it_is_an_alert_or_damage(text: str) -> None:
    row = (1, "heat", "gateway", "firing", 1.0, 2.0, None, None, text)
    try:
        read = alert_of(row)
    except DamagedError:
        return
    assert alert_of(alert_row(read)) == read


def test_numbers_rise_over_a_restart_and_after_what_is_old_was_deleted(path: Path) -> None:
    with closing(BookFile(path, DATE)) as file:
        book = Book(file)
        (first,) = book.write([began()])
        book.write([dropped(first, NOW_TS)])
        (second,) = book.write([began()])
        book.write([dropped(second, NOW_TS)])
        assert book.expire(NOW_TS + DROPPED_KEPT_S + 1) == 1
        assert book.course(first.number) == []
    with closing(BookFile(path, DATE)) as file:
        assert [alert.number for alert in Book(file).write([began()])] == [3]


def test_what_fired_is_kept_longer_than_what_did_not(file: BookFile) -> None:
    book = Book(file)
    alerts = book.write([began("heat"), began("disk"), began("clock")])
    book.write([fired(alert) for alert in alerts[:1]])
    book.write([resolved(replace(alerts[0], fired_ts=NOW_TS), NOW_TS + 5), dropped(alerts[1], NOW_TS + 5)])
    assert book.expire(NOW_TS + DROPPED_KEPT_S + 10) == 1
    assert [alert.number for alert in book.history()] == [1]
    assert book.last_ended() == book.alert(1)
    assert book.expire(NOW_TS + KEPT_S + 10) == 1
    assert [alert.key.rule for alert in book.open_alerts()] == ["clock"]
    assert book.expire(NOW_TS + KEPT_S + 10) == 0


def test_history_goes_on_where_the_page_before_ended(file: BookFile) -> None:
    book = Book(file)
    alerts = book.write([began(f"rule-{number}") for number in range(5)])
    book.write([fired(alert) for alert in alerts])
    book.write([resolved(replace(alerts[1], fired_ts=NOW_TS), NOW_TS + 60)])
    assert [alert.number for alert in book.history(limit=2)] == [5, 4]
    assert [alert.number for alert in book.history(before=4)] == [3, 2, 1]
    assert [alert.number for alert in book.ended(NOW_TS + 59)] == [2]
    assert book.ended(NOW_TS + 60) == []


def test_an_alert_that_began_in_the_same_call_can_be_named_by_its_notice(file: BookFile) -> None:
    book = Book(file)
    (change,) = book.numbered([began()])
    (alert,) = book.write([change], [notice(change.alert.number)])
    assert [one.alert for one in Outbox(file).waiting("desk", "mail", NOW_TS)] == [alert.number]


def test_of_a_transaction_that_fails_nothing_is_there(file: BookFile) -> None:
    book = Book(file)
    bad = replace(began().alert, figures={"power_w": float("nan")})
    with pytest.raises(BookError):
        book.write([began("heat"), Change(bad, ())], [notice(1)])
    assert book.open_alerts() == []
    assert Outbox(file).counts(NOW_TS).waiting == 0


def test_while_nothing_happens_nothing_is_written(path: Path, file: BookFile) -> None:
    book, outbox = Book(file), Outbox(file)
    book.write([began()])
    before = {found.name: found.read_bytes() for found in path.parent.iterdir() if not found.name.endswith("-shm")}
    for second in range(600):
        book.write([])
        outbox.waiting("desk", "mail", NOW_TS + second)
        outbox.moved(0.5)
    book.expire(NOW_TS)
    after = {found.name: found.read_bytes() for found in path.parent.iterdir() if not found.name.endswith("-shm")}
    assert after == before


def test_an_episode_that_comes_to_nothing_writes_few_bytes(path: Path, file: BookFile) -> None:
    book = Book(file)
    for _ in range(20):  # the first ones make the pages
        book.write([dropped(book.write([began()])[0], NOW_TS)])
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for _ in range(10):
        book.write([dropped(book.write([began()])[0], NOW_TS)])
    assert path.with_name("alerts.db-wal").stat().st_size / 10 < 16_384


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("CREATE TABLE t (a); PRAGMA application_id = 7", "another program"),
        ("PRAGMA application_id = 0x5649414C; PRAGMA user_version = 99; CREATE TABLE t (a)", "newer Vigie"),
    ],
)
def test_another_programs_file_and_a_newer_one_are_refused_and_left_alone(path: Path, script: str, words: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript(script)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=words):
        BookFile(path, DATE)
    assert path.read_bytes() == before


def test_a_damaged_file_is_set_aside_and_what_can_be_read_goes_on(path: Path) -> None:
    with closing(BookFile(path, DATE)) as file:
        book = Book(file)
        for number in range(300):
            book.write([began(f"rule-{number}")])
    with path.open("r+b") as opened:
        opened.seek(path.stat().st_size // 2)
        opened.write(b"\xff" * 4096)
    with closing(BookFile(path, DATE)) as file:
        assert file.trouble is None
        assert file.set_aside is not None
        assert "alerts.db.damaged-2026-11-24" in file.set_aside
        kept = Book(file).open_alerts()
        assert 0 < len(kept) <= 300
        assert Book(file).write([began("new")])[0].number > kept[-1].number


@pytest.mark.parametrize("content", [b"", b"\0" * 8192, b"no database at all, but a text" * 300])
def test_a_file_that_is_none_keeps_nothing_from_starting(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with closing(BookFile(path, DATE)) as file:
        assert len(Book(file).write([began()])) == 1
        assert file.trouble is None


def test_without_its_folder_alerts_are_told_from_memory_and_said(tmp_path: Path) -> None:
    with closing(BookFile(tmp_path / "absent" / "alerts.db", DATE)) as file:
        book = Book(file)
        book.write([began()], [notice(1)])
        assert [one.alert for one in Outbox(file).waiting("desk", "mail", NOW_TS)] == [1]
        assert file.trouble is not None
        assert "in memory" in file.trouble


def file_trouble(file: BookFile) -> str | None:
    """Asked anew, whatever was found before."""
    return file.trouble


class Full:
    """A connection whose commits fail while the disk is full."""

    def __init__(self, connection: sqlite3.Connection, disk: FullDisk) -> None:
        self._connection, self._disk = connection, disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, text: str, *values: Any) -> Any:
        if self._disk.is_full and text == "COMMIT":
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error
        return self._connection.execute(text, *values)


class FullDisk:
    def __init__(self) -> None:
        self.is_full = False

    def connect(self, target: Path | str, **options: Any) -> Any:
        opened = sqlite3.connect(target, **options)
        return opened if str(target) == ":memory:" else Full(opened, self)


def test_on_a_full_disk_people_are_told_and_all_is_written_once_there_is_room(path: Path) -> None:
    disk, seconds = FullDisk(), Seconds()
    with closing(BookFile(path, DATE, disk.connect, seconds)) as file:
        book, outbox = Book(file), Outbox(file)
        (first,) = book.write([began()])
        disk.is_full = True
        book.write([fired(first)], [notice(1)])
        assert file.trouble is not None
        assert "full" in file.trouble
        assert [one.alert for one in outbox.waiting("desk", "mail", NOW_TS)] == [1]
        seconds.now = RETRY_S
        book.write([resolved(replace(first, fired_ts=NOW_TS), NOW_TS + 1), *book.numbered([began()])])
        assert file.trouble is not None
        disk.is_full = False
        seconds.now = 2 * RETRY_S
        assert len(outbox.waiting("desk", "mail", NOW_TS)) == 1
        assert file_trouble(file) is None
    with closing(BookFile(path, DATE)) as file:
        assert [alert.number for alert in Book(file).open_alerts()] == [2]
        assert [event.what for event in Book(file).course(1)] == [What.BEGAN, What.FIRED, What.RESOLVED]
        assert len(Outbox(file).waiting("desk", "mail", NOW_TS)) == 1


def test_one_row_that_cannot_be_read_hides_no_other(path: Path, file: BookFile) -> None:
    book = Book(file)
    book.write([began("heat"), began("disk")])
    with closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE alert SET state = '[' WHERE number = 1")
        other.commit()
    assert [alert.key.rule for alert in book.open_alerts()] == ["disk"]


def test_only_its_owner_reads_who_was_told_what(path: Path, file: BookFile) -> None:
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
