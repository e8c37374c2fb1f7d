"""``vigie-gateway rules try``: what it answers about the last days, beside a gateway that runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ManualClock

from vigie_contract.clock import SystemClock
from vigie_contract.messages import Channel
from vigie_gateway import __main__ as program
from vigie_gateway.commands import terminal
from vigie_gateway.store import Sample, open_store
from vigie_gateway.store.sqlite import SqliteStore

NOW_TS = 1_795_518_000.0
"""Tuesday 24 November 2026, 12:00 in Paris."""
HOUR_S = 3600.0
PLACE = """
id = "p"
name = "P"
timezone = "Europe/Paris"
[[circuits]]
id = "c4"
name = "C4"
mains = "n.mains"
[[rules]]
id = "any-contact"
off = true
channel = "n.mains"
below = 0.5
absent = "2 h"
"""


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteStore]:
    """Of a gateway that runs: its file is locked."""
    monkeypatch.setattr(SystemClock, "now_ts", lambda _: NOW_TS)
    (tmp_path / "site.toml").write_text(PLACE, encoding="utf-8")
    path = tmp_path / "vigie.db"
    (tmp_path / "gateway.toml").write_text(
        f'site = "{tmp_path}/site.toml"\n[store]\npath = "{path}"\n', encoding="utf-8"
    )
    made = open_store(path, ManualClock(NOW_TS))
    yield made
    made.close()


def say_mains(store: SqliteStore, *, dead: range, silent: range = range(0)) -> None:
    """Of the last 24 hours, a reading a minute; ``dead`` and ``silent`` are minutes of it."""
    series = store.register("n", [Channel("mains", "mains", 60.0)])["mains"]
    began_ts = NOW_TS - 24 * HOUR_S
    store.commit(
        [
            Sample(series.id, began_ts + 60.0 * minute, 0.0 if minute in dead else 1.0)
            for minute in range(24 * 60)
            if minute not in silent
        ],
        {},
    )


def ask(tmp_path: Path, *arguments: str) -> int:
    return program.main(["rules", "--config", str(tmp_path / "gateway.toml"), "try", *arguments])


def test_a_rule_is_tried_while_the_gateway_has_the_database_open(
    store: SqliteStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say_mains(store, dead=range(120, 180), silent=range(600, 744))
    assert ask(tmp_path, "circuit-dead", "--days", "1") == 0
    first, episode, unknown = capsys.readouterr().out.splitlines()
    assert first == "circuit-dead: would have fired once between 2026-11-23 12:00 and 2026-11-24 12:00"
    assert episode.startswith("  circuit:c4: 2026-11-23 14:00, wrong since 2026-11-23 14:00, over at 2026-11-23 15:00")
    assert unknown == "nothing was known for 9.9 % of that time: then it may have been wrong, or not"


def test_a_rule_of_the_place_is_tried_though_it_is_off_and_so_is_the_one_about_its_silence(
    store: SqliteStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say_mains(store, dead=range(120, 180), silent=range(600, 744))
    assert ask(tmp_path, "any-contact", "--days", "1") == 0
    assert "  channel:n.mains: 2026-11-23 14:0" in capsys.readouterr().out
    assert ask(tmp_path, "any-contact.absent", "--days", "1") == 0
    first, episode, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith("any-contact.absent: would have fired once")
    assert episode.startswith("  channel:n.mains: 2026-11-24 00:0")


def test_a_time_without_readings_is_not_one_in_which_it_did_not_fire(
    store: SqliteStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    say_mains(store, dead=range(0))
    assert ask(tmp_path, "circuit-dead", "--days", "4") == 0
    first, unknown = capsys.readouterr().out.splitlines()
    assert "would have fired 0 times" in first
    assert unknown.startswith("nothing was known for 75.0 % of that time")


def test_where_nothing_is_measured_the_answer_says_nothing(
    store: SqliteStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(tmp_path, "circuit-dead") == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith(": it says nothing")


def test_of_a_signal_that_is_not_stored_it_says_that_history_does_not_tell(
    store: SqliteStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(tmp_path, "heat") == terminal.EXIT_UNAVAILABLE
    assert "heat: the readings that are stored do not tell 'heat'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["no-such"], "no rule is named 'no-such'; there are: "), (["heat", "--days", "0"], "--days is 0, expected 1 to")],
)
def test_a_wrong_argument_says_what_was_expected(
    store: SqliteStore, tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask(tmp_path, *arguments) == 2
    assert said in capsys.readouterr().err


def test_without_a_database_there_is_nothing_to_try_it_on(
    store: SqliteStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.close()
    (tmp_path / "vigie.db").unlink()
    assert ask(tmp_path, "circuit-dead") == terminal.EXIT_IO
    assert "there is no database yet" in capsys.readouterr().err
