"""``vigie_contract.alerts``: what fires, as a node is told; nothing else is taken for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.alerts import MOST_ALERTS, Firing, decode_alerts, encode_alerts
from vigie_contract.errors import ContractError

COUNTS = st.integers(0, MOST_ALERTS)
FIRINGS = st.builds(Firing, COUNTS, COUNTS, COUNTS, COUNTS)


@given(st.none() | FIRINGS)
def test_what_is_said_is_read_back_the_same(firing: Firing | None) -> None:
    assert decode_alerts(encode_alerts(firing)) == firing


@given(st.binary())
def test_any_bytes_are_something_said_or_refused(payload: bytes) -> None:
    refusal = ""
    try:
        found = decode_alerts(payload)
    except ContractError as error:
        refusal = error.detail
    assert refusal.isprintable() if refusal else found is None or isinstance(found, Firing)


@pytest.mark.parametrize(
    ("firing", "worst"),
    [
        (Firing(outage=1, warning=2, unknown=3, in_hand=4), "outage"),
        (Firing(warning=2, unknown=3), "warning"),
        (Firing(unknown=3), "unknown"),
        (Firing(in_hand=4), None),
    ],
)
def test_the_worst_is_of_what_nobody_has_in_hand(firing: Firing, worst: str | None) -> None:
    assert json.loads(encode_alerts(firing))["worst"] == firing.worst == worst


def test_a_worst_that_its_counts_deny_is_refused() -> None:
    said = json.loads(encode_alerts(Firing(warning=1))) | {"worst": None}
    with pytest.raises(ContractError, match="worst is None, expected 'warning' by the counts"):
        decode_alerts(json.dumps(said).encode())


def test_what_is_not_known_has_no_counts() -> None:
    with pytest.raises(ContractError, match="unknown field 'outage'"):
        decode_alerts(b'{"v":1,"known":false,"outage":0}')
