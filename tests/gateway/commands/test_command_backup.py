"""``vigie-gateway backup`` and ``restore``: copies while it runs, and back; nodes then send what is missing."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.gateway.conftest import Bench, make_bench

from vigie_contract.readings import Reading
from vigie_gateway import __main__ as program
from vigie_gateway.alerts.alert import Alert, AlertKey, Change, Event, Phase, What
from vigie_gateway.alerts.book import Book
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.commands import terminal
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Message
from vigie_gateway.notify.notices import Notice, Occasion
from vigie_gateway.notify.outbox import Counts, Outbox
from vigie_gateway.place.site import Site
from vigie_gateway.registry.registry import Registry
from vigie_gateway.sessions.forecast_log import MARGIN_S, ForecastLog
from vigie_gateway.sessions.outcome import Forecast
from vigie_gateway.store import open_store
from vigie_gateway.store.copies import check_copy


@pytest.fixture
def config(bench: Bench, tmp_path: Path) -> Path:
    """The settings of the bench's gateway."""
    path = tmp_path / "gateway.toml"
    path.write_text(f'[store]\npath = "{bench.store.file.path}"\n', encoding="utf-8")
    return path


def send(bench: Bench, first: int, last: int) -> None:
    """Readings of one journal, as its node sends them: by their numbers."""
    base_ts = 1_795_527_000.0
    bench.send(*(Reading("linky-va", base_ts + n, 900.0 + n) for n in range(first, last + 1)), first=first)


def test_a_backup_is_made_while_the_gateway_runs_and_tells_how_far_it_is(
    bench: Bench, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.declare()
    send(bench, 1, 5)
    bench.commit()
    assert program.main(["backup", "--config", str(config)]) == 0
    said = capsys.readouterr()
    made = Path(said.out.split()[0])
    assert made.parent == tmp_path / "backups"
    assert "copying: 100 %" in said.err
    check_copy(made)
    assert program.main(["backup", "--config", str(config), str(made)]) == terminal.EXIT_IO
    assert "it is there already" in capsys.readouterr().err


def test_restore_refuses_while_a_gateway_runs_and_changes_nothing(
    bench: Bench, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.db"
    assert program.main(["backup", "--config", str(config), str(copy)]) == 0
    assert program.main(["restore", "--config", str(config), str(copy)]) == terminal.EXIT_UNAVAILABLE
    assert "stop that one first" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.replaced*"))
    assert not list(tmp_path.glob("*.restoring*"))


@pytest.mark.parametrize("content", [None, b"", b"\xff" * 9000])
def test_what_is_no_copy_is_not_restored(
    bench: Bench, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    bench.store.close()
    before = bench.store.file.path.read_bytes()
    bad = tmp_path / "bad.db"
    if content is not None:
        bad.write_bytes(content)
    assert program.main(["restore", "--config", str(config), str(bad)]) == terminal.EXIT_IO
    assert str(bad) in capsys.readouterr().err
    assert bench.store.file.path.read_bytes() == before


@pytest.mark.parametrize("call", ["link", "chown", "rename"])
def test_a_restore_that_ends_on_its_way_leaves_what_was_there(
    bench: Bench, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: ManualClock, call: str
) -> None:
    copy = tmp_path / "copy.db"
    assert program.main(["backup", "--config", str(config), str(copy)]) == 0
    bench.declare()
    send(bench, 1, 5)
    bench.commit()
    path = bench.store.file.path
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in ("vigie.db", "vigie.db-wal"):
        shutil.copy(tmp_path / name, killed / name)
    bench.store.close()
    for name in ("vigie.db", "vigie.db-wal"):  # as a process that was killed leaves them
        shutil.copy(killed / name, tmp_path / name)

    def end(*_: object) -> None:
        raise OSError(5, "the power went")

    def rename(self: Path, target: Path) -> Path:
        if target == path:
            end()
        os.rename(self, target)  # noqa: PTH104 - pathlib's own is patched here
        return target

    with monkeypatch.context() as patched:
        if call == "rename":
            patched.setattr(Path, "rename", rename)
        else:
            patched.setattr(os, call, end)
        assert program.main(["restore", "--config", str(config), str(copy)]) == terminal.EXIT_IO
    store = open_store(path, clock)
    assert store.progress() == {("tableau", "j1"): 5}
    store.close()


def test_after_a_restore_nodes_send_again_what_the_copy_lacks_and_nothing_is_there_twice(
    bench: Bench, config: Path, tmp_path: Path, clock: ManualClock, site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.declare()
    send(bench, 1, 5)
    bench.commit()
    copy = tmp_path / "copy.db"
    assert program.main(["backup", "--config", str(config), str(copy)]) == 0
    send(bench, 6, 9)
    bench.commit()
    whole = bench.stored("linky-va")
    bench.store.close()
    assert program.main(["restore", "--config", str(config), str(copy)]) == 0
    replaced = list(tmp_path.glob("vigie.db.replaced-*"))
    assert len(replaced) == 1
    assert str(replaced[0]) in capsys.readouterr().out
    again = make_bench(open_store(bench.store.file.path, clock), clock, site, bench.gateway.access.accounts)
    again.declare()
    assert again.acks()[-1].upto == 5
    send(again, 10, 12)  # ahead of what the copy holds: the node is told to go back
    assert again.acks()[-1].upto == 5
    for first in (6, 10):
        send(again, first, 12)
    again.commit()
    assert again.acks()[-1].upto == 12
    assert again.stored("linky-va")[:9] == whole
    assert len(again.stored("linky-va")) == 12
    again.store.close()
    before = open_store(replaced[0], clock)
    assert before.progress() == {("tableau", "j1"): 9}
    before.close()


def fire(path: Path, rule: str) -> None:
    """An alert of a rule fires, and somebody is to be told."""
    with closing(BookFile(path, "2026-11-24")) as file:
        alert = Alert(0, AlertKey(rule, Subject(SubjectKind.GATEWAY, "")), Phase.FIRING, 1.0, 1.0)
        changes = Book(file).numbered([Change(alert, (Event(0, 0, What.FIRED, 1.0),))])
        Book(file).write(changes, [Notice(0, "desk", "mail", Occasion.FIRED, changes[0].alert.number, 1.0, 1.0)])


def test_alerts_come_back_with_the_readings_and_what_waited_then_is_told_to_nobody(
    bench: Bench, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts = bench.store.file.path.with_name("alerts.db")
    fire(alerts, "heat")
    copy = tmp_path / "copy.db"
    assert program.main(["backup", "--config", str(config), str(copy)]) == 0
    assert capsys.readouterr().out.split() == [
        str(copy),
        *(str(tmp_path / f"copy.{name}.db") for name in ("alerts", "forecasts")),
    ]
    fire(alerts, "disk")
    bench.store.close()
    assert program.main(["restore", "--config", str(config), str(copy)]) == 0
    assert f"The alerts are what {tmp_path / 'copy.alerts.db'} holds; what they replaced is" in capsys.readouterr().out
    with closing(BookFile(alerts, "2026-11-24")) as file:
        assert [alert.key.rule for alert in Book(file).open_alerts()] == ["heat"]
        assert Outbox(file).counts(2.0) == Counts(0, None, 0, 0)


def test_forecasts_come_back_with_the_readings(
    bench: Bench, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Forecast("salle", "Calls", 1_795_527_000.0, 1_795_530_600.0, 40, "video-call", "go", None, 1.0)
    bench.gateway.forecasts.keep(before)
    copy = tmp_path / "copy.db"
    assert program.main(["backup", "--config", str(config), str(copy)]) == 0
    bench.gateway.forecasts.keep(replace(before, verdict="no-go"))
    bench.gateway.forecasts.close()
    bench.store.close()
    assert program.main(["restore", "--config", str(config), str(copy)]) == 0
    assert f"The forecasts are what {tmp_path / 'copy.forecasts.db'} holds; what they" in capsys.readouterr().out
    with closing(ForecastLog(bench.store.file.path.with_name("forecasts.db"))) as log:
        assert [one.verdict for one in log.waiting(before.ends_ts + MARGIN_S)] == ["go"]


def test_devices_come_back_with_the_readings(
    bench: Bench, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    devices, copy = bench.store.file.path.with_name("devices.db"), tmp_path / "copy.db"
    message = Message("tele/prise/SENSOR", b'{"ENERGY":{"Power":5}}', 1_795_527_000.0)
    with closing(Registry(devices)) as registry:
        registry.take(message, Decoding().decode(message))
        registry.commit()
        assert program.main(["backup", "--config", str(config), str(copy)]) == 0
    devices.unlink()
    bench.store.close()
    assert program.main(["restore", "--config", str(config), str(copy)]) == 0
    assert f"The devices are what {tmp_path / 'copy.devices.db'} holds" in capsys.readouterr().out
    with closing(Registry(devices)) as registry:
        assert [known.device.id for known in registry.devices()] == ["prise"]


def test_a_copy_without_alerts_leaves_those_that_are_there(
    bench: Bench, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.db"
    assert program.main(["backup", "--config", str(config), str(copy)]) == 0
    (tmp_path / "copy.alerts.db").unlink()
    alerts = bench.store.file.path.with_name("alerts.db")
    fire(alerts, "heat")
    bench.store.close()
    assert program.main(["restore", "--config", str(config), str(copy)]) == 0
    assert "the alerts are as they were" in capsys.readouterr().out
    with closing(BookFile(alerts, "2026-11-24")) as file:
        assert len(Book(file).open_alerts()) == 1


def test_alerts_that_are_damaged_in_the_copy_keep_it_from_being_restored_at_all(
    bench: Bench, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fire(bench.store.file.path.with_name("alerts.db"), "heat")
    copy = tmp_path / "copy.db"
    assert program.main(["backup", "--config", str(config), str(copy)]) == 0
    (tmp_path / "copy.alerts.db").write_bytes(b"\xff" * 9000)
    bench.store.close()
    before = bench.store.file.path.read_bytes()
    assert program.main(["restore", "--config", str(config), str(copy)]) == terminal.EXIT_IO
    assert "copy.alerts.db" in capsys.readouterr().err
    assert bench.store.file.path.read_bytes() == before
