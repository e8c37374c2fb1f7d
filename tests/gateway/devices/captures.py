"""Captures of real devices as messages, and what was made of them as lines of a table.

The captures lie beside the repository and are not part of it; ``python -m tests.gateway.devices.captures`` writes what
is made of them today, to be read line by line before it becomes what is expected.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Decoded, Message

PAYLOADS = Path(__file__).resolve().parents[4] / "shared" / "payloads"
EXPECTED = Path(__file__).with_name("captures.tsv")
FAMILIES = (
    *("esphome", "ha-discovery", "openmqttgateway", "shelly-gen1", "shelly-gen2", "tasmota", "zigbee2mqtt"),
    "other",
)
NO_DEVICES = {
    "other/evcc_circuits.yaml": "a list of circuits",
    "other/teleinfo2mqtt_discovery_template.txt": "a template",
}
AT_TS = 1_795_518_000.0
"""Of every receipt: long after every date in the captures, which are then not believed."""

_CONSOLE = re.compile(r"((?:[\w%<>.-]+/)+[A-Z]+\d*) ?= ?(.*?)`*(?: \(retained\))?")
_TOPICS = {
    "ha-discovery/doc_binary_sensor_motion.json": "homeassistant/binary_sensor/garden/config",
    "ha-discovery/doc_device_discovery.json": "homeassistant/device/ea334450945afc/config",
    "ha-discovery/doc_device_discovery_remove_one_component.json": "homeassistant/device/ea334450945afc/config",
    "ha-discovery/doc_device_identifiers_only.json": "homeassistant/sensor/bedroomH/config",
    "ha-discovery/doc_migrate_discovery.json": "homeassistant/sensor/kitchenT/config",
    "ha-discovery/doc_single_component_abbreviated.json": "homeassistant/sensor/kitchenT/config",
    "ha-discovery/doc_tilde_base_topic_switch.json": "homeassistant/switch/irrigation/config",
    "ha-discovery/shellies_discovery_binary_sensor.json": "homeassistant/binary_sensor/376bf3/update/config",
    "openmqttgateway/discovery_gatewaybt.json": "homeassistant/sensor/30AEA4736D34gatewayBT/config",
    "openmqttgateway/discovery_is_defined.json": "homeassistant/sensor/48XXXXXXXA-batt/config",
    "other/teleinfo2mqtt_history.json": "teleinfo/12345678901",
    "shelly-gen2/notify_full_status_plusplugs.json": "shellyplusplugs-80646fd031f8/events/rpc",
}
"""Of captures whose topic stands in words beside them."""


def captured() -> list[str]:
    """Names of the files that hold messages, in the order in which they are read."""
    found = sorted(path.relative_to(PAYLOADS).as_posix() for name in FAMILIES for path in (PAYLOADS / name).iterdir())
    return [name for name in found if name not in NO_DEVICES]


def messages(name: str) -> Iterator[tuple[int, str, str]]:
    """Number, topic and payload of each message of a file; the number is its line, or 1 up."""
    text = (PAYLOADS / name).read_text(encoding="utf-8")
    if name in _TOPICS:
        yield 1, _TOPICS[name], text
    elif name.endswith("_status_config.json"):
        device = json.loads(text)
        for number, (component, status) in enumerate(device["status"].items(), 1):
            yield number, f"{device['shelly']['id']}/status/{component}", json.dumps(status)
    elif name.endswith(".json"):
        whole = json.loads(text)
        yield 1, whole["topic"], json.dumps(whole["payload"])
    else:
        yield from _lines(name, text)


def _lines(name: str, text: str) -> Iterator[tuple[int, str, str]]:
    for number, line in enumerate(text.split("\n"), 1):
        if name == "tasmota/console_lines_docs.txt":
            found = None if line.startswith("#") else _CONSOLE.search(line) and re.search(_CONSOLE.pattern + "$", line)
            if found:
                yield number, found[1], found[2]
        elif name == "shelly-gen2/doc_notify_status_examples.txt" and line:
            yield number, "shellypro4pm-f008d1d8b8b8/events/rpc", line
        elif line:
            topic, payload = re.split(r"\t| (?=\S)", line, maxsplit=1) if "\t" not in line else line.split("\t", 1)
            yield number, topic, payload


def rows(name: str, number: int, decoded: Decoded) -> Iterator[str]:
    """Lines of the table: file, message, what, device, key, quantity, value or reason, unit."""
    start = f"{name}\t{number}"
    if decoded.refusal is not None:
        yield f"{start}\trefused\t{decoded.refusal.reason}"
    elif decoded == Decoded(decoded.decoder):
        yield f"{start}\tnoted\t{decoded.decoder}"
    for one in decoded.devices:
        yield f"{start}\tdevice\t{one.family}/{one.id}\t{one.name}\t{one.model}"
    for entity in decoded.entities:
        yield f"{start}\tentity\t{entity.unique_id}\t{entity.quantity or entity.trouble}\t{entity.told_unit}"
    for gone in decoded.removed:
        yield f"{start}\tremoved\t{gone}"
    for measure in decoded.measures:
        entity = measure.entity
        what = entity.quantity or entity.trouble
        value = measure.reason or (measure.said if measure.value is None else f"{measure.value:.12g}")
        yield f"{start}\tmeasure\t{entity.unique_id}\t{what}\t{value}\t{entity.told_unit}"
    for presence in decoded.presences:
        key = "" if presence.key is None else f"/{presence.key}"
        yield f"{start}\tpresence\t{presence.family}/{presence.device}{key}\t{presence.is_online}"


def table() -> Iterator[str]:
    """What is made of each message of each file; a file's devices are not known to the next."""
    for name in captured():
        decoding = Decoding()
        for number, topic, payload in messages(name):
            yield from rows(name, number, decoding.decode(Message(topic, payload.encode(), AT_TS)))


if __name__ == "__main__":
    EXPECTED.write_text("\n".join(table()) + "\n", encoding="utf-8")
    sys.stdout.write(f"{EXPECTED}: read it before you believe it\n")
