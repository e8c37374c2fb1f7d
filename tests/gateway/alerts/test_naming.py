"""What alerts are about, in the place's own words."""

import pytest
from tests.gateway.conftest import SAMPLE_SITE

from vigie_contract.messages import Channel
from vigie_gateway.alerts.naming import Naming
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.place.site import load_site
from vigie_gateway.store import Series


@pytest.fixture(scope="module")
def naming() -> Naming:
    series = [
        Series(1, "mezzanine", Channel("presence", "presence", 10.0, "mezzanine", "Présence")),
        Series(2, "mezzanine", Channel("battery", "battery", 600.0, "mezzanine")),
    ]
    return Naming(load_site(SAMPLE_SITE), series)


def test_a_circuit_has_its_name_and_the_rooms_of_its_outlets(naming: Naming) -> None:
    cafe = Subject(SubjectKind.CIRCUIT, "c4")
    assert naming.name(cafe)["fr"].startswith("C4")
    assert [one["en"] for one in naming.rooms(cafe)] == ["Café"]


def test_a_circuit_is_also_about_the_rooms_of_the_circuits_below_it(naming: Naming) -> None:
    rooms = [one["en"] for one in naming.rooms(Subject(SubjectKind.CIRCUIT, "general"))]
    assert "Café" in rooms
    assert len(rooms) == len(set(rooms)) > 2


def test_a_node_is_about_the_rooms_of_its_channels_each_once(naming: Naming) -> None:
    node = Subject(SubjectKind.NODE, "mezzanine")
    assert naming.name(node) == {"fr": "mezzanine", "en": "mezzanine"}
    assert len(naming.rooms(node)) == 1


def test_a_channel_is_called_by_its_label_and_by_what_it_measures_without_one(naming: Naming) -> None:
    assert naming.name(Subject(SubjectKind.CHANNEL, "mezzanine.presence"))["fr"] == "Présence"
    assert naming.name(Subject(SubjectKind.CHANNEL, "mezzanine.battery")) == {"fr": "Pile", "en": "Battery"}
    assert naming.name(Subject(SubjectKind.CHANNEL, "mezzanine.gone"))["fr"] == "mezzanine.gone"


def test_a_door_is_about_the_rooms_on_both_sides_but_never_the_street(naming: Naming) -> None:
    assert len(naming.rooms(Subject(SubjectKind.DOOR, "entree"))) == 1
    assert len(naming.rooms(Subject(SubjectKind.DOOR, "salle"))) == 2


def test_the_gateway_has_no_name_and_is_about_the_whole_place(naming: Naming) -> None:
    assert naming.name(Subject(SubjectKind.GATEWAY, "")) == {}
    assert naming.rooms(Subject(SubjectKind.GATEWAY, "")) == ()


def test_what_the_site_file_no_longer_has_is_called_by_its_id(naming: Naming) -> None:
    gone = Subject(SubjectKind.CIRCUIT, "c99")
    assert naming.name(gone) == {"fr": "c99", "en": "c99"}
    assert naming.rooms(gone) == ()
