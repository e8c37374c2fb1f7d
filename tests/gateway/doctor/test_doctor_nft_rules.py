"""What the kernel's rules make of a new connection, and that what they cannot tell stays open both ways."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_gateway.doctor.nft_rules import ACCEPT, DROP, Packet, Rules, RulesError

LISTING = Path(__file__).with_name("nft_listing.json").read_text(encoding="utf-8")
"""As nft 1.0.6 printed it, of rules with a set, a range, a verdict map and a chain of their own."""
BOTH = {ACCEPT, DROP}
TO_PORT = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 8883}}


def listing(*rules: tuple[str, list[Any]], policy: str = "accept") -> str:
    """A table with one chain of input and chains beside it."""
    base = {"family": "inet", "table": "t", "name": "input", "type": "filter", "hook": "input", "policy": policy}
    entries: list[dict[str, Any]] = [{"chain": base}]
    entries += [{"rule": {"family": "inet", "table": "t", "chain": chain, "expr": expr}} for chain, expr in rules]
    return json.dumps({"nftables": entries})


NODES = Packet("tcp", 8883)


def outcomes(text: str, packet: Packet = NODES) -> set[str]:
    return set(Rules(text).outcomes(packet))


@pytest.mark.parametrize(
    ("packet", "expected"),
    [
        (Packet("tcp", 22), {ACCEPT}),
        (Packet("tcp", 8080), {ACCEPT}),
        (Packet("tcp", 8883), BOTH),
        (Packet("tcp", 9000), BOTH),
        (Packet("tcp", 8885), {DROP}),
        (Packet("tcp", 8443), {ACCEPT}),
        (Packet("tcp", 75), {ACCEPT}),
        (Packet("udp", 75), {DROP}),
        (Packet("udp", 5353, "224.0.0.251"), {ACCEPT}),
        (Packet("udp", 5353), BOTH),
        (Packet("tcp", 5353), {DROP}),
    ],
)
def test_a_recorded_listing_is_followed_as_the_kernel_follows_it(packet: Packet, expected: set[str]) -> None:
    assert outcomes(LISTING, packet) == expected


def test_without_a_chain_for_what_comes_in_everything_does() -> None:
    assert Rules('{"nftables": []}').is_empty
    assert outcomes('{"nftables": []}') == {ACCEPT}
    assert not Rules(listing()).is_empty


def test_the_policy_decides_what_no_rule_does() -> None:
    assert outcomes(listing()) == {ACCEPT}
    assert outcomes(listing(policy="drop")) == {DROP}


def test_a_chain_that_drops_is_not_undone_by_one_that_accepts() -> None:
    entries = json.loads(listing())["nftables"] + json.loads(listing(policy="drop").replace('"t"', '"u"'))["nftables"]
    assert outcomes(json.dumps({"nftables": entries})) == {DROP}


def test_iptables_own_matches_leave_both_ways_possible() -> None:
    text = listing(("input", [{"xt": {"type": "match", "name": "multiport"}}, {"accept": None}]), policy="drop")
    assert outcomes(text) == BOTH


def test_a_return_ends_its_chain_and_a_goto_does_not_come_back_to_the_one_it_left() -> None:
    to_more: tuple[str, list[Any]] = ("input", [{"jump": {"target": "more"}}])
    more: list[tuple[str, list[Any]]] = [("more", [TO_PORT, {"return": None}]), ("more", [{"drop": None}])]
    assert outcomes(listing(to_more, *more)) == {ACCEPT}
    assert outcomes(listing(to_more, *more), Packet("tcp", 1)) == {DROP}
    by_goto = listing(("input", [{"goto": {"target": "more"}}]), ("input", [{"drop": None}]), more[0])
    assert outcomes(by_goto) == {ACCEPT}


def test_what_is_not_equal_and_what_is_of_another_kind_is_not_met() -> None:
    other = {"match": {**TO_PORT["match"], "op": "!="}}
    assert outcomes(listing(("input", [other, {"drop": None}]))) == {ACCEPT}
    assert outcomes(listing(("input", [other, {"drop": None}])), Packet("tcp", 1)) == {DROP}
    of_udp = {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 8883}}
    assert outcomes(listing(("input", [of_udp, {"drop": None}]))) == {ACCEPT}


def test_chains_that_lead_in_a_circle_come_to_an_end() -> None:
    text = listing(("input", [{"jump": {"target": "a"}}]), ("a", [{"jump": {"target": "a"}}]))
    assert outcomes(text) == BOTH


@pytest.mark.parametrize("text", ["", "no", "[]", "{}", '{"nftables": 3}'])
def test_what_is_no_listing_is_refused(text: str) -> None:
    with pytest.raises(RulesError):
        Rules(text)


WORDS = [
    "match",
    "left",
    "right",
    "op",
    "payload",
    "protocol",
    "field",
    "set",
    "range",
    "elem",
    "val",
    "accept",
    "drop",
    "jump",
    "target",
    "vmap",
    "key",
    "data",
    "meta",
    "ct",
    "xt",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9000) | st.sampled_from(["lo", "@nodes", "tcp", "input", "8883"]),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(WORDS), part, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60)
@given(expressions=st.lists(JSON, max_size=4))
def test_any_rule_leaves_one_of_the_two_or_both(expressions: list[Any]) -> None:
    found = outcomes(listing(("input", expressions)))
    assert found
    assert found <= BOTH


@pytest.mark.root
@pytest.mark.skipif(shutil.which("nft") is None, reason="nft is missing: apt-get install nftables")
def test_nft_of_this_machine_still_prints_so(tmp_path: Path) -> None:
    """In a network of its own: the same rules, printed anew, are followed the same way."""
    (tmp_path / "rules.json").write_text(LISTING)
    command = f"nft --json --file {tmp_path}/rules.json && nft --json list ruleset"
    said = subprocess.run(["unshare", "-n", "sh", "-c", command], capture_output=True, text=True, check=True).stdout
    for packet in (Packet("tcp", 22), Packet("tcp", 8883), Packet("tcp", 75), Packet("udp", 75), Packet("tcp", 1)):
        assert outcomes(said, packet) == outcomes(LISTING, packet)
