"""Whatever comes on whatever topic says something or has one refusal, and nothing raises."""

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.gateway.devices.conftest import NOW_TS, Hear, refusal, values

from vigie_contract.quantities import QUANTITIES, Kind
from vigie_contract.readings import UNKNOWN_REASONS
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import MAX_NAME_CHARACTERS, REFUSALS, Decoded, Message
from vigie_gateway.devices.sources import is_own

TOPIC_WORDS = """
    homeassistant sensor device config tele stat SENSOR STATE LWT RESULT POWER1 STATUS8 INFO1 tasmota discovery
    shellies relay emeter 0 power energy info announce online events rpc status switch:0 em:0 wifi zigbee2mqtt
    bridge devices availability state plug home BTtoMQTT SYStoMQTT input output teleinfo 1234 climate x vigie $SYS
"""
WORDS = st.sampled_from(TOPIC_WORDS.split())
TOPICS = st.lists(WORDS, min_size=1, max_size=5).map("/".join) | st.text(max_size=40)
PAYLOAD_KEYS = """
    ENERGY Power Total TIC PAPP ISOUSC ZbReceived Temperature TempUnit Time Wifi Signal POWER t ft tp fn state onln
    id relays meters emeters total unixtime wifi_sta connected method params ts switch:0 apower aenergy temperature
    tC contact voltage battery last_seen illuminance state_left friendly_name definition exposes features unit
    property value raw lux tempc hum name dev ids cns cmps p ~ stat_t val_tpl uniq_id unit_of_meas dev_cla avty
    avty_t avty_mode exp_aft pl_on pl_off schema device identifiers connections availability topic curr_temp_t
    migrate_discovery
"""
KEYS = st.sampled_from(PAYLOAD_KEYS.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        (
            *("ON", "off", "12.5", "kWh", "°F", "W", "power", "temperature", "NotifyStatus", "sensor", "~/s", "x/y"),
            *("{{ value_json.x }}", "{{ value | float }}", "2026-11-24T10:00:00Z", "online", "unavailable", "-8388608"),
            "%topic%/%prefix%",
        )
    )
)
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=4), inner, max_size=5)
)
PAYLOADS = (
    st.binary(max_size=40) | TREES.map(lambda tree: json.dumps(tree).encode()) | st.text(max_size=20).map(str.encode)
)


def check(decoded: Decoded) -> None:
    """What must hold of every answer."""
    if decoded.refusal is not None:
        assert decoded == Decoded(decoded.decoder, refusal=decoded.refusal)
        assert decoded.refusal.reason in REFUSALS
        assert decoded.refusal.reason != "failed", decoded.refusal
        assert decoded.refusal.detail
        return
    assert decoded.decoder
    assert not any(is_own(topic) or "#" in topic for topic in decoded.listen)
    for device in decoded.devices:
        assert device.id
        assert device.name
        assert len(device.name) <= MAX_NAME_CHARACTERS
    for entity in (*decoded.entities, *(measure.entity for measure in decoded.measures)):
        assert (entity.quantity is None) == (entity.trouble is not None)
        assert entity.trouble is None or entity.trouble in REFUSALS
        assert entity.key
    for measure in decoded.measures:
        if measure.value is None:
            assert (measure.reason in UNKNOWN_REASONS) if measure.entity.quantity else measure.reason is None
            continue
        assert measure.entity.quantity is not None
        quantity = QUANTITIES[measure.entity.quantity]
        assert math.isfinite(measure.value)
        assert quantity.low <= measure.value <= quantity.high
        assert quantity.kind is not Kind.STATE or measure.value in (0.0, 1.0)
        assert abs(measure.at_ts - NOW_TS) <= 86_400


@given(st.lists(st.tuples(TOPICS, PAYLOADS, st.booleans()), min_size=1, max_size=4))
@example([("x/status/em:0", b"{}", False)])
@example([("homeassistant/sensor/a/config", b'{"stat_t":"x/y","name":"a"}', True), ("x/y", b"\xff", False)])
@example([("zigbee2mqtt/a", b"[" * 60_000, False)])
@example([("zigbee2mqtt/a", b'{"power":1e999,"voltage":' + b"9" * 5_000 + b"}", False)])
@example([("tele/a/SENSOR", b'{"ENERGY":{"Power":NaN}}', False)])
@example([("zigbee2mqtt/a", b'{"power": "\\ud800"}', False)])
def test_any_bytes_on_any_topic_say_something_or_have_one_refusal(said: list[tuple[str, bytes, bool]]) -> None:
    decoding = Decoding()
    for topic, payload, is_retained in said:
        check(decoding.decode(Message(topic, payload, NOW_TS, is_retained)))


CONFIG_KEYS = """
    name unique_id state_topic value_template unit_of_measurement device_class device availability expire_after
    payload_on ~ availability_mode components platform state_class current_temperature_topic schema
"""
CONFIGS = st.dictionaries(
    st.sampled_from(CONFIG_KEYS.split()),
    LEAVES | TREES,
    max_size=8,
)


@given(
    st.sampled_from(["sensor", "binary_sensor", "switch", "light", "cover", "climate", "device", "tag"]),
    CONFIGS,
    PAYLOADS,
)
def test_any_configuration_announces_or_is_refused_and_its_messages_are_read(
    component: str, config: dict[str, Any], payload: bytes
) -> None:
    decoding = Decoding()
    announced = decoding.decode(Message(f"homeassistant/{component}/x/config", json.dumps(config).encode(), NOW_TS))
    check(announced)
    for topic in announced.listen:
        check(decoding.decode(Message(topic.replace("+", "a"), payload, NOW_TS)))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "empty"),
        (b" \x00\n", "empty"),
        (b"\xff\xfe", "not-utf8"),
        (b"x" * 65_537, "too-large"),
        (b"{", "not-json"),
    ],
)
def test_bytes_that_are_no_message_are_refused_before_anything_reads_them(
    hear: Hear, payload: bytes, reason: str
) -> None:
    assert refusal(hear("zigbee2mqtt/plug", payload)) == reason


def test_a_retained_message_says_that_it_is_one(hear: Hear) -> None:
    assert hear("zigbee2mqtt/plug", {"power": 5}, retained=True).measures[0].is_retained is True
    assert hear("zigbee2mqtt/plug/availability", "online", retained=True).presences[0].is_retained is True
    assert hear("zigbee2mqtt/plug", {"power": 5}).measures[0].is_retained is False


def test_whoever_announces_its_entities_is_not_read_under_two_identities(hear: Hear) -> None:
    assert hear("zigbee2mqtt/plug", {"power": 5}).decoder == "zigbee2mqtt"
    config = {"stat_t": "zigbee2mqtt/plug", "uniq_id": "0x1_power", "dev_cla": "power", "unit_of_meas": "W"}
    hear(
        "homeassistant/sensor/0x1/power/config", {**config, "val_tpl": "{{ value_json.power }}", "dev": {"ids": "0x1"}}
    )
    heard = hear("zigbee2mqtt/plug", {"power": 5, "voltage": 230})
    assert heard.decoder == "homeassistant"
    assert values(heard) == {"0x1_power": 5.0}
    assert refusal(hear("zigbee2mqtt/plug", {"voltage": 230})) == "nothing"


def test_an_announcement_without_a_measure_leaves_its_topics_to_their_family(hear: Hear) -> None:
    config = {
        "stat_t": "zigbee2mqtt/plug",
        "uniq_id": "lqi",
        "val_tpl": "{{ value_json.linkquality }}",
        "dev": {"ids": "1"},
    }
    hear("homeassistant/sensor/0x1/lqi/config", {**config, "unit_of_meas": "lqi"})
    heard = hear("zigbee2mqtt/plug", {"power": 5, "linkquality": 90})
    assert values(heard) == {"power": 5.0, "lqi": "class"}


def test_a_family_that_the_place_does_not_want_is_not_read() -> None:
    decoding = Decoding(prefixes=(), families=("shelly",))
    assert set(decoding.filters) == {"shellies/#", "+/events/rpc", "+/status/+", "+/online"}
    assert refusal(decoding.decode(Message("zigbee2mqtt/plug", b'{"power": 5}', NOW_TS))) == "topic"
    assert refusal(decoding.decode(Message("homeassistant/sensor/x/config", b"{}", NOW_TS))) == "topic"
    assert values(decoding.decode(Message("shellies/plug/relay/0", b"on", NOW_TS))) == {"relay/0": 1.0}


def test_a_message_that_nobody_reads_costs_no_memory(hear: Hear) -> None:
    for number in range(2_000):
        assert refusal(hear(f"nobody/knows/{number}", "1")) == "topic"
