"""The door counter from the voltage on a pin to the broker: real kernel, lgpio, gpiozero and daemon, on arm64.

Only when asked for (``./run test --emulated``): it takes a minute, and fetches 60 MB the first time.
"""

from __future__ import annotations

import queue
import re
import time
from collections.abc import Iterator

import pytest
from tests.hardware.emulated_pi import HOST, PATIENCE_S, EmulatedPi
from tests.hardware.machine_parts import PartsError, parts
from tests.systemd.shipped_broker import Client, ShippedBroker, needs_mosquitto

from vigie_contract import topics
from vigie_contract.messages import decode_birth
from vigie_contract.quantities import QUANTITIES, Quantity
from vigie_contract.readings import Reading
from vigie_contract.senml import decode_pack

pytestmark = [pytest.mark.emulated, pytest.mark.slow, pytest.mark.timeout(900), needs_mosquitto]

OUTER, INNER = 5, 6
NODE, SITE = "pi-accueil", "lieu"
STEP_S = 0.15
"""Between two edges of a person: at a walk, beams are 15 cm apart."""
CONFIGURATION = f"""\
site = "{SITE}"
node = "{NODE}"
gateways = ["main"]

[broker]
host = "{HOST}"
port = $port
password_file = "/etc/vigie/password"

[journal]
directory = "/var/lib/vigie"

[[sensors]]
name = "porte"
driver = "door"
room = "hall"
pin_outer = {OUTER}
pin_inner = {INNER}
stuck_s = 5
period_s = 1
"""


Sample = tuple[float | str | None, float | str | None]
"""People in and out; the word of the reason where they are unknown."""


class Doorway:
    """Who walks through two beams, and what a gateway hears of it."""

    def __init__(self, pi: EmulatedPi, gateway: Client) -> None:
        self.pi = pi
        self._gateway = gateway
        self._quantities: dict[str, Quantity] = {}
        self._said: dict[str, Reading] = {}
        for pin in (OUTER, INNER):
            self.pi.drive(pin, is_high=True)

    def block(self, pin: int, *, is_blocked: bool = True) -> None:
        """A receiver pulls its pin to ground while its beam is blocked."""
        self.pi.drive(pin, is_high=not is_blocked)
        time.sleep(STEP_S)

    def walk(self, first: int, last: int) -> None:
        """Somebody goes through: both beams are blocked in between."""
        self.block(first)
        self.block(last)
        self.block(first, is_blocked=False)
        self.block(last, is_blocked=False)

    def hesitate(self, pin: int, other: int) -> None:
        """Somebody comes as far as the second beam, and goes back."""
        self.block(pin)
        self.block(other)
        self.block(other, is_blocked=False)
        self.block(pin, is_blocked=False)

    def next_sample(self) -> Sample:
        """The next that the gateway hears; fails with the Pi's own words when there is none."""
        self._said.clear()
        deadline = time.monotonic() + PATIENCE_S
        while len(self._said) < 2:
            assert self.pi.runs(), f"the Pi has switched itself off: {self.pi.said()}"
            assert time.monotonic() < deadline, f"the Pi has fallen silent: {self.pi.said()}"
            try:
                topic, payload = self._gateway.heard.get(timeout=1)
            except queue.Empty:
                continue
            if topic == topics.about(SITE, NODE):
                self._quantities = {each.id: QUANTITIES[each.quantity] for each in decode_birth(payload).channels}
            elif topic == topics.data(SITE, NODE):
                pack = decode_pack(payload, SITE, NODE, self._quantities, time.time())
                self._said |= {reading.channel: reading for reading in pack.readings}
        told = [self._said[f"porte-{way}"] for way in ("in", "out")]
        came_in, went_out = (each.reason if each.value is None else each.value for each in told)
        return came_in, went_out

    def expect(self, sample: Sample) -> None:
        """Hear that, and that it stays so."""
        deadline = time.monotonic() + PATIENCE_S
        while (heard := self.next_sample()) != sample:
            assert time.monotonic() < deadline, f"heard {heard}, expected {sample}: {self.pi.said()}"
        assert self.next_sample() == sample


@pytest.fixture(scope="module")
def doorway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doorway]:
    """At an emulated Pi that has started to count, with the broker as installed."""
    folder = tmp_path_factory.mktemp("pi")
    with ShippedBroker(folder / "broker") as broker, broker.gateway() as gateway:
        for leaf in ("about", "data"):
            gateway.subscribe(topics.all_nodes(SITE, leaf))
        configuration = CONFIGURATION.replace("$port", str(broker.port))
        try:
            pi = EmulatedPi(parts(), folder, configuration, f"secret-{NODE}")
        except PartsError as error:
            pytest.skip(f"no Pi can be emulated here: {error}")
        with pi:
            doorway = Doorway(pi, gateway)
            doorway.expect((0, 0))
            yield doorway


def test_the_kernel_has_given_both_pins_to_lgpio_as_inputs(doorway: Doorway) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while len(held := set(re.findall(r"(gpio-\d+) +\( *\|lg *\) in ", doorway.pi.said()))) < 2:
        assert time.monotonic() < deadline, f"lgpio holds {held}: {doorway.pi.said()}"
        doorway.next_sample()
    assert len(held) == 2


def test_the_door_is_counted_by_the_edges_on_the_pins(doorway: Doorway) -> None:
    for _ in range(3):
        doorway.walk(OUTER, INNER)
    doorway.expect((3, 0))
    doorway.walk(INNER, OUTER)
    doorway.hesitate(OUTER, INNER)
    doorway.hesitate(INNER, OUTER)
    doorway.walk(OUTER, INNER)
    doorway.walk(INNER, OUTER)
    doorway.expect((4, 2))
    for first, last in [(OUTER, INNER)] * 7 + [(INNER, OUTER)] * 5:
        doorway.walk(first, last)
    doorway.expect((11, 7))


def test_a_beam_that_stays_blocked_makes_the_count_unknown_until_it_is_clear(doorway: Doorway) -> None:
    before = doorway.next_sample()
    doorway.block(INNER)
    doorway.expect(("busy", "busy"))
    doorway.block(INNER, is_blocked=False)
    doorway.expect(before)
