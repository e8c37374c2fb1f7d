"""Sensors that speak for another place than their gateway's are told of."""

from __future__ import annotations

from tests.gateway.doctor.conftest import TalkingMachine

from vigie_gateway.doctor.own_node import own_node_findings
from vigie_gateway.doctor.pins import SENSORS_FILE


def test_sensors_that_have_another_short_name_than_the_place_are_told_with_what_to_write(
    machine: TalkingMachine,
) -> None:
    machine.put(SENSORS_FILE, 'site = "vigie"\nnode = "pi-1"\n')
    (found,) = own_node_findings(machine, "le-bocal")
    assert found.status == "fail"
    assert 'site = "vigie"' in found.text
    assert 'site = "le-bocal"' in found.remedy


def test_sensors_of_this_place_pass(machine: TalkingMachine) -> None:
    machine.put(SENSORS_FILE, 'site = "le-bocal"\nnode = "pi-1"\n')
    assert [found.status for found in own_node_findings(machine, "le-bocal")] == ["pass"]


def test_a_machine_that_measures_nothing_has_nothing_to_say(machine: TalkingMachine) -> None:
    assert own_node_findings(machine, "le-bocal") == []
    machine.put(SENSORS_FILE, "site = ")
    assert own_node_findings(machine, "le-bocal") == []
