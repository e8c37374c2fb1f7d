"""Tasmota's telemetry, whatever the order of its topics and the form of its values."""

import pytest
from tests.gateway.devices.conftest import NOW_TS, Hear, refusal, values


@pytest.mark.parametrize(
    "topic", ["tele/plug/SENSOR", "plug/tele/SENSOR", "site/tele/plug/SENSOR", "a/b/plug/tele/SENSOR"]
)
def test_the_prefix_may_stand_anywhere_and_is_no_part_of_the_device(hear: Hear, topic: str) -> None:
    heard = hear(topic, {"ENERGY": {"Power": 5}})
    assert heard.measures[0].entity.device == topic.replace("tele/", "").removesuffix("/SENSOR")


@pytest.mark.parametrize(
    ("energy", "expected"),
    [
        ({"Power": 12, "Total": 1.5}, {"ENERGY/Power": 12.0, "ENERGY/Total": 1_500.0}),
        ({"Power": "12.5"}, {"ENERGY/Power": 12.5}),
        ({"Power": [1, None, 3]}, {"ENERGY/Power-1": 1.0, "ENERGY/Power-2": "not-told", "ENERGY/Power-3": 3.0}),
        ({"Voltage": {"L1": 230, "L2": "231"}}, {"ENERGY/Voltage-L1": 230.0, "ENERGY/Voltage-L2": 231.0}),
        ({"Power": "many"}, {"ENERGY/Power": "failed"}),
        (12.5, {"ENERGY": "unit-not-told"}),
    ],
)
def test_a_meter_tells_a_number_a_text_a_list_or_an_object(hear: Hear, energy: object, expected: object) -> None:
    assert values(hear("tele/plug/SENSOR", {"ENERGY": energy})) == expected


def test_signal_is_dbm_and_rssi_a_percentage_that_is_left(hear: Hear) -> None:
    state = {"POWER": "ON", "Wifi": {"RSSI": 86, "Signal": -57}}
    assert values(hear("tele/plug/STATE", state)) == {"POWER1": 1.0, "Wifi/Signal": -57.0}
    assert values(hear("tele/old/STATE", {"POWER": "OFF", "Wifi": {"RSSI": 86}})) == {"POWER1": 0.0}


def test_a_time_without_a_zone_is_not_believed_and_one_with_a_zone_is(hear: Hear) -> None:
    body = {"Switch1": "ON", "ENERGY": {"Power": 5}}
    assert hear("tele/plug/SENSOR", {"Time": "2026-11-24T10:39:00", **body}).measures[0].at_ts == NOW_TS
    assert hear("tele/plug/SENSOR", {"Time": "2026-11-24T11:59:30+01:00", **body}).measures[0].at_ts == NOW_TS - 30
    assert hear("tele/plug/SENSOR", {"Epoch": NOW_TS - 60, **body}).measures[0].at_ts == NOW_TS - 60
    assert hear("tele/plug/SENSOR", {"Time": "1970-01-01T00:00:09+00:00", **body}).measures[0].at_ts == NOW_TS


def test_a_frame_of_the_french_meter_may_be_partial_and_its_power_is_apparent(hear: Hear) -> None:
    whole = {"ENERGY": {"Power": 170, "Total": 9.0}, "TIC": {"ISOUSC": 15, "PAPP": 170, "HCHP": "2275560", "IINST": 1}}
    assert values(hear("tele/linky/SENSOR", whole)) == {
        "TIC/ISOUSC": 3_000.0,
        "TIC/PAPP": 170.0,
        "TIC/HCHP": 2_275_560.0,
        "TIC/IINST": 1.0,
    }
    assert values(hear("tele/linky/SENSOR", {"TIC": {"PAPP": 160}})) == {"TIC/PAPP": 160.0}


def test_units_are_those_that_the_message_tells(hear: Hear) -> None:
    body = {"BME280": {"Temperature": 68, "Pressure": 29.92}, "TempUnit": "F", "PressureUnit": "inHg"}
    assert values(hear("tele/air/SENSOR", body)) == pytest.approx(
        {"BME280/Temperature": 20, "BME280/Pressure": 1013.207}
    )


def test_a_radars_people_is_no_count_and_its_distance_to_nobody_unknown(hear: Hear) -> None:
    assert values(hear("tele/r/SENSOR", {"LD2410S": {"Distance": 196.0, "People": 3}})) == {
        "LD2410S/Distance": 1.96,
        "LD2410S/People": 1.0,
    }
    assert values(hear("tele/r/SENSOR", {"LD2410S": {"Distance": 0.0, "People": 1}})) == {
        "LD2410S/Distance": "not-told",
        "LD2410S/People": 0.0,
    }


def test_a_zigbee_device_behind_a_bridge_is_a_device_of_its_own(hear: Hear) -> None:
    heard = hear(
        "tele/zb/SENSOR", {"ZbReceived": {"Plug": {"Device": "0x5ADF", "Name": "Plug", "Power": True, "Endpoint": 2}}}
    )
    assert heard.devices[0].id == "zb/0x5ADF"
    assert values(heard) == {"Power-2": 1.0}
    assert values(hear("tele/zb/SENSOR", {"ZbReceived": {"Door": {"Contact": 1}}})) == {"Contact": "unit-not-told"}
    assert refusal(hear("tele/zb/SENSOR", {"ZbReceived": {"Remote": {"Device": "0x1", "Power": 2}}})) == "nothing"


def test_native_discovery_tells_words_prefixes_and_topics_to_listen_to(hear: Hear) -> None:
    config = {
        "dn": "Lampe", "t": "lamp", "ft": "maison/%topic%/%prefix%/", "tp": ["c", "s", "telemetry"],
        "ofln": "Parti", "onln": "Là", "state": ["Éteint", "Allumé", "x", "y"], "md": "Basic", "sw": "14.2",
    }  # fmt: skip
    assert refusal(hear("maison/lamp/telemetry/SENSOR", {"ENERGY": {"Power": 1}})) == "topic"
    heard = hear("tasmota/discovery/AABBCC/config", config)
    assert (heard.devices[0].id, heard.devices[0].name, heard.devices[0].software) == ("maison/lamp", "Lampe", "14.2")
    assert "maison/lamp/telemetry/SENSOR" in heard.listen
    assert values(hear("maison/lamp/s/RESULT", {"POWER": "Allumé"})) == {"POWER1": 1.0}
    assert hear("maison/lamp/telemetry/LWT", "Parti").presences[0].is_online is False


def test_a_discovery_that_reaches_into_our_own_topics_is_not_listened_to(hear: Hear) -> None:
    config = {"t": "about", "ft": "vigie/1/lieu/%prefix%/%topic%/", "tp": ["c", "s", "t"]}
    assert hear("tasmota/discovery/AA/config", config).listen == ()
    assert hear("tasmota/discovery/AB/config", {"t": "+", "ft": "%prefix%/%topic%/"}).listen == ()


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("tele/p/SENSOR", {"Time": "2026-11-24T10:39:00"}, "nothing"),
        ("tele/p/SENSOR", {"IBEACON": {"MAC": "A4C1387FC1E1", "RSSI": -56}}, "person"),
        ("tele/p/SENSOR", {"RC522": {"UID": "BA839D07"}}, "person"),
        ("tele/p/SENSOR", "OFF", "not-json"),
        ("tele/p/SENSOR", "[1]", "not-json"),
        ("tele/p/SENSOR", '{"ENERGY":{"Power":', "not-json"),
        ("tele/p/LWT", "perhaps", "shape"),
        ("stat/p/RESULT", {"Event": "Done"}, "nothing"),
        ("stat/p/RESULT", {"MtrUpdate": {"Power": True}}, "nothing"),
        ("tasmota/discovery/AA/config", {"dn": "x"}, "missing"),
    ],
)
def test_what_carries_no_measure_says_why(hear: Hear, topic: str, payload: object, reason: str) -> None:
    assert refusal(hear(topic, payload)) == reason
