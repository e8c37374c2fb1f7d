"""A version that is offered to nodes is what its manifest says, and nothing else can be had at that port."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import trustme
from tests.systemd.shipped_broker import ShippedBroker, needs_mosquitto

from vigie_gateway.__main__ import main
from vigie_gateway.api.serving import Tls
from vigie_gateway.nodes.door import OpenPort
from vigie_gateway.nodes.offer import OfferError, application, read_offer

PROGRAM = b"VERSION = '2'\n"
DIGEST = hashlib.sha256(PROGRAM).hexdigest()


def offered(tmp_path: Path, manifest: object) -> Path:
    """A folder as ``firmware/release.py`` writes it, with that manifest."""
    (tmp_path / "firmware" / "2").mkdir(parents=True)
    (tmp_path / "firmware" / "2" / "node.py").write_bytes(PROGRAM)
    (tmp_path / "firmware" / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path


def test_nodes_get_what_the_manifest_names_and_nothing_else(tmp_path: Path) -> None:
    offer = read_offer(offered(tmp_path, {"version": "2", "files": {"node.py": DIGEST}}))
    (tmp_path / "firmware" / "2" / "later.py").write_bytes(b"x")
    own, asked = trustme.CA(), list[str]()
    pem = tmp_path / "own.pem"
    own.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(pem))
    trusting = ssl.create_default_context()
    own.configure_trust(trusting)
    answer = application(offer, lambda _, path: asked.append(path))
    with OpenPort(answer, Tls(str(pem), str(pem)), "127.0.0.1", 0) as port:

        def get(path: str) -> bytes:
            where = f"https://localhost:{port.port}{path}"
            with urllib.request.urlopen(where, timeout=10, context=trusting) as said:
                body: bytes = said.read()
            return body

        assert json.loads(get("/firmware/manifest.json"))["version"] == "2"
        assert get(offer.last) == PROGRAM
        for path in ("/", "/own.pem", "/firmware/2/later.py", "/firmware/2/../../own.pem"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                get(path)
    assert asked == ["/firmware/manifest.json", "/firmware/2/node.py"]


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ({"version": "2", "files": {"node.py": "0" * 64}}, "is not what the manifest says"),
        ({"version": "2", "files": {"gone.py": DIGEST}}, r"gone\.py: No such file"),
        ({"version": "2", "files": {"../../own.pem": DIGEST}}, "outside its folder"),
        ({"version": "..", "files": {"node.py": DIGEST}}, "outside its folder"),
        ({"version": "2", "files": {}}, "names no file"),
        ({"version": "2", "files": 3}, "is no manifest"),
        ([], "is no manifest"),
    ],
)
def test_what_is_no_whole_version_is_not_offered(tmp_path: Path, manifest: object, said: str) -> None:
    with pytest.raises(OfferError, match=said):
        read_offer(offered(tmp_path, manifest))


@needs_mosquitto
def test_as_typed_it_offers_until_ctrl_c_and_says_who_has_fetched_it(tmp_path: Path) -> None:
    broker = ShippedBroker(tmp_path / "mosquitto")
    config = tmp_path / "gateway.toml"
    config.write_text(f'[broker]\nport = {broker.port}\nconfig_file = "{broker.configuration}"\n[http]\nport = 1\n')
    folder = offered(tmp_path / "offered", {"version": "2", "files": {"node.py": DIGEST}})
    line = [sys.executable, "-m", "vigie_gateway", "node", "--config", str(config), "update", str(folder)]
    line += ["--listen", "127.0.0.1", "--port", "0"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as command:
        try:
            assert command.stdout is not None
            found = re.match(r"version 2 is offered on port (\d+);", command.stdout.readline())
            assert found is not None
            trusting = ssl.create_default_context(cafile=broker.ca_file)
            for path in ("manifest.json", "2/node.py"):
                where = f"https://127.0.0.1:{found[1]}/firmware/{path}"
                urllib.request.urlopen(where, timeout=10, context=trusting).close()
            assert command.stdout.readline() == "127.0.0.1 asked\n"
            assert command.stdout.readline() == "127.0.0.1 has fetched 2\n"
            command.send_signal(signal.SIGINT)
            assert command.wait(20) == 130
        finally:
            command.kill()


@needs_mosquitto
def test_a_folder_without_a_version_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broker = ShippedBroker(tmp_path / "mosquitto")
    config = tmp_path / "gateway.toml"
    config.write_text(f'[broker]\nport = {broker.port}\nconfig_file = "{broker.configuration}"\n[http]\nport = 1\n')
    assert main(["node", "--config", str(config), "update", str(tmp_path)]) == 1
    told = capsys.readouterr().err
    assert "firmware/release.py" in told
    assert len(told.splitlines()) == 1
