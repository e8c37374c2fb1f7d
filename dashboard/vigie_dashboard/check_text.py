"""What the answer of the page "will it fit?" says: the verdict's sentence, how sure it is, what to do.

Called by ``pages`` and, for a calendar entry, by the gateway's ``api.check_page``; pure: values in, sentences out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from vigie_dashboard.check_gauge import (
    COUNTED,
    Row,
    margin_text,
    measure_of,
    rounded_amount,
    rounded_need,
    row_of,
)
from vigie_dashboard.check_view import ActionView, AnswerView, CheckView, GaugeView, HitRate
from vigie_dashboard.check_words import (
    VERDICT_SHAPES,
    activity_name,
    activity_words,
    breaking_words,
    caution_words,
    confidence_words,
    doubt_words,
    equipment_name,
    equipment_words,
    missing_text,
    obstacle_words,
    rate_text,
    resource_phrases,
    share_text,
    then_words,
    unsaid_words,
    verdict_words,
)
from vigie_dashboard.language import Language

STRIP_OUTLETS = 5
"""That a power strip of six adds to the outlet that it takes, as the gateway's actions count it."""
FEW_DAYS = 3
"""Comparable days under which the sentence on confidence says how few they are: fewer never make a plain yes."""
MOST_SHORTAGES = 2
"""Told in the verdict's sentence. More is a list, which the gauges are."""
_NETWORK = ("devices", "download", "upload", "airtime", "latency")
_BY_PEOPLE = frozenset({"download", "upload", "airtime"})
_CALLS = frozenset({"download", "upload", "airtime", "latency"})


@dataclass(frozen=True, slots=True)
class ActionRow:
    """Something to do: ``to`` leads to where it is tried, the same page asked anew; "" where there is no such."""

    what: str
    effect: str
    shape: str
    then: str
    to: str


def values_of(view: CheckView, answer: AnswerView, carried: dict[str, str], language: Language) -> dict[str, Any]:
    """Everything that the answer's template shows.

    Args:
        view: The page.
        answer: That of the page, which has one.
        carried: Language and theme, which links keep.
        language: Of the reader.
    """
    return {
        "verdict": answer.verdict,
        "shape": VERDICT_SHAPES[answer.verdict],
        "word": verdict_words(language)[answer.verdict],
        "sentence": sentence_of(answer, language),
        "rows": rows_of(answer, language),
        "basis": _basis_text(answer, language),
        "confidence": confidence_text(answer, language),
        "actions": [action_row(one, view, carried, language) for one in answer.actions],
        "unsaid": _sentence(language.listed([_unsaid(one, answer, language) for one in answer.unsaid])),
        "session": session_text(view, answer, language),
        "asked": language.gettext("checked on %(moment)s", moment=language.moment(view.now_ts, view.timezone)),
    }


def _unsaid(word: str, answer: AnswerView, language: Language) -> str:
    """What the measure does not tell; of what else takes place, also why, where a calendar is the reason."""
    said = unsaid_words(language)[word]
    if word == "others-unknown" and answer.unknown_calendar is not None:
        return f"{said} ({missing_text(answer.unknown_calendar, language)})"
    return said


def rows_of(answer: AnswerView, language: Language) -> list[Row]:
    """Every resource, tightest first."""
    notes = _notes(answer, language)
    return [
        row_of(
            gauge,
            answer.people,
            language,
            is_limiting=gauge.resource == answer.limiting,
            note=notes.get(gauge.resource, ""),
        )
        for gauge in answer.gauges
    ]


def _notes(answer: AnswerView, language: Language) -> dict[str, str]:
    """What one person takes, where that can be said."""
    rates = {"download": answer.person_download_bps, "upload": answer.person_upload_bps}
    notes = {
        resource: language.gettext("%(rate)s a person", rate=rate_text(rate_bps, language))
        for resource, rate_bps in rates.items()
        if rate_bps
    }
    if answer.plugged_share is not None:
        notes["outlets"] = language.gettext("plugged in: %(share)s", share=share_text(answer.plugged_share, language))
    return notes


def session_text(view: CheckView, answer: AnswerView, language: Language) -> str:
    """Where, when, how many and what, in a line."""
    day = language.date(answer.starts_ts, view.timezone)
    begins, ends = (language.time(at_ts, view.timezone) for at_ts in (answer.starts_ts, answer.ends_ts))
    if language.date(answer.ends_ts, view.timezone) != day:
        ends = f"{language.date(answer.ends_ts, view.timezone)} {ends}"
    names = {one.id: activity_name(one, language) for one in view.form.activities}
    return " · ".join(
        (
            language.named(dict(answer.room)),
            f"{day}, {begins} \u2013 {ends}",
            language.ngettext("%(num)s person", "%(num)s people", answer.people),
            language.gettext("mostly: %(what)s", what=names.get(answer.activity, answer.activity)),
        )
    )


def sentence_of(answer: AnswerView, language: Language) -> str:
    """What decides, and the number at which it gives in; what stands in the way besides comes first."""
    words = obstacle_words(language)
    said = [words[one] for one in answer.obstacles]
    limiting = next((gauge for gauge in answer.gauges if gauge.resource == answer.limiting), None)
    if answer.verdict == "no-go":
        said.append(_shortages(answer, language))
    elif limiting is not None and limiting.verdict == "tight":
        said.append(_tightest(answer, limiting, language))
    else:
        said += _doubtful(answer, language)
        if limiting is not None:
            said.append(_least_margin(answer, limiting, language))
    return " ".join(said)


def _shortages(answer: AnswerView, language: Language) -> str:
    # Seats first: nobody has to believe a model for those.
    lacking = sorted((one for one in answer.gauges if one.verdict == "no-go"), key=lambda one: one.resource != "seats")
    found = lacking[:MOST_SHORTAGES]
    told = [_shortage(gauge, answer.people, language) for gauge in found]
    if len(told) < MOST_SHORTAGES:
        return _sentence("".join(told))
    return _sentence(language.gettext("%(first)s, and %(second)s", first=told[0], second=told[1]))


def _shortage(gauge: GaugeView, people: int, language: Language) -> str:
    need, amounts = gauge.need, gauge.amounts
    assert need is not None  # noqa: S101 - told to the type checker: too little of something is known on both sides
    assert amounts is not None  # noqa: S101 - as above
    if gauge.resource in _BY_PEOPLE and gauge.breaks_at:
        what, all_of = resource_phrases(language)[gauge.resource], language.number(people, 0)
        return language.ngettext(
            "%(what)s will only carry %(num)s of %(people)s people",
            "%(what)s will only carry %(num)s of %(people)s people",
            gauge.breaks_at,
            what=what,
            people=all_of,
        )
    if gauge.resource in _BY_PEOPLE:
        return language.gettext("%(what)s does not carry it", what=resource_phrases(language)[gauge.resource])
    if gauge.resource == "latency":
        return language.gettext("the line answers too late for what they do")
    short = rounded_need(gauge, need.low) - rounded_amount(gauge, amounts.highest or 0.0)
    if gauge.resource not in COUNTED:
        return language.gettext("%(amount)s of power are missing", amount=measure_of(gauge, language).full(short))
    number = int(short)
    return {
        "seats": language.ngettext("%(num)s seat is missing", "%(num)s seats are missing", number),
        "outlets": language.ngettext("%(num)s outlet is missing", "%(num)s outlets are missing", number),
        "devices": language.ngettext(
            "%(num)s device is too many for the access points",
            "%(num)s devices are too many for the access points",
            number,
        ),
        "addresses": language.ngettext(
            "%(num)s network address is missing", "%(num)s network addresses are missing", number
        ),
    }[gauge.resource]


def _tightest(answer: AnswerView, gauge: GaugeView, language: Language) -> str:
    what = resource_phrases(language)[gauge.resource]
    is_short = gauge.margin is not None and gauge.margin < 0
    if gauge.cautions and not is_short:
        why = language.joined([caution_words(language)[one] for one in gauge.cautions])
        return language.gettext("The figures are enough, but for %(what)s %(why)s.", what=what, why=why)
    then = _breaking(answer, gauge.resource, language)
    if gauge.breaks_at is None:
        return language.gettext("What gives in first: %(what)s. Then %(then)s.", what=what, then=then)
    if not gauge.breaks_at:
        return language.gettext("What gives in first: %(what)s. Even for one person %(then)s.", what=what, then=then)
    if is_short:
        return language.ngettext(
            "What gives in first: %(what)s. Beyond %(num)s person, %(then)s.",
            "What gives in first: %(what)s. Beyond %(num)s people, %(then)s.",
            gauge.breaks_at,
            what=what,
            then=then,
        )
    return language.ngettext(
        "Hardly any margin: %(what)s. Beyond %(num)s person, %(then)s.",
        "Hardly any margin: %(what)s. Beyond %(num)s people, %(then)s.",
        gauge.breaks_at,
        what=what,
        then=then,
    )


def _breaking(answer: AnswerView, resource: str, language: Language) -> str:
    if answer.activity == "video-call" and resource in _CALLS:
        return language.gettext("pictures will freeze")
    return breaking_words(language)[resource]


def _doubtful(answer: AnswerView, language: Language) -> list[str]:
    """Why it is no plain yes although nothing measured is tight; empty on a plain yes."""
    unchecked = [one.resource for one in answer.gauges if one.verdict == "not-checked" and one.resource in _NETWORK]
    if answer.verdict == "go" or not unchecked:
        return []
    phrases = resource_phrases(language)
    return [
        language.gettext(
            "Not checked: %(what)s. Without that nobody can promise it.",
            what=language.joined([phrases[one] for one in unchecked]),
        )
    ]


def _least_margin(answer: AnswerView, gauge: GaugeView, language: Language) -> str:
    what = resource_phrases(language)[gauge.resource]
    margin = margin_text(gauge, answer.people, language)
    if gauge.breaks_at is None:
        return language.gettext("Smallest margin: %(what)s, %(margin)s.", what=what, margin=margin)
    return language.ngettext(
        "Smallest margin: %(what)s, %(margin)s; enough for %(num)s person.",
        "Smallest margin: %(what)s, %(margin)s; enough for %(num)s people.",
        gauge.breaks_at,
        what=what,
        margin=margin,
    )


def _basis_text(answer: AnswerView, language: Language) -> str:
    days = [one.amounts.days for one in answer.gauges if one.amounts is not None and one.amounts.days is not None]
    if not days or not min(days):
        return language.gettext("tightest first")
    measured = language.ngettext(
        "tightest first · measured on %(num)s comparable day",
        "tightest first · measured on %(num)s comparable days",
        min(days),
    )
    return measured if min(days) == max(days) else measured + " " + language.gettext("or more")


def confidence_text(answer: AnswerView, language: Language) -> str:
    """How sure, and why not more."""
    days = [one.amounts.days for one in answer.gauges if one.amounts is not None and one.amounts.days is not None]
    why = []
    if not days or not min(days):
        why.append(language.gettext("something was never measured on such a day"))
    elif min(days) < FEW_DAYS:
        why.append(
            language.ngettext(
                "few readings (%(num)s comparable day)", "few readings (%(num)s comparable days)", min(days)
            )
        )
    words = doubt_words(language)
    why += [words[one] for one in answer.doubts]
    if answer.most_people_seen is not None and "never-so-many" in answer.doubts:
        why.append(language.gettext("at most %(number)s", number=language.number(answer.most_people_seen, 0)))
    sure = confidence_words(language)[answer.confidence]
    if not why:
        return f"{sure}."
    return language.gettext("%(sure)s: %(why)s.", sure=sure, why=language.listed(why))


def action_row(action: ActionView, view: CheckView, carried: dict[str, str], language: Language) -> ActionRow:
    """What to do, what that changes, and what the answer would be then."""
    return ActionRow(
        what=action_text(action, view, language),
        effect=_effect_text(action, language),
        shape=VERDICT_SHAPES[action.verdict],
        then=then_words(language)[action.verdict],
        to=_to(action, view, carried),
    )


def _to(action: ActionView, view: CheckView, carried: dict[str, str]) -> str:
    if action.kind == "rehearse":
        return "#h-rehearse" if view.can_rehearse else ""
    return query_text({**carried, **action.query}) if action.query else ""


def action_text(action: ActionView, view: CheckView, language: Language) -> str:
    """What to do, in the imperative."""
    amount, room = action.amount or 0, language.named(dict(action.room))
    texts = {
        "fewer-people": lambda: language.ngettext(
            "Limit to %(num)s participant", "Limit to %(num)s participants", amount
        ),
        "lighter-activity": lambda: _lighter_text(action, view, language),
        "all-lighter": lambda: _lighter_text(action, view, language),
        "power-strip": lambda: language.ngettext(
            "Bring %(num)s power strip of 6", "Bring %(num)s power strips of 6", math.ceil(amount / STRIP_OUTLETS)
        ),
        "charged-before": lambda: language.gettext("Ask people to come with charged laptops (1 in 4 plugs in)"),
        "without-equipment": lambda: language.gettext(
            "Leave at home: %(what)s", what=_equipment(action.equipment, view, language)
        ),
        "other-room": lambda: language.gettext("Take another room: %(room)s", room=room),
        "split-rooms": lambda: language.gettext(
            "Split with %(room)s: %(here)s here, %(there)s there",
            room=room,
            here=language.number(amount, 0),
            there=language.number(action.people - amount, 0),
        ),
        "two-sessions": lambda: language.ngettext(
            "Hold two sessions of %(num)s, one after the other",
            "Hold two sessions of %(num)s, one after the other",
            amount,
        ),
        "more-access-points": lambda: language.ngettext(
            "Add %(num)s access point", "Add %(num)s access points", amount
        ),
        "rehearse": lambda: language.gettext("Rehearse: try the line at the session's own rate"),
    }
    return texts[action.kind]()


def _lighter_text(action: ActionView, view: CheckView, language: Language) -> str:
    is_all = action.kind == "all-lighter"
    if action.lighter == "audio-call":
        if is_all:
            return language.gettext("Turn off every camera")
        return language.gettext("Turn off half of the cameras")
    names = activity_words(language) | {one.id: activity_name(one, language) for one in view.form.activities}
    what = names.get(action.lighter or "", action.lighter or "")
    if is_all:
        return language.gettext("Have all of them do this instead: %(what)s", what=what)
    return language.gettext("Have half of them do this instead: %(what)s", what=what)


def _equipment(name: str | None, view: CheckView, language: Language) -> str:
    names = equipment_words(language) | {one.id: equipment_name(one, language) for one in view.form.equipment}
    return names.get(name or "", name or "")


def _effect_text(action: ActionView, language: Language) -> str:
    what = _sentence(resource_phrases(language)[action.resource], end="")
    if action.kind == "rehearse":
        return language.gettext("If it holds, the answer is this.")
    if action.before is None or action.after is None or not math.isfinite(action.after):
        return ""
    after = language.percent(action.after)
    if not math.isfinite(action.before):
        return language.gettext("%(what)s: %(after)s of what is dependable", what=what, after=after)
    before = language.percent(action.before)
    if before == after:
        return language.gettext("%(what)s: still %(after)s of what is dependable", what=what, after=after)
    return language.gettext(
        "%(what)s: %(after)s of what is dependable, instead of %(before)s", what=what, after=after, before=before
    )


def hits_text(rate: HitRate | None, language: Language) -> str:
    """How often such answers came true here; "" while nobody knows."""
    if rate is None or not rate.of:
        return ""
    return language.ngettext(
        "Our forecasts held %(held)s time in %(num)s.",
        "Our forecasts held %(held)s times in %(num)s.",
        rate.of,
        held=language.number(rate.held, 0),
    )


def entry_text(answer: AnswerView, language: Language) -> str:
    """The answer as lines of plain text, for the description of a calendar entry."""
    lines = [verdict_words(language)[answer.verdict], sentence_of(answer, language), ""]
    lines += [
        language.gettext("%(resource)s: %(said)s", resource=row.name, said=row.said)
        for row in rows_of(answer, language)
    ]
    lines += ["", confidence_text(answer, language)]
    return "\n".join(lines)


def query_text(query: Mapping[str, str]) -> str:
    """The part of an address from its question mark on."""
    return "?" + urlencode(query)


def _sentence(text: str, end: str = ".") -> str:
    """With a capital letter, and a full stop."""
    return text[:1].upper() + text[1:] + end
