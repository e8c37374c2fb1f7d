"""An error in a configuration file names the line of the key that it speaks of."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.toml_lines import line_of

SITE = '''# a place
title = "Lieu"          # line 2

[site]
id = "lieu"
polygon = [
  [0, 0],
  [4, 0],
]
note = """
[not.a.header]
id = "not a key"
"""
languages.main = "fr"

[[rooms]]
id = "salle"
"seats" = 12
  [rooms.wifi]          # of the first room
  limit = 3
[[rooms]]
id = "bureau"
seats = 0
[[rooms.outlets]]
id = "p1"
[[rooms.outlets]]
id = "p2"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("site",), 4),
        (("site", "id"), 5),
        (("site", "polygon"), 6),
        (("site", "polygon", 1), 6),
        (("site", "note"), 10),
        (("site", "languages"), 14),
        (("site", "languages", "main"), 14),
        (("site", "hours"), 4),
        (("rooms", 0), 16),
        (("rooms", 0, "seats"), 18),
        (("rooms", 0, "wifi", "limit"), 20),
        (("rooms", 1, "seats"), 23),
        (("rooms", 1, "name"), 21),
        (("rooms", 1, "outlets", 1, "id"), 27),
        (("doors",), 1),
    ],
)
def test_a_key_is_found_on_its_line_and_a_missing_one_on_its_parents(path: tuple[str | int, ...], line: int) -> None:
    assert line_of(SITE, path) == line


def test_windows_line_ends_count_once() -> None:
    assert line_of(SITE.replace("\n", "\r\n"), ("rooms", 1, "seats")) == 23


@pytest.mark.parametrize("character", ["\u2028", "\u2029", "\x85"])
def test_a_line_separator_within_a_text_is_no_new_line(character: str) -> None:
    text = f'a = "x{character}y"\nb = 2\n[t]\nc = 3\n'
    assert tomllib.loads(text)["t"] == {"c": 3}
    assert line_of(text, ("b",)) == 2
    assert line_of(text, ("t", "c")) == 4


VALUES = st.sampled_from(["1", '"x"', "[1,\n 2]", '"""\nk = 1\n[h]\n"""', "{a = 1}", "'''\n'''", "true # k = 2", "[]"])


@given(st.lists(st.tuples(st.sampled_from(["t", "[t]"]), st.lists(VALUES, max_size=4)), max_size=6))
def test_every_key_of_a_file_is_found_on_the_line_where_it_was_written(tables: list[tuple[str, list[str]]]) -> None:
    text, number, expected = "", 1, {}
    elements = 0
    for position, (style, values) in enumerate(tables):
        path: tuple[str | int, ...] = (f"t{position}",)
        header = f"[t{position}]"
        if style == "[t]":
            header, path = "[[arrays]]", ("arrays", elements)
            elements += 1
        text, number = f"{text}{header}\n", number + 1
        for key, value in enumerate(values):
            expected[*path, f"k{key}"] = number
            text, number = f"{text}k{key} = {value}\n", number + 1 + value.count("\n")
    tomllib.loads(text)
    assert {path: line_of(text, path) for path in expected} == expected


@given(st.text(), st.lists(st.text() | st.integers(0, 3), max_size=3))
def test_any_text_and_path_give_a_line_of_the_text(text: str, path: list[str | int]) -> None:
    assert 1 <= line_of(text, tuple(path)) <= text.count("\n") + 1
