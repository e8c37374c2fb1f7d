"""A channel that nobody labelled is called by what it measures and of what, in the place's languages."""

from __future__ import annotations

import pytest

from vigie_contract.messages import Channel
from vigie_gateway.place.channel_names import Names, channel_names
from vigie_gateway.place.site import Site, load_site
from vigie_gateway.store import Series

SITE = """
id = "a"
name = "A"
timezone = "Europe/Paris"

[[rooms]]
id = "atelier"
name = "Atelier"
seats = 10

[[circuits]]
id = "c4"
name = { fr = "C4 Atelier", en = "C4 workshop" }
power = "pi.c4-va"
mains = "pi.c4-mains"

[[outlets]]
room = "atelier"
circuit = "c4"
id = "a"
count = 3
in_use = "pi.{id}-in-use"
power = "pi.{id}-va"

[[outlets]]
room = "atelier"
circuit = "c4"
ids = ["p09"]
in_use = "pi.{id}-in-use"

[[access_points]]
id = "ap"
name = "Borne du fond"
rooms = ["atelier"]
stations = "pi.stations"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    path = tmp_path_factory.mktemp("place") / "site.toml"
    path.write_text(SITE, encoding="utf-8")
    return load_site(path)


def names_of(site: Site, *channels: Channel) -> list[Names]:
    """Of one node's channels, in their order."""
    series = [Series(number, "pi", channel) for number, channel in enumerate(channels)]
    names = channel_names(site, series)
    return [names[one.name] for one in series]


@pytest.mark.parametrize(
    ("channel", "french", "english"),
    [
        (Channel("a-3-in-use", "in_use", 10.0, "atelier"), "prise 3", "outlet 3"),
        (
            Channel("a-3-va", "apparent_power", 10.0, "atelier"),
            "Puissance apparente, prise 3",
            "Apparent power, outlet 3",
        ),
        (Channel("p09-in-use", "in_use", 10.0, "atelier"), "prise p09", "outlet p09"),
        (Channel("c4-mains", "mains", 10.0), "Circuit sous tension, C4 Atelier", "Circuit has voltage, C4 workshop"),
        (
            Channel("stations", "stations", 10.0),
            "Appareils connectés, Borne du fond",
            "Devices connected, Borne du fond",
        ),
        (Channel("battery", "battery", 10.0, "atelier"), "Pile", "Battery"),
        (Channel("battery", "battery", 10.0), "Pile, pi", "Battery, pi"),
        (
            Channel("a-3-in-use", "in_use", 10.0, "atelier", "Près de la fenêtre"),
            "Près de la fenêtre",
            "Près de la fenêtre",
        ),
    ],
)
def test_a_channel_is_called_by_its_label_else_by_what_the_place_has_it_for(
    site: Site, channel: Channel, french: str, english: str
) -> None:
    assert names_of(site, channel) == [{"fr": french, "en": english}]


def test_two_of_a_room_that_would_be_called_alike_have_their_id_and_a_label_never_has(site: Site) -> None:
    one, other, labelled, elsewhere = names_of(
        site,
        Channel("left", "current", 10.0, "atelier"),
        Channel("right", "current", 10.0, "atelier"),
        Channel("third", "current", 10.0, "atelier", "Courant"),
        Channel("fourth", "current", 10.0, "cave"),
    )
    assert one == {"fr": "Courant (pi.left)", "en": "Current (pi.left)"}
    assert other["fr"] == "Courant (pi.right)"
    assert labelled == {"fr": "Courant", "en": "Courant"}
    assert elsewhere["fr"] == "Courant"
