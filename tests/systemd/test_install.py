"""The life of an installation, on a Debian of its own with systemd as PID 1: the tests follow each other in this order.

From a clone to a board that is live; the second run; a reboot; an upgrade, one that fails and goes back; the removal;
and the same from the wheel. Needs root; debootstrap and the package registries for the first time only.
"""

import hashlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.systemd.debian_tree import KEPT, ROOT, Debian, base_tree, connect, run

from vigie_gateway.install.program import copy_of_clone
from vigie_gateway.install.steps import DEVICES_PASSWORD
from vigie_gateway.nodes.rights import OWN_LINES

pytestmark = [
    pytest.mark.root,
    pytest.mark.timeout(1_200),
    pytest.mark.skipif(shutil.which("debootstrap") is None, reason="debootstrap is missing: apt-get install it"),
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="the tree is made for x86_64"),
]

PYTHON = "3.11"
"""Of the tree's Debian."""
BUNDLE, WHEEL = "/srv/bundle", "/srv/wheel"
HEALTH = "import urllib.request as u, urllib.error as e\ntry: print(u.urlopen('{0}').read().decode())\n"
HEALTH += "except e.HTTPError as error: print(error.read().decode())"
SENSOR = '\n[[sensors]]\nname = "loop"\ndriver = "latency"\nperiod_s = 2\noutside = ["127.0.0.1"]\n'
"""A measurement that is real and needs no wire: of the machine's own loopback."""
OWN_RIGHT = "user gateway\ntopic write cmnd/lamp/POWER\n"
NEEDED_S = 60.0
"""For what happens by itself within seconds."""


def wheels() -> Path:
    """What Vigie needs, for the tree's Python, from the index that this machine's pip is set up with; kept."""
    pins = ROOT / "requirements" / "run.txt"
    folder = KEPT / f"wheels-{hashlib.sha256(pins.read_bytes()).hexdigest()[:12]}"
    if not folder.is_dir():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        pip = (sys.executable, "-m", "pip", "download", "-q", "--require-hashes", "--no-deps", "--only-binary", ":all:")
        run([*pip, "--python-version", PYTHON, "-r", pins, "-d", part])
        part.rename(folder)
    return folder


@contextmanager
def timed(what: str, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    started = time.monotonic()
    yield
    with capsys.disabled():
        print(f"\n  {what}: {time.monotonic() - started:.1f} s", end="")


def clone(tree: Path, name: str, version: str | None = None) -> Path:
    """A clone of this repository in the tree; ``version`` says that it is another one."""
    target = copy_of_clone(ROOT, tree / "srv" / name)
    shutil.copy(ROOT / "run", target / "run")
    if version is not None:
        project = target / "pyproject.toml"
        project.write_text(
            re.sub(r'^version = ".*"$', f'version = "{version}"', project.read_text(), flags=re.MULTILINE)
        )
    return target


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    for made in booted(tmp_path_factory.mktemp("debian")):
        clone(made.tree, "newer", "9.1.0")
        broken = clone(made.tree, "broken", "9.2.0") / "gateway" / "vigie_gateway" / "app.py"
        broken.write_text(f"{broken.read_text()}\nraise RuntimeError('as told')\n")
        yield made


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    """Another machine, a Pi that only measures."""
    yield from booted(tmp_path_factory.mktemp("second"))


def booted(folder: Path) -> Iterator[Debian]:
    tree = folder / "tree"
    run(["cp", "-a", "--reflink=auto", base_tree(), tree])
    shutil.copytree(wheels(), tree / "srv" / "bundle")
    clone(tree, "vigie")
    made = Debian(tree)
    made.boot()
    yield made
    made.end()
    shutil.rmtree(tree)


def health(debian: Debian) -> dict[str, Any]:
    said = debian.ask("python3", "-c", HEALTH.format("http://127.0.0.1:8080/healthz"))
    return json.loads(said) if said.startswith("{") else {"version": None, "parts": {}}


def stored(debian: Debian) -> int:
    """How many readings the database holds on disk, and so has acknowledged."""
    count = "SELECT count(*) FROM log"
    command = f"import sqlite3; print(sqlite3.connect('/var/lib/vigie/vigie.db').execute('{count}').fetchone()[0])"
    return int(debian.ask("python3", "-c", command).strip() or 0)


def wait_for_more(debian: Debian, before: int) -> int:
    deadline = time.monotonic() + NEEDED_S
    while (now := stored(debian)) <= before and time.monotonic() < deadline:
        time.sleep(0.5)
    assert now > before, debian.ask("journalctl", "-n", "40", "-u", "vigie-gateway", "-u", "vigie-sensors")
    return now


def clean(debian: Debian) -> str:
    """Which units run, and that none failed."""
    assert debian.ask("systemctl", "--failed", "--plain", "--no-legend").strip() == ""
    return debian.ask("systemctl", "is-active", "vigie-gateway", "vigie-sensors", "mosquitto", "avahi-daemon")


def test_a_dry_run_shows_every_step_and_changes_nothing(debian: Debian) -> None:
    said = debian.do("/srv/vigie/run", "install", "--dry-run", "--bundle", BUNDLE)
    assert said.count("would do") >= 10
    assert not (debian.tree / "opt" / "vigie").exists()
    assert not (debian.tree / "etc" / "mosquitto").exists()


def hears_devices(debian: Debian) -> None:
    """The gateway may read the password with which it hears devices of others, nobody else, and the broker takes it."""
    password = debian.do("runuser", "-u", "vigie-gateway", "--", "cat", DEVICES_PASSWORD).strip()
    assert "Permission denied" in debian.do("runuser", "-u", "nobody", "--", "cat", DEVICES_PASSWORD, expected=1)
    ask = "from vigie_gateway.nodes.mqtt_try import is_let_in; import sys; "
    ask += "print(is_let_in(1883, 'gateway-devices', sys.argv[1]))"
    assert debian.do("/opt/vigie/current/bin/python", "-c", ask, password).strip() == "True"


def test_one_command_leads_from_a_clone_to_a_live_board(debian: Debian, capsys: pytest.CaptureFixture[str]) -> None:
    with timed("install", capsys):
        said = debian.do("/srv/vigie/run", "install", "--bundle", BUNDLE)
    assert re.search(r"http://127\.0\.0\.1:8080/setup/start/(\w{4}-?){4}", said)
    assert clean(debian).split() == ["active"] * 4
    assert "<html" in debian.do("python3", "-c", HEALTH.format("http://127.0.0.1:8080/board"))
    assert "vigie.local" in debian.do("systemctl", "status", "--no-pager", "avahi-daemon")
    hears_devices(debian)


def listening(debian: Debian) -> set[tuple[str, int]]:
    """Where something takes connections: the address as the kernel writes it, and the port."""
    tables = debian.do("cat", "/proc/net/tcp", "/proc/net/tcp6").splitlines()
    rows = [line.split() for line in tables if re.match(r" *\d+:", line)]
    places = [row[1].split(":") for row in rows if row[3] == "0A"]
    return {(address, int(port, 16)) for address, port in places}


def test_only_nodes_come_in_from_the_network_and_they_do_encrypted(debian: Debian) -> None:
    found = listening(debian)
    own = {"0100007F", "00000000000000000000000001000000"}
    assert {port for address, port in found if address not in own} == {8883}
    assert {("0100007F", 8080), ("0100007F", 1883)} <= found
    ask = "import ssl, socket; trust = ssl.create_default_context(cafile='/etc/vigie/authority/ca.crt'); "
    ask += "line = socket.create_connection(('127.0.0.1', 8883)); "
    ask += "print(trust.wrap_socket(line, server_hostname='vigie.local').version())"
    assert debian.do("python3", "-c", ask).strip() == "TLSv1.3"


def test_a_second_run_changes_nothing_and_says_so(debian: Debian, capsys: pytest.CaptureFixture[str]) -> None:
    debian.do("touch", "/srv/before")
    with timed("second run", capsys):
        said = debian.do("/srv/vigie/run", "install", "--bundle", BUNDLE)
    assert "Nothing was changed: everything is as it should be." in said
    assert "doing" not in said
    newer = debian.do("find", "/etc", "/opt", "/usr", "-newer", "/srv/before", "-not", "-type", "d")
    assert newer == ""


def test_a_reading_arrives_and_is_on_disk(debian: Debian) -> None:
    config = debian.tree / "etc" / "vigie" / "sensors.toml"
    config.write_text(config.read_text() + SENSOR)
    debian.do("systemctl", "restart", "vigie-sensors")
    debian.do("/usr/local/bin/vigie-gateway", "clock", "set")
    wait_for_more(debian, 0)
    assert health(debian)["parts"]["broker"]["status"] == "pass"


def doctor(debian: Debian) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(debian.ask("/usr/local/bin/vigie-gateway", "doctor", "--json"))["findings"]
    return found


def test_the_doctor_finds_nothing_that_fails(debian: Debian) -> None:
    findings = doctor(debian)
    assert [each for each in findings if each["status"] == "fail"] == []
    told = {each["text"]: each["status"] for each in findings if each["part"] in {"upgrade", "network"}}
    assert set(told.values()) == {"pass"}, told
    for words in (
        "is installed whole",
        "1883/tcp, the broker without TLS, is this machine's",
        "8883/tcp (nodes",
        "5353/udp",
    ):
        assert [text for text in told if words in text], told
    assert {each["part"] for each in findings if each["status"] == "unknown"} <= {"power", "card"}


@pytest.mark.parametrize(
    ("unit", "limit"), [("vigie-gateway.service", 1.5), ("vigie-sensors.service", 2.0), ("mosquitto.service", 1.5)]
)
def test_a_running_unit_is_no_more_exposed_than_promised(
    debian: Debian, unit: str, limit: float, capsys: pytest.CaptureFixture[str]
) -> None:
    said = debian.do("systemd-analyze", "security", "--no-pager", unit)
    level = re.search(r"exposure level for \S+: ([\d.]+)", said)
    assert level is not None, said[-300:]
    with capsys.disabled():
        print(f"\n  systemd-analyze security {unit}: {level[1]}", end="")
    assert float(level[1]) <= limit


def test_a_machine_that_was_switched_off_comes_back_by_itself(
    debian: Debian, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(debian)
    debian.switch_off()
    with timed("reboot", capsys):
        debian.boot()
    assert clean(debian).split()[:2] == ["active"] * 2
    debian.do("/usr/local/bin/vigie-gateway", "clock", "set")
    wait_for_more(debian, before)


def test_a_file_that_was_changed_on_its_way_is_refused_and_nothing_is_exchanged(debian: Debian) -> None:
    changed = debian.tree / "srv" / "changed"
    shutil.copytree(debian.tree / BUNDLE.lstrip("/"), changed)
    with next(changed.glob("paho_mqtt*.whl")).open("ab") as wheel:
        wheel.write(b"\0")
    said = debian.do("/srv/newer/run", "upgrade", "--bundle", "/srv/changed", expected=69)
    assert re.search(r"DO NOT MATCH THE HASHES.*paho-mqtt", said)
    assert "not done: programs of version 9.1.0" in said
    assert health(debian)["version"] != "9.1.0"
    assert clean(debian).split() == ["active"] * 4


def test_an_upgrade_backs_up_and_brings_the_newer_version(debian: Debian, capsys: pytest.CaptureFixture[str]) -> None:
    before = stored(debian)
    rights = debian.tree / "etc" / "mosquitto" / "vigie.acl"
    rights.write_text(f"{rights.read_text()}{OWN_RIGHT}")
    (debian.tree / DEVICES_PASSWORD.lstrip("/")).unlink()  # as of an installation from before
    with timed("upgrade", capsys):
        said = debian.do("/srv/newer/run", "upgrade", "--bundle", BUNDLE)
    assert rights.read_text().endswith(f"{OWN_LINES}{OWN_RIGHT}")
    hears_devices(debian)
    copy = re.search(r"^ +(/var/lib/vigie/backups/\S+\.db)$", said, re.MULTILINE)
    assert copy is not None
    assert (debian.tree / copy[1].lstrip("/")).stat().st_size > 0
    assert health(debian)["version"] == "9.1.0"
    wait_for_more(debian, before)


def test_an_upgrade_that_does_not_run_goes_back_by_itself(debian: Debian, capsys: pytest.CaptureFixture[str]) -> None:
    before = stored(debian)
    with timed("failed upgrade", capsys):
        said = debian.do("/srv/broken/run", "upgrade", "--bundle", BUNDLE, expected=1)
    assert re.search(r"version 9\.2\.0-\w+ was not well: version 9\.1\.0-\w+ runs again, as before", said)
    assert health(debian)["version"] == "9.1.0"
    wait_for_more(debian, before)


def test_a_run_that_was_cut_off_is_made_good_by_the_next(debian: Debian) -> None:
    """Ended while the programs are installed: what runs is not touched, and the next run goes on."""
    debian.do("timeout", "--signal=KILL", "4", "/srv/vigie/run", "upgrade", "--bundle", BUNDLE, expected=-9)
    cut = [each["text"] for each in doctor(debian) if each["part"] == "upgrade"]
    assert re.search("is half made|runs just now", " ".join(cut)), cut
    assert health(debian)["version"] == "9.1.0"
    debian.do("/srv/vigie/run", "upgrade", "--bundle", BUNDLE)
    assert health(debian)["version"] != "9.1.0"
    assert clean(debian).split() == ["active"] * 4


def test_a_removal_leaves_the_readings_and_the_broker_as_debian_has_it(
    debian: Debian, capsys: pytest.CaptureFixture[str]
) -> None:
    before = stored(debian)
    with timed("uninstall", capsys):
        debian.do("/srv/vigie/run", "uninstall")
    assert not (debian.tree / "opt" / "vigie").exists()
    assert stored(debian) >= before > 0
    assert debian.ask("systemctl", "is-active", "vigie-gateway", "mosquitto").split() == ["inactive", "active"]
    assert debian.ask("systemctl", "--failed", "--plain", "--no-legend").strip() == ""


def test_the_wheel_installs_itself_and_finds_what_was_there(debian: Debian, capsys: pytest.CaptureFixture[str]) -> None:
    before = stored(debian)
    folder = debian.tree / WHEEL.lstrip("/")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], cwd=ROOT)
    debian.do("python3", "-m", "venv", "/srv/first")
    debian.do("sh", "-c", f"/srv/first/bin/pip install --no-index --no-deps {WHEEL}/*.whl")
    with timed("install from the wheel", capsys):
        debian.do("/srv/first/bin/vigie-gateway", "install", "--bundle", BUNDLE)
    assert clean(debian).split() == ["active"] * 4
    debian.do("rm", "-r", "/srv/first", WHEEL)
    debian.do("/opt/vigie/bin/vigie-gateway", "clock", "set")
    wait_for_more(debian, before)


def test_a_second_pi_measures_only(second: Debian, capsys: pytest.CaptureFixture[str]) -> None:
    with timed("install --sensors-only", capsys):
        said = second.do("/srv/vigie/run", "install", "--sensors-only", "--bundle", BUNDLE)
    assert "This Pi knows no gateway yet" in said
    assert not (second.tree / "etc" / "systemd" / "system" / "vigie-gateway.service").exists()
    assert not (second.tree / "usr" / "sbin" / "mosquitto").exists()
    assert listening(second) == set()
    again = second.do("/srv/vigie/run", "install", "--sensors-only", "--bundle", BUNDLE)
    assert "Nothing was changed" in again


def test_the_second_pi_is_let_in_by_a_code_and_heard(
    debian: Debian, second: Debian, capsys: pytest.CaptureFixture[str]
) -> None:
    connect(debian, second)
    with timed("let a node in", capsys), debian.begin("vigie-gateway", "node", "add", "pi-2") as door:
        assert door.stdout is not None
        said = ""
        while (code := re.search(r"\b(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}@\S+", said)) is None:
            line = door.stdout.readline()
            assert line, said
            said += line
        told = second.do("vigie-sensors", "enrol", code[0])
        rest = door.stdout.read()
    assert door.returncode == 0, said + rest
    assert "pi-2 is heard" in told
    second.do("/srv/vigie/run", "install", "--sensors-only", "--bundle", BUNDLE)
    assert second.ask("systemctl", "is-active", "vigie-sensors").strip() == "active"
    deadline = time.monotonic() + NEEDED_S
    while "online" not in (listed := by_name(debian.do("vigie-gateway", "node", "list"), "pi-2")):
        assert time.monotonic() < deadline, listed
        time.sleep(0.5)


def by_name(listed: str, node: str) -> str:
    return next((line for line in listed.splitlines() if node in line), "")


def test_nothing_is_left_when_that_is_asked_for_twice(debian: Debian) -> None:
    debian.do("/opt/vigie/bin/vigie-gateway", "uninstall", "--purge", expected=2)
    assert stored(debian) > 0
    debian.do("/opt/vigie/bin/vigie-gateway", "uninstall", "--purge", "--yes")
    left = debian.do("find", "/etc", "/opt", "/usr/local", "/var/lib", "-iname", "*vigie*")
    assert left == ""
    assert debian.ask("ls", "/run/vigie-sensors") == ""
    assert "vigie" not in (debian.tree / "etc" / "passwd").read_text()


def test_with_https_the_first_address_is_for_a_phone(debian: Debian, capsys: pytest.CaptureFixture[str]) -> None:
    with timed("install --https", capsys):
        said = debian.do("/srv/vigie/run", "install", "--https", "--bundle", BUNDLE)
    assert re.search(r"https://vigie\.local:8443/setup/start/", said)
    assert re.search(r"[▀▄█]{7}", said), "a QR code"
    ask = "import ssl, http.client as h; trust = ssl.create_default_context(cafile='/etc/vigie/authority/ca.crt'); "
    ask += "line = h.HTTPSConnection('127.0.0.1', 8443, context=trust); line.request('GET', '/', headers="
    ask += "{'host': 'vigie.local:8443'}); print(line.getresponse().status)"
    assert debian.do("python3", "-c", ask).strip() == "200"
    assert "Nothing was changed" in debian.do("/srv/vigie/run", "install", "--https", "--bundle", BUNDLE)
