"""``vigie-gateway alerts``: what is wrong, for whoever has only a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from vigie_gateway import __main__ as program
from vigie_gateway.alerts.alert import Acknowledgement, Alert, AlertKey, Change, Event, Phase, Silence, What
from vigie_gateway.alerts.book import Book
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.commands import terminal

NOW_TS = 1_795_527_000.0
SITE = 'id = "place"\nname = "La place"\ntimezone = "Europe/Paris"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "site.toml").write_text(SITE, encoding="utf-8")
    path = tmp_path / "gateway.toml"
    path.write_text(f'site = "{tmp_path}/site.toml"\n[store]\npath = "{tmp_path}/vigie.db"\n', encoding="utf-8")
    return path


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """The gateway's, which runs."""
    with closing(BookFile(tmp_path / "alerts.db", "2026-11-24")) as file:
        yield Book(file)


def fire(book: Book) -> Alert:
    key = AlertKey("circuit-dead", Subject(SubjectKind.CIRCUIT, "c4"))
    alert = Alert(0, key, Phase.FIRING, NOW_TS, NOW_TS, value=1.0)
    return book.write([Change(alert, (Event(0, 0, What.FIRED, NOW_TS, value=1.0),))])[0]


def test_open_alerts_are_listed_while_the_gateway_runs(
    config: Path, book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["alerts", "--config", str(config)]) == 0
    assert capsys.readouterr().out == "no open alert\n"
    alert = fire(book)
    marked = replace(
        alert,
        acknowledged=Acknowledgement("mathilde", NOW_TS),
        silence=Silence("iris", NOW_TS, "travaux", None),
        cause=7,
        is_lost=True,
    )
    book.write([Change(marked, (Event(0, 1, What.ACKNOWLEDGED, NOW_TS, "mathilde"),))])
    assert program.main(["alerts", "--config", str(config)]) == 0
    assert capsys.readouterr().out == (
        "1  firing  circuit-dead  circuit:c4  since 2026-11-24 14:30:00  taken by mathilde  silenced by iris: travaux"
        "  explained by 7  nothing is known of it\n"
    )


def test_what_happened_to_an_alert_is_told_in_its_order(
    config: Path, book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = fire(book)
    below = Alert(0, AlertKey("node-silent", Subject(SubjectKind.NODE, "n1")), Phase.FIRING, NOW_TS, NOW_TS, cause=1)
    book.write([Change(below, ())])
    ended = replace(alert, phase=Phase.RESOLVED, ended_ts=NOW_TS + 60)
    book.write([Change(ended, (Event(0, 1, What.RESOLVED, NOW_TS + 60, reason="well"),))])
    assert program.main(["alerts", "--config", str(config), "course", "1"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "1  resolved  circuit-dead  circuit:c4  since 2026-11-24 14:30:00",
        "    2026-11-24 14:30:00  fired  1",
        "    2026-11-24 14:31:00  resolved  well",
        "    explains 2  firing  node-silent  node:n1  since 2026-11-24 14:30:00  explained by 1",
    ]
    assert program.main(["alerts", "--config", str(config), "course", "9"]) == 2
    assert capsys.readouterr().err == "there is no alert 9\n"


@pytest.mark.parametrize("content", [None, b"\xff" * 9000])
def test_where_there_are_none_or_they_are_damaged_one_line_says_so_and_nothing_is_changed(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "alerts.db").write_bytes(content)
    assert program.main(["alerts", "--config", str(config)]) == terminal.EXIT_IO
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(found.name for found in tmp_path.glob("alerts*")) == ([] if content is None else ["alerts.db"])
