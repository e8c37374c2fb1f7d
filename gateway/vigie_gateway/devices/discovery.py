"""Home Assistant MQTT discovery: from a configuration to the entities that it announces. Pure, and without memory.

Called by ``announced`` for each message under a discovery prefix. The form is that of Home Assistant's MQTT
integration: one entity a topic, or a whole device in one; keys in full or abbreviated; ``~`` for the common part of
topics. Nothing that a configuration says is ever published to: command topics are not even read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from vigie_gateway.devices.measures import MAX_ID_CHARACTERS, Device, RefusedError, clean
from vigie_gateway.devices.payloads import object_of, told_texts

FAMILY = "homeassistant"

MAX_CONFIG_BYTES = 8_192
"""Of one entity's configuration. Lower refuses lamps with long lists of effects; higher lets them fill memory."""
MAX_DEVICE_CONFIG_BYTES = 65_536
"""Of a whole device's: as MAX_CONFIG_BYTES, for as many entities as a device may have."""
MAX_DEVICE_ENTITIES = 64
"""In one device's configuration. Lower refuses three-phase meters; higher lets one device fill the page."""
MAX_TOPIC_CHARACTERS = 256
"""Of a topic that is subscribed to."""

ENTITY_KEYS = {
    "avty": "availability",
    "avty_mode": "availability_mode",
    "avty_t": "availability_topic",
    "avty_tpl": "availability_template",
    "curr_hum_t": "current_humidity_topic",
    "curr_hum_tpl": "current_humidity_template",
    "curr_temp_t": "current_temperature_topic",
    "curr_temp_tpl": "current_temperature_template",
    "cmps": "components",
    "dev": "device",
    "dev_cla": "device_class",
    "en": "enabled_by_default",
    "ent_cat": "entity_category",
    "exp_aft": "expire_after",
    "o": "origin",
    "obj_id": "object_id",
    "off_dly": "off_delay",
    "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "pos_clsd": "position_closed",
    "pos_t": "position_topic",
    "pos_tpl": "position_template",
    "stat_cla": "state_class",
    "stat_clsd": "state_closed",
    "stat_off": "state_off",
    "stat_on": "state_on",
    "stat_open": "state_open",
    "stat_t": "state_topic",
    "stat_tpl": "state_template",
    "stat_val_tpl": "state_value_template",
    "t": "topic",
    "temp_unit": "temperature_unit",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
"""Abbreviations of the keys that are read; all others are left alone."""

DEVICE_KEYS = {
    "cns": "connections",
    "ids": "identifiers",
    "mdl": "model",
    "mf": "manufacturer",
    "sa": "suggested_area",
    "sw": "sw_version",
}


class ConfigTopic(NamedTuple):
    """What a discovery topic says by its own words.

    Attributes:
        component: ``sensor``, ``device``, ...
        path: Node and object id, joined by ``/``.
    """

    component: str
    path: str


@dataclass(frozen=True, slots=True)
class Component:
    """One entity's configuration, its keys in full and its topics whole.

    Attributes:
        name: By which its announcement names it; what a later one withdraws it by.
        platform: ``sensor``, ``binary_sensor``, ...
        key: Identity within the device: its unique id, or what its topic says when it has none.
        config: What it says, with what the whole device shares beneath it.
    """

    name: str
    platform: str
    key: str
    config: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a configuration announces.

    Attributes:
        device: The device; with its id and nothing else where that is all that was told.
        components: To be read as entities, in their order.
        removed: Names of components that the device withdraws.
    """

    device: Device
    components: tuple[Component, ...]
    removed: tuple[str, ...] = ()


def config_topic(topic: str, prefixes: tuple[str, ...]) -> ConfigTopic | None:
    """The words of a discovery topic; None when it is none."""
    if not topic.endswith("/config"):
        return None
    for prefix in prefixes:
        if topic.startswith(f"{prefix}/"):
            component, *path = topic[len(prefix) + 1 : -len("/config")].split("/")
            if 1 <= len(path) <= 2 and component and all(path):  # noqa: PLR2004 - [node_id/]object_id
                return ConfigTopic(component, "/".join(path)[:MAX_ID_CHARACTERS])
    return None


def is_migration(config: dict[str, Any]) -> bool:
    """Whether a device says by it that it goes over to the other form: its entities stay, under the other topic."""
    return config.get("migrate_discovery") is True


def read_config(text: str, where: ConfigTopic) -> dict[str, Any]:
    """A configuration's object, within its bounds.

    Raises:
        RefusedError: It is too large or no object.
    """
    most = MAX_DEVICE_CONFIG_BYTES if where.component == "device" else MAX_CONFIG_BYTES
    if len(text) > most:
        raise RefusedError("too-large", f"a configuration of {len(text)} characters, at most {most} are taken")
    return object_of(text)


def read_announcement(given: dict[str, Any], where: ConfigTopic) -> Announcement:
    """What a configuration announces.

    Raises:
        RefusedError: It says nothing that can be read.
    """
    config = _whole(given, ENTITY_KEYS)
    software = config.get("origin")
    device = _device(config.get("device"), software if isinstance(software, dict) else {}, where, config)
    if where.component != "device":
        component = Component("", where.component, _key(config, f"{where.component}/{where.path}"), _rooted(config))
        return Announcement(device, (component,))
    components = config.get("components")
    if not isinstance(components, dict) or not components:
        raise RefusedError("missing", "a device's configuration without 'components'")
    if len(components) > MAX_DEVICE_ENTITIES:
        raise RefusedError("too-many", f"{len(components)} components, at most {MAX_DEVICE_ENTITIES} are taken")
    shared = {key: value for key, value in config.items() if key not in {"components", "device", "origin", "unique_id"}}
    found = list(_components(components, shared, where))
    return Announcement(
        device,
        tuple(one for one in found if one.config),
        tuple(one.name for one in found if not one.config),
    )


def _components(components: dict[str, Any], shared: dict[str, Any], where: ConfigTopic) -> Iterator[Component]:
    for told, given in components.items():
        if not isinstance(given, dict):
            continue
        own = _whole(given, ENTITY_KEYS)
        platform = clean(own.pop("platform", ""))
        name = clean(told, MAX_ID_CHARACTERS)
        # A component with nothing but its platform is withdrawn; its unique id is no longer told.
        yield Component(name, platform, _key(own, f"{where.path}/{name}"), _rooted({**shared, **own}) if own else {})


def _key(config: dict[str, Any], otherwise: str) -> str:
    found = config.get("unique_id")
    told = clean(found, MAX_ID_CHARACTERS) if isinstance(found, (str, int)) else ""
    return told or clean(otherwise, MAX_ID_CHARACTERS)


def _whole(given: dict[str, Any], abbreviations: dict[str, str]) -> dict[str, Any]:
    """Keys in full; what is told in full counts more than its abbreviation."""
    whole = {abbreviations[key]: value for key, value in given.items() if key in abbreviations}
    return whole | {key: value for key, value in given.items() if key not in abbreviations}


def _rooted(config: dict[str, Any]) -> dict[str, Any]:
    """Topics with ``~`` at either end replaced by what it stands for, also within a list of availability."""
    base = config.get("~")
    if not isinstance(base, str):
        return config

    def put(key: str, value: Any) -> Any:
        if isinstance(value, str) and (key == "topic" or key.endswith("_topic")):
            if value.startswith("~"):
                value = base + value[1:]
            if value.endswith("~"):
                value = value[:-1] + base
        elif key == "availability":
            entries = value if isinstance(value, list) else [value]
            return [
                {name: put(name, one) for name, one in _whole(entry, ENTITY_KEYS).items()}
                for entry in entries
                if isinstance(entry, dict)
            ]
        return value

    return {key: put(key, value) for key, value in config.items()}


def _device(given: Any, origin: dict[str, Any], where: ConfigTopic, config: dict[str, Any]) -> Device:
    told = _whole(given, DEVICE_KEYS) if isinstance(given, dict) else {}
    identity = _identity(told)
    # Without a device, each entity stands for itself.
    name = told.get("name") if identity else (config.get("name") or config.get("object_id"))
    return Device(
        family=FAMILY,
        id=identity or clean(f"{where.component}/{where.path}", MAX_ID_CHARACTERS),
        name=clean(name),
        maker=clean(told.get("manufacturer")),
        model=clean(told.get("model")),
        software=clean(told.get("sw_version")),
        area=clean(told.get("suggested_area")),
        software_name=clean(origin.get("name")),
        via=clean(told.get("via_device"), MAX_ID_CHARACTERS),
    )


def _identity(told: dict[str, Any]) -> str:
    identifiers = told.get("identifiers")
    found = told_texts(identifiers if isinstance(identifiers, list) else [identifiers], MAX_ID_CHARACTERS)
    if found:
        return found[0]
    connections = told.get("connections")
    for one in connections if isinstance(connections, list) else []:
        parts = told_texts(one, MAX_ID_CHARACTERS) if isinstance(one, list) else []
        if len(parts) == 2:  # noqa: PLR2004 - [kind, address]
            return clean(":".join(parts), MAX_ID_CHARACTERS)
    return ""
