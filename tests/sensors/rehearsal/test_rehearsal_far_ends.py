"""Any HTTP server with a large file that takes a POST serves as a far end; a search that fails says so in one line."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.sensors.test_throughput import MiniServer

from vigie_contract.clock import SystemClock
from vigie_sensors.rehearsal.course import Demand, Finding
from vigie_sensors.rehearsal.far_end import OwnFarEnd
from vigie_sensors.rehearsal.far_ends import DeclaredFarEnd, find_far_end
from vigie_sensors.rehearsal.settings import RehearsalConfig
from vigie_sensors.rehearsal.trial import RoundTrips, rehearse


@pytest.fixture
def config() -> Callable[..., RehearsalConfig]:
    def make(**given: Any) -> RehearsalConfig:
        values: dict[str, Any] = {
            "far_end": None,
            "secret_file": None,
            "download_url": "",
            "upload_url": "",
            "speedtest_net": False,
            "interface": "",
            "rooms": (),
            "monthly_bytes": 10**9,
            "most_bytes": 10**8,
        }
        return RehearsalConfig(**(values | given))

    return make


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server that knows nothing of Vigie."""
    with ThreadingHTTPServer(("127.0.0.1", 0), MiniServer) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def test_a_server_that_knows_nothing_of_us_is_rehearsed_against(
    config: Callable[..., RehearsalConfig], port: int
) -> None:
    address = f"http://127.0.0.1:{port}"
    far_end = find_far_end(config(download_url=f"{address}/random1000x1000.jpg", upload_url=f"{address}/upload"), "")
    outcome = rehearse(
        far_end,
        Demand(4e6, 2e6),
        10**8,
        "",
        RoundTrips("127.0.0.1", port, ""),
        SystemClock(),
        threading.Event(),
        lambda share: None,
    )
    assert (outcome.download.finding, outcome.upload.finding) == (Finding.HEADROOM, Finding.HEADROOM)
    assert outcome.trouble == ""


def test_a_far_end_of_the_place_gets_the_secret_of_its_file(
    config: Callable[..., RehearsalConfig], tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("  a secret of this test \nmore\n")
    found = find_far_end(config(far_end=("192.0.2.1", 8377), secret_file=tmp_path / "secret"), "")
    assert found == OwnFarEnd("192.0.2.1", 8377, "a secret of this test")


@pytest.mark.parametrize(
    ("printed", "said"),
    [
        ("", "printed nothing that can be read"),
        ('{"error": "no route"}', "printed nothing that can be read"),
        ('{"url": "file:///etc/passwd"}', "is no URL that can be asked"),
    ],
)
def test_a_search_for_a_server_that_finds_none_is_told(
    config: Callable[..., RehearsalConfig], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, printed: str, said: str
) -> None:
    search = tmp_path / "python"
    search.write_text(f"#!/bin/sh\nprintf '%s' '{printed}'\n")
    search.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(search))
    with pytest.raises(ValueError, match=said):
        find_far_end(config(speedtest_net=True), "lo")


def test_what_the_search_finds_gives_its_largest_file_and_its_upload(
    config: Callable[..., RehearsalConfig], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    search = tmp_path / "python"
    search.write_text('#!/bin/sh\necho \'{"url": "http://test.example:8080/speedtest/upload.php"}\'\n')
    search.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(search))
    found = find_far_end(config(speedtest_net=True), "lo")
    base = "http://test.example:8080/speedtest"
    assert found == DeclaredFarEnd(f"{base}/random4000x4000.jpg", f"{base}/upload.php")
