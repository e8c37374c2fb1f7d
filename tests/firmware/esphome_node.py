"""An ESPHome configuration as the messages that its node would send.

What ESPHome's own ``mqtt_component.cpp``, ``mqtt_sensor.cpp`` and ``mqtt_binary_sensor.cpp`` of 2026.6 write, for what
the configurations of ``firmware/esphome`` hold: sensors and binary sensors with names, identities by hardware address.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

MAC = "0242ac110002"
COMPONENTS = ("sensor", "binary_sensor")


@dataclass(frozen=True)
class Secret:
    """A value that stands in secrets.yaml."""

    name: str


@dataclass(frozen=True)
class Entity:
    component: str
    config: dict[str, Any]
    node: dict[str, Any]

    @property
    def object_id(self) -> str:
        return re.sub(r"[^a-z0-9_-]", "_", str(self.config["name"]).lower())

    @property
    def state_topic(self) -> str:
        return f"{self.node['mqtt']['topic_prefix']}/{self.component}/{self.object_id}/state"

    def announcement(self) -> tuple[str, str]:
        """Topic and payload of its discovery."""
        name, config = self.node["esphome"]["name"], self.config
        told = {"unit_of_meas": config.get("unit_of_measurement"), "stat_cla": config.get("state_class")}
        told |= {"name": config["name"], "dev_cla": config.get("device_class"), "stat_t": self.state_topic}
        told |= {"avty_t": f"{self.node['mqtt']['topic_prefix']}/status"}
        told |= {"uniq_id": f"{MAC}-{self.component}-{_fnv1(config['name']):08x}"}
        payload: dict[str, Any] = {key: value for key, value in told.items() if value}
        payload["dev"] = {
            "ids": MAC,
            "name": self.node["esphome"]["friendly_name"],
            "sw": "2026.6.5",
            "mf": "Espressif",
        }
        return f"homeassistant/{self.component}/{name}/{self.object_id}/config", json.dumps(payload, ensure_ascii=False)


def entities(node: dict[str, Any]) -> Iterator[Entity]:
    """What a whole configuration announces: all that has a name, at any depth of a platform, and is not internal."""
    for component in COMPONENTS:
        for platform in node.get(component, ()):
            for config in (platform, *(value for value in platform.values() if isinstance(value, dict))):
                if "name" in config and not config.get("internal"):
                    yield Entity(component, config, node)


def load(path: Path) -> dict[str, Any]:
    """A configuration with its packages and substitutions, as ESPHome merges them: lists are joined."""
    given = _read(path.read_text(encoding="utf-8"), path.parent)
    for package in given.pop("packages", {}).values():
        given = _merged(package, given)
    filled = _filled(given, given.pop("substitutions", {}))
    assert isinstance(filled, dict)
    return filled


def read_printed(text: str) -> dict[str, Any]:
    """What ``esphome config`` prints."""
    return _read(text, Path())


def _read(text: str, folder: Path) -> dict[str, Any]:
    class Loader(yaml.SafeLoader):
        pass

    def include(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> dict[str, Any]:
        return _read((folder / loader.construct_scalar(node)).read_text(encoding="utf-8"), folder)

    def secret(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Secret:
        return Secret(loader.construct_scalar(node))

    Loader.add_constructor("!include", include)
    Loader.add_constructor("!secret", secret)
    read = yaml.load(text, Loader)  # noqa: S506 - a SafeLoader with two tags more
    assert isinstance(read, dict)
    return read


def _merged(below: Any, above: Any) -> Any:
    if isinstance(below, dict) and isinstance(above, dict):
        return below | {key: _merged(below[key], value) if key in below else value for key, value in above.items()}
    if isinstance(below, list) and isinstance(above, list):
        return below + above
    return above


def _filled(value: Any, words: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(each, words) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, words) for each in value]
    return re.sub(r"\$\{(\w+)\}", lambda found: str(words[found[1]]), value) if isinstance(value, str) else value


def _fnv1(text: str) -> int:
    """As ``fnv1_hash`` in ESPHome's helpers."""
    digest = 2166136261
    for byte in text.encode():
        digest = digest * 16777619 % 2**32 ^ byte
    return digest
