"""What an installation wants, does, and does not do again: on a system in a folder."""

import re
import stat
import subprocess
from pathlib import Path

import pytest
from tests.gateway.install.conftest import SOURCE, PowerCut, TreeMachine, complete

from vigie_gateway.broker import find_mosquitto
from vigie_gateway.install.actions import Step
from vigie_gateway.install.examination import PENDING, examine
from vigie_gateway.install.execution import StepError, carry_out, show
from vigie_gateway.install.steps import CREDENTIALS, install_steps
from vigie_gateway.install.wishes import Kind, Wishes, kind_of, obstacles
from vigie_gateway.nodes.password_file import is_password
from vigie_gateway.nodes.rights import bound
from vigie_gateway.settings import load_settings
from vigie_sensors.config import load_config
from vigie_sensors.registry import Registry

DEBIAN = Kind(is_debian=True, release=12, is_raspberry=False, machine="x86_64", is_64_bit=True, python=(3, 11))
RASPBERRY = Kind(is_debian=True, release=13, is_raspberry=True, machine="aarch64", is_64_bit=True, python=(3, 13))
GATEWAY = Wishes(node="pi-1", site="vigie")
SENSORS = Wishes(node="pi-2", site="vigie", is_gateway=False)


def steps(wishes: Wishes = GATEWAY, kind: Kind = DEBIAN, *, is_enrolled: bool = False) -> list[Step]:
    return install_steps(wishes, kind, SOURCE, is_enrolled=is_enrolled)


def install(machine: TreeMachine, wishes: Wishes = GATEWAY, kind: Kind = DEBIAN) -> list[str]:
    said: list[str] = []
    carry_out(steps(wishes, kind), machine, said.append)
    return said


def without_secrets(machine: TreeMachine) -> dict[str, str]:
    secret = (
        "/etc/vigie/gateway-devices.password",
        "/etc/vigie/credentials/",
        "/etc/mosquitto/vigie.passwd",
        "/etc/mosquitto/certs/",
        "/var/lib/dpkg/",
    )
    return {path: "" if path.startswith(secret) else text for path, text in machine.files().items()}


def files_left(machine: TreeMachine) -> list[str]:
    """What is still to be done, but for what asks whether a unit runs: a tree has none."""
    outstanding = examine(steps(), machine)
    return [str(action) for found in outstanding for action in found.actions if not str(action).startswith("systemctl")]


def test_a_dry_run_tells_every_step_and_changes_nothing(machine: TreeMachine) -> None:
    before = machine.files()
    said: list[str] = []
    assert show(steps(), machine, said.append) > 20
    assert machine.files() == before
    assert machine.ran == []
    assert {step.does for step in steps()} <= {line[10:] for line in said}


def test_a_second_run_finds_everything_as_it_should_be(machine: TreeMachine) -> None:
    install(machine)
    assert files_left(machine) == []
    before = machine.files()
    install(machine)
    assert machine.files() == before


def test_the_passwords_are_random_and_closed_and_the_broker_knows_their_digests(machine: TreeMachine) -> None:
    install(machine)
    found = [machine.at(f"{CREDENTIALS}/{name}") for name in ("gateway", "sensors")]
    assert [stat.S_IMODE(path.stat().st_mode) for path in found] == [0o600, 0o600]
    assert stat.S_IMODE(machine.at(CREDENTIALS).stat().st_mode) == 0o700
    secrets = {path.read_text().strip() for path in found}
    assert len(secrets) == 2
    known = machine.at("/etc/mosquitto/vigie.passwd")
    assert stat.S_IMODE(known.stat().st_mode) == 0o640
    assert re.findall(r"^(.+?):\$7\$101\$", known.read_text(), re.MULTILINE) == ["gateway-devices", "gateway", "pi-1"]
    assert not [secret for secret in secrets if secret in known.read_text() + " ".join(machine.ran)]


def test_a_password_without_its_digest_is_made_anew_and_no_other_is_touched(machine: TreeMachine) -> None:
    install(machine)
    known = machine.at("/etc/mosquitto/vigie.passwd")
    devices, kept, node = known.read_text().splitlines()
    known.write_text(f"{devices}\n{kept}\npi-9:$7$101$c2FsdA==$a2V5\n")
    install(machine)
    lines = known.read_text().splitlines()
    assert lines[:3] == [devices, kept, "pi-9:$7$101$c2FsdA==$a2V5"]
    assert lines[3].startswith("pi-1:$7$")
    assert lines[3] != node


def test_the_gateway_alone_reads_the_password_with_which_it_hears_devices(machine: TreeMachine) -> None:
    install(machine)
    path = machine.at("/etc/vigie/gateway-devices.password")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    settings = load_settings(machine.at("/etc/vigie/gateway.toml"))
    assert (settings.devices.password_file, settings.devices.is_on) == ("/etc/vigie/gateway-devices.password", False)
    assert is_password(machine.at("/etc/mosquitto/vigie.passwd").read_text().splitlines()[0], path.read_text().strip())
    turned_on = machine.at("/etc/vigie/gateway.toml").read_text() + 'families = ["tasmota"]\n'
    machine.at("/etc/vigie/gateway.toml").write_text(turned_on)
    assert load_settings(machine.at("/etc/vigie/gateway.toml")).devices.is_on


def test_the_places_own_rights_stay_and_the_shipped_ones_are_put_back(machine: TreeMachine) -> None:
    install(machine)
    path = machine.at("/etc/mosquitto/vigie.acl")
    shipped = path.read_text()
    own = "user recorder\ntopic read vigie/#\n"
    path.write_text(bound(shipped, "lieu") + own)
    assert files_left(machine) == []
    path.write_text(bound(shipped, "lieu").replace("topic deny vigie/#\n", "") + own)
    assert len(files_left(machine)) == 1
    install(machine)
    assert path.read_text() == bound(shipped, "lieu") + own


def test_a_persons_configuration_stays_as_it_is(machine: TreeMachine) -> None:
    path = machine.at("/etc/vigie/gateway.toml")
    path.parent.mkdir(parents=True)
    path.write_text("# mine\n")
    install(machine)
    assert path.read_text() == "# mine\n"


def test_the_first_configuration_is_right(machine: TreeMachine) -> None:
    install(machine)
    settings = load_settings(machine.at("/etc/vigie/gateway.toml"))
    assert settings.broker.password_file == "/run/credentials/vigie-gateway.service/broker-password"
    path = machine.at("/etc/vigie/sensors.toml")
    # The one thing that is not there before systemd starts the daemon.
    path.write_text(re.sub(r"^password_file.*", "", path.read_text(), flags=re.MULTILINE))
    config = load_config(path, Registry())
    assert (config.site, config.node) == ("vigie", "pi-1")
    assert [sensor.driver for sensor in config.sensors] == ["latency", "dns"]


def test_what_a_run_that_was_cut_off_changed_is_taken_notice_of_by_the_next(machine: TreeMachine) -> None:
    machine.failing = {"daemon-reload"}
    with pytest.raises(StepError, match="Then start this again"):
        install(machine)
    waiting = machine.at(PENDING).read_text().split()
    assert {"systemd", "mosquitto.service", "vigie-gateway.service"} <= set(waiting)
    machine.failing, machine.ran = set(), []
    install(machine)
    assert {"systemctl daemon-reload", "systemctl restart mosquitto.service"} <= set(machine.ran)
    assert not machine.at(PENDING).exists()


def test_programs_that_were_half_installed_are_made_anew(bare_machine: TreeMachine) -> None:
    bare_machine.failing = {"--require-hashes"}
    with pytest.raises(StepError, match=r"programs of version .*\n.*Without internet"):
        install(bare_machine)
    assert "/opt/vigie/current" not in bare_machine.files()
    bare_machine.failing = set()
    install(bare_machine)
    assert bare_machine.at("/opt/vigie/current/.complete").is_file()


def test_programs_of_an_older_system_are_made_anew(machine: TreeMachine) -> None:
    """An upgrade of Debian leaves environments whose Python is gone."""
    install(machine)
    machine.at("/usr/bin").mkdir(parents=True)
    machine.at("/usr/bin/python3").symlink_to("python3.13")
    assert [line for line in files_left(machine) if "install Vigie" in line]


def test_wherever_a_run_is_cut_off_the_next_one_makes_it_whole(tmp_path: Path, machine: TreeMachine) -> None:
    install(machine)
    count, whole = len(machine.ran), without_secrets(machine)
    assert count > 10
    for at in range(1, count + 1):
        other = complete(tmp_path / f"cut-{at}")
        other.cut_at = at
        with pytest.raises(PowerCut):
            install(other)
        other.cut_at = None
        install(other)
        assert without_secrets(other) == whole, machine.ran[at - 1]
        assert not other.at(PENDING).exists()


def test_an_older_list_of_packages_is_fetched_again(machine: TreeMachine) -> None:
    machine.failing = {" install "}
    with pytest.raises(StepError, match="packages of the system: apt-get ended"):
        install(machine)
    assert [("update" in line, "install" in line) for line in machine.ran] == [
        (False, True),
        (True, False),
        (False, True),
    ]


def test_only_what_is_missing_is_installed(machine: TreeMachine) -> None:
    install(machine)
    status = machine.at("/var/lib/dpkg/status")
    status.write_text(
        status.read_text().replace("iw\nStatus: install ok installed", "iw\nStatus: deinstall ok config-files")
    )
    machine.ran = []
    install(machine)
    assert [line.split()[-1] for line in machine.ran if "apt-get" in line] == ["iw"]


def test_the_broker_listens_for_others_only_once_it_has_its_certificate(machine: TreeMachine) -> None:
    machine.failing = {"certificates"}
    with pytest.raises(StepError, match="encrypted, port 8883"):
        install(machine)
    assert "/etc/mosquitto/conf.d/vigie-lan.conf" not in machine.files()
    machine.failing = set()
    install(machine)
    assert "listener 8883" in machine.at("/etc/mosquitto/conf.d/vigie-lan.conf").read_text()


def test_the_pages_are_served_to_the_network_only_when_asked_for_and_with_a_certificate(machine: TreeMachine) -> None:
    install(machine)
    assert load_settings(machine.at("/etc/vigie/gateway.toml")).http.host == "127.0.0.1"
    machine.at("/etc/vigie/gateway.toml").unlink()
    install(machine, Wishes(node="pi-1", site="vigie", name="cafe", has_https=True))
    http = load_settings(machine.at("/etc/vigie/gateway.toml")).http
    assert (http.host, http.names) == ("0.0.0.0", ("cafe.local",))
    assert http.certificate_file == "/etc/vigie/https/vigie.crt"
    assert machine.at("/etc/systemd/system/vigie-gateway.service.d/pages.conf").is_file()
    assert "/opt/vigie/bin/vigie-gateway certificates --name cafe.local --https" in machine.ran


def test_a_pi_that_only_measures_gets_no_broker_and_no_gateway(machine: TreeMachine) -> None:
    install(machine, SENSORS)
    changed = " ".join([*machine.files(), *machine.ran])
    assert "mosquitto" not in changed
    assert "vigie-gateway.service" not in changed
    assert "/etc/systemd/system/vigie-sensors.service" in machine.files()
    assert "vigie-sensors.service" not in " ".join(line for line in machine.ran if "enable" in line)


def test_a_pi_that_only_measures_starts_once_it_knows_its_gateway() -> None:
    actions = [str(action) for step in steps(SENSORS, is_enrolled=True) for action in step.actions]
    assert "let vigie-sensors.service start with vigie.target" in actions


def test_a_raspberry_sees_the_systems_own_library_of_the_pins(bare_machine: TreeMachine) -> None:
    install(bare_machine, kind=RASPBERRY)
    assert "python3-lgpio" in next(line for line in bare_machine.ran if "apt-get" in line)
    assert "--system-site-packages" in next(line for line in bare_machine.ran if " -m venv " in line)
    assert "--ignore-installed" in next(line for line in bare_machine.ran if "--require-hashes" in line)
    assert not RASPBERRY.lacks_lgpio


def test_every_dependency_is_installed_by_its_hash_and_never_built(bare_machine: TreeMachine) -> None:
    install(bare_machine, Wishes(node="pi-1", site="vigie", bundle=Path("/srv/bundle")))
    first, second = (line for line in bare_machine.ran if " -m pip " in line and " install " in line)
    for option in ("--require-hashes", "--only-binary :all:", "--no-index --find-links /srv/bundle"):
        assert option in first
    assert "--no-index" in second


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (Kind(False, 0, False, "x86_64", True, (3, 12)), "not Debian"),
        (Kind(True, 11, False, "x86_64", True, (3, 11)), "12 or newer"),
        (Kind(True, 12, True, "armv7l", False, (3, 11)), "32-bit"),
        (Kind(True, 12, False, "x86_64", True, (3, 9)), "Python is 3.9"),
    ],
)
def test_a_system_that_will_not_do_is_told_why(kind: Kind, words: str) -> None:
    (told,) = obstacles(kind, 10**10, has_systemd=True, is_by_hand=False)
    assert words in told


def test_a_64_bit_debian_whose_python_has_no_lgpio_is_known() -> None:
    found = Kind(is_debian=True, release=13, is_raspberry=False, machine="aarch64", is_64_bit=True, python=(3, 13))
    assert found.lacks_lgpio
    assert not DEBIAN.lacks_lgpio
    assert obstacles(found, 10**10, has_systemd=True, is_by_hand=False) == []


def test_what_is_in_the_way_is_told_all_at_once() -> None:
    assert len(obstacles(DEBIAN, 1, has_systemd=False, is_by_hand=True)) == 3
    assert obstacles(DEBIAN, 10**10, has_systemd=True, is_by_hand=False) == []


@pytest.mark.parametrize(
    ("text", "is_debian", "release"),
    [
        ('ID=debian\nVERSION_ID="13"\n', True, 13),
        ("ID=debian\n", True, 0),
        ('ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n', True, 0),
        ('ID=fedora\nVERSION_ID="41"\n', False, 0),
        ("", False, 0),
    ],
)
def test_a_machine_is_known_by_its_own_word(machine: TreeMachine, text: str, is_debian: bool, release: int) -> None:
    machine.at("/etc/os-release").write_text(text)
    found = kind_of(machine)
    assert (found.is_debian, found.release, found.is_raspberry) == (is_debian, release, False)


@pytest.mark.skipif(find_mosquitto() is None, reason="Mosquitto is missing: ./run test installs it")
def test_mosquitto_knows_a_password_that_was_made(machine: TreeMachine) -> None:
    """Its own program takes the file: what it cannot read it would complain of."""
    install(machine)
    path = machine.at("/etc/mosquitto/vigie.passwd")
    done = subprocess.run(
        ["mosquitto_passwd", "-D", path, "pi-1"], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in path.read_text().splitlines()] == ["gateway-devices", "gateway"]
