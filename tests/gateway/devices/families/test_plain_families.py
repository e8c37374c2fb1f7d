"""ESPHome, OpenMQTTGateway, mqtt-io and teleinfo2mqtt, by their own topics."""

import pytest
from tests.gateway.devices.conftest import Hear, refusal, values


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("fazole/sensor/wetness1/state", "21.77", {"sensor/wetness1": "unit-not-told"}),
        ("fazole/binary_sensor/door/state", "ON", {"binary_sensor/door": "unit-not-told"}),
        ("fazole/switch/pump/state", "ON", {"switch/pump": 1.0}),
        ("fazole/light/led/state", '{"state": "OFF", "brightness": 9}', {"light/led": 0.0}),
        ("home/OMG/BTtoMQTT/A4C138000000", {"tempc": "21.5", "tempf": 70.7, "rssi": -80}, {"BT/tempc": 21.5}),
        ("home/OMG/BTtoMQTT/A4C138000000", {"tempf": 68}, {"BT/tempf": 20.0}),
        ("home/OMG/SYStoMQTT", {"rssi": -24, "uptime": 5}, {"SYS/rssi": -24.0}),
        ("home/OMG/BMEtoMQTT/bme", {"tempc": 20, "pa": 101_325}, {"BME/pa": 1_013.25, "BME/tempc": 20.0}),
        ("home/OMG/RTL_433toMQTT/Nexus/1", {"temperature_C": 3.5, "battery_ok": 1}, {"RTL_433/temperature_C": 3.5}),
        ("pi/output/relay", "ON", {"output/relay": 1.0}),
        ("pi/input/button", "OFF", {"input/button": "unit-not-told"}),
        ("pi/sensor/probe", "20.5", {"sensor/probe": "unit-not-told"}),
        ("teleinfo/1234", {"PAPP": {"raw": "00410", "value": 410}, "PTEC": {"raw": "HP.."}}, {"PAPP": 410.0}),
        ("teleinfo/1234", {"SINSTS": {"raw": "00410"}, "PREF": {"value": "12"}}, {"SINSTS": 410.0, "PREF": 12_000.0}),
        ("teleinfo/1234", {"ISOUSC": {"value": 30}, "IINST2": {"value": 5}}, {"ISOUSC": 18_000.0, "IINST2": 5.0}),
    ],
)  # fmt: skip
def test_a_message_becomes_measures(hear: Hear, topic: str, payload: object, expected: object) -> None:
    assert values(hear(topic, payload)) == expected


def test_what_is_not_understood_is_listed_with_what_it_says(hear: Hear) -> None:
    (measure,) = hear("fazole/sensor/time_ntp/state", "2024-01-02 23:52:18").measures
    assert (measure.entity.quantity, measure.value, measure.said) == (None, None, "2024-01-02 23:52:18")


def test_an_address_of_somebodys_phone_is_not_even_quoted(hear: Hear) -> None:
    (measure,) = hear("node/text_sensor/last/state", "30:AE:A4:73:6D:34 left").measures
    assert measure.said == "(address) left"


@pytest.mark.parametrize("topic", ["fazole/status", "home/OMG/LWT"])
def test_a_last_will_tells_that_a_device_is_gone(hear: Hear, topic: str) -> None:
    assert [hear(topic, word).presences[0].is_online for word in ("online", "offline")] == [True, False]


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("fazole/debug", "[V][mqtt:474]: text", "nothing"),
        ("fazole/climate/pump/target_temperature/state", "14.0", "setting"),
        ("fazole/status", "17", "topic"),
        ("home/home_presence/OMG", {"id": "02:59:79:d1:21:99", "rssi": -88}, "person"),
        ("home/OMG/BTtoMQTT/0259", {"id": "02:59", "rssi": -82, "distance": 11.5}, "person"),
        ("home/OMG/433toMQTT", {"value": 5393}, "nothing"),
        ("pi/sensor/probe", "warm", "shape"),
        ("pi/input/button", "pressed", "shape"),
        ("teleinfo/1234", {"PAPP": 410}, "shape"),
        ("nobody/knows/this", "1", "topic"),
        ("vigie/1/lieu/pi/data", "[]", "own-topic"),
        ("$SYS/broker/uptime", "5", "own-topic"),
    ],
)
def test_what_carries_no_measure_says_why(hear: Hear, topic: str, payload: object, reason: str) -> None:
    assert refusal(hear(topic, payload)) == reason
