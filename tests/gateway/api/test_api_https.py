"""The pages with HTTPS beside those without, on the gateway as a process; a reload takes a renewed certificate."""

from __future__ import annotations

import http.client
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.gateway.conftest import SAMPLE_SITE
from tests.sensors.wire.conftest import wait_until

from vigie_gateway.broker import free_port
from vigie_gateway.certificates.authority import Pair, certify_for_browsers, make_authority
from vigie_gateway.settings import SettingsError, load_settings

AUTHORITY = make_authority("lieu", ["vigie.local"])


@dataclass
class Served:
    """A gateway process with both."""

    folder: Path
    process: subprocess.Popen[str]
    port: int
    https_port: int

    def get(self, path: str, *, is_secure: bool, host: str = "vigie.local") -> tuple[int, dict[str, str]]:
        """Ask; as a browser does that knows the place's authority alone."""
        connection: http.client.HTTPConnection
        if is_secure:
            trust = ssl.create_default_context(cadata=AUTHORITY.certificate.decode())
            connection = http.client.HTTPSConnection("127.0.0.1", self.https_port, timeout=10, context=trust)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path, headers={"Host": host})
            answer = connection.getresponse()
            answer.read()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def serial(self) -> str:
        """Of the certificate that is shown now."""
        return ssl.get_server_certificate(("127.0.0.1", self.https_port), timeout=10)

    def is_up(self) -> bool:
        try:
            return self.get("/", is_secure=True)[0] == 200
        except OSError:
            return False


def write(folder: Path) -> Pair:
    pair = certify_for_browsers(AUTHORITY, ["vigie.local", "127.0.0.1"], datetime.now(UTC))
    (folder / "vigie.key").write_bytes(pair.key)
    (folder / "vigie.crt").write_bytes(pair.certificate)
    return pair


def start(folder: Path) -> Served:
    port, https_port = free_port(), free_port()
    config = folder / "gateway.toml"
    config.write_text(
        f'site = "{SAMPLE_SITE}"\n[broker]\nport = {free_port()}\n[store]\npath = "{folder}/vigie.db"\n'
        f'[http]\nport = {port}\nhttps_port = {https_port}\nnames = ["vigie.local"]\n'
        f'certificate_file = "{folder}/vigie.crt"\nkey_file = "{folder}/vigie.key"\n'
    )
    environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
    process = subprocess.Popen(
        [sys.executable, "-m", "vigie_gateway", "run", "--config", str(config)],
        stderr=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    return Served(folder, process, port, https_port)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    write(tmp_path)
    gateway = start(tmp_path)
    try:
        wait_until(gateway.is_up, "the gateway serves with HTTPS")
        yield gateway
    finally:
        gateway.process.terminate()
        gateway.process.communicate(timeout=20)


def test_the_pages_are_served_with_and_without_and_a_renewed_certificate_is_taken(served: Served) -> None:
    status, headers = served.get("/board", is_secure=True)
    assert status == 200
    assert "strict-transport-security" not in headers, "there is no way back from it on a private authority"
    assert served.get("/", is_secure=False)[0] == 200
    assert served.get("/board", is_secure=True, host="elsewhere.example")[0] == 421
    before = served.serial()
    (served.folder / "vigie.crt").write_bytes(b"half a certificate")
    served.process.send_signal(signal.SIGHUP)
    wait_until(served.is_up, "the gateway goes on with the certificate before")
    assert served.serial() == before
    renewed = write(served.folder).certificate.decode()
    served.process.send_signal(signal.SIGHUP)
    wait_until(lambda: served.is_up() and served.serial().split() == renewed.split(), "the renewed one is shown")


@pytest.mark.long
def test_a_certificate_that_cannot_be_used_is_one_line_and_exit_69(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "vigie.key").write_bytes(b"no key")
    gateway = start(tmp_path)
    said = gateway.process.communicate(timeout=30)[1]
    assert gateway.process.returncode == 69
    assert f"http.certificate_file {tmp_path}/vigie.crt with http.key_file {tmp_path}/vigie.key cannot be used" in said


def test_a_certificate_without_its_key_is_a_wrong_configuration(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('[http]\ncertificate_file = "/x"\n')
    with pytest.raises(SettingsError, match="expected certificate_file and key_file, both or neither"):
        load_settings(path)
