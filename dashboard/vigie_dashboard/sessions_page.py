"""The list of sessions: those that come, with whether each will fit, and those that are over, with whether it did.

Called by the gateway's ``api.sessions`` on any thread, and for what stands in the exported calendar; pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vigie_dashboard.check_text import hits_text
from vigie_dashboard.check_words import VERDICT_SHAPES, activity_name, resource_phrases
from vigie_dashboard.language import Language, language_of
from vigie_dashboard.notices import SessionView
from vigie_dashboard.pages import THEMES, render
from vigie_dashboard.session_check_text import CheckNote, note_of
from vigie_dashboard.sessions_text import check_words, session_name, stale_text
from vigie_dashboard.sessions_view import PastSession, SessionsView


@dataclass(frozen=True, slots=True)
class Coming:
    """One session that comes: where, when, who is expected, and what is said of it."""

    name: str
    room: str
    room_id: str
    time: str
    expected: str
    note: CheckNote


@dataclass(frozen=True, slots=True)
class Over:
    """One session that is over: what was said before, what came, and whether that is the same."""

    name: str
    room: str
    when: str
    shape: str
    said: str
    came: str
    broke: str
    outcome_shape: str
    outcome: str


def render_sessions(view: SessionsView, lang: str, theme: str | None) -> str:
    """The page.

    Args:
        view: What is known now.
        lang: One of ``pages.LANGUAGES``.
        theme: ``light`` or ``dark``; anything else follows the browser.
    """
    language = language_of(lang)
    carried = {"l": lang, **({"theme": theme} if theme in THEMES and theme is not None else {})}
    page, site = language.gettext("Sessions"), language.named(dict(view.site_name))
    return render(
        "sessions.html",
        language,
        theme,
        view=view,
        days=days_of(view, carried, language),
        past=[over_of(one, view, language) for one in view.past],
        hits=hits_text(view.hit_rate, language),
        stale=stale_text(view.stale_calendars, view.now_ts, view.timezone, language),
        site=site,
        title=f"{page} \u2013 {site} \u2013 Vigie",
    )


def days_of(view: SessionsView, carried: dict[str, str], language: Language) -> list[tuple[str, list[Coming]]]:
    """The coming sessions by the day on which they begin."""
    days: dict[str, list[Coming]] = {}
    for session in view.coming:
        day = language.date(session.begins_ts, view.timezone)
        days.setdefault(day, []).append(
            Coming(
                session_name(session, language),
                _room(session, view, language),
                session.room,
                _time(session, view, language),
                expected_text(session, view, language),
                note_of(session, view.now_ts, view.timezone, language, carried),
            )
        )
    return list(days.items())


def expected_text(session: SessionView, view: SessionsView, language: Language) -> str:
    """``40 people · be on video calls``, as far as the calendar says it."""
    names = {one.id: activity_name(one, language) for one in view.form.activities}
    parts = []
    if session.people is not None:
        parts.append(language.ngettext("%(num)s person", "%(num)s people", session.people))
    if session.activity is not None:
        parts.append(names.get(session.activity, session.activity))
    return " · ".join(parts)


def over_of(past: PastSession, view: SessionsView, language: Language) -> Over:
    """A row of the sessions that are over."""
    session = past.session
    check = session.check
    unknown = language.pgettext("outcome", "not known")
    broke = unknown
    if past.broke is not None:
        phrases = resource_phrases(language)
        named = language.joined([phrases.get(one, one) for one in past.broke])
        broke = named or language.pgettext("outcome", "nothing")
    outcomes = {
        True: ("ok", language.pgettext("outcome", "As foretold")),
        False: ("crit", language.pgettext("outcome", "Otherwise than foretold")),
        None: ("unk", language.pgettext("outcome", "Nothing to compare")),
    }
    shape, outcome = outcomes[past.came_true]
    return Over(
        session_name(session, language),
        _room(session, view, language),
        f"{language.day_month(session.begins_ts, view.timezone)}, {_time(session, view, language)}",
        "unk" if check is None else VERDICT_SHAPES[check.verdict],
        check_words(check, language),
        unknown if past.people is None else language.number(past.people, 0),
        broke,
        shape,
        outcome,
    )


def entry_texts(session: SessionView, now_ts: float, timezone: str, lang: str) -> tuple[str, str]:
    """Of an entry in the exported calendar: its name, and its description as lines of plain text.

    The description names no page of ours, and nobody: it goes wherever the calendar is subscribed to.
    """
    language = language_of(lang)
    note = note_of(session, now_ts, timezone, language)
    lines = [note.word, note.why]
    if note.actions:
        lines += ["", language.gettext("What to do:"), *(f"\u2013 {action}" for action in note.actions)]
    if note.as_of:
        lines += ["", f"Vigie, {note.as_of}"]
    return session_name(session, language), "\n".join(lines).strip()


def named(names: Mapping[str, str], lang: str) -> str:
    """What the place calls something."""
    return language_of(lang).named(dict(names))


def _room(session: SessionView, view: SessionsView, language: Language) -> str:
    return language.named(dict(view.rooms.get(session.room, {}))) or session.room


def _time(session: SessionView, view: SessionsView, language: Language) -> str:
    if session.is_all_day:
        return language.gettext("all day")
    begins = language.time(session.begins_ts, view.timezone)
    return language.gettext(
        "%(begin)s to %(end)s", begin=begins, end=language.when(session.ends_ts, session.begins_ts, view.timezone)
    )
