"""Which devices of others there are, kept in a file, and what they say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Device, Message
from vigie_gateway.registry import registry as registry_module
from vigie_gateway.registry.registry import UNHEARD_S, Registry, Said
from vigie_gateway.registry.schema import APPLICATION_ID, MIGRATIONS
from vigie_gateway.store import StoreError
from vigie_gateway.store.schema import migrate

CONFIG = b'{"name":"Power","uniq_id":"p1","stat_t":"%s","unit_of_meas":"%s","dev_cla":"power","dev":{"ids":["plug"]}}'


class Bench:
    """A registry, and the decoding before it."""

    def __init__(self, path: Path) -> None:
        self.registry = Registry(path)
        self.decoding = Decoding()

    def say(self, topic: str, payload: bytes, at_ts: float, *, is_retained: bool = False) -> int:
        message = Message(topic, payload, at_ts, is_retained)
        return self.registry.take(message, self.decoding.decode(message))

    def announce(self, unit: bytes = b"W", at_ts: float = 100.0) -> None:
        self.say("homeassistant/sensor/plug/power/config", CONFIG % (b"plug/power", unit), at_ts, is_retained=True)

    def said(self) -> Said:
        (known,) = self.registry.devices()
        (said,) = known.entities.values()
        return said


def test_a_device_is_still_known_after_a_restart_since_when_it_was_first_heard_of(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "devices.db")
    bench.announce()
    bench.registry.commit()
    bench.registry.close()
    with closing(Registry(tmp_path / "devices.db")) as again:
        (known,) = again.devices()
    assert (known.device.id, known.first_ts, known.heard_ts) == ("plug", 100.0, None)


def test_a_device_is_known_after_a_restart_with_all_it_said_of_itself_and_not_written_again(tmp_path: Path) -> None:
    config = (
        b'{"uniq_id":"t1","stat_t":"t/1","unit_of_meas":"W","o":{"name":"bridge"},"dev":{"ids":["plug"],"name":"Plug",'
        b'"mf":"Maker","mdl":"M1","sw":"1.2","sa":"Atelier","via_device":"radio"}}'
    )
    topic = "homeassistant/sensor/plug/power/config"
    bench = Bench(tmp_path / "devices.db")
    bench.say(topic, config, 100.0)
    (before,) = bench.registry.devices()
    bench.registry.commit()
    bench.registry.close()
    again = Bench(tmp_path / "devices.db")
    (known,) = again.registry.devices()
    assert known.device == before.device
    assert (known.device.via, known.device.software_name) == ("radio", "bridge")
    with closing(sqlite3.connect(tmp_path / "devices.db", isolation_level=None)) as other:
        other.execute("DELETE FROM device")
        again.say(topic, config, 200.0)
        again.registry.commit()
        assert other.execute("SELECT count(*) FROM device").fetchone() == (0,), "it says nothing new"
    again.registry.close()


def test_a_file_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "devices.db", isolation_level=None)) as first:
        migrate(first, MIGRATIONS[:1], APPLICATION_ID)
        first.execute("INSERT INTO device VALUES ('shelly', 's1', 'Plug', 'Shelly', '', '1.0', '', 100.0)")
    with closing(Registry(tmp_path / "devices.db")) as registry:
        (known,) = registry.devices()
    assert (known.device, known.first_ts) == (Device("shelly", "s1", "Plug", "Shelly", software="1.0"), 100.0)


def test_what_was_not_committed_is_not_in_the_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "devices.db")
    bench.announce()
    bench.registry.close()
    with closing(Registry(tmp_path / "devices.db")) as again:
        assert again.devices() == []


def test_last_heard_and_last_changed_are_two_things(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "devices.db")
    bench.announce()
    for at_ts, value in ((110.0, b"40"), (120.0, b"41"), (130.0, b"41")):
        bench.say("plug/power", value, at_ts)
    said = bench.said()
    assert (said.value, said.heard_ts, said.changed_ts) == (41.0, 130.0, 120.0)


def test_what_the_broker_had_kept_is_shown_and_is_not_fresh(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "devices.db")
    bench.announce()
    bench.say("plug/power", b"40", 110.0, is_retained=True)
    assert (bench.said().value, bench.said().heard_ts, bench.said().is_retained) == (40.0, None, True)
    bench.say("plug/power", b"50", 120.0)
    bench.say("plug/power", b"40", 130.0, is_retained=True)
    assert (bench.said().value, bench.said().heard_ts, bench.said().is_retained) == (50.0, 120.0, False)


def test_what_was_said_in_another_unit_is_not_what_it_says_now(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "devices.db")
    bench.announce()
    bench.say("plug/power", b"40", 110.0)
    bench.announce(b"kW", 120.0)
    assert (bench.said().entity.told_unit, bench.said().value) == ("kW", None)


def test_devices_beyond_the_limit_are_left_out_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_module, "MAX_DEVICES", 2)
    bench = Bench(tmp_path / "devices.db")
    payload = b'{"ENERGY":{"Power":5}}'
    left_out = [bench.say(f"tele/plug-{number}/SENSOR", payload, 100.0) for number in range(3)]
    assert [count > 0 for count in left_out] == [False, False, True]
    assert len(bench.registry.devices()) == 2


def full(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A registry that takes three devices, and knows as many: last heard of at 100, 200 and 300."""
    monkeypatch.setattr(registry_module, "MAX_DEVICES", 3)
    bench = Bench(folder / "devices.db")
    for number, at_ts in ((1, 50.0), (2, 200.0), (3, 300.0), (1, 100.0)):
        bench.say(f"tele/plug-{number}/SENSOR", b'{"ENERGY":{"Power":5}}', at_ts)
    bench.registry.commit()
    return bench


def test_the_pending_device_unheard_for_longest_gives_way_and_is_not_in_the_file_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = full(tmp_path, monkeypatch)
    assert bench.say("tele/new/SENSOR", b'{"ENERGY":{"Power":5}}', 100.0 + UNHEARD_S) == 0
    assert bench.registry.given_way == 1
    bench.registry.commit()
    bench.registry.close()
    with closing(Registry(tmp_path / "devices.db")) as again:
        assert [known.device.id for known in again.devices()] == ["new", "plug-2", "plug-3"]


def test_an_approved_device_keeps_its_place_however_long_it_is_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = full(tmp_path, monkeypatch)
    bench.registry.approve({"tasmota/plug-1", "tasmota/plug-3"})
    for name in ("new", "newer"):
        bench.say(f"tele/{name}/SENSOR", b'{"ENERGY":{"Power":5}}', 1e6)
    assert [known.device.id for known in bench.registry.devices()] == ["new", "plug-1", "plug-3"]


def test_a_flood_of_invented_devices_pushes_out_none_that_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = full(tmp_path, monkeypatch)
    left_out = [bench.say(f"tele/{n}/SENSOR", b'{"ENERGY":{"Power":5}}', 99.0 + UNHEARD_S) for n in range(50)]
    assert min(left_out) > 0
    assert [known.device.id for known in bench.registry.devices()] == ["plug-1", "plug-2", "plug-3"]


def test_an_approved_device_that_is_heard_at_last_is_taken_though_all_places_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = full(tmp_path, monkeypatch)
    bench.registry.approve({"tasmota/late"})
    assert bench.say("tele/late/SENSOR", b'{"ENERGY":{"Power":5}}', 301.0) == 0
    assert "late" in [known.device.id for known in bench.registry.devices()]


def test_after_a_start_each_has_time_to_speak_again_before_it_gives_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full(tmp_path, monkeypatch).registry.close()
    bench = Bench(tmp_path / "devices.db")
    left_out = [bench.say("tele/new/SENSOR", b'{"ENERGY":{"Power":5}}', 1e6 + after_s) for after_s in (0.0, UNHEARD_S)]
    assert [count > 0 for count in left_out] == [True, False]
    bench.registry.close()


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "devices.db")) as other:
        other.execute("CREATE TABLE theirs (a)")
        other.execute("PRAGMA application_id = 7")
        other.commit()
    with pytest.raises(StoreError, match=r"devices\.db"):
        Registry(tmp_path / "devices.db")
