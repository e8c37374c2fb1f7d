"""The units load, are as closed as promised, and start programs that the package installs."""

import configparser
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is missing: apt-get install systemd"
)
every_service = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.stem)


class _Repeating(dict[str, str]):
    """Keeps every line of a directive that a unit repeats, one under the other."""

    def __setitem__(self, key: str, value: object) -> None:
        if isinstance(value, list) and key in self:
            value = [*self[key], *value]
        super().__setitem__(key, value)  # type: ignore[assignment]  # configparser holds lists while it reads


def read_unit(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=False, dict_type=_Repeating, delimiters="=")
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # directives keep their capitals
    unit.read(path)
    return unit


def directive(path: Path, name: str) -> str:
    return read_unit(path)["Service"][name].strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Our units as they are, but for a program that exists on this machine and folders that it may enter."""
    for path in [*SERVICES, *UNITS.glob("*.target")]:
        text = re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", path.read_text(), flags=re.MULTILINE)
        (tmp_path / path.name).write_text(text)
    return tmp_path


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )


@needs_systemd
def test_systemd_finds_nothing_to_say_of_the_units(tree: Path) -> None:
    done = analyze("verify", *sorted(tree.iterdir()))
    ours = [line for line in done.stderr.splitlines() if "vigie" in line or str(tree) in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


@needs_systemd
def test_systemd_would_say_what_is_wrong_with_a_unit(tree: Path) -> None:
    """The verification above is real: a directive that Debian 12 does not know is named."""
    path = tree / "vigie-gateway.service"
    path.write_text(path.read_text().replace("RestartSec=5", "RestartSec=5\nRestartStepz=6"))
    assert "RestartStepz" in analyze("verify", path).stderr


@needs_systemd
@pytest.mark.parametrize(("service", "exposure"), [("vigie-gateway", 1.5), ("vigie-sensors", 2.0)])
def test_a_unit_is_no_more_exposed_than_promised(service: str, exposure: float) -> None:
    done = analyze("security", "--offline=true", f"--threshold={exposure * 10:.0f}", UNITS / f"{service}.service")
    assert done.returncode == 0, done.stdout[-300:]


@needs_systemd
def test_the_drop_in_closes_the_brokers_unit(tmp_path: Path) -> None:
    """Debian's own unit measures 9.6; with the drop-in it must stay below 1.5."""
    path = tmp_path / "mosquitto.service"
    path.write_text("[Service]\nType=notify\nExecStartPre=/bin/true\nExecStart=/usr/sbin/mosquitto\n")
    folder = tmp_path / "mosquitto.service.d"
    folder.mkdir()
    assert analyze("security", "--offline=true", "--threshold=90", path).returncode != 0
    shutil.copy(UNITS / "mosquitto.service.d" / "vigie.conf", folder)
    done = analyze("security", "--offline=true", "--threshold=15", path)
    assert done.returncode == 0, done.stdout[-300:]


@needs_systemd
@pytest.mark.parametrize(
    ("drop_in", "service", "exposure"),
    [
        ("scan.conf", "vigie-sensors", 2.5),
        ("remote-broker.conf", "vigie-gateway", 1.6),
        ("pages.conf", "vigie-gateway", 1.6),
        ("calendars.conf", "vigie-gateway", 1.8),
    ],
)
def test_an_optional_drop_in_opens_no_more_than_it_says(
    tree: Path, drop_in: str, service: str, exposure: float
) -> None:
    folder = tree / f"{service}.service.d"
    folder.mkdir()
    shutil.copy(UNITS / "optional" / drop_in, folder)
    path = tree / f"{service}.service"
    assert analyze("verify", path).stderr == ""
    done = analyze("security", "--offline=true", f"--threshold={exposure * 10:.0f}", path)
    assert done.returncode == 0, done.stdout[-300:]


@every_service
def test_a_unit_starts_a_command_that_the_package_installs(service: Path) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    program, command = directive(service, "ExecStart").split()
    assert Path(program).parent == Path("/opt/vigie/bin")
    assert Path(program).name == service.stem
    assert Path(program).name in scripts
    assert command == "run"


@every_service
def test_a_unit_is_watched_and_not_restarted_on_a_wrong_configuration(service: Path) -> None:
    assert directive(service, "Type") == "notify"
    assert directive(service, "NotifyAccess") == "main"
    assert int(directive(service, "WatchdogSec")) >= 10
    assert directive(service, "Restart") == "always"
    assert directive(service, "RestartPreventExitStatus") == "78"
    assert int(directive(service, "TimeoutStopSec")) <= 30


@every_service
def test_a_unit_may_ask_whether_its_clock_is_right(service: Path) -> None:
    """ProtectClock= forbids adjtimex(2) even for reading; a gateway that cannot ask would store nothing."""
    section = read_unit(service)["Service"]
    assert "ProtectClock" not in section
    assert "adjtimex" in section["SystemCallFilter"].splitlines()[-1]
    assert section["CapabilityBoundingSet"].strip() == ""


@every_service
def test_a_units_working_folder_can_be_written(service: Path) -> None:
    """Lgpio drops a FIFO into it, and SQLite its temporary files."""
    section = read_unit(service)["Service"]
    writable = {
        f"{base}/{section[key].strip()}"
        for base, key in (("/var/lib", "StateDirectory"), ("/run", "RuntimeDirectory"))
        if key in section
    }
    assert section["WorkingDirectory"].strip() in writable


def test_the_pins_stay_in_reach_of_the_sensors() -> None:
    """Device groups, and none of the settings that would take them away."""
    section = read_unit(UNITS / "vigie-sensors.service")["Service"]
    assert set(section["SupplementaryGroups"].split()) == {"gpio", "spi", "dialout"}
    assert "PrivateUsers" not in section
    assert "PrivateDevices" not in section
    allowed = {line.split()[0] for line in section["DeviceAllow"].splitlines()}
    assert {"char-gpiochip", "char-spi", "char-ttyAMA", "char-ttyS", "char-ttyUSB", "char-ttyACM"} <= allowed
    assert section["ProcSubset"].strip() == "all", "gpiozero reads the model in /proc/device-tree"


def test_every_user_and_group_of_the_units_is_made() -> None:
    lines = (UNITS / "sysusers.d" / "vigie.conf").read_text().splitlines()
    made = {line.split()[1] for line in lines if line and not line.startswith("#")}
    for service in SERVICES:
        section = read_unit(service)["Service"]
        asked = {section["User"].strip(), section["Group"].strip(), *section.get("SupplementaryGroups", "").split()}
        assert asked <= made


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is missing")
def test_the_users_can_be_made_on_a_fresh_system(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    folder = tmp_path / "usr" / "lib" / "sysusers.d"
    folder.mkdir(parents=True)
    shutil.copy(UNITS / "sysusers.d" / "vigie.conf", folder)
    done = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}"], capture_output=True, text=True, check=False, timeout=60
    )
    if "denied" in done.stderr or "Permission" in done.stderr or "not permitted" in done.stderr:
        pytest.skip(f"this user may not make a tree of its own: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert "vigie-gateway:" in (tmp_path / "etc" / "passwd").read_text()
    assert "gpio:" in (tmp_path / "etc" / "group").read_text()


@pytest.mark.skipif(shutil.which("systemd-tmpfiles") is None, reason="systemd-tmpfiles is missing")
def test_the_folders_are_made_with_the_passwords_closed(tmp_path: Path) -> None:
    folder = tmp_path / "usr" / "lib" / "tmpfiles.d"
    folder.mkdir(parents=True)
    owners = (tmp_path / "etc", tmp_path / "var")
    for owner in owners:
        owner.mkdir()
    shutil.copy(UNITS / "tmpfiles.d" / "vigie.conf", folder)
    done = subprocess.run(
        ["systemd-tmpfiles", f"--root={tmp_path}", "--create", "--exclude-prefix=/dev", "vigie.conf"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if "denied" in done.stderr or "not permitted" in done.stderr:
        pytest.skip(f"this user may not give folders to root: {done.stderr.strip()}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "etc" / "vigie" / "credentials").stat().st_mode & 0o777 == 0o700
