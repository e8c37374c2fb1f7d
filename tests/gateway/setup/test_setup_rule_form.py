"""What is typed on a rule's form: durations in words, and a form that is sent as it was loaded."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.alerts.rule_list import standard_of
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.place.alert_tables import LONGEST_S, RuleTable
from vigie_gateway.setup.rule_form import RuleSource, fields_of, read_duration, read_rule, written_duration

LANGUAGES = ("fr", "en")


def source(rule: Rule, **table: object) -> RuleSource:
    return RuleSource(rule, standard_of(rule), table, None)


@given(st.integers(0, int(LONGEST_S)))
def test_a_duration_is_read_as_it_is_written(seconds: int) -> None:
    assert read_duration(written_duration(float(seconds))) == seconds


@given(st.text() | st.from_regex(r"\s*[0-9]{1,9}[.,]?[0-9]{0,4} ?(s|min|h|d|j|days)?"))
def test_whatever_is_typed_is_a_duration_or_none(text: str) -> None:
    seconds = read_duration(text)
    assert seconds is None or 0 <= seconds <= LONGEST_S


@pytest.mark.parametrize(("text", "seconds"), [("1,5 min", 90), ("2 j", 172_800), ("", 0), ("0", 0), ("31 d", None)])
def test_a_duration_is_taken_as_people_of_both_languages_write_it(text: str, seconds: float | None) -> None:
    assert read_duration(text) == seconds


@given(
    st.sampled_from(DEFAULT_RULES),
    st.floats(0.001, 1e6).map(lambda value: round(value, 3)),
    st.integers(0, int(LONGEST_S)),
    st.sampled_from(When),
    st.sampled_from(Severity),
    st.booleans(),
)
def test_a_form_that_is_sent_as_it_was_loaded_changes_nothing(
    base: Rule, level: float, for_s: int, when: When, severity: Severity, is_on: bool
) -> None:
    rule = replace(base, level=level, clears=level, for_s=float(for_s), when=when, severity=severity, is_on=is_on)
    read = read_rule(fields_of(source(rule, clears=level), LANGUAGES), source(rule, clears=level), LANGUAGES)
    assert (read.values, read.troubles) == ({}, {})


@given(
    st.sampled_from([one for one in DEFAULT_RULES if one.signal in {"people", "battery", "heat", "disk", "backlog"}]),
    st.text(),
    st.text(),
    st.text(),
)
def test_what_is_read_without_trouble_is_what_the_site_file_takes(
    rule: Rule, level: str, duration: str, name: str
) -> None:
    fields = fields_of(source(rule), LANGUAGES) | {"level": level, "for": duration, "name_fr": name}
    read = read_rule(fields, source(rule), LANGUAGES)
    if not read.troubles:
        given = {key: value for key, value in read.values.items() if value is not None}
        RuleTable.model_validate({"id": rule.id, **given}, context={"languages": list(LANGUAGES)})
