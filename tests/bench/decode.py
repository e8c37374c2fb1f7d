"""What a message of a third-party device costs to decode, by decoder, in processor time.

One message each, as captures of real devices have them, over and over through the whole of ``Decoding``: who is asked
first counts too. ``nobody`` is a topic that no family knows, asked of all of them; ``hostile`` is a message that fifty
entities read by templates that never end, each cut off at its bound.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from tests.bench.load import print_line

from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Message

T = TypeVar("T")
LASTS_S = 0.5
NOW_TS = 1_795_518_000.0
FOREIGN_PER_S = 2_000
"""Messages of others that a busy bus carries a second, of which the place wants none."""

_ENDLESS = "{% for a in range(200) %}{% for b in range(200) %}{{ a * b }}{% endfor %}{% endfor %}"
_PLUG = {"current": 6.72, "energy": 831.37, "linkquality": 167, "power": 1559, "state": "ON", "voltage": 235}


class Sample(NamedTuple):
    """A message, and what was announced before it."""

    topic: str
    payload: Any
    before: tuple[tuple[str, Any], ...] = ()


def _announced(number: int, key: str, template: str, topic: str = "z/plug") -> tuple[str, Any]:
    config = {
        "stat_t": topic,
        "uniq_id": f"{key}{number}",
        "dev_cla": "power",
        "unit_of_meas": "W",
        "val_tpl": template,
    }
    return f"homeassistant/sensor/{key}{number}/config", {**config, "dev": {"ids": "plug"}}


SAMPLES = {
    "announcement": Sample(*_announced(0, "power", "{{ value_json.power }}")),
    "homeassistant": Sample(
        "z/plug", _PLUG, tuple(_announced(at, key, f"{{{{ value_json.{key} }}}}") for at, key in enumerate(_PLUG))
    ),
    "zigbee2mqtt": Sample("zigbee2mqtt/plug", _PLUG),
    "tasmota": Sample(
        "tele/pow1/SENSOR",
        {"Time": "2018-02-15T17:37:10", "ENERGY": {"Total": 6.294, "Power": 2635, "Voltage": 227, "Current": 11.661}},
    ),
    "shelly_gen1": Sample("shellies/shellyem3/emeter/0/power", "12.5"),
    "shelly_gen2": Sample(
        "plug/events/rpc",
        {
            "src": "plug",
            "method": "NotifyStatus",
            "params": {"ts": 1.61, "switch:0": {"apower": 2.7, "voltage": 230.1}},
        },
    ),
    "esphome": Sample("fazole/sensor/wetness1/state", "21.77"),
    "openmqttgateway": Sample("home/OMG/BTtoMQTT/A4C138", {"tempc": 21.5, "hum": 40, "batt": 80, "rssi": -80}),
    "mqtt-io": Sample("pi/output/relay", "ON"),
    "teleinfo": Sample("teleinfo/1234", {"PAPP": {"raw": "410", "value": 410}, "IINST": {"raw": "2", "value": 2}}),
    "nobody": Sample("nobody/knows/this/topic", "12.5"),
    "hostile": Sample("t", "1", tuple(_announced(at, "h", _ENDLESS, "t") for at in range(50))),
}


def main() -> None:
    """Print one line a decoder."""
    for decoder, sample in SAMPLES.items():
        decoding = Decoding()
        for topic, payload in sample.before:
            decoding.decode(_message(topic, payload))
        message = _message(sample.topic, sample.payload)
        us = _us(decoding.decode, message)
        share = {"busy_bus_cpu_percent": round(us * FOREIGN_PER_S / 1e4, 1)} if decoder == "nobody" else {}
        print_line(
            bench="decode",
            decoder=decoder,
            us_per_message=round(us, 1),
            measures=len(decoding.decode(message).measures),
            baseline_json_us=round(_us(_parsed, message.payload), 1),
            **share,
        )


def _message(topic: str, payload: Any) -> Message:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return Message(topic, text.encode(), NOW_TS)


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return None


def _us(what: Callable[[T], object], on: T) -> float:
    """Processor time of one call."""
    calls, began = 0, time.process_time()
    while (passed := time.process_time() - began) < LASTS_S:
        for _ in range(20):
            what(on)
        calls += 20
    return passed / calls * 1e6


if __name__ == "__main__":
    main()
