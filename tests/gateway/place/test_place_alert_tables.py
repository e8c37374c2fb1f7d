"""Rules of the site join Vigie's own, and a wrong one is told with its key, value and what was expected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.place.alert_tables import duration_s, recipients_of, rules_of
from vigie_gateway.place.hours import Span
from vigie_gateway.place.problem import Problem
from vigie_gateway.place.site import read_site

PLACE = """
id = "here"
name = "Here"
timezone = "Europe/Paris"
rooms = [{ id = "salle", name = "Hall", seats = 4 }]
circuits = [{ id = "c1", name = "C1", mains = "board.c1" }]
calendars = [{ id = "works", name = "Works", file = "works.ics" }]
"""


def rules(text: str) -> dict[str, Rule]:
    site, problems = read_site("site.toml", PLACE + text)
    assert site is not None, problems
    return {rule.id: rule for rule in rules_of(site)}


def recipients(text: str) -> tuple[Recipient, ...]:
    site, problems = read_site("site.toml", PLACE + text)
    assert site is not None, problems
    return recipients_of(site)


def problem(text: str) -> Problem:
    site, problems = read_site("site.toml", PLACE + text)
    assert site is None
    assert len(problems) == 1, problems
    return problems[0]


def test_a_place_that_writes_no_rule_has_those_of_vigie() -> None:
    assert tuple(rules("").values()) == DEFAULT_RULES


def test_a_rule_of_vigie_changes_only_in_what_the_site_says() -> None:
    found = rules('[[rules]]\nid = "circuit-overload"\nfor = "5 min"\nwhen = "open"\ncircuits = ["c1"]\n')
    assert list(found) == [rule.id for rule in DEFAULT_RULES]
    one = found["circuit-overload"]
    assert (one.level, one.clears, one.for_s, one.when) == (1.0, 0.9, 300.0, When.OPEN)
    assert one.subjects == frozenset({Subject(SubjectKind.CIRCUIT, "c1")})
    assert not one.is_own


def test_a_level_that_is_moved_takes_its_hysteresis_along() -> None:
    one = rules('[[rules]]\nid = "disk-low"\nbelow = 0.2\n')["disk-low"]
    assert (one.level, round(one.clears, 6)) == (0.2, 0.21)


def test_a_rule_that_is_off_is_kept_to_be_tried() -> None:
    assert not rules('[[rules]]\nid = "dns"\noff = true\n')["dns"].is_on


def test_a_rule_of_the_site_looks_at_a_channel_and_tells_of_its_missing_data() -> None:
    found = rules(
        '[[rules]]\nid = "cold"\nchannel = "hall.temp"\nbelow = 15\nclears = 16\nabsent = "2 h"\n'
        'severity = "outage"\nname = "Cold"\nrunbook = ["Close the window"]\n'
    )
    one, absent = found["cold"], found["cold.absent"]
    assert (one.signal, one.is_above, one.level, one.clears, one.for_s) == ("reading", False, 15.0, 16.0, 60.0)
    assert one.subjects == absent.subjects == frozenset({Subject(SubjectKind.CHANNEL, "hall.temp")})
    assert (one.severity, one.is_own) == (Severity.OUTAGE, True)
    assert one.name["fr"] == "Cold"
    assert one.runbook["en"] == ("Close the window",)
    assert (absent.signal, absent.level, absent.is_above) == ("absent:reading", 7_200.0, True)
    assert absent.severity is Severity.UNKNOWN


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ('[[rules]]\nid = "circuit-ded"\nfor = 5\n', "rules[0]", 'did you mean "circuit-dead"?'),
        ('[[rules]]\nid = "x"\nsignal = "wify"\nabove = 1\n', "rules[0].signal", 'did you mean "wifi"?'),
        ('[[rules]]\nid = "x"\nsignal = "wifi"\n', "rules[0]", "above or below, the level"),
        ('[[rules]]\nid = "dns"\nsignal = "wifi"\n', "rules[0]", "is Vigie's, about dns"),
        ('[[rules]]\nid = "dns"\nabove = 1\nbelow = 2\n', "rules[0]", "either above or below"),
        ('[[rules]]\nid = "heat"\nclears = 90\n', "rules[0]", "clears at or below 80"),
        ('[[rules]]\nid = "disk-low"\nclears = 0.01\n', "rules[0]", "clears at or above 0.05"),
        ('[[rules]]\nid = "heat"\nfor = "5 mins"\n', "rules[0].for", '"5 min"'),
        ('[[rules]]\nid = "heat"\nfor = -1\n', "rules[0].for", '"5 min"'),
        ('[[rules]]\nid = "heat"\nfro = 1\n', "rules[0].fro", '"for"'),
        ('[[rules]]\nid = "wifi-down"\nrooms = ["sale"]\n', "rules[0].rooms[0]", 'did you mean "salle"?'),
        ('[[rules]]\nid = "circuit-dead"\nrooms = ["salle"]\n', "rules[0]", "circuits in place of rooms"),
        ('[[rules]]\nid = "wifi-down"\nrunbook = []\n', "rules[0].runbook", "a line a step"),
        ('[[rules]]\nid = "dns"\n[[rules]]\nid = "dns"\n', "rules[1].id", "no other of [[rules]]"),
        ('[alerts]\nplanned_works = "work"\n', "alerts.planned_works", 'did you mean "works"?'),
        ('[[told]]\nid = "a"\nname = "A"\nby = []\n', "told[0].by", "names of notifiers"),
        ('[[told]]\nid = "a"\nname = "A"\nby = ["m"]\nfor = "al"\n', "told[0].for", '"outages"'),
        ('[[told]]\nid = "a"\nname = "A"\nby = ["m"]\nfor = [3]\n', "told[0].for[0]", "the id of a rule"),
        ('[[told]]\nid = "a"\nname = "A"\nby = ["m"]\nquiet = "open"\n', "told[0].quiet", '"closed"'),
        ('[[told]]\nid = "a"\nname = "A"\nby = ["m"]\nquiet = ["22-7"]\n', "told[0].quiet", "08:00-20:00"),
        ('[[told]]\nid = "a"\nname = "A"\nby = ["m"]\nfor = ["dnss"]\n', "told[0].for[0]", 'did you mean "dns"?'),
    ],
)
def test_what_is_wrong_is_told_with_its_key_and_what_was_expected(text: str, key: str, expected: str) -> None:
    found = problem(text)
    assert found.key == key
    assert expected in found.expected


def test_who_is_told_is_told_everything_in_the_language_of_the_place_unless_the_file_says_otherwise() -> None:
    first, second = recipients(
        '[[told]]\nid = "desk"\nname = "Desk"\nby = ["screen"]\n'
        '[[told]]\nid = "admin"\nname = "Admin"\nby = ["mail", "sms"]\nlanguage = "en"\nfor = ["dns"]\n'
        'rooms = ["salle"]\n'
        'quiet = ["22:00-07:00"]\nquiet_lets = "nothing"\nafter = "15 min"\nresolved = false\n'
    )
    assert first == Recipient("desk", "Desk", "fr", ("screen",))
    assert second == Recipient(
        "admin", "Admin", "en", ("mail", "sms"), frozenset({"dns"}), False, frozenset({"salle"}),
        (Span(1_320, 1_860),), False, False, 900.0, False,
    )  # fmt: skip


def test_quiet_may_be_the_hours_in_which_the_place_is_closed() -> None:
    (one,) = recipients('[[told]]\nid = "a"\nname = "A"\nby = ["m"]\nquiet = "closed"\nfor = "outages"\n')
    assert (one.quiet, one.is_quiet_when_closed, one.is_for_outages, one.rules) == ((), True, True, None)


@given(st.text() | st.floats() | st.integers() | st.booleans() | st.none() | st.lists(st.integers(), max_size=1))
def test_any_duration_is_seconds_of_at_most_a_month_or_an_error(value: object) -> None:
    try:
        found = duration_s(value)
    except ValueError:
        return
    assert 0 <= found <= 30 * 86_400
