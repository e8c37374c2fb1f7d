"""A place with devices of others: the real broker with the rights that are shipped, and a gateway as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.sensors.wire.conftest import Broker, wait_until

from vigie_contract.clock import CLOCK_VARIABLE, SimulatedClock, SystemClock
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.broker import free_port
from vigie_gateway.recording.wire import Wire
from vigie_gateway.settings import BrokerSettings
from vigie_gateway.store import open_store

SHIPPED_RIGHTS = Path(__file__).resolve().parents[2] / "systemd" / "mosquitto" / "vigie.acl"
SITE = """# The place of this test.
id = "place"
name = "Place"
timezone = "Europe/Paris"
languages = ["en"]
rooms = [{ id = "hall", name = "Hall", seats = 9 }]
circuits = [{ id = "c1", name = "C1" }]
outlets = [{ room = "hall", circuit = "c1", id = "a", count = 12 }]
"""


NAME, PASSWORD = "lou", "eight rooms, one lamp"


class Place:
    """Broker and gateway of a place, and a plug on the broker.

    Args:
        folder: For all files of both.
        rights: Of the user ``plug``, beside those of a Tasmota.
        devices: Lines for the table ``[devices]``.
        site: What ``site.toml`` says.
    """

    def __init__(
        self, folder: Path, rights: str = "", devices: str = 'families = ["tasmota"]', site: str = SITE
    ) -> None:
        self._folder = folder
        shipped = SHIPPED_RIGHTS.read_text(encoding="utf-8")
        plug = "\nuser plug\ntopic readwrite tele/plug-12/#\ntopic readwrite stat/plug-12/#\n"
        (folder / "acl").write_text(shipped + plug + rights, encoding="utf-8")
        self.broker = Broker(folder, ["allow_anonymous true", f"acl_file {folder}/acl"])
        self.broker.start()
        (folder / "any").write_text("any: this broker tells its users apart by their names alone\n", encoding="utf-8")
        accounts = Accounts(folder / "accounts.db")
        self._token = accounts.add_token("desk", "admin", time.time() + 3_600, "test", time.time())
        accounts.add_user(NAME, Role.ADMIN, PASSWORD, "test", time.time())
        accounts.close()
        self._port = free_port()
        self.says(site)
        (folder / "gateway.toml").write_text(
            f'site = "{folder}/site.toml"\n'
            f'[broker]\nport = {self.broker.port}\npassword_file = "{folder}/any"\n'
            f'[devices]\npassword_file = "{folder}/any"\n{devices}\n'
            f'[http]\nport = {self._port}\n[store]\npath = "{folder}/vigie.db"\ncommit_interval_s = 1\n',
            encoding="utf-8",
        )
        self.start()

    def start(self) -> None:
        # The kernel of a test machine may not know whether its clock is right; a simulated one is.
        clock = SimulatedClock(time.time(), time.monotonic(), 1.0)
        with (self._folder / "gateway.log").open("ab") as log:
            self.gateway = subprocess.Popen(
                [sys.executable, "-m", "vigie_gateway", "run", "--config", str(self._folder / "gateway.toml")],
                env=os.environ | {CLOCK_VARIABLE: clock.to_environment()},
                stderr=log,
            )
        wait_until(lambda: self.health() is not None, "the gateway hears devices")

    def health(self) -> dict[str, Any] | None:
        """Of devices; None until they are heard: that one of them floods is no reason to wait."""
        try:
            part: dict[str, Any] = self.asked("/healthz")["parts"]["devices"]
        except OSError:
            return None
        trouble = part["trouble"] or ""
        return part if not trouble or trouble.startswith("flooding") else None

    def says(self, site: str) -> None:
        (self._folder / "site.toml").write_text(site, encoding="utf-8")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def asked(self, path: str) -> Any:
        request = urllib.request.Request(f"{self.address}{path}", headers={"Authorization": f"Bearer {self._token}"})  # noqa: S310 - this test's own gateway
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - this test's own gateway
            return json.load(answer)

    def free(self) -> int | None:
        """Free outlets of the hall, as the board's API says."""
        try:
            rooms: list[dict[str, Any]] = self.asked("/api/v1/rooms")["rooms"]
        except OSError:  # taken over: the place is being read again
            return None
        outlets = rooms[0]["outlets"]
        return None if outlets is None else outlets["free"]

    def stored(self, channel: str) -> list[float | None]:
        """What is on the disk of a gateway that has ended."""
        with closing(open_store(self._folder / "vigie.db", SystemClock())) as store:
            [series] = [one for one in store.series() if one.name == channel]
            return [sample.value for sample in store.samples(series.id, 0, time.time() + 3_600)]

    def plug(self) -> Wire:
        return Wire(BrokerSettings(port=self.broker.port, username="plug", password_file=f"{self._folder}/any"))

    def end(self, number: int) -> None:
        self.gateway.send_signal(number)
        self.gateway.wait(20)

    def close(self) -> None:
        self.end(signal.SIGKILL)
        self.broker.kill()
