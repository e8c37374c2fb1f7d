"""What one user of the broker can do to devices of others: much, large and invented, and an approved plug is heard.

On a broker without a limit of its own for messages, so that what keeps the gateway's memory is the gateway.
"""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests.end_to_end.plug_place import SITE, Place
from tests.sensors.wire.conftest import wait_until

APPROVED = """
[[devices]]
id = "plug"
device = "homeassistant/plug-12"
outlet = "a-12"
[[devices.measures]]
channel = "power"
key = "p"
quantity = "power"
unit = "W"
announced_on = "homeassistant/sensor/plug-12/config"

[[devices]]
id = "other"
device = "tasmota/plug-12"
outlet = "a-11"
measures = [{ channel = "power", key = "ENERGY/Power", quantity = "power", unit = "W" }]
"""
MOST_RISE_BYTES = 40_000_000
"""Two thousand entities of 3 kB, two thousand messages that wait, and what Python keeps of what it had."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    everything = "topic readwrite tele/#\ntopic readwrite homeassistant/#\ntopic readwrite invented/#\n"
    made = Place(tmp_path, everything, 'discovery = ["homeassistant"]\nfamilies = ["tasmota"]', SITE + APPROVED)
    yield made
    made.close()


def announcement(identity: str, topic: str) -> bytes:
    config = {"name": "<script>alert(1)</script>", "uniq_id": identity, "stat_t": topic, "dev_cla": "power"}
    device = {"ids": "plug-12" if identity == "p" else identity}
    return json.dumps(config | {"unit_of_meas": "W", "dev": device}).encode()


def rss_bytes(place: Place) -> int:
    return int(psutil.Process(place.gateway.pid).memory_info().rss)


def heard(place: Place) -> set[str]:
    """Both approved plugs say that nothing is drawn; which of them the gateway has heard since its start."""
    with place.plug() as plug:
        plug.publish("invented/plug-12", b"0", is_retained=False)
        plug.publish("tele/plug-12/SENSOR", b'{"ENERGY":{"Power":0}}', is_retained=False)
        plug.settle()
    by_id = place.asked("/healthz")["parts"]["devices"]["by_id"]
    return {id_ for id_, one in by_id.items() if one["heard_ts"] is not None}


def say_at_length(place: Place, topic: bytes, size_bytes: int) -> None:
    """One PUBLISH of so many bytes at QoS 0 (MQTT 3.1.1, 3.3), and back when the broker has read all of it."""
    length, left = b"", 2 + len(topic) + size_bytes
    while left:
        left, digit = divmod(left, 128)
        length += bytes([digit | (0x80 if left else 0)])
    with socket.create_connection(("127.0.0.1", place.broker.port), 60) as client:
        client.sendall(bytes([0x10, 18]) + b"\0\4MQTT\4\x82\0\x3c\0\0" + b"\0\4plug")
        assert client.recv(4) == b"\x20\x02\0\0"
        client.sendall(b"\x30" + length + len(topic).to_bytes(2, "big") + topic)
        for first in range(0, size_bytes, 1_000_000):
            client.sendall(b"[" * min(1_000_000, size_bytes - first))
        client.sendall(b"\xc0\0")
        assert client.recv(2) == b"\xd0\0"  # PINGRESP


@pytest.mark.parametrize(
    "size_bytes", [1_000_000, pytest.param(200_000_000, marks=pytest.mark.long)], ids=["1 MB", "200 MB"]
)
def test_a_message_that_no_gateway_should_hold_stays_with_a_broker_without_a_limit(
    place: Place, size_bytes: int
) -> None:
    before_bytes = rss_bytes(place)
    say_at_length(place, b"tele/huge/SENSOR", size_bytes)
    say_at_length(place, b"tele/large/SENSOR", 70_000)
    wait_until(lambda: "other" in heard(place), "the approved plug is heard")
    print(f"{size_bytes} bytes: {(rss_bytes(place) - before_bytes) / 1e6:.1f} MB more")
    refused = place.asked("/healthz")["parts"]["devices"]["by_reason"]
    assert (refused["too-large"]["count"], refused["too-large"]["last"]) == (1, "tele/large/SENSOR")
    assert rss_bytes(place) - before_bytes < MOST_RISE_BYTES


@pytest.mark.long
def test_ten_thousand_announced_devices_leave_what_was_approved_heard(place: Place) -> None:
    before_bytes = rss_bytes(place)
    with place.plug() as plug:
        for number in range(10_000):
            config = announcement(f"invented-{number}", f"invented/{number}")
            plug.publish(f"homeassistant/sensor/invented-{number}/config", config, is_retained=True)
        plug.publish("homeassistant/sensor/plug-12/config", announcement("p", "invented/plug-12"), is_retained=True)
        plug.settle()
    wait_until(lambda: heard(place) == {"plug", "other"}, "both approved plugs are heard")
    print(f"10,000 devices: {(rss_bytes(place) - before_bytes) / 1e6:.1f} MB more")
    assert rss_bytes(place) - before_bytes < MOST_RISE_BYTES


@pytest.mark.long
def test_fifty_thousand_topics_that_the_broker_kept_leave_what_was_approved_heard(place: Place) -> None:
    place.end(signal.SIGTERM)
    with place.plug() as plug:
        for number in range(50_000):
            plug.publish(f"tele/kept-{number}/SENSOR", b'{"ENERGY":{"Power":5}}', is_retained=True)
        plug.settle()
    place.start()
    before_bytes = rss_bytes(place)
    wait_until(lambda: "other" in heard(place), "the approved plug is heard")
    print(f"50,000 topics: {(rss_bytes(place) - before_bytes) / 1e6:.1f} MB more")
    part = place.asked("/healthz")["parts"]["devices"]
    assert part["devices"] <= 501
    assert part["by_reason"]["too-many"]["count"] > 0
    assert rss_bytes(place) - before_bytes < MOST_RISE_BYTES
