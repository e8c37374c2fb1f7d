"""The form of the page "will it fit?": what there is to choose, and what is wrong with what was typed.

Called by ``pages``; pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from vigie_dashboard.check_view import CheckForm, CheckView, Trouble
from vigie_dashboard.check_words import activity_name, equipment_name, obstacle_words, rate_text
from vigie_dashboard.language import NBSP, Language

SHARES = (0, 25, 50, 75, 100)
"""Percent of the people who do something lighter, as the form offers them; others may stand in an address."""
_DAY_S = 86_400.0
_DATE, _TIME = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d\d:\d\d")
"""What a browser's own fields take; anything else is shown as text, so that nothing typed is lost."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: ``note`` stands beside it."""

    value: str
    label: str
    note: str
    is_chosen: bool


def values_of(view: CheckView, carried: dict[str, str], language: Language) -> dict[str, Any]:
    """Everything that the form's template shows."""
    form = view.form
    chosen = form.typed.get
    return {
        "typed": form.typed,
        "kinds": {
            name: kind if not chosen(name) or shape.fullmatch(chosen(name, "")) else "text"
            for name, kind, shape in (("date", "date", _DATE), ("from", "time", _TIME), ("to", "time", _TIME))
        },
        "rooms": [
            Choice(
                room.id,
                language.named(dict(room.name)),
                language.ngettext("%(num)s seat", "%(num)s seats", room.seats),
                room.id == chosen("room"),
            )
            for room in form.rooms
        ],
        "activities": [
            Choice(
                one.id,
                activity_name(one, language),
                _rate_note(one.download_bps, one.upload_bps, one.shared_upload_bps, language),
                one.id == chosen("activity"),
            )
            for one in form.activities
        ],
        "equipment": [
            (f"bring-{one.id}", equipment_name(one, language), f"{language.number(one.power_w, 0)}{NBSP}W")
            for one in form.equipment
        ],
        "lighter": _with_typed(_share_choices(chosen("lighter", ""), language), chosen("lighter", "")),
        "plugged": _with_typed(_plugged_choices(chosen("plugged", ""), language), chosen("plugged", "")),
        "sessions": [
            (
                "?" + urlencode({**carried, **one.query}),
                language.when(one.begins_ts, view.now_ts, view.timezone)
                + " \u2013 "
                + language.time(one.ends_ts, view.timezone),
                one.name or language.gettext("Private session"),
                _room_name(form, one.room, language),
            )
            for one in form.sessions
        ],
        "troubles": _obstacles_of(view, language) | troubles_of(form, view, language),
    }


def _obstacles_of(view: CheckView, language: Language) -> dict[str, str]:
    """A closed or booked room is said where it was chosen, too."""
    if view.answer is None or not view.answer.obstacles:
        return {}
    words = obstacle_words(language)
    return {"room": " ".join(words[one] for one in view.answer.obstacles)}


def _room_name(form: CheckForm, room_id: str, language: Language) -> str:
    return next((language.named(dict(one.name)) for one in form.rooms if one.id == room_id), room_id)


def _rate_note(down_bps: float, up_bps: float, shared_up_bps: float, language: Language) -> str:
    if shared_up_bps:
        return f"{rate_text(shared_up_bps, language)}{NBSP}↑"
    if down_bps == up_bps:
        return f"{rate_text(down_bps, language)}{NBSP}↑↓" if down_bps >= 1e6 else rate_text(down_bps, language)  # noqa: PLR2004 - a call
    return rate_text(max(down_bps, up_bps), language)


def _share_choices(chosen: str, language: Language) -> list[Choice]:
    words = {0: language.gettext("nobody"), 100: language.gettext("everybody"), 50: language.gettext("half of them")}
    return [
        Choice(str(share), words.get(share, language.percent(share / 100)), "", str(share) == chosen)
        for share in SHARES
    ]


def _plugged_choices(chosen: str, language: Language) -> list[Choice]:
    labels = {
        "": language.gettext("as usual for what they do"),
        "0": language.gettext("nobody"),
        "25": language.gettext("1 in 4"),
        "33": language.gettext("1 in 3"),
        "50": language.gettext("1 in 2"),
        "67": language.gettext("2 in 3"),
        "100": language.gettext("everybody"),
    }
    return [Choice(value, label, "", value == chosen) for value, label in labels.items()]


def _with_typed(choices: list[Choice], typed: str) -> list[Choice]:
    """What an address asks for stays chosen, although the form does not offer it."""
    if any(choice.is_chosen for choice in choices):
        return choices
    return [*choices, Choice(typed, f"{typed}{NBSP}%", "", is_chosen=True)]


def troubles_of(form: CheckForm, view: CheckView, language: Language) -> dict[str, str]:
    """By field: what is wrong, and what to type; the first where there are several."""
    found: dict[str, str] = {}
    for trouble in form.troubles:
        found.setdefault(trouble.field, trouble_text(trouble, view, language))
    return found


def trouble_text(trouble: Trouble, view: CheckView, language: Language) -> str:
    """One field's trouble in a sentence."""
    bound = trouble.bound or 0.0
    if trouble.kind == "unknown":
        return _unknown_text(trouble.field, language)
    if trouble.field == "lighter" and trouble.kind == "too-many" and not bound:
        return language.gettext("There is nothing lighter than what they do: choose nobody.")
    texts = {
        "missing": lambda: language.gettext("This is missing: fill it in."),
        "no-date": lambda: language.gettext("This is no date. Type it as 2026-11-24."),
        "no-time": lambda: language.gettext("This is no time. Type it as 18:30."),
        "no-number": lambda: language.gettext("This is no whole number. Type it in digits."),
        "too-few": lambda: language.gettext("This is too few: at least %(number)s.", number=language.number(bound, 0)),
        "too-many": lambda: language.gettext("This is too many: at most %(number)s.", number=language.number(bound, 0)),
        "not-after": lambda: language.gettext("The session ends before it begins: choose a later end."),
        "too-long": lambda: language.ngettext(
            "The session is too long: at most %(num)s day.",
            "The session is too long: at most %(num)s days.",
            round(bound / _DAY_S),
        ),
        "too-late": lambda: language.ngettext(
            "This is too far ahead: at most %(num)s day.",
            "This is too far ahead: at most %(num)s days.",
            round(bound / _DAY_S),
        ),
        "past": lambda: language.gettext(
            "The session has begun already: it is %(time)s. Choose a later time.",
            time=language.time(view.now_ts, view.timezone),
        ),
    }
    return texts[trouble.kind]()


def _unknown_text(field: str, language: Language) -> str:
    if field == "room":
        return language.gettext("There is no such room here: choose one of the list.")
    if field == "activity":
        return language.gettext("This is not known here: choose one of the list.")
    return language.gettext("This is not known here.")
