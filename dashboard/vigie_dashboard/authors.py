"""Who did something, as a person reads it: names are as they were typed, but for the gateway's own screen."""

from __future__ import annotations

from vigie_dashboard.language import Language
from vigie_dashboard.sheet_view import THIS_MACHINE


def author_name(author: str, language: Language) -> str:
    """The name of an author; "" for nobody."""
    return language.gettext("this machine") if author == THIS_MACHINE else author
