"""Home Assistant, the real one, for a test: in an environment of its own below ``.vigie/``, headless, on the loopback.

It is set up as a person does it: its first user, then its MQTT integration's form, both by its own HTTP API.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from vigie_gateway.broker import HOME_ASSISTANT_USER, Mosquitto, free_port

KEPT = Path(__file__).resolve().parents[2] / ".vigie" / "home-assistant"
PYTHON_VARIABLE = "HOME_ASSISTANT_PYTHON"
"""Names the Python to take, in place of the newest that is found."""
VERSIONS = {(3, 13): "2025.4.4"}
"""By the Python that is found, the newest Home Assistant that was tried on it. Older ones read no whole device, and
newer Pythons than are named here have no wheels of what this one pins."""
PATIENCE_S = 120.0
"""Bounds a hang. Lower fails on a busy machine; higher only takes longer to say so."""

# What Home Assistant would install while it starts: what the integrations that are loaded here ask for.
_REQUIREMENTS = """
import json, pathlib, homeassistant, homeassistant.bootstrap as bootstrap
components = pathlib.Path(homeassistant.__file__).parent / "components"
waiting = [*bootstrap.CORE_INTEGRATIONS, *bootstrap.DEFAULT_INTEGRATIONS, "mqtt", "onboarding", "config", "api"]
seen = set()
while waiting:
    if (name := waiting.pop()) not in seen:
        seen.add(name)
        manifest = json.loads((components / name / "manifest.json").read_text())
        waiting += manifest.get("dependencies", [])
        print(*manifest.get("requirements", []), sep="\\n")
"""
_CONFIGURATION = """
homeassistant:
  name: Peer
  country: FR
  time_zone: Europe/Paris
  unit_system: metric
http:
  server_host: 127.0.0.1
  server_port: {port}
logger:
  default: warning
"""


class PeerError(Exception):
    """It cannot be had on this machine: why, in one line."""


def installed() -> tuple[str, Path]:
    """Its version, and the Python that runs it; some minutes and 250 MB the first time. Raises PeerError."""
    found, interpreter = _find_python()
    version = VERSIONS[found]
    folder = KEPT / version
    python, ready = folder / "bin" / "python", folder / "ready"
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:  # two tests may want it at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            shutil.rmtree(folder, ignore_errors=True)
            _run([interpreter, "-m", "venv", folder])
            pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "-q"]
            _run([*pip, f"homeassistant=={version}"])
            wanted = _run([python, "-c", _REQUIREMENTS]).split()
            package = _run([python, "-c", "import homeassistant; print(homeassistant.__path__[0])"]).strip()
            _run([*pip, "-c", Path(package) / "package_constraints.txt", *wanted])
            ready.touch()
    return version, python


def _find_python() -> tuple[tuple[int, int], Path]:
    named = os.environ.get(PYTHON_VARIABLE)
    for python in [Path(named)] if named else _pythons():
        try:
            told = _run([python, "-c", "import sys, ensurepip; print(*sys.version_info[:2])"]).split()
        except PeerError:
            continue
        version = (int(told[0]), int(told[1]))
        if version in VERSIONS:
            return version, python
    wanted = " or ".join(f"{major}.{minor}" for major, minor in VERSIONS)
    raise PeerError(f"no Python {wanted} here; {PYTHON_VARIABLE} may name one")


def _pythons() -> Iterator[Path]:
    """The newest first: of the PATH, then what pyenv and uv keep."""
    for major, minor in sorted(VERSIONS, reverse=True):
        name = f"python{major}.{minor}"
        if (found := shutil.which(name)) is not None:
            yield Path(found)
        for kept in (".pyenv/versions", ".local/share/uv/python"):
            yield from sorted(Path.home().glob(f"{kept}/*{major}.{minor}*/bin/{name}"), reverse=True)


def _run(command: list[str | Path]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise PeerError(f"{Path(command[0]).name} could not do its part of the installation: {last}")
    return done.stdout


class HomeAssistant:
    """One Home Assistant, of a folder of its own, on a broker.

    Args:
        python: Of its environment.
        folder: Its configuration and what it keeps.
        broker: Where it hears the gateway, as its own user.
    """

    def __init__(self, python: Path, folder: Path, broker: Mosquitto) -> None:
        self.port = free_port()
        self._python = python
        self._folder = folder
        self._broker = broker
        self._token: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()
        (folder / "configuration.yaml").write_text(_CONFIGURATION.format(port=self.port))

    def start(self) -> None:
        """Start it, and return when it answers."""
        command: list[str | Path] = [self._python, "-m", "homeassistant", "--skip-pip", "--config", self._folder]
        with (self._folder / "said").open("ab") as said:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                env={**os.environ, "HOME": str(self._folder)},
            )
        self.wait_for(lambda: bool(self.ask("/api/onboarding")), "it answers")

    def set_up(self) -> None:
        """Its first user, and its MQTT integration."""
        client = f"http://127.0.0.1:{self.port}/"
        user = {"client_id": client, "name": "Peer", "username": "peer", "password": "peer-peer", "language": "en"}
        code = self.ask("/api/onboarding/users", user)["auth_code"]
        form = urllib.parse.urlencode({"grant_type": "authorization_code", "code": code, "client_id": client})
        self._token = self.ask("/auth/token", form)["access_token"]
        flow = self.ask("/api/config/config_entries/flow", {"handler": "mqtt"})
        answers = {
            "broker": "127.0.0.1",
            "port": self._broker.port,
            "username": HOME_ASSISTANT_USER,
            "password": self._broker.password(HOME_ASSISTANT_USER),
        }
        made = self.ask(f"/api/config/config_entries/flow/{flow['flow_id']}", answers)
        assert made["type"] == "create_entry", made

    def restart(self) -> None:
        """End it in order, as its own button does, and start it again."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """End it; safe to call twice."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def ask(self, path: str, body: object = None) -> Any:
        """A GET, or the POST of a form (text) or of JSON; what it answers, decoded. Raises OSError."""
        data = None if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data)
        if data is not None and not isinstance(body, str):
            request.add_header("Content-Type", "application/json")
        if self._token is not None:
            request.add_header("Authorization", f"Bearer {self._token}")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the loopback
            text = answer.read().decode()
        return json.loads(text) if answer.headers.get_content_type() == "application/json" else text

    def entities(self) -> dict[str, dict[str, Any]]:
        """Each sensor and binary sensor, by its friendly name."""
        found = self.ask("/api/states")
        return {
            one["attributes"]["friendly_name"]: one
            for one in found
            if one["entity_id"].startswith(("sensor.", "binary_sensor.")) and "friendly_name" in one["attributes"]
        }

    def states(self) -> dict[str, str]:
        """What each entity says."""
        return {name: one["state"] for name, one in self.entities().items()}

    def render(self, template: str) -> str:
        """What its own templates make of the text: its way to ask for devices."""
        return str(self.ask("/api/template", {"template": template}))

    def complaints(self) -> list[str]:
        """What it logged against MQTT and its entities."""
        parts = ("components.mqtt", "components.sensor", "components.binary_sensor", "helpers.")
        lines = (self._folder / "said").read_text(errors="replace").splitlines()
        return [line for line in lines if any(f"[homeassistant.{part}" in line for part in parts)]

    def wait_for(self, is_true: Callable[[], bool], what: str) -> None:
        """Ask until it is so; what it said last stands in the failure."""
        deadline_mono = time.monotonic() + PATIENCE_S
        while True:
            try:
                if is_true():
                    return
            except OSError:
                pass  # it is not up yet
            assert self._process is not None
            said = (self._folder / "said").read_text(errors="replace")[-2_000:]
            assert self._process.poll() is None, f"Home Assistant ended: {said}"
            assert time.monotonic() < deadline_mono, f"waited in vain: {what}; Home Assistant said:\n{said}"
            time.sleep(0.1)
