"""Shelly of both generations, by their own topics."""

import pytest
from tests.gateway.devices.conftest import NOW_TS, Hear, refusal, values


def test_a_relays_energy_counts_watt_minutes_and_a_meters_watt_hours(hear: Hear) -> None:
    assert values(hear("shellies/plug/relay/0/energy", "6000")) == {"relay/0/energy": 100.0}
    assert values(hear("shellies/em/emeter/2/total", "6000.0")) == {"emeter/2/total": 6_000.0}
    assert refusal(hear("shellies/em/emeter/2/energy", "6000")) == "nothing"


def test_an_id_may_hold_slashes(hear: Hear) -> None:
    heard = hear("shellies/shellies/em3/emeter/0/power", "-12.5")
    assert (heard.measures[0].entity.device, heard.measures[0].value) == ("shellies/em3", -12.5)
    assert hear("shellies/a/b/relay/0", "overpower").measures[0].value == 0.0
    assert hear("shellies/announce", {"id": "a/b", "model": "SHPLG-S"}).devices[0].id == "a/b"


def test_info_of_a_relay_without_a_meter_tells_no_power(hear: Hear) -> None:
    info = {
        "wifi_sta": {"connected": True, "rssi": -59}, "time": "", "unixtime": 0,
        "relays": [{"ison": True}], "meters": [{"power": 0.0, "is_valid": True}],
    }  # fmt: skip
    heard = hear("shellies/shelly1/info", info)
    assert values(heard) == {"wifi/rssi": -59.0, "relay/0": 1.0}
    assert {one.at_ts for one in heard.measures} == {NOW_TS}


def test_info_names_the_same_entities_as_the_topics_do(hear: Hear) -> None:
    info = {
        "relays": [{"ison": False}], "meters": [{"power": 5.5, "is_valid": True, "total": 6_000}],
        "emeters": [{"power": 1, "is_valid": False, "total": 3.0}], "bat": {"value": 80}, "unixtime": NOW_TS - 20,
    }  # fmt: skip
    heard = hear("shellies/x/info", info)
    assert values(heard) == {
        "relay/0": 0.0,
        "relay/0/power": 5.5,
        "relay/0/energy": 100.0,
        "emeter/0/power": "not-told",
        "emeter/0/total": "not-told",
        "sensor/battery": 80.0,
    }
    assert heard.measures[0].at_ts == NOW_TS - 20


MOTION = {"sensor/motion": 1.0, "sensor/lux": 12.0, "sensor/battery": 80.0}


@pytest.mark.parametrize(
    ("leaf", "payload", "expected"),
    [
        ("sensor/state", "open", {"sensor/state": 1.0}),
        ("sensor/state", "close", {"sensor/state": 0.0}),
        ("sensor/motion", "true", {"sensor/motion": 1.0}),
        ("sensor/lux", "30", {"sensor/lux": 30.0}),
        ("temperature", "41.2", {"temperature": 41.2}),
        ("input/0", "1", {"input/0": "unit-not-told"}),
        ("ext_temperature/0", "999", {"ext_temperature/0": "not-told"}),
        ("status", '{"motion": true, "timestamp": 1, "lux": 12, "bat": 80}', MOTION),
        ("relay/0/power", "nan", {"relay/0/power": "not-told"}),
    ],
)
def test_a_leaf_of_the_first_generation_is_a_measure(hear: Hear, leaf: str, payload: str, expected: object) -> None:
    assert values(hear(f"shellies/one/{leaf}", payload)) == expected


def test_a_notification_is_an_overlay_of_what_changed(hear: Hear) -> None:
    def notify(**params: object) -> dict[str, object]:
        return {"src": "shellyplus1pm-44", "dst": "x", "method": "NotifyStatus", "params": params}

    assert values(hear("prise/events/rpc", notify(ts=1.61, **{"switch:0": {"id": 0, "apower": -3.5}}))) == {
        "switch:0/apower": -3.5
    }
    assert refusal(hear("prise/events/rpc", notify(ts=2.0, mqtt={"connected": True}))) == "nothing"
    heard = hear("prise/events/rpc", notify(ts=NOW_TS - 5, **{"switch:0": {"id": 0, "apower": None}}))
    assert values(heard) == {"switch:0/apower": "not-told"}
    assert heard.measures[0].at_ts == NOW_TS - 5
    assert values(hear("prise/events/rpc", notify(ts=1.0, **{"switch:0": None}))) == {"switch:0/apower": "not-told"}


def test_seconds_since_the_devices_start_are_no_time(hear: Hear) -> None:
    frame = {"method": "NotifyStatus", "params": {"ts": 1.61, "switch:0": {"output": True}}}
    assert hear("prise/events/rpc", frame).measures[0].at_ts == NOW_TS


def test_status_topics_and_notifications_name_the_same_entities(hear: Hear) -> None:
    switch = {"id": 0, "output": True, "apower": 2.7, "voltage": 227.9, "aenergy": {"total": 7258.589}}
    frame = {"method": "NotifyFullStatus", "params": {"ts": 1.0, "switch:0": switch}}
    by_topic = hear("shellies/prise/status/switch:0", switch)
    assert values(by_topic) == values(hear("shellies/prise/events/rpc", frame))
    assert by_topic.measures[0].entity == hear("shellies/prise/events/rpc", frame).measures[0].entity


def test_a_three_phase_meter_tells_each_phase_and_the_sum(hear: Hear) -> None:
    body = {"id": 0, "a_act_power": 10, "b_act_power": -4, "total_act_power": 6, "a_voltage": 230.5, "n_current": None}
    assert values(hear("em/status/em:0", body)) == {
        "em:0/a_act_power": 10.0,
        "em:0/b_act_power": -4.0,
        "em:0/total_act_power": 6.0,
        "em:0/a_voltage": 230.5,
        "em:0/n_current": "not-told",
    }


def test_online_of_a_second_generation_device_under_shellies_is_its_own(hear: Hear) -> None:
    hear("shellies/plus/status/switch:0", {"output": True})
    assert hear("shellies/plus/online", "false").presences[0].device == "shellies/plus"
    assert hear("shellies/one/online", "true").presences[0].device == "one"
    assert hear("shellyplusplugs-80/online", "true").presences[0].is_online is True


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("x/events/rpc", {"method": "NotifyStatus"}, "shape"),
        ("x/events/rpc", {"id": 1, "result": {}}, "shape"),
        ("x/status/switch:0", "[]", "shape"),
        ("x/status/sys", {"uptime": 5}, "nothing"),
        ("shellies/x/relay/0/unheard", "1", "topic"),
        ("shellies/x/online", "maybe", "shape"),
        ("shellies/announce", {"model": "x"}, "missing"),
        ("shellies/command", "announce", "topic"),
    ],
)
def test_what_carries_no_measure_says_why(hear: Hear, topic: str, payload: object, reason: str) -> None:
    assert refusal(hear(topic, payload)) == reason
