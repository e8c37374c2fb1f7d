"""The doctor reads Mosquitto's files as Mosquitto does, and finds each setting that would lose or open something."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.broker import Mosquitto, find_mosquitto, make_passwords
from vigie_gateway.broker_settings import CAPS, SWITCHES, Cap, Switch, configuration_lines
from vigie_gateway.doctor.broker_file import UnreadableError, file_of_port, read, running_files
from vigie_gateway.doctor.broker_file_check import judge

SHIPPED = Path(__file__).resolve().parents[3] / "systemd" / "mosquitto"
GOOD = """
listener 1883 127.0.0.1
allow_anonymous false
password_file /etc/mosquitto/vigie.passwd
acl_file /etc/mosquitto/vigie.acl
use_username_as_clientid true
max_connections 200
max_queued_messages 10000
max_queued_bytes 16777216
max_inflight_messages 100
max_packet_size 66560
memory_limit 67108864
"""


def findings(folder: Path, text: str) -> list[tuple[str, str]]:
    path = folder / "mosquitto.conf"
    path.write_text(text, encoding="utf-8")
    return [(finding.status, finding.text) for finding in judge(read(path))]


def test_what_is_shipped_has_nothing_wrong_beside_debians_own_file(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "conf.d")
    (found,) = findings(tmp_path, f"persistence true\ninclude_dir {tmp_path}/conf.d\n")
    assert found[0] == "pass"


def test_the_shipped_file_sets_every_value_that_vigie_asks_for() -> None:
    lines = (SHIPPED / "vigie.conf").read_text(encoding="utf-8").splitlines()
    assert set(configuration_lines()) <= set(lines)


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_the_supervised_broker_has_nothing_wrong_and_is_found_while_it_runs(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, "place", make_passwords(["gateway"])) as broker:
        proc = tmp_path / "proc"
        (proc / "1").mkdir(parents=True)
        (proc / "1" / "cmdline").write_bytes(b"/usr/sbin/not-mosquitto\0-c\0/elsewhere\0")
        (proc / "2").symlink_to(f"/proc/{broker.pid}")
        (path,) = running_files(proc)
        assert path == tmp_path / "mosquitto.conf"
        assert file_of_port([tmp_path / "none.conf", path], broker.port) == path
        assert file_of_port([path], broker.port + 1) is None
        assert [finding.status for finding in judge(read(path))] == ["pass"]
    assert running_files(proc) == []


@pytest.mark.parametrize("cap", CAPS, ids=lambda cap: cap.name)
def test_a_cap_that_is_missing_too_low_too_high_or_no_number_is_found(cap: Cap, tmp_path: Path) -> None:
    line = f"{cap.name} {cap.value}\n"
    assert line in GOOD
    for value, is_grave in ((cap.least - 1, cap.loses), (cap.most + 1, False), (cap.unlimited, False), ("many", True)):
        ((status, text),) = findings(tmp_path, GOOD.replace(line, f"{cap.name} {value}\n"))
        assert status == ("fail" if is_grave else "warn")
        assert f"{cap.name} is {value}, expected" in text
    found = findings(tmp_path, GOOD.replace(line, ""))
    assert (found[0][0] == "pass") == (cap.least <= cap.unset <= cap.most)


@pytest.mark.parametrize("switch", SWITCHES, ids=lambda switch: switch.name)
def test_a_switch_that_stands_the_other_way_is_found(switch: Switch, tmp_path: Path) -> None:
    other = f"{switch.name} {str(not switch.value).lower()}\n"
    ((status, text),) = findings(tmp_path, GOOD + other)
    assert status == ("fail" if switch.is_grave else "warn")
    assert switch.otherwise in text


def test_what_counts_for_one_listener_does_not_count_for_another(tmp_path: Path) -> None:
    """The order of the files decides: vigie-lan.conf comes before vigie.conf."""
    found = findings(tmp_path, f"listener 8883\ncertfile a\nkeyfile b\n{GOOD}")
    assert [status for status, _ in found] == ["warn", "fail"]
    assert all("the listener 8883 on every address" in text for _, text in found)


def test_a_listener_open_to_the_network_needs_tls(tmp_path: Path) -> None:
    ((status, text),) = findings(tmp_path, GOOD.replace("listener 1883 127.0.0.1", "listener 1883"))
    assert (status, "without TLS" in text) == ("fail", True)
    ((status, _),) = findings(tmp_path, GOOD.replace("listener 1883 127.0.0.1", "listener 8883\ncertfile a\nkeyfile b"))
    assert status == "pass"


def test_a_setting_before_any_listener_opens_one_on_every_address(tmp_path: Path) -> None:
    found = findings(tmp_path, f"max_connections 200\n{GOOD}")
    assert any("the listener 1883 on every address is open to the network" in text for _, text in found)


def test_a_file_without_a_listener_lets_everybody_in_on_this_machine(tmp_path: Path) -> None:
    texts = [text for status, text in findings(tmp_path, "") if status == "fail"]
    assert any("allow_anonymous is not set, expected false" in text for text in texts)
    assert not any("open to the network" in text for text in texts)


def test_without_passwords_or_rights_nobody_can_be_told_apart(tmp_path: Path) -> None:
    text = "\n".join(line for line in GOOD.splitlines() if "_file" not in line)
    assert [status for status, _ in findings(tmp_path, text)] == ["fail", "fail"]
    assert findings(tmp_path, f"{text}\nplugin /usr/lib/dynsec.so")[0][0] == "pass"


def test_settings_for_each_listener_are_a_warning(tmp_path: Path) -> None:
    ((status, text),) = findings(tmp_path, f"per_listener_settings true\n{GOOD}")
    assert (status, "per_listener_settings" in text) == ("warn", True)


def test_of_a_repeated_key_the_last_counts_and_its_place_is_told(tmp_path: Path) -> None:
    ((_, text),) = findings(tmp_path, f"{GOOD}max_queued_messages 20\n")
    assert text.startswith(f"{tmp_path}/mosquitto.conf:{len(GOOD.splitlines()) + 1}: max_queued_messages is 20")


def test_a_file_that_is_not_there_or_includes_itself_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="No such file"):
        read(tmp_path / "none.conf")
    (tmp_path / "a.conf").write_text(f"include_dir {tmp_path}\n")
    with pytest.raises(UnreadableError, match="include each other"):
        read(tmp_path / "a.conf")
    (tmp_path / "b.conf").write_text("include_dir /nowhere/at/all\n")
    with pytest.raises(UnreadableError, match=r"b\.conf:1: include_dir"):
        read(tmp_path / "b.conf")


@given(st.lists(st.sampled_from([*GOOD.splitlines(), "listener 8883", "port x", "", "max_connections", "\x00 \xff"])))
def test_any_lines_give_findings_and_never_an_exception(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    assert findings(tmp_path_factory.mktemp("any"), "\n".join(lines))
