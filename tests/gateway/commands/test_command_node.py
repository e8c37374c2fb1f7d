"""``vigie-gateway node`` and ``certificates``, as typed: what cannot be done is one line, and nothing was changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.systemd.shipped_broker import ShippedBroker, needs_mosquitto

from vigie_gateway.__main__ import main
from vigie_gateway.certificates.authority import facts_of
from vigie_gateway.nodes.password_file import hashed

pytestmark = needs_mosquitto


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Of a gateway whose broker is configured and does not run."""
    broker = ShippedBroker(tmp_path / "mosquitto")
    path = tmp_path / "gateway.toml"
    path.write_text(
        f'[broker]\nport = {broker.port}\nconfig_file = "{broker.configuration}"\n'
        f'[http]\nport = 1\n[store]\npath = "{tmp_path}/vigie.db"\n'
    )
    return path


def node(config: Path, *words: str) -> int:
    return main(["node", "--config", str(config), *words])


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "Pi 2"), 1, "NAME is 'Pi 2', expected 1 to 32 characters of a-z, 0-9 and -"),
        (("add", "#"), 1, "NAME is '#', expected 1 to 32 characters of a-z, 0-9 and -"),
        (("add", "gateway"), 1, "gateway is the gateway's own name at the broker, and no node's"),
        (("add", "homeassistant"), 1, "homeassistant has rights of its own in "),
        (("revoke", "gateway"), 1, "gateway is the gateway's own name at the broker, and no node's"),
        (("revoke", "pi-9"), 1, "there is no node pi-9: the nodes are pi-accueil, pi-salle"),
        (("add", "pi-salle"), 1, "there is a node pi-salle already: --replace gives it another credential"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    config: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, said: str
) -> None:
    passwords = config.parent / "mosquitto" / "vigie.passwd"
    before = passwords.read_bytes()
    assert node(config, *words) == code
    told = capsys.readouterr().err
    assert told.startswith(said)
    assert len(told.splitlines()) == 1
    assert passwords.read_bytes() == before


def test_a_list_names_every_node_also_where_no_gateway_tells_of_them(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert node(config, "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("\t")[0] for line in lines] == ["pi-accueil", "pi-salle"]
    assert all("not known whether it is heard: no gateway answers" in line for line in lines)


def test_programs_with_rights_of_their_own_and_the_gateways_users_are_no_nodes(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = config.parent / "mosquitto"
    with (folder / "vigie.acl").open("a") as rights:
        rights.write("user recorder\ntopic read vigie/#\n")
    with (folder / "vigie.passwd").open("a") as users:
        users.writelines(f"{hashed(name, 'a')}\n" for name in ("homeassistant", "gateway-devices", "recorder"))
    assert node(config, "list") == 0
    assert [line.partition("\t")[0] for line in capsys.readouterr().out.splitlines()] == ["pi-accueil", "pi-salle"]


def test_a_node_is_put_out_where_no_broker_runs(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert node(config, "revoke", "pi-salle") == 0
    assert capsys.readouterr().out.startswith("pi-salle is out: its password does not hold any more")
    assert "pi-salle" not in (config.parent / "mosquitto" / "vigie.passwd").read_text()


def test_without_a_listener_for_nodes_or_a_broker_the_remedy_is_said(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config.parent / "mosquitto" / "conf.d" / "vigie-lan.conf").unlink()
    assert node(config, "add", "pi-2") == 69
    assert "put systemd/mosquitto/vigie-lan.conf into /etc/mosquitto/conf.d" in capsys.readouterr().err
    (config.parent / "mosquitto" / "mosquitto.conf").unlink()
    assert node(config, "list") == 69
    assert "the broker's configuration cannot be read" in capsys.readouterr().err


def test_certificates_are_shown_then_made_then_left_alone(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [f"--{name}={tmp_path / name}" for name in ("authority", "broker", "https")]
    command = ["certificates", "--config", str(config), "--name", "vigie.example.org", *folders]
    assert main([*command, "--dry-run"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert not (tmp_path / "authority").exists()
    assert main(command) == 0
    names = facts_of((tmp_path / "https" / "vigie.crt").read_bytes()).names
    assert names[0] == "vigie.local"
    assert {"vigie.example.org", "127.0.0.1"} <= set(names)
    capsys.readouterr()
    assert main(command) == 0
    assert capsys.readouterr().out == "nothing to do: the authority and its certificates fit\n"
    assert main([*command, "--name", "elsewhere.example"]) == 1
    assert "was not made for 'elsewhere.example'" in capsys.readouterr().err
