"""Every quantity can be carried, judged and averaged."""

import re

import pytest

from vigie_contract.quantities import INTERNET_ACCESS, QUANTITIES, Average, Kind, Quantity
from vigie_contract.readings import UNKNOWN_REASONS

# RFC 8428 §12.1 ("count", "m", "A", "W", "V", "Cel", "%RH", "lx", "bit/s", "/") and RFC 8798 §3 (secondary units).
SENML_UNITS = {
    "%EL",
    "count",
    "m",
    "A",
    "W",
    "bit/s",
    "/",
    "VA",
    "Wh",
    "dBm",
    "MHz",
    "ms",
    "V",
    "Cel",
    "%RH",
    "lx",
    "ppm",
    "hPa",
    "B",
}

every_quantity = pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda quantity: quantity.name)


@every_quantity
def test_a_quantity_is_stored_under_its_own_name_in_the_wire_alphabet(quantity: Quantity) -> None:
    assert QUANTITIES[quantity.name] is quantity
    assert re.fullmatch(r"[a-z][a-z0-9_]*", quantity.name)


@every_quantity
def test_a_unit_is_one_that_senml_registers_and_words_and_states_have_none(quantity: Quantity) -> None:
    if quantity.kind in (Kind.STATE, Kind.CHOICE):
        assert quantity.unit == "1"
    else:
        assert quantity.unit in SENML_UNITS


@every_quantity
def test_a_range_holds_more_than_one_step_of_the_resolution(quantity: Quantity) -> None:
    assert quantity.low < quantity.high
    assert 0 < quantity.resolution <= quantity.high - quantity.low
    assert quantity.keep_days >= 1


@every_quantity
def test_what_stands_for_many_readings_fits_the_kind(quantity: Quantity) -> None:
    assert (
        quantity.average
        == {
            Kind.GAUGE: Average.TIME,
            Kind.STATE: Average.TIME,
            Kind.COUNTER: Average.INCREASE,
            Kind.CHOICE: Average.LAST,
        }[quantity.kind]
    )


@every_quantity
def test_a_quantity_says_in_one_line_what_it_is(quantity: Quantity) -> None:
    assert quantity.text[0].isupper() or quantity.text[0].isdigit()
    assert "\n" not in quantity.text
    assert not quantity.text.endswith(".")


def test_counts_of_people_are_kept_singly_for_35_days_at_most() -> None:
    assert {QUANTITIES[name].keep_days for name in ("people_in", "people_out", "occupied")} == {35}


def test_the_words_of_internet_access_fit_in_a_choice() -> None:
    assert len(set(INTERNET_ACCESS)) == len(INTERNET_ACCESS) <= QUANTITIES["internet_access"].high + 1


def test_every_reason_of_an_unknown_is_one_word_and_explained() -> None:
    for reason, text in UNKNOWN_REASONS.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", reason)
        assert text


def test_rounding_leaves_no_tail_of_digits() -> None:
    given = {"current": 0.1 + 0.2, "retry_ratio": 0.0275, "apparent_power": 149.6}
    assert [QUANTITIES[name].rounded(value) for name, value in given.items()] == [0.3, 0.028, 150.0]
