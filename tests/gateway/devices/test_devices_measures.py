"""Names of others, as they may stand on a page."""

import re
import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st

from vigie_gateway.devices.measures import MAX_NAME_CHARACTERS, REFUSALS, Entity, clean


@given(st.text())
@example("0" * 63 + " 0")
@example("e\u200d\u0301")
def test_a_cleaned_name_is_short_one_line_and_hides_nothing(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= MAX_NAME_CHARACTERS
    assert all(unicodedata.category(one)[0] != "C" for one in cleaned)
    assert cleaned == clean(cleaned)


def test_direction_marks_and_controls_are_taken_out_and_accents_put_together() -> None:
    assert clean("Prise\u202e 12\x00\u200b") == "Prise 12"
    assert clean("Cafe\u0301  du\nhaut ") == "Café du haut"
    assert clean("<b>x</b>") == "<b>x</b>"


def test_what_is_no_text_is_written_as_json_would() -> None:
    assert [clean(one) for one in (None, True, 12.5, {"a": 1})] == ["", "true", "12.5", "…"]


def test_an_identity_does_not_depend_on_what_the_entity_is_called() -> None:
    ids = {Entity("shelly", "plug", "switch:0/power", label, "power").unique_id for label in ("Café", "Coffee")}
    assert ids == {"shelly/plug/switch:0/power"}


def test_every_refusal_is_one_word_and_explained() -> None:
    for reason, text in REFUSALS.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", reason)
        assert not text.endswith(".")
