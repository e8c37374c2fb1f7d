"""An enrolment changes who a node is and where its broker is in sensors.toml, and leaves what people wrote."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_sensors.config import load_config
from vigie_sensors.enrolment.sensors_file import SensorsFileError, with_broker
from vigie_sensors.registry import Registry

TOP = {"site": "lieu", "node": "pi-2"}
BROKER = {"host": "vigie.local", "port": 8883, "ca_file": "/etc/vigie/broker-ca.crt", "password_file": "/run/x"}

WRITTEN = """\
# The Pi above the door.
site = "old"   # of the exhibition
node = "pi-1"

[broker]
# Where it was.
host = "192.168.1.2"
username = "someone"

[journal]
max_mb = 10.0

# Who comes in.
[[sensors]]
name = "rtt"
driver = "latency"
"""


def test_a_node_that_has_none_gets_a_first_one_that_can_be_used(tmp_path: Path) -> None:
    for name in ("ca", "password"):
        (tmp_path / name).write_text("x")
    path = tmp_path / "sensors.toml"
    files = {"ca_file": str(tmp_path / "ca"), "password_file": str(tmp_path / "password")}
    path.write_text(with_broker("", TOP, {**BROKER, **files}))
    config = load_config(path, Registry())
    assert (config.site, config.node, config.broker.host) == ("lieu", "pi-2", "vigie.local")
    assert [sensor.name for sensor in config.sensors] == ["rtt", "dns"]


def test_comments_other_tables_and_their_order_stay() -> None:
    changed = with_broker(WRITTEN, TOP, BROKER)
    kept = [line for line in WRITTEN.splitlines() if not line.startswith(("site", "node", "host", "username"))]
    left = iter(changed.splitlines())
    assert all(line in left for line in kept), changed
    assert tomllib.loads(changed) == {**tomllib.loads(WRITTEN), **TOP, "broker": BROKER}
    assert with_broker(changed, TOP, BROKER) == changed


def test_gateways_of_another_place_are_replaced_and_those_of_a_mirror_are_not() -> None:
    text = 'gateways = ["old"]\n' + WRITTEN + '[[mirrors]]\nhost = "b"\ngateways = ["second"]\n'
    found = tomllib.loads(with_broker(text, {**TOP, "gateways": ["main"]}, BROKER))
    assert found["gateways"] == ["main"]
    assert found["mirrors"] == [{"host": "b", "gateways": ["second"]}]


@pytest.mark.parametrize(
    "text",
    [
        'site = "a"\nnode = "b"\nbroker = {host = "c"}\n',
        'site = """\na"""\nnode = "b"\n[broker]\nhost = "c"\n',
        'broker.host = "c"\n[other]\nx = 1\n',
        '[broker]\nhost = "c"\nextra = 1\n',
    ],
)
def test_a_file_that_lines_do_not_tell_is_refused_with_what_to_write_by_hand(text: str) -> None:
    with pytest.raises(SensorsFileError, match=r'write into it site = "lieu", node = "pi-2", host = "vigie\.local"'):
        with_broker(text, TOP, BROKER)


def test_what_is_no_toml_is_said_so() -> None:
    with pytest.raises(SensorsFileError, match="is no valid TOML"):
        with_broker("site = ", TOP, BROKER)


@given(st.text("[]={}\"'#\n brokesitnd1.", max_size=60))
def test_any_file_is_changed_as_meant_or_refused(text: str) -> None:
    try:
        changed = with_broker(text, TOP, BROKER)
    except SensorsFileError:
        return
    assert tomllib.loads(changed)["broker"] == BROKER
