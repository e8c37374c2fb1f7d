"""Words, numbers and times are those of the reader's language, and French is complete."""

from __future__ import annotations

import ast
import re
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

import vigie_dashboard
from vigie_dashboard.language import NBSP, NNBSP, french_typography, language_of

PACKAGE = Path(vigie_dashboard.__file__).parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "npgettext": ((1, "c"), 2, 3)}
PARIS = "Europe/Paris"
TS_14_32 = 1_795_527_130.0  # 24 November 2026, 14:32:10 in Paris


def used_messages() -> set[tuple[str | None, str]]:
    """(context, msgid) of everything that modules and templates ask for."""
    found = extract_from_dir(
        PACKAGE,
        [("**.py", "python"), ("templates/**.html", "jinja2")],
        keywords=KEYWORDS,
        options_map={"templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false"}},
    )
    return {(context, text if isinstance(text, str) else text[0]) for _, _, text, _, context in found}


def french() -> Catalog:
    """The French catalogue as it is in the repository."""
    return read_po(BytesIO((PACKAGE / "locale/fr/LC_MESSAGES/vigie.po").read_bytes()), locale="fr")


def test_every_text_has_a_french_entry_and_no_entry_is_left_over() -> None:
    written = {(m.context, m.id if isinstance(m.id, str) else m.id[0]) for m in french() if m.id}
    assert written == used_messages()


def test_no_text_is_asked_for_where_the_catalogue_does_not_look() -> None:
    """Babel finds no call inside an f-string, and the text would stay English."""
    hidden = [
        f"{path.name}:{string.lineno}"
        for path in PACKAGE.glob("*.py")
        for string in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in KEYWORDS
    ]
    assert hidden == []


def test_no_french_entry_is_empty_or_fuzzy() -> None:
    for message in french():
        if message.id:
            forms = (message.string,) if isinstance(message.string, str) else message.string
            assert forms, message.id
            assert all(forms), message.id
            assert not message.fuzzy, message.id


def test_french_entries_keep_the_places_to_fill() -> None:
    for message in french():
        ids = (message.id,) if isinstance(message.id, str) else message.id
        strings = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        places = set(re.findall(r"%\(\w+\)s|\{\w+\}", " ".join(ids)))
        assert all(set(re.findall(r"%\(\w+\)s|\{\w+\}", each)) == places for each in strings), message.id


@pytest.mark.parametrize("template", sorted((PACKAGE / "templates").glob("*.html")), ids=lambda path: path.name)
def test_no_template_has_a_word_that_is_not_translated(template: Path) -> None:
    """Neither between tags, nor in an attribute that people read."""
    text = template.read_text(encoding="utf-8")
    readable = re.findall(r'(?:aria-label|title|alt|placeholder)="([^"]*)"', text)
    shown = re.sub(r"<!doctype html>", "", text)
    shown = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", shown, flags=re.DOTALL)
    shown = re.sub(r"<[^>]*>", " ", shown)
    shown = re.sub(r'[a-z-]+="[^"]*"', " ", shown)  # the attributes of <html>, which stand in a block of their own
    readable = [re.sub(r"\{\{.*?\}\}", "", each) for each in readable]
    assert not re.findall(r"[^\W\d_]{2,}", " ".join([shown, *readable]))


def test_french_spaces_are_those_of_printing() -> None:
    assert french_typography("Libre ? « Oui » : 5 kW, 14 min !") == (
        f"Libre{NNBSP}? «{NNBSP}Oui{NNBSP}»{NBSP}: 5{NBSP}kW, 14{NBSP}min{NNBSP}!"
    )


@given(st.text())
def test_typography_changes_nothing_but_spaces(text: str) -> None:
    def squeezed(value: str) -> str:
        return value.replace(NBSP, " ").replace(NNBSP, " ")

    assert squeezed(french_typography(text)) == squeezed(text)


def test_french_and_english_count_zero_differently() -> None:
    fr, en = language_of("fr"), language_of("en")
    assert [fr.ngettext("%(num)s seat", "%(num)s seats", n) for n in (0, 1, 2)] == ["0 place", "1 place", "2 places"]
    assert [en.ngettext("%(num)s seat", "%(num)s seats", n) for n in (0, 1, 2)] == ["0 seats", "1 seat", "2 seats"]


def test_times_and_dates_are_written_as_people_do() -> None:
    fr, en = language_of("fr"), language_of("en")
    assert fr.time(TS_14_32, PARIS) == f"14{NBSP}h{NBSP}32"
    assert en.time(TS_14_32, PARIS) == "14:32"
    assert fr.time(TS_14_32 - 32 * 60, PARIS) == f"14{NBSP}h"
    assert fr.date(TS_14_32, PARIS) == "mardi 24 novembre"
    assert en.date(TS_14_32, PARIS) == "Tuesday 24 November"
    assert fr.weekday_name(TS_14_32, PARIS) == "mardi"


def test_the_first_of_a_month_is_the_first_in_french_and_one_in_english() -> None:
    fr, en, first_ts = language_of("fr"), language_of("en"), TS_14_32 + 7 * 86_400
    assert fr.date(first_ts, PARIS) == "mardi 1er décembre"
    assert fr.day_month_year(first_ts, PARIS) == "1er déc. 2026"
    assert fr.day(first_ts, PARIS) == "mar. 1"
    assert en.date(first_ts, PARIS) == "Tuesday 1 December"
    assert fr.date(first_ts + 10 * 86_400, PARIS) == "vendredi 11 décembre"


def test_numbers_have_the_separators_of_the_language() -> None:
    assert language_of("fr").number(12345.6, 1) == f"12{NNBSP}345,6"
    assert language_of("en").number(12345.6, 1) == "12,345.6"


def test_a_name_without_the_language_falls_back() -> None:
    fr = language_of("fr")
    assert fr.named({"fr": "Salle", "en": "Room"}) == "Salle"
    assert fr.named({"en": "Room"}) == "Room"
    assert fr.named({"de": "Raum"}) == "Raum"
    assert fr.named({}) == ""


def test_a_language_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        language_of("de")
