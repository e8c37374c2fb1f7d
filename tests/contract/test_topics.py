"""Topics are built and read in one place, and nothing hostile passes for an identifier."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract import topics
from vigie_contract.errors import ContractError

IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=32)

HOSTILE = [
    "",
    "+",
    "#",
    "$SYS",
    "a/b",
    "a b",
    "Salle",
    "salle_1",
    "a" * 33,
    "é",
    "٣",
    "a\n",
    "a\x00",
    "\ud800",
    "\u202e",
    "<script>",
    "..",
    "%u",
    "$share",
]


@given(IDS, IDS, st.sampled_from(["about", "status", "data", "do", "done"]))
def test_what_is_built_for_a_node_is_read_back_the_same(site: str, node: str, leaf: str) -> None:
    build: Callable[[str, str], str] = getattr(topics, leaf)
    assert topics.parse(build(site, node)) == (site, node, leaf, None)


@given(IDS, IDS, IDS)
def test_an_acknowledgement_topic_is_read_back_with_its_gateway(site: str, node: str, gateway: str) -> None:
    assert topics.parse(topics.ack(site, node, gateway)) == (site, node, "ack", gateway)


@given(st.text())
def test_any_text_is_a_topic_of_ours_or_refused_as_a_topic(text: str) -> None:
    reason, found = None, None
    try:
        found = topics.parse(text)
    except ContractError as error:
        reason = error.reason
    assert reason == "topic" if found is None else text.startswith(f"vigie/1/{found.site}/{found.node}/")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_identifier_is_refused_wherever_it_stands(text: str) -> None:
    assert not topics.is_id(text)
    builders: list[Callable[[], str]] = [
        lambda: topics.data(text, "node"),
        lambda: topics.data("site", text),
        lambda: topics.ack("site", "node", text),
        lambda: topics.all_nodes(text, "data"),
        lambda: topics.alerts("site", text),
    ]
    for build in builders:
        with pytest.raises(ContractError) as caught:
            build()
        assert caught.value.reason == "id"


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "/",
        "vigie",
        "vigie/1/site/node",
        "vigie/1/site/node/data/",
        "/vigie/1/site/node/data",
        "vigie/2/site/node/data",
        "vigie/1/site/node/ack",
        "vigie/1/site/node/ack/",
        "vigie/1/site/node/about/more",
        "vigie/1/+/node/data",
        "vigie/1/#",
        "vigie/1/site/node/data\n",
        "vigie/1/site/node/data\x00",
        "Vigie/1/site/node/data",
        "$SYS/broker/uptime",
        "$share/group/vigie/1/site/node/data",
        "homeassistant/sensor/x/config",
        "x" * 65_535,
        "/".join("a" * 190),
        "vigie/1/<script>/node/data",
        "vigie/1/\u202esite/node/data",
    ],
)
def test_a_topic_that_is_not_ours_is_refused_with_a_short_sentence(topic: str) -> None:
    with pytest.raises(ContractError) as caught:
        topics.parse(topic)
    assert caught.value.reason == "topic"
    assert len(caught.value.detail) < 250
    assert caught.value.detail.isprintable()


@pytest.mark.parametrize("found", [None, 3, 1.5, True, ["a"], {"a": 1}, b"a"])
def test_what_is_not_text_is_no_identifier(found: object) -> None:
    assert not topics.is_id(found)
    with pytest.raises(ContractError, match="room is"):
        topics.check_id(found, "room")


@given(IDS, IDS)
def test_the_topic_of_a_gateways_alerts_is_read_back_with_its_gateway(site: str, gateway: str) -> None:
    assert topics.parse(topics.alerts(site, gateway)) == (site, gateway, "alerts", gateway)


def test_subscriptions_take_every_node_of_one_site_and_every_gateway_of_one_node() -> None:
    assert topics.all_nodes("lieu", "data") == "vigie/1/lieu/+/data"
    assert topics.all_acks("lieu", "pi-accueil") == "vigie/1/lieu/pi-accueil/ack/+"
    assert topics.all_alerts("lieu") == "vigie/1/lieu/+/alerts"
