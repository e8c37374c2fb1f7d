"""Why a value is unknown, in words. Called by the texts of pages that show single values; pure."""

from __future__ import annotations

from vigie_dashboard.language import Language


def unknown_words(language: Language) -> dict[str, str]:
    """Why a value is unknown, by the words of UNKNOWN_REASONS."""
    return {
        "absent": language.gettext("the hardware does not answer"),
        "busy": language.gettext("in use by something else"),
        "failed": language.gettext("tried and failed"),
        "inconclusive": language.gettext("could not tell"),
        "not-told": language.gettext("this device does not tell it"),
        "not-associated": language.gettext("not on the place's Wi-Fi"),
        "starting": language.gettext("starting, too few samples yet"),
        "counter-back": language.gettext("a counter went backwards"),
        "out-of-range": language.gettext("a value that cannot be true"),
        "spike": language.gettext("jumped further than it can"),
        "silent": language.gettext("nothing was heard in time"),
        "restarted": language.gettext("the node started again"),
    }
