"""Refusals are counted by reason, with the last example, and cannot grow without bound."""

from __future__ import annotations

from vigie_gateway.ingest.refusals import MAX_DETAIL_CHARACTERS, MAX_SUBJECT_CHARACTERS, Refusals


def test_refusals_of_one_reason_are_summed_and_the_last_example_is_kept() -> None:
    refusals = Refusals()
    refusals.add("not-json", "vigie/1/a/b/data", "first", 1.0)
    refusals.add("not-json", "vigie/1/a/c/data", "second", 2.0, count=3)
    found = refusals.all()["not-json"]
    assert (found.count, found.subject, found.detail, found.at_ts) == (4, "vigie/1/a/c/data", "second", 2.0)


def test_a_long_topic_or_detail_is_cut() -> None:
    refusals = Refusals()
    refusals.add("topic", "x" * 65_535, "y" * 65_535, 1.0)
    found = refusals.all()["topic"]
    assert (len(found.subject), len(found.detail)) == (MAX_SUBJECT_CHARACTERS, MAX_DETAIL_CHARACTERS)
