"""Zigbee2MQTT's states."""

import pytest
from tests.gateway.devices.conftest import NOW_TS, Hear, refusal, values


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"contact": True}, {"contact": 0.0}),
        ({"contact": False, "battery": 90, "voltage": 3015}, {"contact": 1.0, "battery": 90.0, "voltage": 3.015}),
        ({"voltage": 235, "power": 14}, {"voltage": 235.0, "power": 14.0}),
        ({"battery": 100, "voltage": 2.9}, {"battery": 100.0, "voltage": 2.9}),
        ({"power": -8388608}, {"power": "out-of-range"}),
        ({"power": None, "energy": 22.8}, {"power": "not-told", "energy": 22_800.0}),
        ({"state_left": "ON", "state_right": "OFF"}, {"state_left": 1.0, "state_right": 0.0}),
        (
            {"power_l1": 5, "power_phase_b": 6, "current_a": 1},
            {"power_l1": 5.0, "power_phase_b": 6.0, "current_a": 1.0},
        ),
        ({"illuminance": 12_000, "illuminance_lux": 30}, {"illuminance_lux": 30.0}),
        ({"illuminance": 122}, {"illuminance": "unit-not-told"}),
        ({"occupancy": "yes?"}, {"occupancy": "failed"}),
        ({"power": 5, "power_outage_memory": "on", "state": "OPEN", "linkquality": 9}, {"power": 5.0}),
    ],
)
def test_a_state_becomes_measures(hear: Hear, state: object, expected: object) -> None:
    assert values(hear("zigbee2mqtt/Prise du café", state)) == expected


def test_the_device_is_its_friendly_name_blanks_and_slashes_too(hear: Hear) -> None:
    assert hear("zigbee2mqtt/étage 1/Plug Kachel", {"power": 5}).measures[0].entity.device == "étage 1/Plug Kachel"


@pytest.mark.parametrize("last_seen", ["2026-11-24T10:59:15.000Z", "2026-11-24T11:59:15+01:00", (NOW_TS - 45) * 1000])
def test_last_seen_in_either_form_is_when_it_was_so(hear: Hear, last_seen: object) -> None:
    assert hear("zigbee2mqtt/plug", {"power": 5, "last_seen": last_seen}).measures[0].at_ts == NOW_TS - 45


def test_a_last_seen_of_long_ago_is_not_written_as_such(hear: Hear) -> None:
    assert hear("zigbee2mqtt/plug", {"power": 5, "last_seen": "2022-08-05T13:27:14.079Z"}).measures[0].at_ts == NOW_TS


def test_the_bridge_tells_models_and_units(hear: Hear) -> None:
    exposes = (
        {"type": "numeric", "property": "illuminance", "unit": "lx"},
        {"type": "switch", "features": [{"property": "voltage", "unit": "mV"}]},
    )
    device = {"friendly_name": "lux", "ieee_address": "0x1", "definition": {"vendor": "Aqara", "exposes": exposes}}
    described = hear("zigbee2mqtt/bridge/devices", [device, {"type": "Coordinator"}, None]).devices
    assert [(one.id, one.maker) for one in described] == [("lux", "Aqara")]
    assert values(hear("zigbee2mqtt/lux", {"illuminance": 40, "voltage": 900})) == {"illuminance": 40.0, "voltage": 0.9}


def test_availability_is_plain_or_an_object(hear: Hear) -> None:
    assert hear("zigbee2mqtt/bulb/availability", "offline").presences[0].is_online is False
    assert hear("zigbee2mqtt/a/b/availability", {"state": "online"}).presences[0].device == "a/b"
    assert hear("zigbee2mqtt/bridge/state", "online").presences[0].device == "bridge"


def test_one_value_a_topic_is_read_where_the_place_chose_so(hear: Hear) -> None:
    heard = hear("zigbee2mqtt/weather/temperature", "21.5")
    assert (heard.measures[0].entity.device, values(heard)) == ("weather", {"temperature": 21.5})


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("zigbee2mqtt/plug/set", {"state": "ON"}, "topic"),
        ("zigbee2mqtt/plug/left/set", "ON", "topic"),
        ("zigbee2mqtt/bridge/logging", {"level": "info"}, "nothing"),
        ("zigbee2mqtt/remote", {"action": "single", "linkquality": 9}, "nothing"),
        ("zigbee2mqtt/plug/availability", "perhaps", "shape"),
        ("zigbee2mqtt/bridge/devices", "{}", "shape"),
    ],
)
def test_what_carries_no_measure_says_why(hear: Hear, topic: str, payload: object, reason: str) -> None:
    assert refusal(hear(topic, payload)) == reason
