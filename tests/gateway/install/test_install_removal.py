"""What is left when Vigie is taken off a machine again."""

import pytest
from tests.gateway.install.conftest import AVAHI_CONF, SOURCE, TreeMachine

from vigie_gateway.commands import uninstall
from vigie_gateway.install.execution import carry_out
from vigie_gateway.install.removal import removal_steps
from vigie_gateway.install.steps import install_steps
from vigie_gateway.install.wishes import Kind, Wishes

DEBIAN = Kind(is_debian=True, release=12, is_raspberry=False, machine="x86_64", is_64_bit=True, python=(3, 11))


@pytest.fixture
def installed(machine: TreeMachine) -> TreeMachine:
    carry_out(install_steps(Wishes("pi-1", "vigie"), DEBIAN, SOURCE, is_enrolled=False), machine, lambda _: None)
    machine.at("/var/lib/vigie").mkdir(parents=True)
    machine.at("/var/lib/vigie/vigie.db").write_text("readings")
    return machine


def remove(machine: TreeMachine, *, with_data: bool = False) -> None:
    carry_out(removal_steps("vigie", has_broker=True, with_data=with_data), machine, lambda _: None)


def ours(machine: TreeMachine) -> set[str]:
    return {path for path in machine.files() if "vigie" in path}


def test_readings_configuration_and_passwords_stay(installed: TreeMachine) -> None:
    remove(installed)
    assert ours(installed) == {
        "/etc/mosquitto/certs/vigie.crt",
        "/etc/mosquitto/certs/vigie.key",
        "/etc/mosquitto/vigie.acl",
        "/etc/mosquitto/vigie.passwd",
        "/etc/vigie/credentials/gateway",
        "/etc/vigie/credentials/sensors",
        "/etc/vigie/gateway-devices.password",
        "/etc/vigie/gateway.toml",
        "/etc/vigie/sensors.toml",
        "/var/lib/vigie/vigie.db",
    }
    assert installed.at("/etc/avahi/avahi-daemon.conf").read_text() == AVAHI_CONF.replace("foo", "vigie")
    assert "systemctl disable --now vigie-gateway.service" in installed.ran
    assert "systemctl try-restart mosquitto.service" in installed.ran


def test_nothing_stays_when_that_is_asked_for(installed: TreeMachine) -> None:
    remove(installed, with_data=True)
    assert ours(installed) == set()
    assert {"userdel vigie-gateway", "userdel vigie-sensors"} <= set(installed.ran)


def test_installing_again_finds_what_was_there(installed: TreeMachine) -> None:
    secret = installed.at("/etc/vigie/credentials/gateway").read_text()
    remove(installed)
    steps = install_steps(Wishes("pi-1", "vigie"), DEBIAN, SOURCE, is_enrolled=False)
    carry_out(steps, installed, lambda _: None)
    assert installed.at("/etc/vigie/credentials/gateway").read_text() == secret


def test_data_are_deleted_only_when_that_is_said_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import argparse

    commands = argparse.ArgumentParser().add_subparsers()
    uninstall.add_parser(commands)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    options = commands.choices["uninstall"].parse_args(["--purge"])
    assert uninstall.run(options) == 2
    assert "--purge deletes all readings, and asks" in capsys.readouterr().err
