"""What a board writes is what the contract would write, byte for byte."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.firmware.interpreters import run_there

from vigie_contract.messages import Birth, Channel, decode_birth, encode_birth
from vigie_contract.quantities import QUANTITIES, Kind
from vigie_contract.readings import UNKNOWN_REASONS, Reading
from vigie_contract.senml import encode_pack
from vigie_node import records, senml

MEASURED = sorted({*senml.UNITS, *senml.STATES})
IDS = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True)
LABELS = st.text(st.characters(exclude_categories=["C", "Z"], max_codepoint=0x2FFF), max_size=20)
NOW_TS = 1_750_000_000.0


def a_value(quantity: str) -> st.SearchStrategy[float]:
    if quantity in senml.STATES:
        return st.integers(0, 1)
    decimals = senml.DECIMALS.get(quantity, 0)
    whole = st.integers(-(10**6), 10**9)
    return whole if not decimals else st.one_of(whole, st.integers(-(10**6), 10**6).map(lambda n: n / 10**decimals))


READINGS = st.lists(
    st.sampled_from(MEASURED).flatmap(
        lambda quantity: st.tuples(
            st.just(quantity),
            IDS,
            st.one_of(a_value(quantity), st.sampled_from(records.REASONS)),
            st.integers(0, 10**9),
        )
    ),
    min_size=1,
    max_size=5,
)


def ours(taken: list[tuple[str, str, float | str, int]]) -> str:
    texts = [
        senml.record(
            name, quantity, None if isinstance(said, str) else said, said if isinstance(said, str) else "", age
        )
        for quantity, name, said, age in taken
    ]
    return senml.pack("place/pico/", "k3v9", 7, 3, 7 + len(texts), texts)


def contracts(taken: list[tuple[str, str, float | str, int]]) -> str:
    readings = [
        (
            QUANTITIES[quantity],
            Reading(name, NOW_TS - age / 1000, None, said)
            if isinstance(said, str)
            else Reading(name, NOW_TS - age / 1000, float(said)),
        )
        for quantity, name, said, age in taken
    ]
    return encode_pack("place", "pico", "k3v9", 7, 3, readings, last=7 + len(taken), now_ts=NOW_TS).decode()


@given(READINGS)
def test_a_pack_is_the_contracts_byte_for_byte(taken: list[tuple[str, str, float | str, int]]) -> None:
    assert ours(taken) == contracts(taken)


@given(st.lists(st.tuples(IDS, st.sampled_from(MEASURED), st.integers(1, 3600), LABELS), unique_by=lambda one: one[0]))
def test_a_birth_is_the_contracts_byte_for_byte(made: list[tuple[str, str, int, str]]) -> None:
    channels = [{"id": id_, "quantity": name, "period_s": period, "label": label} for id_, name, period, label in made]
    birth = Birth("vigie-node 1", "boot-1", tuple(Channel(i, q, float(p), None, label) for i, q, p, label in made))
    assert senml.birth("vigie-node 1", "boot-1", channels).encode() == encode_birth(birth)
    assert decode_birth(encode_birth(birth)) == birth


GOLDEN: list[tuple[str, str, float | str, int]] = [
    ("people_in", "porte-in", 118, 0),
    ("current", "c4-current", 1.25, 400),
    ("mains", "c4", 1, 65_500),
    ("rssi", "rssi", "not-told", 3_600_000),
    ("temperature", "air", -0.5, 12),
    ("apparent_power", "c4-va", 287.5, 1),
]
CODE = """
import json
from vigie_node import senml
taken = json.loads(sys.stdin.read())
texts = []
for quantity, name, said, age in taken:
    unknown = isinstance(said, str)
    texts.append(senml.record(name, quantity, None if unknown else said, said if unknown else "", age))
print(senml.pack("place/pico/", "k3v9", 7, 3, 7 + len(texts), texts))
"""


@pytest.mark.parametrize("name", ["micropython", "webassembly", "cpython"])
def test_a_pack_of_every_kind_of_value_is_the_same_on_a_board(name: str) -> None:
    # A quantity without decimals is rounded on the board; the contract writes what it is given.
    rounded: list[tuple[str, str, float | str, int]] = [
        (quantity, id_, 288 if said == 287.5 else said, age) for quantity, id_, said, age in GOLDEN
    ]
    assert run_there(name, CODE, json.dumps(GOLDEN)).rstrip("\n") == contracts(rounded)


def test_what_a_board_may_measure_is_what_the_contract_calls_it() -> None:
    assert {name: QUANTITIES[name].unit for name in senml.UNITS} == senml.UNITS
    assert set(senml.STATES) == {name for name, one in QUANTITIES.items() if one.kind is Kind.STATE}
    assert set(records.REASONS) <= set(UNKNOWN_REASONS)
