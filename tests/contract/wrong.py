"""What is no message of the protocol, and what every refusal of it must say."""

from __future__ import annotations

from hypothesis import strategies as st

from vigie_contract.errors import REFUSALS, ContractError

IDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=32)
TEXTS = st.text(max_size=64).filter(str.isprintable)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def check_refusal(error: ContractError) -> None:
    """A known word, and one line that a person can read."""
    assert error.reason in REFUSALS
    assert error.detail
    assert len(error.detail) < 400
    assert error.detail.isprintable()
