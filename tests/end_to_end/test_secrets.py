"""No password, session or token is written anywhere in clear: not in a log, not in an address, not in a file."""

from __future__ import annotations

import http.client
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.end_to_end.place_lived_in import Place, lived_in

from vigie_gateway.broker import GATEWAY_USER, find_mosquitto

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
PASSWORD, GUESS, NEW = "eight rooms, one lamp", "nine rooms, no lamp at all", "ten rooms and a lighthouse"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with lived_in(tmp_path) as made:
        yield made


def command(place: Place, kind: str, *arguments: str, given: str = "") -> str:
    """One of the gateway's commands, in a process of its own."""
    line = [sys.executable, "-m", "vigie_gateway", kind, "--config", str(place.config), *arguments]
    done = subprocess.run(line, input=given, capture_output=True, text=True, check=True, timeout=60)
    assert PASSWORD not in done.stderr
    return done.stdout


class Browser:
    """On the gateway's own machine; keeps its cookie, and every address that it was sent to."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.cookie = ""
        self.addresses: list[str] = []

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._place.port, timeout=30)
        given = {"content-type": "application/x-www-form-urlencoded", "cookie": self.cookie, **headers}
        connection.request(method, path, urlencode(fields or {}) if fields else None, given)
        answer = connection.getresponse()
        text = "" if path == "/events" else answer.read().decode()
        cookie = answer.headers.get("set-cookie", "")
        if cookie:
            self.cookie = cookie.partition(";")[0]
        self.addresses += [
            path,
            answer.headers.get("location", ""),
            *re.findall(r'(?:href|src|action)="([^"]*)"', text),
        ]
        connection.close()
        return answer.status, text

    def csrf(self) -> str:
        return str(re.findall(r'name="csrf" value="([^"]+)"', self.ask("GET", "/account")[1])[0])


def test_a_whole_day_of_signing_in_leaves_no_secret_behind(place: Place) -> None:
    command(place, "user", "add", "lou", "admin", given=f"{PASSWORD}\n")
    token = re.findall(r"vigie_[0-9a-f]+", command(place, "token", "add", "sign", "--scope", "read", "--days", "9"))[0]
    browser, secrets = Browser(place), {PASSWORD, GUESS, NEW, token, place.broker.password(GATEWAY_USER)}

    assert browser.ask("POST", "/sign-in", {"name": "lou", "password": GUESS})[0] == 403
    assert browser.ask("POST", "/sign-in", {"name": GUESS, "password": GUESS})[0] == 403
    assert browser.ask("POST", "/sign-in", {"name": "lou", "password": PASSWORD})[0] == 303
    secrets.add(browser.cookie.partition("=")[2])
    csrf = browser.csrf()
    secrets.add(csrf)
    for path in ("/board", "/users", "/account", "/health", "/history", "/events", "/healthz", "/metrics"):
        assert browser.ask("GET", path)[0] in {200, 503}
    assert browser.ask("GET", "/api/v1/rooms", authorization=f"Bearer {token}")[0] == 200
    assert browser.ask("GET", "/api/v1/rooms", authorization=f"Bearer {token}x")[0] == 401
    made = browser.ask("POST", "/users", {"csrf": csrf, "do": "add-token", "name": "b", "scope": "read", "days": "1"})
    secrets |= set(re.findall(r"vigie_[0-9a-f]{20,}", made[1]))
    browser.ask("POST", "/users", {"csrf": "wrong", "do": "password", "name": "lou", "password": NEW})
    assert browser.ask("POST", "/account/password", {"csrf": csrf, "password": PASSWORD, "new": NEW})[0] == 303
    command(place, "token", "remove", "sign")
    command(place, "user", "password", "lou", given=f"{PASSWORD}\n")
    assert place.process is not None
    place.process.terminate()
    place.process.wait(30)

    assert len(secrets) == 8
    assert not [address for address in browser.addresses for secret in secrets if secret in address]
    # The broker's own password is given by its file, which is its owner's alone.
    own = {GUESS} | secrets - {place.broker.password(GATEWAY_USER)}
    for file in place.directory.rglob("*"):
        if file.is_file():
            body = file.read_bytes()
            looked = secrets if file.name == "gateway.log" else own
            assert not [secret for secret in looked if secret.encode() in body], file
