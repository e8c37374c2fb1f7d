"""One version in place of another, and back: links, files and the page that tells how the gateway is are real."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.gateway.install.conftest import SOURCE, PowerCut, TreeMachine

from vigie_gateway.install import settled
from vigie_gateway.install.execution import StepError
from vigie_gateway.install.replacement import NotHealthyError, Replacement
from vigie_gateway.install.source import Source
from vigie_gateway.install.steps import CURRENT, PREVIOUS, version_folder

ROOT = Path(__file__).resolve().parents[3]
UNIT = "/etc/systemd/system/vigie-gateway.service"


class Place:
    """A machine with three versions, of which some are not well, and a gateway's page that says so."""

    def __init__(self, machine: TreeMachine, server: HTTPServer) -> None:
        self.machine = machine
        self.unwell: set[str] = set()
        self.said: list[str] = []
        self._add(UNIT, "the unit of an older version")
        self._add("/etc/vigie/gateway.toml", f"[http]\nport = {server.server_port}\n")
        self._add("/var/lib/vigie/vigie.db", "")
        self._add("/etc/group", f"mosquitto:x:{os.getgid()}:\n")
        self.versions = {name: self._version(name) for name in ("0.1.0-old", "0.1.0-new", "0.1.0-older")}
        shutil.rmtree(machine.at(version_folder(SOURCE)))
        machine.at(CURRENT).symlink_to("versions/0.1.0-old")

    def _add(self, path: str, text: str) -> None:
        self.machine.at(path).parent.mkdir(parents=True, exist_ok=True)
        self.machine.at(path).write_text(text)

    def _version(self, name: str) -> Source:
        share = self.machine.at(f"/opt/vigie/versions/{name}/share/vigie")
        for path in (ROOT / "systemd").rglob("*"):
            if path.is_file():
                target = share / path.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(f"# of {name}\n{path.read_text()}")
        return Source(name, share, None)

    @property
    def runs(self) -> str:
        return self.machine.at(CURRENT).readlink().name

    def exchange(self) -> None:
        Replacement(self.machine, self.said.append).exchange(self.versions["0.1.0-new"], self.versions["0.1.0-old"])


@pytest.fixture
def place(machine: TreeMachine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr(settled, "STEADY_S", 0.0)
    monkeypatch.setattr(settled, "SETTLED_S", 0.05)
    monkeypatch.setattr(settled, "LOOK_S", 0.01)
    monkeypatch.setattr(settled.wait_for, "__defaults__", (0.05,))

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            is_well = it.runs not in it.unwell
            report = {"up_s": 60.0, "parts": {"store": {"status": "pass" if is_well else "fail"}}}
            self.send_response(200 if is_well else 503)
            self.end_headers()
            self.wfile.write(json.dumps(report).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        it = Place(machine, server)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield it
        server.shutdown()
        thread.join()


def test_a_new_version_runs_with_its_own_units_and_the_one_before_is_kept(place: Place) -> None:
    place.exchange()
    assert place.runs == "0.1.0-new"
    assert place.machine.at(PREVIOUS).readlink().name == "0.1.0-old"
    assert place.machine.at(UNIT).read_text().startswith("# of 0.1.0-new")
    assert sorted(path.name for path in place.machine.at("/opt/vigie/versions").iterdir()) == ["0.1.0-new", "0.1.0-old"]


def test_a_backup_is_made_before_anything_is_exchanged(place: Place) -> None:
    place.exchange()
    (backup,) = (at for at, line in enumerate(place.machine.ran) if line.endswith("vigie-gateway backup"))
    assert place.machine.ran[backup].startswith("runuser -u vigie-gateway --")
    assert backup < min(at for at, line in enumerate(place.machine.ran) if "restart" in line)


def test_without_a_backup_nothing_is_exchanged(place: Place) -> None:
    place.machine.failing = {"backup"}
    with pytest.raises(StepError, match="Nothing was exchanged"):
        place.exchange()
    assert place.runs == "0.1.0-old"
    assert not [line for line in place.machine.ran if "restart" in line]


def test_a_version_that_says_it_fails_goes_back_with_its_units(place: Place) -> None:
    place.unwell = {"0.1.0-new"}
    with pytest.raises(NotHealthyError, match=r"0\.1\.0-old runs again"):
        place.exchange()
    assert place.runs == "0.1.0-old"
    assert place.machine.at(UNIT).read_text().startswith("# of 0.1.0-old")
    assert "version 0.1.0-new is not well: its report says that store failed" in place.said
    assert [path.name for path in place.machine.at("/opt/vigie/versions").iterdir()] == ["0.1.0-old"]


def test_a_version_that_does_not_start_goes_back(place: Place) -> None:
    class Refusing(TreeMachine):
        def run(self, command, **options):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN003, ANN202 - see TreeMachine
            self.failing = {"restart vigie-gateway"} if self.at(CURRENT).readlink().name == "0.1.0-new" else set()
            return super().run(command, **options)

    place.machine.__class__ = Refusing
    with pytest.raises(NotHealthyError, match=r"0\.1\.0-old runs again"):
        place.exchange()
    assert place.runs == "0.1.0-old"
    assert "systemctl restart vigie-gateway.service" in place.machine.ran[-20:]


def test_an_exchange_that_a_power_cut_ended_is_known_as_such_and_judged_again(place: Place) -> None:
    replacement = Replacement(place.machine, place.said.append)
    place.machine.cut_at = 3  # the backup, what failed before, the first thing after the link was exchanged
    with pytest.raises(PowerCut):
        place.exchange()
    assert place.runs == "0.1.0-new"
    found = replacement.interrupted()
    assert found is not None
    assert found.id == "0.1.0-old"
    place.machine.cut_at, place.unwell = None, {"0.1.0-new"}
    with pytest.raises(NotHealthyError, match=r"0\.1\.0-old runs again"):
        place.exchange()
    assert place.runs == "0.1.0-old"
    assert replacement.interrupted() is None


def test_who_interrupts_the_waiting_has_the_version_before(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.unwell = {"0.1.0-new"}

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("vigie_gateway.install.settled.time.sleep", interrupt)
    with pytest.raises(NotHealthyError, match=r"0\.1\.0-old runs again"):
        place.exchange()
    assert place.runs == "0.1.0-old"


def test_what_failed_before_is_not_held_against_a_new_version(place: Place) -> None:
    place.unwell = {"0.1.0-old", "0.1.0-new"}
    place.exchange()
    assert place.runs == "0.1.0-new"


def test_an_old_version_that_cannot_read_what_the_new_one_wrote_has_its_backup_again(place: Place) -> None:
    place.unwell = {"0.1.0-new"}
    first, copy = place.machine.run, "/var/lib/vigie/backups/vigie-1.db"

    def run(command, **options):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN003, ANN202 - see TreeMachine
        said = first(command, **options)
        if command[-1] == "backup":
            return f"{copy}\n{copy.replace('.db', '.alerts.db')}\n"
        if "restart" in command:
            place.unwell.add("0.1.0-old")
        if "restore" in command:
            place.unwell.discard("0.1.0-old")
        return said

    place.machine.run = run  # type: ignore[method-assign]  # the seam itself
    with pytest.raises(NotHealthyError, match=r"0\.1\.0-old runs again"):
        place.exchange()
    stop, start = (place.machine.ran.index(f"systemctl {verb} vigie-gateway.service") for verb in ("stop", "start"))
    assert place.machine.ran[stop + 1 : start] == [
        f"runuser -u vigie-gateway -- /opt/vigie/bin/vigie-gateway restore {copy}"
    ]


def test_where_no_version_is_well_that_is_said(place: Place) -> None:
    place.unwell = {"0.1.0-new"}
    first = place.machine.run

    def run(command, **options):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN003, ANN202 - see TreeMachine
        if "restart" in command:
            place.unwell.add("0.1.0-old")
        return first(command, **options)

    place.machine.run = run  # type: ignore[method-assign]  # the seam itself
    with pytest.raises(NotHealthyError, match=r"and 0\.1\.0-old is not either"):
        place.exchange()


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("", "127.0.0.1", 8080),
        ('[http]\nhost = "0.0.0.0"\nport = 81\n', "0.0.0.0", 81),
        ("[http\n", "127.0.0.1", 8080),
        ("http = 1\n", "127.0.0.1", 8080),
    ],
)
def test_where_the_gateway_listens_is_read_without_a_library(
    machine: TreeMachine, text: str, host: str, port: int
) -> None:
    machine.at("/etc/vigie").mkdir(parents=True)
    machine.at("/etc/vigie/gateway.toml").write_text(text)
    assert settled.listening(machine) == settled.Listening(host, port)


def test_a_gateway_that_nobody_hears_is_in_trouble() -> None:
    trouble = settled.gateway_trouble(settled.Listening(port=1), set())
    assert trouble is not None
    assert "no gateway answers at http://127.0.0.1:1" in trouble
