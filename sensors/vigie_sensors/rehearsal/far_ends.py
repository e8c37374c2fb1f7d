"""Finds the far end that a node's configuration names. Called by ``commands`` before a rehearsal, on its thread."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

from vigie_sensors.http_fetch import check_url
from vigie_sensors.rehearsal.far_end import OwnFarEnd
from vigie_sensors.rehearsal.settings import RehearsalConfig
from vigie_sensors.rehearsal.streams import FarEnd

SEARCH_S = 30.0
"""For the nearest of speedtest.net's servers: two lists and ten latencies. Lower fails on slow lines."""
SPEEDTEST_FILE = "random4000x4000.jpg"
"""The largest file that every server of speedtest.net has: 32 MB."""


@dataclass(frozen=True, slots=True)
class DeclaredFarEnd:
    """An HTTP server of the place's choice; see streams.FarEnd."""

    download_url: str
    upload_url: str

    def headers(self, connection: http.client.HTTPConnection) -> Mapping[str, str]:  # noqa: ARG002 - FarEnd's shape
        """None but the usual."""
        return {"User-Agent": "vigie"}


def find_far_end(config: RehearsalConfig, interface: str) -> FarEnd:
    """The far end.

    Raises:
        OSError: The secret cannot be read, or the search for a server cannot be started.
        ValueError: There is no secret in the file, or no server was found; one line.
    """
    if config.far_end is not None and config.secret_file is not None:
        return OwnFarEnd(*config.far_end, first_line(config.secret_file.read_text(encoding="utf-8")))
    if config.speedtest_net:
        url = _nearest_server(interface)
        return DeclaredFarEnd(urljoin(url, SPEEDTEST_FILE), url)
    return DeclaredFarEnd(config.download_url, config.upload_url)


def first_line(text: str) -> str:
    """A secret file's secret; raises ValueError for an empty file."""
    lines = text.splitlines()
    if not lines or not lines[0].strip():
        raise ValueError("the secret's file is empty")
    return lines[0].strip()


def _nearest_server(interface: str) -> str:
    """Where the nearest server of speedtest.net takes uploads; asked for by speedtest-cli in a process of its own."""
    command = [sys.executable, "-m", "vigie_sensors.speedtest_run", "--find", "--interface", interface]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SEARCH_S)
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"no server of speedtest.net was found within {SEARCH_S:g} s") from error
    try:
        found = json.loads(done.stdout)
        url = found["url"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("the search for a server of speedtest.net printed nothing that can be read") from error
    check_url(url, ("http", "https"))
    return str(url)
