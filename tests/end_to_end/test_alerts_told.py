"""A fault of a whole place, from a node's pack to e-mail and webhook: through a kill, and through a line that is cut.

The line is cut here by what a node measures of it and by far ends that reset each connection; ``test_uplink_cut`` pulls
a real cable, as root.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.bench import load
from tests.gateway.notify.servers import PASSWORD, Authority, Mailbox, Receiver, mail_server, make_authority, receiver

from vigie_contract.clock import CLOCK_VARIABLE, SimulatedClock
from vigie_contract.messages import Channel
from vigie_contract.quantities import INTERNET_ACCESS, QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_contract.topics import data
from vigie_gateway.broker import GATEWAY_USER, Mosquitto, find_mosquitto, free_port, make_passwords

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
SPEED = 20.0
"""Of the place's clock: ten seconds of a group's wait take half a one."""
WAIT_S = 60.0
WEBHOOK_SECRET = "canary-webhook-77a0"
BEAT_SECRET = "canary-beat-0c3d"
SITE = """
id = "semaphore"
name = "Semaphore"
timezone = "Europe/Paris"

[[circuits]]
id = "c1"
name = "C1"
mains = "tableau.c1"

[[circuits]]
id = "c2"
name = "C2"
mains = "tableau.c2"

[[uplinks]]
id = "line"
name = "Line"
portal = "tableau.portal"

[[told]]
id = "desk"
name = "Desk"
language = "fr"
by = ["post"]
for = ["circuit-dead", "internet-down"]

[[told]]
id = "technician"
name = "Technician"
language = "en"
by = ["hook"]
for = ["circuit-dead", "internet-down"]

[[told]]
id = "chief"
name = "Chief"
language = "en"
by = ["chief"]
for = ["circuit-dead", "internet-down"]
after = "1 min"
"""


@dataclass
class Switchboard:
    """A node that says of two circuits whether there is voltage, and what it finds of the line, again and again."""

    broker: Mosquitto
    clock: SimulatedClock
    values: dict[str, float] = field(default_factory=lambda: {"c1": 1.0, "c2": 1.0, "portal": 0.0})
    upto: int = 0
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        channels = [Channel(name, "mains", 20.0) for name in ("c1", "c2")]
        channels.append(Channel("portal", "internet_access", 20.0, labels=INTERNET_ACCESS))
        number, quantities = 2, {one.id: QUANTITIES[one.quantity] for one in channels}
        with load.RawNode(self.broker.port, load.NODE, self.broker.password(load.NODE)) as link:
            link.declare(channels)
            while not self._over.wait(0.2):
                now_ts, values = self.clock.now_ts(), sorted(self.values.items())
                pack = [(quantities[name], Reading(name, now_ts, value)) for name, value in values]
                # What is not acknowledged is sent again as it is now.
                payload = encode_pack(load.SITE, load.NODE, "j1", link.upto + 1, 1, pack)
                number += 1
                link.send(load.publish_packet(data(load.SITE, load.NODE), payload, number))
                link.wait(0.05)
                self.upto = link.upto

    def stop(self) -> None:
        self._over.set()


@dataclass
class Place:
    """Broker, node, mail server and web server; and a gateway that can be killed."""

    folder: Path
    broker: Mosquitto
    board: Switchboard
    mail: Mailbox
    hook: Receiver
    chief: Receiver
    beat: Receiver
    port: int
    environment: dict[str, str]
    token: str = ""
    gateway: subprocess.Popen[bytes] | None = None

    def command(self, *words: str) -> str:
        line = [sys.executable, "-m", "vigie_gateway", *words]
        return subprocess.run(
            line, env=self.environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout.strip()

    def start(self) -> None:
        line = [sys.executable, "-m", "vigie_gateway", "run", "--config", str(self.folder / "gateway.toml")]
        with (self.folder / "gateway.log").open("ab") as log:
            self.gateway = subprocess.Popen(line, stdout=log, stderr=log, env=self.environment)

    def kill(self) -> None:
        assert self.gateway is not None
        self.gateway.kill()
        self.gateway.wait()

    def ask(self, method: str, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
            connection.request(method, path, body="{}" if method == "POST" else None, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_for(self, what: Callable[[], Any]) -> Any:
        """Until it is so; what it was."""
        deadline_mono = time.monotonic() + WAIT_S
        while True:
            try:
                if found := what():
                    return found
            except OSError:  # it starts
                pass
            assert time.monotonic() < deadline_mono, (self.folder / "gateway.log").read_text("utf-8")[-3_000:]
            time.sleep(0.05)

    def firing(self, circuit: str) -> int | None:
        """Number of the alert of that circuit, once it fires."""
        status, answer = self.ask("GET", "/api/v1/alerts")
        assert status == 200, answer
        found = [one for one in json.loads(answer) if (one["subject"], one["phase"]) == (circuit, "firing")]
        return found[0]["number"] if found else None


def notifiers(authority: Authority, mail: Mailbox, hook: Receiver, chief: Receiver, beat: Receiver) -> str:
    return (
        f'[notifiers.post]\nkind = "email"\nserver = "localhost"\nport = {mail.port}\nloopback = true\n'
        f'local = true\nca_file = "{authority.file}"\nuser = "vigie"\npassword = "{PASSWORD}"\n'
        f'from = "vigie@example.org"\nto = ["desk@example.org"]\n'
        f'[notifiers.hook]\nurl = "json://127.0.0.1:{hook.port}/?+X-Key={WEBHOOK_SECRET}"\nloopback = true\n'
        f'[notifiers.chief]\nurl = "json://127.0.0.1:{chief.port}/"\nloopback = true\n'
        f'[heartbeat]\nurl = "http://127.0.0.1:{beat.port}/{BEAT_SECRET}"\nevery_s = 10\nloopback = true\n'
    )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    authority, port = make_authority(tmp_path / "authority"), free_port()
    with (
        receiver() as hook,
        receiver() as chief,
        receiver() as beat,
        mail_server(authority.server, with_password=True) as mail,
        Mosquitto(tmp_path / "broker", load.SITE, make_passwords([GATEWAY_USER, load.NODE])) as broker,
    ):
        folder = tmp_path / "gateway"
        folder.mkdir()
        (folder / "site.toml").write_text(SITE, encoding="utf-8")
        secret = tmp_path / "notifiers.toml"
        secret.write_text(notifiers(authority, mail, hook, chief, beat), encoding="utf-8")
        secret.chmod(0o600)
        (folder / "gateway.toml").write_text(
            f'site = "{folder}/site.toml"\n[broker]\nport = {broker.port}\n'
            f'password_file = "{broker.password_file(GATEWAY_USER)}"\n[http]\nport = {port}\n'
            f'[store]\npath = "{folder}/vigie.db"\ncommit_interval_s = 2.0\n[notify]\nfile = "{secret}"\n',
            encoding="utf-8",
        )
        clock = SimulatedClock(time.time(), time.monotonic(), SPEED)
        environment = os.environ | {CLOCK_VARIABLE: clock.to_environment()}
        board = Switchboard(broker, clock)
        made = Place(folder, broker, board, mail, hook, chief, beat, port, environment)
        made.token = made.command(
            "token", "--config", str(folder / "gateway.toml"), "add", "pager", "--scope", "admin", "--days", "9"
        )
        thread = threading.Thread(target=board.run)
        try:
            made.start()
            made.wait_for(lambda: made.ask("GET", "/healthz")[0] in {200, 503})
            thread.start()
            made.wait_for(lambda: board.upto)
            yield made
        finally:
            board.stop()
            thread.join()
            made.kill()


def texts_of(place: Place) -> Iterator[tuple[str, str]]:
    """Everything that the gateway says or writes, by where."""
    for path in ("/healthz", "/metrics", "/alerts", "/alerts/1", "/alerts/feed.atom", "/health", "/board"):
        for language in ("fr", "en"):
            status, text = place.ask("GET", f"{path}?l={language}")
            assert status in {200, 503}, path
            yield path, text
    for path in ("/api/v1/alerts", "/api/v1/alerts/1", "/api/v1/alerts/told"):
        yield path, place.ask("GET", path)[1]
    for file in place.folder.rglob("*"):
        if file.is_file():
            yield str(file), file.read_bytes().decode("latin-1")


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_fault_is_told_to_each_in_their_language_once_in_order_whatever_failed_meanwhile(place: Place) -> None:
    place.hook.fault = "500"
    place.board.values["c1"] = 0.0
    first = place.wait_for(lambda: place.firing("c1"))
    assert place.ask("POST", f"/api/v1/alerts/{first}/acknowledge")[0] == 200
    place.wait_for(lambda: place.mail.taken)
    place.mail.fault = "450"
    place.board.values["c2"] = 0.0
    place.wait_for(lambda: place.firing("c2"))
    place.kill()
    assert len(place.mail.taken) == 1
    place.mail.fault = None
    place.start()
    place.wait_for(lambda: len(place.mail.taken) > 1)
    place.wait_for(lambda: place.chief.received)
    assert place.hook.received == []
    said = list(texts_of(place))
    place.hook.fault = None
    place.wait_for(lambda: len(place.hook.received) > 1)

    assert place.mail.subjects == [f"Semaphore \u2013 Panne : {name} : sans courant" for name in ("C1", "C2")]
    assert place.hook.messages == [f"Semaphore \u2013 Outage: {name}: no power" for name in ("C1", "C2")]
    assert place.hook.received[0].json["alerts"] == [first]
    assert len({one.json["key"] for one in place.hook.received}) == 2
    # Who has the first in hand spares the chief of it; nobody has the second.
    assert [title for title in place.chief.messages if "C1" in title] == []
    assert said
    assert [where for where, text in said for secret in (PASSWORD, WEBHOOK_SECRET, BEAT_SECRET) if secret in text] == []


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_cut_line_is_told_at_once_by_what_works_without_it_and_once_by_the_rest_after_it(place: Place) -> None:
    place.wait_for(lambda: place.beat.received)
    for far in (place.hook, place.chief, place.beat):
        far.fault = "reset"
    place.board.values["portal"] = float(INTERNET_ACCESS.index("none"))
    place.wait_for(lambda: place.mail.taken)
    silent_from = len(place.beat.received)
    time.sleep(60 / SPEED)
    assert place.hook.received == []
    assert len(place.beat.received) == silent_from
    for far in (place.hook, place.chief, place.beat):
        far.fault = None
    place.board.values["portal"] = float(INTERNET_ACCESS.index("open"))
    place.wait_for(lambda: place.hook.received)
    place.wait_for(lambda: len(place.mail.taken) > 1)
    place.wait_for(lambda: len(place.beat.received) > silent_from)
    time.sleep(60 / SPEED)
    assert place.mail.subjects[0] == "Semaphore \u2013 Panne : Internet est coupé"
    assert len(place.mail.subjects) == 2
    assert place.hook.messages == ["Semaphore \u2013 Over: Internet is down"]
    assert re.search(r"from [0-9:]+ to [0-9:]+", place.hook.received[0].json["message"])
