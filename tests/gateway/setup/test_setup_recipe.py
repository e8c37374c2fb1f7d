"""The writer of the site file: it says what was meant, and all else stays as somebody wrote it."""

from __future__ import annotations

import tomllib
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gateway.conftest import SAMPLE_SITE

from vigie_gateway.place.site import read_site
from vigie_gateway.setup.recipe import RecipeError, rewrite, shared
from vigie_gateway.setup.typed import Entry, Meant

SAMPLE = SAMPLE_SITE.read_text(encoding="utf-8")
COMMENTED = """\
# A place.
id = "lieu"   # its word
name = "Lieu"
timezone = "Europe/Paris"
plan = [
  48, # wide
  30,
]

[hours]  # of the week
# the market is on Mondays
monday = ["08:00-12:00"]

# The rooms.
[[rooms]]
id = "a"
name = "A"
seats = 3 # counted twice
corners = [
  [0, 0],
  # the corner with the stove
  [4, 0],
  [4, 4]
]

[[rooms]]
id = "b"
name = { fr = "Bé", en = "Bee" }
seats = 0

[rooms.hours]
friday = ["10:00-11:00"]

# Doors, below the rooms.
[[doors]]
id = "d"
between = ["a", "b"] # inside

[visitors]
wifi_name = "Lieu"
wifi_password = "not for others"

# A third room, found later.
[[rooms]]
id = "c"
name = "C # no comment"
seats = 1
# the end"""

texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=12)
values = st.one_of(
    st.integers(-1000, 1000),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    texts,
    st.lists(st.integers(0, 99), max_size=4),
    st.fixed_dictionaries({"fr": texts, "en": texts}),
)
keys = st.sampled_from(["name", "seats", "rect", "corners", "between", "in", "note"])


@st.composite
def meanings(draw: st.DrawFn, raw: dict[str, Any]) -> Meant:
    """Any edit that the pages could mean of this file: keys, and tables changed, taken away or added."""
    top = st.sampled_from(
        [("name",), ("timezone",), ("plan",), ("hours", "monday"), ("hours", "sunday"), ("visitors", "kind")]
    )
    meant = Meant(keys=draw(st.dictionaries(top, values | st.none(), max_size=4)))
    for section in draw(st.sets(st.sampled_from(["rooms", "doors", "circuits", "outlets"]), max_size=3)):
        tables = raw.get(section, [])
        kept = [number for number in range(len(tables)) if draw(st.booleans()) or draw(st.booleans())]
        edits = st.dictionaries(keys, values | st.none(), max_size=3)
        entries = [Entry(number, draw(edits)) for number in kept]
        added = st.dictionaries(keys, values, min_size=1, max_size=3)
        entries += [Entry(None, draw(added)) for _ in range(draw(st.integers(0, 2)))]
        meant.sections[section] = entries
    return meant


def said_by(raw: dict[str, Any], meant: Meant) -> dict[str, Any]:
    """What the new file must say, reckoned on its values alone."""
    result = deepcopy(raw)
    for path, value in meant.keys.items():
        table = result
        for key in path[:-1]:
            table = table.setdefault(key, {})
        table[path[-1]] = value
    for section, entries in meant.sections.items():
        tables = raw.get(section, [])
        result[section] = [
            {**({} if one.source is None else deepcopy(tables[one.source])), **one.values} for one in entries
        ]
    said: dict[str, Any] = pruned(result)
    return said


def pruned(value: Any) -> Any:
    """Without keys that were taken away, and without empty sections."""
    if isinstance(value, dict):
        told = {key: pruned(one) for key, one in value.items() if one is not None}
        return {key: one for key, one in told.items() if one not in ({}, [])}
    return [pruned(one) for one in value] if isinstance(value, list) else value


def comments(text: str) -> list[str]:
    """The lines that are comments alone, those within a value too."""
    return [line.strip() for line in text.split("\n") if line.strip().startswith("#")]


@settings(deadline=None, max_examples=40)
@given(st.data(), st.sampled_from([SAMPLE, COMMENTED]))
def test_what_is_read_back_is_what_was_meant(data: st.DataObject, text: str) -> None:
    for _ in range(data.draw(st.integers(1, 3))):
        raw = tomllib.loads(text)
        meant = data.draw(meanings(raw))
        text = rewrite(text, meant)
        found = tomllib.loads(text)
        assert pruned(found) == said_by(raw, meant)


@settings(deadline=None, max_examples=40)
@given(st.data(), st.sampled_from([SAMPLE, COMMENTED]))
def test_every_comment_between_tables_and_keys_stays_whatever_is_edited(data: st.DataObject, text: str) -> None:
    meant = data.draw(meanings(tomllib.loads(text)))
    kept = {number for number, _ in enumerate(tomllib.loads(text)["rooms"])}
    if "rooms" in meant.sections:
        kept = {entry.source for entry in meant.sections["rooms"] if "corners" not in entry.values}  # type: ignore[misc] # None is no number
    stove = "# the corner with the stove"  # within the value of the first room's corners: it goes with them
    expected = [line for line in comments(text) if line != stove or 0 in kept]
    assert sorted(comments(rewrite(text, meant))) == sorted(expected)


@pytest.mark.parametrize("text", [SAMPLE, COMMENTED, COMMENTED.replace("\n", "\r\n")])
def test_what_changes_nothing_leaves_every_byte(text: str) -> None:
    raw = tomllib.loads(text)
    sections = ("rooms", "doors", "outlets", "circuits")
    same = {section: [Entry(at, dict(one)) for at, one in enumerate(raw.get(section, []))] for section in sections}
    meant = Meant(keys={("name",): raw["name"], ("hours", "monday"): raw["hours"]["monday"]}, sections=same)
    assert rewrite(text, meant) == text


def test_a_change_is_one_line_and_keeps_its_comment() -> None:
    meant = Meant(sections={"rooms": [Entry(0, {"seats": 4}), Entry(1, {}), Entry(2, {})]})
    assert rewrite(COMMENTED, meant) == COMMENTED.replace("seats = 3 # counted twice", "seats = 4 # counted twice")


def test_a_table_that_goes_takes_the_tables_below_it_and_no_comment_of_others() -> None:
    new = rewrite(COMMENTED, Meant(sections={"rooms": [Entry(0, {}), Entry(2, {})]}))
    assert "[rooms.hours]" not in new
    assert '"Bee"' not in new
    assert "# Doors, below the rooms.\n[[doors]]" in new


def test_a_new_table_comes_after_the_last_of_its_section() -> None:
    new = rewrite(
        SAMPLE, Meant(sections={"rooms": [*_same("rooms"), Entry(None, {"id": "z", "name": "Z", "seats": 1})]})
    )
    assert new.index('id = "reserve"') < new.index('id = "z"') < new.index("# Doors. What `in` counts")


def test_a_whole_table_can_go_and_leaves_the_comments_after_it() -> None:
    new = rewrite(COMMENTED, Meant(keys={("hours",): None}))
    assert "monday" not in new
    assert "# The rooms.\n[[rooms]]" in new


def test_a_new_file_is_right_and_begins_with_what_it_is() -> None:
    keys: dict[tuple[str, ...], Any] = {
        ("id",): "lieu",
        ("name",): {"fr": "Lieu", "en": "Place"},
        ("timezone",): "Europe/Paris",
    }
    new = rewrite("", Meant(keys=keys, sections={"rooms": [Entry(None, {"id": "a", "name": "A", "seats": 2})]}))
    assert new.startswith("# The place, as it was set up in the browser.")
    assert 'name = { fr = "Lieu", en = "Place" }\n' in new
    assert read_site("site.toml", new)[1] == []


@pytest.mark.parametrize("rooms", ['rooms = [{ id = "a", name = "A", seats = 1 }]\n', "rooms = []\n"])
def test_what_is_written_otherwise_than_as_tables_is_not_broken(rooms: str) -> None:
    text = f'id = "lieu"\n{rooms}'
    with pytest.raises(RecipeError, match="cannot be edited here"):
        rewrite(text, Meant(sections={"rooms": [Entry(None, {"id": "z"})]}))


def test_a_recipe_for_others_has_no_password_and_no_calendars_address() -> None:
    text = COMMENTED.replace(
        "# A third", '[[calendars]]\nid = "x"\nname = "X"\nurl = "https://x.org/s3cret"\n\n# A third'
    )
    recipe = shared(text)
    assert "not for others" not in recipe
    assert "s3cret" not in recipe
    assert 'wifi_name = "Lieu"' in recipe
    assert "# A third room, found later." in recipe


def _same(section: str) -> list[Entry]:
    return [Entry(at, {}) for at, _ in enumerate(tomllib.loads(SAMPLE)[section])]
