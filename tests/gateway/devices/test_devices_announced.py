"""Home Assistant discovery: what is announced, and what the announced then say."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.gateway.devices.conftest import NOW_TS, Hear, refusal, values

from vigie_gateway.devices.announced import MAX_ENTITIES, MAX_ENTITIES_OF_A_TOPIC
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Decoded, Message

SENSOR = {"name": "Power", "stat_t": "plug/power", "uniq_id": "p1", "dev_cla": "power", "unit_of_meas": "W"}
T = "{{ value_json.t }}"
DEVICE = {"ids": ["plug-1"], "name": "Prise", "mf": "Maker", "mdl": "P1"}


def announce(hear: Hear, config: Mapping[str, Any], component: str = "sensor", path: str = "plug/p1") -> Decoded:
    return hear(f"homeassistant/{component}/{path}/config", {"dev": DEVICE, **config})


def test_an_entity_is_announced_in_full_or_abbreviated(hear: Hear) -> None:
    short = announce(hear, SENSOR)
    whole = hear(
        "homeassistant/sensor/plug/p1/config",
        {
            "name": "Power", "state_topic": "plug/power", "unique_id": "p1", "device_class": "power",
            "unit_of_measurement": "W", "device": {"identifiers": ["plug-1"], "name": "Prise", "manufacturer": "Maker"},
        },
    )  # fmt: skip
    assert short.entities == whole.entities
    assert short.listen == ("plug/power",)
    assert (short.devices[0].id, short.devices[0].name, short.devices[0].model) == ("plug-1", "Prise", "P1")
    assert values(hear("plug/power", "12.5")) == {"p1": 12.5}


def test_a_whole_device_is_announced_at_once_and_shares_what_it_says(hear: Hear) -> None:
    heard = hear(
        "homeassistant/device/kitchen/config",
        {
            "dev": DEVICE, "o": {"name": "bla2mqtt"}, "stat_t": "kitchen/state", "exp_aft": 60,
            "cmps": {
                "t": {"p": "sensor", "dev_cla": "temperature", "unit_of_meas": "°F", "val_tpl": T, "uniq_id": "kt"},
                "m": {"p": "binary_sensor", "dev_cla": "motion", "val_tpl": "{{ value_json.m }}", "uniq_id": "km"},
                "x": {"p": "tag", "t": "tags"},
            },
        },
    )  # fmt: skip
    assert [(one.key, one.quantity, one.expire_after_s) for one in heard.entities] == [
        ("kt", "temperature", 60.0),
        ("km", "occupied", 60.0),
    ]
    assert heard.devices[0].software_name == "bla2mqtt"
    assert values(hear("kitchen/state", {"t": 68, "m": "ON"})) == pytest.approx({"kt": 20.0, "km": 1.0})


def test_a_component_with_its_platform_alone_is_withdrawn_and_what_is_not_named_stays(hear: Hear) -> None:
    both = {name: {"p": "sensor", "uniq_id": name, "dev_cla": "power", "unit_of_meas": "W"} for name in ("a", "b")}
    topic = "homeassistant/device/x/config"
    hear(topic, {"dev": DEVICE, "stat_t": "x/state", "cmps": both})
    gone = hear(topic, {"dev": DEVICE, "stat_t": "x/state", "cmps": {"a": {"p": "sensor"}, "b": both["b"]}})
    assert gone.removed == ("homeassistant/plug-1/a",)
    hear(topic, {"dev": DEVICE, "stat_t": "x/state", "cmps": {"c": {**both["a"], "uniq_id": "c"}}})
    assert values(hear("x/state", "5")) == {"b": 5.0, "c": 5.0}


def test_an_empty_configuration_withdraws_all_that_the_topic_announced(hear: Hear) -> None:
    announce(hear, SENSOR)
    assert hear("homeassistant/sensor/plug/p1/config", "").removed == ("homeassistant/plug-1/p1",)
    assert refusal(hear("plug/power", "12")) == "topic"


def test_a_migration_withdraws_nothing_and_the_same_entity_comes_back_under_the_device(hear: Hear) -> None:
    before = announce(hear, SENSOR)
    assert hear("homeassistant/sensor/plug/p1/config", '{"migrate_discovery": true }').removed == ()
    after = hear("homeassistant/device/plug/config", {"dev": DEVICE, "cmps": {"p": {"p": "sensor", **SENSOR}}})
    assert [one.unique_id for one in after.entities] == [one.unique_id for one in before.entities]
    assert [one.announced_on for one in after.entities] == ["homeassistant/device/plug/config"]
    assert hear("homeassistant/sensor/plug/p1/config", "").removed == ()
    assert values(hear("plug/power", "3")) == {"p1": 3.0}


def test_a_second_entity_may_name_its_device_by_identifier_alone(hear: Hear) -> None:
    announce(hear, SENSOR)
    second = announce(hear, {**SENSOR, "uniq_id": "p2", "dev": {"ids": "plug-1"}}, path="plug/p2")
    assert (second.devices[0].name, second.devices[0].maker) == ("Prise", "Maker")


def test_without_identifiers_a_connection_is_the_identity_and_without_a_device_the_topic(hear: Hear) -> None:
    by_address = announce(hear, {**SENSOR, "dev": {"cns": [["mac", "02:24:0c"]], "name": "x"}})
    assert by_address.entities[0].device == "mac:02:24:0c"
    alone = hear("homeassistant/switch/irrigation/config", {"~": "garden", "name": "garden", "stat_t": "~/state"})
    assert (alone.devices[0].name, alone.entities[0].key) == ("garden", "switch/irrigation")
    assert values(hear("garden/state", "ON")) == {"switch/irrigation": 1.0}


def test_the_tilde_stands_for_the_common_part_at_either_end_and_in_availability(hear: Hear) -> None:
    heard = announce(hear, {**SENSOR, "~": "plug/x", "stat_t": "~/power", "avty": [{"t": "~/lwt"}, {"topic": "lwt/~"}]})
    assert set(heard.listen) == {"plug/x/power", "plug/x/lwt", "lwt/plug/x"}


def test_one_entity_is_not_announced_by_two_topics(hear: Hear) -> None:
    announce(hear, SENSOR)
    assert refusal(announce(hear, {**SENSOR, "stat_t": "evil/power"}, path="other/p1")) == "taken"
    assert values(hear("plug/power", "5")) == {"p1": 5.0}


def test_two_devices_may_have_entities_of_one_name_as_esphome_makes_them(hear: Hear) -> None:
    announce(hear, SENSOR)
    other = announce(hear, {**SENSOR, "stat_t": "b/power", "dev": {"ids": "plug-2"}}, path="other/p1")
    assert other.entities[0].unique_id == "homeassistant/plug-2/p1"


@pytest.mark.parametrize(
    ("changed", "trouble"),
    [
        ({"dev_cla": "power_factor"}, "class"),
        ({"unit_of_meas": "°C"}, "unit"),
        ({"dev_cla": None, "unit_of_meas": None}, "unit-not-told"),
        ({"dev_cla": None, "unit_of_meas": "lqi"}, "class"),
        ({"val_tpl": "{{ states('sun.sun') }}"}, "template"),
        ({"val_tpl": "{% macro x() %}{% endmacro %}"}, "template"),
        ({"stat_t": "vigie/1/lieu/pi/data"}, "own-topic"),
        ({"stat_t": "$SYS/broker/uptime"}, "own-topic"),
        ({"stat_t": "#"}, "shape"),
        ({"stat_t": "+/+"}, "shape"),
        ({"stat_t": None}, "missing"),
        ({"ent_cat": "config"}, "setting"),
    ],
)
def test_what_cannot_be_read_is_listed_with_its_trouble_and_never_guessed(
    hear: Hear, changed: dict[str, Any], trouble: str
) -> None:
    heard = announce(hear, {**SENSOR, **changed})
    (entity,) = heard.entities
    assert (entity.quantity, entity.trouble) == (None, trouble)
    assert entity.detail
    assert entity.template == changed.get("val_tpl", "")
    assert not [topic for topic in heard.listen if topic.startswith(("vigie", "$", "#", "+"))]


@pytest.mark.parametrize(
    ("component", "reason"),
    [
        ("device_tracker", "person"),
        ("camera", "person"),
        ("number", "setting"),
        ("update", "component"),
        ("tag", "component"),
    ],
)
def test_a_component_without_a_measure_is_refused_by_its_kind(hear: Hear, component: str, reason: str) -> None:
    assert refusal(announce(hear, SENSOR, component)) == reason


@pytest.mark.parametrize(
    ("component", "config", "message", "expected"),
    [
        ("sensor", {"unit_of_meas": "kW"}, "0.1", 100.0),
        ("sensor", {}, "None", "not-told"),
        ("sensor", {}, "unavailable", "not-told"),
        ("sensor", {}, "much", "failed"),
        ("sensor", {}, "-8388608", "out-of-range"),
        ("sensor", {"dev_cla": None, "unit_of_meas": "kWh", "stat_cla": "total_increasing"}, "2", 2_000.0),
        ("sensor", {"dev_cla": "battery", "unit_of_meas": None}, "80", 80.0),
        ("sensor", {"val_tpl": "{{ value_json.a | float / 0 }}"}, '{"a": 1}', "failed"),
        ("binary_sensor", {"dev_cla": "door"}, "ON", 1.0),
        ("binary_sensor", {"dev_cla": "door", "pl_on": True, "pl_off": False}, "false", 0.0),
        ("binary_sensor", {"dev_cla": "door", "pl_on": "open", "pl_off": "shut"}, "ajar", "failed"),
        ("binary_sensor", {"dev_cla": "motion", "val_tpl": "{{ value_json.o }}", "pl_on": True}, '{"o": true}', 1.0),
        ("switch", {"stat_on": "1", "pl_on": "turn_on", "stat_off": "0"}, "1", 1.0),
        ("light", {"schema": "json"}, '{"state": "OFF", "brightness": 3}', 0.0),
        ("cover", {"dev_cla": "garage"}, "closing", 1.0),
        ("cover", {"dev_cla": "garage"}, "closed", 0.0),
        ("cover", {"dev_cla": "shutter"}, "open", "class"),
    ],
)
def test_an_announced_entity_says(
    hear: Hear, component: str, config: dict[str, Any], message: str, expected: float | str
) -> None:
    announce(hear, {**SENSOR, **config}, component)
    assert values(hear("plug/power", message)) == {"p1": expected}


def test_a_message_without_the_key_says_nothing_of_the_entity(hear: Hear) -> None:
    announce(hear, {**SENSOR, "val_tpl": "{{ value_json.p }}"})
    announce(hear, {**SENSOR, "uniq_id": "p2", "val_tpl": "{{ value_json.q.r | is_defined }}"}, path="plug/p2")
    assert refusal(hear("plug/power", {"other": 1})) == "nothing"
    assert values(hear("plug/power", {"p": 1})) == {"p1": 1.0}


def test_a_climate_tells_the_rooms_temperature_and_humidity_only(hear: Hear) -> None:
    config = {
        "curr_temp_t": "th/state", "curr_temp_tpl": "{{ value_json.local }}", "curr_hum_t": "th/hum", "name": "Salle",
        "temp_stat_t": "th/target", "temp_unit": "F", "uniq_id": "c",
    }  # fmt: skip
    announce(hear, config, "climate")
    assert values(hear("th/state", {"local": 68})) == pytest.approx({"c/temperature": 20.0})
    assert values(hear("th/hum", "40")) == {"c/humidity": 40.0}
    assert refusal(hear("th/target", "21")) == "topic"


def test_a_topic_with_a_plus_hears_each_that_fits_but_never_our_own(hear: Hear) -> None:
    announce(hear, {**SENSOR, "stat_t": "+/+/BT/p1"})
    assert values(hear("home/gateway/BT/p1", "5")) == {"p1": 5.0}
    assert refusal(hear("vigie/1/BT/p1", "5")) == "own-topic"
    assert refusal(hear("home/BT/p1", "5")) == "topic"


AVAILABILITY = {
    "avty": [{"t": "a", "val_tpl": "{{ value_json.state }}"}, {"t": "b", "pl_avail": "yes", "pl_not_avail": "no"}]
}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("all", [None, False, True]),
        ("any", [True, True, True]),
        ("latest", [True, False, True]),
        (None, [True, False, True]),
    ],
)
def test_availability_hangs_on_all_any_or_the_latest_of_its_topics(
    hear: Hear, mode: str | None, expected: list[bool | None]
) -> None:
    announce(hear, {**SENSOR, **AVAILABILITY, "avty_mode": mode})
    said = [("a", '{"state": "online"}'), ("b", "no"), ("b", "yes")]
    told = [
        [one.is_online for one in hear(topic, word, at_ts=NOW_TS + at).presences]
        for at, (topic, word) in enumerate(said)
    ]
    assert told == [[] if one is None else [one] for one in expected]


def test_a_word_of_availability_that_is_neither_says_nothing(hear: Hear) -> None:
    announce(hear, {**SENSOR, "avty_t": "plug/lwt", "pl_avail": "Online", "pl_not_avail": "Offline"})
    assert [one.is_online for one in hear("plug/lwt", "Offline").presences] == [False]
    assert refusal(hear("plug/lwt", "perhaps")) == "nothing"


def test_names_are_cleaned_and_templates_shown_as_they_are(hear: Hear) -> None:
    heard = announce(hear, {**SENSOR, "name": "P\u202eower\n<b>" + "x" * 200, "dev": {"ids": "1", "name": "\x00"}})
    assert heard.entities[0].label.startswith("Power <b>xxx")
    assert len(heard.entities[0].label) == 64
    assert heard.devices[0].name == "1"


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("homeassistant/sensor/x/config", "[]", "shape"),
        ("homeassistant/sensor/x/config", "{", "not-json"),
        ("homeassistant/sensor/x/config", '{"name": "' + "x" * 9_000 + '"}', "too-large"),
        ("homeassistant/device/x/config", '{"dev": {"ids": "1"}}', "missing"),
        ("homeassistant/status", "online", "topic"),
        ("homeassistant/sensor/config", "{}", "topic"),
        ("homeassistant/sensor/x/state", "5", "topic"),
        ("homeassistant/sensor/a/b/c/config", "{}", "topic"),
    ],
)
def test_a_configuration_that_is_none_is_refused(hear: Hear, topic: str, payload: str, reason: str) -> None:
    assert refusal(hear(topic, payload)) == reason


def test_more_components_than_a_device_may_have_are_refused(hear: Hear) -> None:
    many = {f"c{at}": {"p": "sensor", **SENSOR, "uniq_id": f"u{at}"} for at in range(65)}
    assert refusal(hear("homeassistant/device/x/config", {"dev": DEVICE, "cmps": many})) == "too-many"


def test_to_withdraw_what_was_never_announced_is_refused_and_the_last_one_goes(hear: Hear) -> None:
    withdrawn = {"dev": DEVICE, "cmps": {"a": {"p": "sensor"}}}
    assert refusal(hear("homeassistant/device/x/config", withdrawn)) == "missing"
    hear("homeassistant/device/x/config", {"dev": DEVICE, "cmps": {"a": {"p": "sensor", **SENSOR}}})
    assert hear("homeassistant/device/x/config", withdrawn).removed == ("homeassistant/plug-1/p1",)
    assert refusal(hear("homeassistant/device/x/config", withdrawn)) == "missing"


def test_components_announced_a_few_at_a_time_are_bounded_too(hear: Hear) -> None:
    reasons = []
    for at in range(0, 80, 20):
        some = {f"c{n}": {"p": "sensor", **SENSOR, "uniq_id": f"u{n}"} for n in range(at, at + 20)}
        heard = hear("homeassistant/device/x/config", {"dev": DEVICE, "cmps": some})
        reasons.append(heard.refusal.reason if heard.refusal else None)
    assert reasons == [None, None, None, "too-many"]


def test_a_flood_of_announcements_stops_at_the_bound_and_leaves_the_first_alone(hear: Hear) -> None:
    reasons = set()
    for at in range(MAX_ENTITIES + 50):
        heard = announce(hear, {**SENSOR, "uniq_id": f"u{at}", "stat_t": f"plug/{at}"}, path=f"f{at}")
        reasons.add(heard.refusal.reason if heard.refusal else None)
    assert reasons == {None, "too-many"}
    assert values(hear("plug/0", "5")) == {"u0": 5.0}
    assert refusal(hear(f"plug/{MAX_ENTITIES + 1}", "5")) == "topic"


def test_more_entities_than_a_topic_may_have_are_refused(hear: Hear) -> None:
    reasons = []
    for at in range(MAX_ENTITIES_OF_A_TOPIC + 1):
        heard = announce(hear, {**SENSOR, "uniq_id": f"u{at}"}, path=f"f{at}")
        reasons.append(heard.refusal.reason if heard.refusal else None)
    assert reasons[-2:] == [None, "too-many"]


def test_a_message_is_read_within_its_steps_however_many_hostile_templates_hang_on_it() -> None:
    decoding = Decoding()
    slow = "{% for a in range(200) %}{% for b in range(200) %}{{ a * b }}{% endfor %}{% endfor %}"
    for at in range(50):
        config = f'{{"stat_t": "t", "uniq_id": "u{at}", "dev_cla": "power", "unit_of_meas": "W", "val_tpl": "{slow}"}}'
        decoding.decode(Message(f"homeassistant/sensor/h{at}/config", config.encode(), NOW_TS))
    heard = decoding.decode(Message("t", b"1", NOW_TS))
    assert {one.reason for one in heard.measures} == {"failed"}
    assert len(heard.measures) == 50


def test_what_was_approved_is_announced_by_its_own_topic_alone_also_when_another_is_first() -> None:
    decoding = Decoding()
    decoding.pin({"homeassistant/plug-1/p1": "homeassistant/sensor/plug/p1/config"})
    config = json.dumps({"dev": DEVICE, **SENSOR}).encode()
    thief = decoding.decode(Message("homeassistant/sensor/thief/p1/config", config, NOW_TS))
    assert refusal(thief) == "taken"
    assert thief.refusal is not None
    assert "homeassistant/sensor/plug/p1/config" in thief.refusal.detail
    owner = decoding.decode(Message("homeassistant/sensor/plug/p1/config", config, NOW_TS))
    assert [one.unique_id for one in owner.entities] == ["homeassistant/plug-1/p1"]


def test_what_was_approved_is_still_heard_where_a_flood_of_announcements_came_first() -> None:
    decoding = Decoding()
    decoding.pin({"homeassistant/plug-1/p1": "homeassistant/sensor/plug/p1/config"})
    for at in range(MAX_ENTITIES):
        config = json.dumps({**SENSOR, "uniq_id": f"u{at}", "stat_t": f"invented/{at}"}).encode()
        decoding.decode(Message(f"homeassistant/sensor/f{at}/config", config, NOW_TS))
    config = json.dumps({"dev": DEVICE, **SENSOR}).encode()
    decoding.decode(Message("homeassistant/sensor/plug/p1/config", config, NOW_TS))
    assert values(decoding.decode(Message("plug/power", b"41", NOW_TS))) == {"p1": 41.0}
    # The oldest of the invented ones gave way, and no more than that.
    assert refusal(decoding.decode(Message("invented/0", b"5", NOW_TS))) == "topic"
    assert values(decoding.decode(Message("invented/1", b"5", NOW_TS))) == {"u1": 5.0}
