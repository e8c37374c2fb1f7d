"""An update over the air: cut off anywhere, wrong, or in vain, a node that boots is left."""

from __future__ import annotations

import hashlib
import json
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from tests.firmware.interpreters import FIRMWARE, interpreter, run_there

import slots
from release import files_of, release
from vigie_gateway.api.serving import Tls
from vigie_gateway.nodes.door import OpenPort
from vigie_gateway.nodes.offer import application, read_offer
from vigie_node import VERSION
from vigie_node.update import Copy, Manifest, UpdateError, Updater

PROGRAM = Path(__file__).parent / "programs" / "update_power_cut.py"
NEW = {"vigie_node/__init__.py": b"VERSION = 'next'\n", "vigie_node/node.py": b"node = 2\n" * 500}


def manifest_of(files: dict[str, bytes], version: str = "next") -> bytes:
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in files.items()}
    return json.dumps({"version": version, "files": digests}).encode()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, without a word."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def offered(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A folder that is served over HTTP, and the port."""
    folder = tmp_path / "offered" / "firmware"
    folder.mkdir(parents=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "offered")))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield folder, server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def flash(tmp_path: Path) -> Path:
    """What a node that was flashed by cable holds."""
    folder = tmp_path / "flash"
    (folder / "a" / "vigie_node").mkdir(parents=True)
    (folder / "a" / "vigie_node" / "__init__.py").write_bytes(b"VERSION = 'first'\n")
    return folder


def offer(folder: Path, files: dict[str, bytes], version: str = "next") -> None:
    (folder / "manifest.json").write_bytes(manifest_of(files, version))
    for path, data in files.items():
        (folder / version / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / version / path).write_bytes(data)


def updated(updater: Updater) -> bool:
    """Whether it wants a restart within as many rounds as there are steps."""
    return any(updater.step(now_ms) for now_ms in range(2 + len(NEW)))


def test_power_cut_at_any_write_of_an_update_leaves_a_node_that_boots_and_can_be_updated() -> None:
    """On MicroPython's littlefs; every erasing and every programming of a block is cut, the latter by half."""
    command = [each if not each.startswith("heapsize=") else "heapsize=8m" for each in interpreter("micropython")]
    done = subprocess.run(
        [*command, str(PROGRAM), str(FIRMWARE)], capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["bad"] == []
    assert told["cuts"] > 30
    assert told["old"] > 0
    assert told["new"] > 0


def test_a_new_version_is_fetched_tried_and_kept_once_a_gateway_has_heard_it(
    offered: tuple[Path, int], flash: Path
) -> None:
    folder, port = offered
    offer(folder, NEW)
    assert updated(Updater(str(flash), "a", "127.0.0.1", port, None))
    assert {path: (flash / "b" / path).read_bytes() for path in NEW} == NEW
    assert slots.good(str(flash)) == "a"
    assert slots.choose(str(flash)) == "b"
    slots.confirm(str(flash))
    assert (slots.good(str(flash)), slots.choose(str(flash)), slots.trial(str(flash))) == ("b", "b", ("", 0))


def test_a_version_that_no_gateway_hears_is_given_up_and_not_fetched_again(
    offered: tuple[Path, int], flash: Path
) -> None:
    folder, port = offered
    offer(folder, NEW)
    assert updated(Updater(str(flash), "a", "127.0.0.1", port, None))
    starts = [slots.choose(str(flash)) for _ in range(slots.STARTS + 2)]
    assert starts == ["b"] * slots.STARTS + ["a", "a"]
    assert not updated(Updater(str(flash), "a", "127.0.0.1", port, None))
    offer(folder, NEW, "later")
    assert updated(Updater(str(flash), "a", "127.0.0.1", port, None))


def test_a_trial_that_ended_well_but_for_its_last_step_holds_no_later_update_up(
    offered: tuple[Path, int], flash: Path
) -> None:
    """Power cut within ``confirm``."""
    (flash / "slot").write_text("b")
    (flash / "trial").write_text("b 1")
    assert slots.choose(str(flash)) == "b"
    folder, port = offered
    offer(folder, NEW)
    assert updated(Updater(str(flash), "b", "127.0.0.1", port, None))
    assert slots.trial(str(flash)) == ("a", 0)


def test_a_file_that_is_not_what_the_manifest_says_is_never_tried(offered: tuple[Path, int], flash: Path) -> None:
    folder, port = offered
    offer(folder, NEW)
    (folder / "next" / "vigie_node" / "node.py").write_bytes(b"something else\n")
    updater = Updater(str(flash), "a", "127.0.0.1", port, None)
    assert not updated(updater)
    assert "vigie_node/node.py is not what the manifest says" in updater.trouble
    assert slots.choose(str(flash)) == "a"


def test_the_version_that_runs_is_not_fetched(offered: tuple[Path, int], flash: Path) -> None:
    folder, port = offered
    offer(folder, NEW, VERSION)
    assert not updated(Updater(str(flash), "a", "127.0.0.1", port, None))
    assert not (flash / "b").exists()


def test_nobody_who_offers_versions_is_said_and_harms_nothing(flash: Path) -> None:
    updater = Updater(str(flash), "a", "127.0.0.1", 1, None)
    assert not updated(updater)
    assert "/firmware/manifest.json" in updater.trouble


@pytest.mark.parametrize(
    "path", ["../main.py", "/main.py", "vigie_node/../../slots.py", "a//b", "", ".hidden", "vigie_node/\n", "a b"]
)
def test_a_manifest_cannot_name_a_file_outside_of_its_copy(path: str) -> None:
    with pytest.raises(UpdateError, match="names"):
        Manifest(manifest_of({path: b""}))


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"version":"1","files":[]}', b'{"version":"","files":{"a":"b"}}']
)
def test_what_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(UpdateError):
        Manifest(text)


def test_what_an_earlier_version_left_in_the_other_copy_is_cleared(flash: Path) -> None:
    (flash / "b" / "vigie_node").mkdir(parents=True)
    (flash / "b" / "vigie_node" / "older.py").write_bytes(b"x")
    (flash / "b" / "vigie_node" / "__init__.py").write_bytes(NEW["vigie_node/__init__.py"])
    copy = Copy(str(flash), "a", Manifest(manifest_of(NEW)))
    assert copy.missing == ["vigie_node/node.py"]
    assert not (flash / "b" / "vigie_node" / "older.py").exists()


@pytest.fixture
def released(tmp_path: Path) -> Iterator[tuple[trustme.CA, int]]:
    """The program as it is, as version ``next``, as the gateway offers it: the authority that vouches, and the port."""
    release(str(FIRMWARE), str(tmp_path / "offered"), "next")
    own = trustme.CA()
    issued = own.issue_cert("localhost")
    key = tmp_path / "offer.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(key))
    answer = application(read_offer(tmp_path / "offered"), lambda *_: None)
    with OpenPort(answer, Tls(str(key), str(key)), "127.0.0.1", 0) as offered:
        yield own, offered.port


def test_nothing_is_fetched_from_who_is_not_of_the_places_authority(
    released: tuple[trustme.CA, int], flash: Path
) -> None:
    _, port = released
    stranger = trustme.CA().cert_pem.bytes().decode()
    said = run_there("micropython", FETCH, json.dumps([str(flash), port, stranger]) + "\n").split("\n")
    assert said[0] == "False"
    assert "firmware/manifest.json" in said[1]
    assert not (flash / "b").exists()


def test_a_running_node_fetches_a_version_whole_and_starts_again_to_try_it(
    released: tuple[trustme.CA, int], flash: Path
) -> None:
    """On MicroPython with a Pico's heap, beside its sensors and its journal."""
    own, port = released
    described = {
        "site": "lieu",
        "node": "pico-1",
        "password": "x",
        "ca": own.cert_pem.bytes().decode(),
        "brokers": [{"host": "127.0.0.1", "port": 1}],
        "gateways": ["main"],
        "update": {"host": "localhost", "port": port},
        "sensors": [{"kind": "door", "id": "porte", "outer": 14, "inner": 15}],
    }
    (flash / "node.json").write_text(json.dumps(described), encoding="utf-8")
    command = [*interpreter("micropython"), str(FIRMWARE / "run_unix.py"), str(flash)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as node:
        assert node.stderr is not None
        assert node.wait(60) == 0, node.stderr.read()
    assert slots.trial(str(flash)) == ("b", 0)
    held = {path.relative_to(flash / "b").as_posix() for path in (flash / "b").rglob("*") if path.is_file()}
    assert held == {*files_of(str(FIRMWARE)), "version"}
    assert "vigie_node/boards/rp2.py" in held


FETCH = """
import json
from vigie_node.trust import context
from vigie_node.update import Updater
folder, port, pem = json.loads(sys.stdin.readline())
updater = Updater(folder, "a", "localhost", port, context(pem.encode()))
print(any([updater.step(now_ms) for now_ms in range(60)]))
print(updater.trouble)
"""
