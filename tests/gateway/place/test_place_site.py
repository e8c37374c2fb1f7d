"""The site file: what is right is read, what is wrong is told with its line, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_dashboard.view import Point
from vigie_gateway.place.problem import SiteError, format_problem
from vigie_gateway.place.site import check_site, load_site

HEAD = 'id = "place"\nname = "Place"\ntimezone = "Europe/Paris"\n'
ROOM = '[[rooms]]\nid = "salle"\nname = "Salle"\nseats = 4\n'
CIRCUIT = '[[circuits]]\nid = "c1"\nname = "C1"\n'


def _told(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "site.toml"
    path.write_text(text)
    return [format_problem(problem).removeprefix(f"{tmp_path}/") for problem in check_site(path)]


def test_sample_place_has_no_problem(sample_path: Path) -> None:
    assert check_site(sample_path) == []
    site = load_site(sample_path)
    assert len(site.all_outlets()) == 30
    assert [room.id for room in site.rooms if room.seats > 0] == [
        "salle", "atelier", "biblio", "cafe", "cabine-1", "cabine-2", "mezzanine", "fablab",
    ]  # fmt: skip
    assert len(site.access_points) == 3
    assert len([circuit for circuit in site.circuits if circuit.parent == "general"]) == 4


def test_a_name_alone_stands_for_every_language_of_the_site(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text('languages = ["fr"]\n' + HEAD)
    assert load_site(path).name == {"fr": "Place"}


def test_a_rectangle_becomes_four_corners(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(HEAD + ROOM + "rect = [1, 2, 10, 20]\n")
    assert load_site(path).rooms[0].polygon() == (Point(1, 2), Point(11, 2), Point(11, 22), Point(1, 22))


def test_a_count_of_outlets_numbers_them_from_one(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(
        HEAD
        + ROOM
        + CIRCUIT
        + '[[outlets]]\nroom = "salle"\ncircuit = "c1"\nid = "p"\ncount = 2\nin_use = "t.{id}-on"\n'
    )
    outlets = load_site(path).all_outlets()
    assert [(one.id, one.in_use) for one in outlets] == [("p-1", "t.p-1-on"), ("p-2", "t.p-2-on")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "colour = 1\n", "site.toml:4: colour is 1, expected a known key: id, name"),
        (HEAD + "[[room]]\n", 'site.toml:4: room is [{}], expected "rooms" (this key is not known)'),
        (HEAD + ROOM + "seat = 4\n", 'site.toml:8: rooms[0].seat is 4, expected "seats" (this key is not known)'),
        (HEAD.replace("Place", "", 1), 'site.toml:2: name is "", expected a name, or one for each language'),
        (HEAD.replace("place", "La Place"), 'site.toml:1: id is "La Place", expected 1 to 32 characters of a-z, 0-9'),
        (HEAD.replace("Paris", "Pari"), '(did you mean "Europe/Paris"?)'),
        (HEAD + 'languages = ["de"]\n', "languages[0] is \"de\", expected 'fr' or 'en'"),
        (HEAD + 'second_address = "vigie2"\n', "expected an address such as http://vigie2.local:8080"),
        (HEAD + '[visitors]\nwifi_name = "a"\nwifi_password = "kurz"\n', "expected a Wi-Fi password: 8 to 63 plain"),
        (HEAD + "[visitors]\nwifi_open = true\n", "expected wifi_name, the network that wifi_open or wifi_password"),
        (HEAD + ROOM.replace("4", "-1"), "site.toml:7: rooms[0].seats is -1, expected a whole number, 0 or more"),
        (HEAD + ROOM.replace("4", '"4"'), 'rooms[0].seats is "4", expected a whole number'),
        (HEAD + ROOM.replace("4", "true"), "rooms[0].seats is true, expected a whole number"),
        (HEAD + ROOM.replace("seats = 4\n", ""), "rooms[0].seats: expected this key, which [[rooms]] needs"),
        (HEAD + ROOM + "corners = [[0, 0], [1, 1]]\n", "expected at least 3 corners"),
        (HEAD + ROOM + "corners = [[0, 0], [1, 1], [2, 2]]\n", "expected corners that enclose an area"),
        (HEAD + ROOM + "rect = [0, 0, nan, 1]\n", "rooms[0].rect[2] is NaN, expected a"),
        (HEAD + ROOM + "rect = [0, 0, 1]\n", "rooms[0].rect[3]: expected one more entry"),
        (HEAD + ROOM + "rect = [0, 0, 1, 1]\ncorners = [[0, 0], [1, 0], [1, 1]]\n", "expected either corners or rect"),
        ("plan = [5, 5]\n" + HEAD + ROOM + "rect = [0, 0, 6, 1]\n", "a place on the plan, from [0, 0] to [5, 5]"),
        (HEAD + ROOM + ROOM, 'site.toml:9: rooms[1].id is "salle", expected an id that no other of [[rooms]] has'),
        (HEAD + ROOM.replace('"salle"', '"outside"'), 'expected another word: "outside" is the street'),
        (HEAD + ROOM + 'tags = ["quite"]\n', "expected 'quiet', 'calls' or 'group'"),
        (HEAD + '[hours]\nmonday = ["8-12"]\n', 'hours.monday[0] is "8-12", expected a span of hours such as'),
        (HEAD + '[hours]\nmonday = ["08:00-12:00", "11:00-13:00"]\n', "expected spans in order of time"),
        (HEAD + "[hours.exceptions]\n2026-13-01 = []\n", 'expected days written as 2026-12-25; "2026-13-01" is none'),
        (HEAD + ROOM + '[[doors]]\nid = "d"\nbetween = ["outside", "sale"]\n', 'or "outside" (did you mean "salle"?)'),
        (HEAD + ROOM + '[[doors]]\nid = "d"\nbetween = ["salle", "salle"]\n', "expected two different sides"),
        (
            HEAD + ROOM + '[[doors]]\nid = "d"\nbetween = ["outside", "salle"]\nin = "n.a"\n',
            "expected both in and out, or neither",
        ),
        (
            HEAD + ROOM + '[[doors]]\nid = "d"\nbetween = ["outside", "salle"]\nin = "n.a"\nout = "n.a"\n',
            'doors[0].out is "n.a", expected a channel of its own: doors[0].in has this one',
        ),
        (HEAD + ROOM + '[[motion]]\nroom = "salle"\nchannel = "n"\n', 'expected a channel, written "node.channel"'),
        (HEAD + '[[motion]]\nroom = "salle"\nchannel = "n.a"\n', "the id of a room, but the file has none"),
        (HEAD + CIRCUIT + 'parent = "c1"\n', "expected a circuit that does not hang below this one"),
        (HEAD + CIRCUIT + 'parent = "c9"\n', "expected the id of a circuit"),
        (HEAD + CIRCUIT + "max_current_a = 0\n", "expected a number above 0"),
        (
            HEAD + ROOM + CIRCUIT + '[[outlets]]\nroom = "salle"\ncircuit = "c1"\nids = ["a", "b"]\nin_use = "t.x"\n',
            'expected {id} in "t.x", one channel cannot tell of several outlets',
        ),
        (HEAD + ROOM + CIRCUIT + '[[outlets]]\nroom = "salle"\ncircuit = "c1"\n', "id, or id and count, or ids"),
        (HEAD + '[[access_points]]\nid = "b"\nname = "B"\nrooms = []\nbssid = "zz"\n', "expected a BSSID such as"),
        ("id = \n", "site.toml:1:6: is not TOML: Invalid value"),
        ('id = "a', "site.toml:1:8: is not TOML"),
    ],
)  # fmt: skip
def test_a_wrong_file_names_line_key_value_and_expectation(tmp_path: Path, text: str, told: str) -> None:
    problems = _told(tmp_path, text)
    assert any(told in problem for problem in problems), problems


def test_every_problem_is_told_at_once_in_order_of_lines(tmp_path: Path) -> None:
    problems = _told(
        tmp_path,
        HEAD.replace("Paris", "Nowhere") + ROOM.replace("4", "-4") + '[[motion]]\nroom = "x"\nchannel = "y"\n',
    )
    assert [problem.split(":")[1] for problem in problems] == ["3", "7", "9", "10"]


def test_nothing_starts_with_a_wrong_file(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(HEAD + ROOM.replace("4", "-4"))
    with pytest.raises(SiteError, match=r"seats is -4, expected a whole number, 0 or more") as caught:
        load_site(path)
    assert len(caught.value.problems) == 1


def test_a_missing_file_and_one_that_is_not_text_are_told_as_such(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in format_problem(check_site(tmp_path / "absent.toml")[0])
    path = tmp_path / "site.toml"
    path.write_bytes(b'id = "a"\nname = "\xff"\n')
    assert "site.toml:2: is not UTF-8 text" in format_problem(check_site(path)[0])


_WORDS = st.sampled_from(["salle", "outside", "c1", "n.a", "08:00-09:00", "", "{id}", "2026-01-01"])
_VALUES = st.recursive(
    st.one_of(_WORDS, st.integers(-3, 5), st.booleans(), st.floats(allow_nan=False, allow_infinity=False, width=16)),
    lambda children: st.lists(children, max_size=3),
    max_leaves=4,
)
_KEYS = st.sampled_from(
    ["id", "name", "seats", "corners", "rect", "between", "in", "out", "room", "rooms", "circuit", "ids", "count",
     "parent", "channel", "in_use", "at", "bssid", "hours", "plan", "tags"]
)  # fmt: skip
_SECTIONS = st.sampled_from(["rooms", "doors", "motion", "outlets", "circuits", "access_points", "wifi", "uplinks"])


def _write(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_write(one) for one in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else repr(value)


@settings(max_examples=150)
@given(st.lists(st.tuples(_SECTIONS, st.dictionaries(_KEYS, _VALUES, max_size=5)), max_size=4))
def test_any_tables_give_a_site_or_problems_and_never_an_exception(
    tmp_path_factory: pytest.TempPathFactory, tables: list[tuple[str, dict[str, object]]]
) -> None:
    text = HEAD
    for section, table in tables:
        text += f"[[{section}]]\n" + "".join(f"{key} = {_write(value)}\n" for key, value in table.items())
    path = tmp_path_factory.mktemp("site") / "site.toml"
    path.write_text(text)
    problems = check_site(path)
    if not problems:
        assert load_site(path).id == "place"
    for problem in problems:
        assert problem.line >= 1
        assert format_problem(problem)
