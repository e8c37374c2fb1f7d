"""Nodes let in and put out on the real broker as installed: at once, for good, and no other node notices."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.systemd.shipped_broker import SUCCESS, ShippedBroker, needs_mosquitto

from vigie_contract import topics
from vigie_contract.errors import ContractError
from vigie_gateway.doctor import broker_file
from vigie_gateway.nodes.admission import AdmissionError, Broker, broker_of, find_broker, let_in, put_out
from vigie_gateway.nodes.password_file import new_password
from vigie_gateway.settings import BrokerSettings

pytestmark = needs_mosquitto


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShippedBroker]:
    with ShippedBroker(tmp_path_factory.mktemp("broker")) as running:
        yield running


@pytest.fixture
def broker(shipped: ShippedBroker) -> Broker:
    return find_broker(BrokerSettings(port=shipped.port))


def test_the_broker_of_a_gateway_is_found_with_all_that_is_needed_to_let_nodes_in(
    shipped: ShippedBroker, broker: Broker
) -> None:
    assert (broker.config, broker.port, broker.lan_port) == (shipped.configuration, shipped.port, shipped.lan_port)
    assert broker.passwords.users() == ("gateway", "pi-accueil", "pi-salle")
    assert broker.certificate == shipped.configuration.parent / "certs" / "vigie.crt"
    assert broker.key == shipped.configuration.parent / "certs" / "vigie.key"


def test_a_node_that_is_put_out_is_gone_at_once_and_stays_out(shipped: ShippedBroker, broker: Broker) -> None:
    password = new_password()
    with pytest.raises(ContractError):
        let_in(broker, "+", password)
    let_in(broker, "pi-2", password)
    with shipped.gateway() as gateway, shipped.node("pi-salle") as other, shipped.node("pi-2", secret=password) as node:
        gateway.subscribe("vigie/1/+/+/about")
        gateway.subscribe("vigie/1/+/+/status")
        assert node.publish(topics.status("lieu", "pi-2"), b"online", retain=True) == SUCCESS
        assert gateway.heard.get(timeout=10) == (topics.status("lieu", "pi-2"), b"online")
        assert node.publish(topics.about("lieu", "pi-2"), b"{}", retain=True) == SUCCESS
        assert gateway.heard.get(timeout=10) == (topics.about("lieu", "pi-2"), b"{}")
        assert put_out(broker, "lieu", "pi-2")
        assert node.lost.get(timeout=10).is_failure
        assert gateway.heard.get(timeout=10) == (topics.about("lieu", "pi-2"), b""), "it is out of the place too"
        assert gateway.heard.get(timeout=10) == (topics.status("lieu", "pi-2"), b"")
        with shipped.node("pi-2", secret=password) as again:
            assert again.connected.is_failure
        assert other.publish(topics.about("lieu", "pi-salle"), b"{}", retain=True) == SUCCESS
        assert gateway.heard.get(timeout=10) == (topics.about("lieu", "pi-salle"), b"{}")
        with pytest.raises(queue.Empty):
            other.lost.get_nowait()
    assert broker.passwords.users() == ("gateway", "pi-accueil", "pi-salle")
    assert not put_out(broker, "lieu", "pi-2")


def test_another_password_for_a_node_ends_the_one_before(shipped: ShippedBroker, broker: Broker) -> None:
    let_in(broker, "pi-3", "the first of two")
    with shipped.node("pi-3", secret="the first of two") as node:
        assert node.connected.value == SUCCESS
        let_in(broker, "pi-3", "the second of two")
        assert node.lost.get(timeout=10).is_failure
    with shipped.node("pi-3", secret="the first of two") as late:
        assert late.connected.is_failure
    with shipped.node("pi-3", secret="the second of two") as now:
        assert now.connected.value == SUCCESS
    put_out(broker, "lieu", "pi-3")


def test_without_a_broker_nobody_is_let_in_and_who_is_put_out_stays_out(tmp_path: Path) -> None:
    silent = broker_of(broker_file.read(ShippedBroker(tmp_path).configuration))
    with pytest.raises(AdmissionError, match="no broker runs with"):
        let_in(silent, "pi-2", new_password())
    assert put_out(silent, "lieu", "pi-salle")
    assert silent.passwords.users() == ("gateway", "pi-accueil")


def test_a_broker_of_others_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "mosquitto.conf"
    path.write_text("listener 1883\n")
    with pytest.raises(AdmissionError, match="no password_file"):
        find_broker(BrokerSettings(config_file=str(path)))
    with pytest.raises(AdmissionError, match="cannot be read"):
        find_broker(BrokerSettings(config_file=str(tmp_path / "none")))
