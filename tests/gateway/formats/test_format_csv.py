"""A table comes back from any reader of CSV as it went in, and is no program to a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.formats.csv import FORMULA_STARTS, encode

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
numbers = st.floats(-1e12, 1e12).map(lambda value: round(value, 6))


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(st.lists(texts, min_size=2, max_size=4), st.lists(st.tuples(texts, st.one_of(st.none(), numbers)), max_size=8))
def test_what_went_in_is_read_back(header: list[str], rows: list[tuple[str, float | None]]) -> None:
    got_header, *got = read(encode(header, rows))
    assert [cell.removeprefix("'") for cell in got_header] == [name.removeprefix("'") for name in header]
    for (text, number), (got_text, got_number) in zip(rows, got, strict=True):
        assert got_text == (f"'{text}" if text.startswith(FORMULA_STARTS) else text)
        if number is None:
            assert not got_number
        else:
            assert float(got_number) == pytest.approx(number, abs=1e-6)


@given(st.sampled_from(FORMULA_STARTS), texts)
def test_no_cell_of_text_begins_a_formula(start: str, rest: str) -> None:
    header, row = read(encode([start + rest, "b"], [(start + rest, -5.0)]))
    assert header[0].startswith("'")
    assert row == ["'" + start + rest, "-5"]


def test_unknown_is_empty_zero_is_zero_and_numbers_have_a_point() -> None:
    assert encode(["a", "b"], [(None, 0.0), (1234.5, float("nan")), (0.1 + 0.2, -0.0)]) == (
        "a,b\r\n,0\r\n1234.5,\r\n0.3,0\r\n"
    )
