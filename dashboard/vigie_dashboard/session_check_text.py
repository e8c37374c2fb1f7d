"""What is said of whether a session will fit: on a room's sheet, in the list of sessions, in the exported calendar.

Called by ``sheet_text``, ``sessions_page`` and the gateway's ``formats.icalendar``; pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vigie_dashboard.check_text import action_text, query_text, sentence_of
from vigie_dashboard.check_words import VERDICT_SHAPES
from vigie_dashboard.language import Language
from vigie_dashboard.notices import SessionCheck, SessionView
from vigie_dashboard.sessions_text import check_words

EXAMPLE = {"fr": "Vigie: 40 personnes, visio", "en": "Vigie: 40 people, video call"}
"""As in docs/sessions.md."""


@dataclass(frozen=True, slots=True)
class CheckNote:
    """All that is said of one session.

    Attributes:
        verdict: As of ``SessionCheck``; "" where nobody has asked yet.
        shape: The icon beside ``word``.
        word: In a few words.
        why: The sentence that names the resource and the number at which it gives in; or why nothing was checked.
        actions: What to do, best first.
        as_of: When that was found.
        to: The query of the page that asks it again; "" where there is nothing to ask.
    """

    verdict: str
    shape: str
    word: str
    why: str
    actions: tuple[str, ...]
    as_of: str
    to: str


def note_of(
    session: SessionView,
    now_ts: float,
    timezone: str,
    language: Language,
    carried: Mapping[str, str] = MappingProxyType({}),
) -> CheckNote:
    """Of one session; ``carried`` are language and theme, which a link keeps."""
    check = session.check
    if check is None:
        why = language.gettext("Checked from two days before it begins.")
        if session.begins_ts <= now_ts:
            why = language.gettext("It began before it could be checked.")
        return CheckNote("", "", "", why, (), "", "")
    page = check.page
    actions: tuple[str, ...] = ()
    if page is None or page.answer is None:
        why = unchecked_text(session, check, language)
    else:
        why = sentence_of(page.answer, language)
        actions = tuple(action_text(one, page, language) for one in page.answer.actions)
    return CheckNote(
        check.verdict,
        VERDICT_SHAPES[check.verdict],
        check_words(check, language),
        why,
        actions,
        _as_of(check, now_ts, timezone, language),
        query_text({**carried, **check.query}) if check.query else "",
    )


def unchecked_text(session: SessionView, check: SessionCheck, language: Language) -> str:
    """Why a session was not checked, and what would help."""
    example = EXAMPLE[language.code]
    texts = {
        "people": language.gettext(
            "The calendar does not say how many people come. A line of the event's description would: %(line)s",
            line=example,
        ),
        "activity": language.gettext(
            "The calendar does not say what they will do. A line of the event's description would: %(line)s",
            line=example,
        ),
        "unread": language.gettext(
            "“%(part)s” in the event's description is not understood. Expected: %(line)s",
            part=session.unread,
            line=example,
        ),
        "no-seats": language.gettext("This room has no seats."),
        "all-day": language.gettext("The event has no times: a session is checked for the hours it takes."),
        "impossible": language.gettext("What the event says cannot be checked: it lasts too long."),
        "store": language.gettext("The readings could not be read."),
    }
    return texts[check.why]


def _as_of(check: SessionCheck, now_ts: float, timezone: str, language: Language) -> str:
    time = language.when(check.at_ts, now_ts, timezone)
    if check.is_old:
        return language.gettext("checked %(time)s; could not be checked again since", time=time)
    return language.gettext("checked %(time)s", time=time)
