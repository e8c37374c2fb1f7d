"""Who did something is named as a person reads it."""

from __future__ import annotations

import pytest

from vigie_dashboard.authors import author_name
from vigie_dashboard.language import language_of
from vigie_dashboard.sheet_view import THIS_MACHINE


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_gateways_own_screen_has_its_words_and_everybody_else_their_name(lang: str) -> None:
    language = language_of(lang)
    assert author_name("lou", language) == "lou"
    assert author_name("", language) == ""
    assert author_name(THIS_MACHINE, language) == {"fr": "cet appareil", "en": "this machine"}[lang]
