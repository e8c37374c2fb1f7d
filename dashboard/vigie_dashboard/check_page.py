"""The page "will it fit?": its form, its answer, and what is said of it in a calendar entry.

Called by the gateway's ``api.check_page``, on any thread.
"""

from __future__ import annotations

from vigie_dashboard import check_form_text, check_text, rehearsal_text
from vigie_dashboard.check_view import AnswerView, CheckView
from vigie_dashboard.check_words import verdict_words
from vigie_dashboard.language import language_of
from vigie_dashboard.pages import THEMES, render


def render_check(view: CheckView, lang: str, theme: str | None) -> str:
    """The page; its title begins with the verdict, which is what a screen reader says first.

    Args:
        view: What was asked, and the answer where there is one.
        lang: One of ``pages.LANGUAGES``.
        theme: ``light`` or ``dark``; anything else follows the browser.
    """
    language = language_of(lang)
    carried = {"l": lang, **({"theme": theme} if theme in THEMES and theme is not None else {})}
    site, page = language.named(dict(view.site_name)), language.gettext("My session")
    answer = None if view.answer is None else check_text.values_of(view, view.answer, carried, language)
    verdict = "" if answer is None else f"{answer['word']} \u2013 "
    return render(
        "check.html",
        language,
        theme,
        carried=view.query,
        view=view,
        **({"rehearsals": None} if view.rehearsals is None else rehearsal_text.values_of(view.rehearsals, language)),
        form=check_form_text.values_of(view, carried, language),
        answer=answer,
        asked=check_text.query_text({**carried, **view.query}),
        hits=check_text.hits_text(view.hit_rate, language),
        site=site,
        title=f"{verdict}{page} \u2013 {site} \u2013 Vigie",
    )


def check_entry(answer: AnswerView, lang: str) -> tuple[str, str]:
    """Of a calendar entry: its name, and its description as lines of plain text."""
    language = language_of(lang)
    name, verdict = language.gettext("My session"), verdict_words(language)[answer.verdict]
    return f"{name} ({verdict})", check_text.entry_text(answer, language)
