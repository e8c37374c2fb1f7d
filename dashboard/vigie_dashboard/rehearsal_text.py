"""Rehearsals in words: what one would cost, how far it is, what it found, and why there is none. Called by ``pages``.

Pure. ``values_of`` is also what another page needs that includes ``rehearsal.html``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from vigie_dashboard.authors import author_name
from vigie_dashboard.language import Language
from vigie_dashboard.rehearsal_view import OfferView, RehearsalsView, RehearsalView


@dataclass(frozen=True, slots=True)
class Told:
    """One rehearsal in words.

    Attributes:
        id: Its number.
        when: Day and time.
        where: Room, or the line.
        asked: What the line was to hold.
        who: Who asked.
        state: Of ``RehearsalView``.
        is_under_way: Something can still come of it.
        share: How far it is, 0 to 1.
        percent: The same, in words.
        headline: What came of it, in one sentence.
        is_well: Whether it held; None where that is not known.
        lines: The rest, a sentence each.
    """

    id: int
    when: str
    where: str
    asked: str
    who: str
    state: str
    is_under_way: bool
    share: float
    percent: str
    headline: str
    is_well: bool | None
    lines: tuple[str, ...]


def values_of(view: RehearsalsView, language: Language) -> dict[str, Any]:
    """What ``rehearsal.html`` and ``rehearsals.html`` use."""
    return {
        "rehearsals": view,
        "shown": None if view.shown is None else told(view.shown, view, language),
        "rows": [told(one, view, language) for one in view.rows],
        "cost": "" if view.offer is None else cost_text(view.offer, language),
        "far_end": far_end_text(view, language),
        "demand": "" if view.offer is None else demand_text(view.offer, language),
        "room_choices": [(room, language.named(name)) for room, name in view.rooms],
        "caution": _caution(view, language),
        "running": language.gettext("Bytes are moving at the demanded rate."),
        "refusal": trouble_text(view.trouble, language),
    }


def told(one: RehearsalView, view: RehearsalsView, language: Language) -> Told:
    """One in words."""
    is_well = _is_well(one)
    return Told(
        id=one.id,
        when=language.moment(one.at_ts, view.timezone),
        where=language.gettext("the line alone") if one.room is None else language.named(one.room),
        asked=demand_text(one, language),
        who=author_name(one.author, language),
        state=one.state,
        is_under_way=one.state in {"asked", "running"},
        share=round(one.share, 3),
        percent=language.percent(one.share),
        headline=_headline(one, language, is_well=is_well),
        is_well=is_well,
        lines=tuple(_lines(one, language)),
    )


def demand_text(one: OfferView | RehearsalView, language: Language) -> str:
    """``24 Mb/s down and 9 Mb/s up``."""
    return language.gettext(
        "%(down)s Mb/s down and %(up)s Mb/s up",
        down=_mbps(one.download_bps, language),
        up=_mbps(one.upload_bps, language),
    )


def cost_text(offer: OfferView, language: Language) -> str:
    """What the click takes of the line's budget and of a person's time."""
    return language.gettext(
        "It costs %(usual)s MB and %(seconds)s s where the line holds, never more than %(most)s MB and %(longest)s s.",
        usual=_megabytes(offer.usual_bytes, language),
        seconds=language.number(math.ceil(offer.usual_s), 0),
        most=_megabytes(offer.most_bytes, language),
        longest=language.number(math.ceil(offer.longest_s), 0),
    )


def far_end_text(view: RehearsalsView, language: Language) -> str:
    """Who is asked."""
    if view.far_end:
        return language.gettext("Last tried against %(far_end)s.", far_end=view.far_end)
    return language.gettext("Tried against the far end that stands in the node's own configuration.")


def trouble_text(kind: str, language: Language) -> str:
    """Why none was begun; "" for no reason."""
    if not kind:
        return ""
    return {
        "number": language.gettext("Type a number of Mb/s above 0."),
        "demand": language.gettext("Type a number of Mb/s above 0."),
        "room": language.gettext("There is no such room any more."),
        "no-node": language.gettext("No node on the access point of this room can rehearse."),
        "offline": language.gettext("The node that can rehearse is not connected."),
        "busy": language.gettext("Another rehearsal is under way: wait for its result."),
        "session": language.gettext("A session is on and shares the line. Nothing was sent."),
        "calendar": language.gettext("A calendar cannot be read, so that a session may be on. Nothing was sent."),
        "clock": language.gettext("The gateway does not know what time it is. Nothing was sent."),
        "broker": language.gettext("The gateway has no connection to its broker. Nothing was sent."),
    }.get(kind, language.gettext("The gateway's disk does not take it. Nothing was sent."))


def _caution(view: RehearsalsView, language: Language) -> str:
    """What somebody overrules who begins one now; "" for nothing."""
    if view.session is not None:
        return language.gettext("A session is on in %(room)s. Rehearse all the same", room=language.named(view.session))
    if not view.is_calendar_known:
        return language.gettext("Whether a session is on is not known. Rehearse all the same")
    return ""


def _is_well(one: RehearsalView) -> bool | None:
    if one.result is None:
        return None
    found = {one.result.download, one.result.upload}
    if "short" in found:
        return False
    return None if "unknown" in found else True


def _headline(one: RehearsalView, language: Language, *, is_well: bool | None) -> str:
    if one.result is None:
        return _without_result(one, language)
    if is_well is None:
        return language.gettext("It ended before anything could be told: whether the line holds is not known.")
    if not is_well:
        return language.gettext("The line does not hold it.")
    if "holds" in {one.result.download, one.result.upload}:
        return language.gettext("The line holds it, with little to spare.")
    return language.gettext("The line holds it, and three tenths more.")


def _without_result(one: RehearsalView, language: Language) -> str:
    if one.state == "refused":
        return language.gettext("The node did not begin: %(why)s.", why=_refused(one.reason, language))
    return {
        "asked": language.gettext("The node was asked and has not answered yet."),
        "running": language.gettext("Bytes are moving at the demanded rate."),
        "silent": language.gettext("The node does not answer: what it found is not known."),
    }.get(one.state, language.gettext("The gateway was stopped meanwhile: what was found is not known."))


def _refused(reason: str, language: Language) -> str:
    return {
        "not-configured": language.gettext("it has no far end to rehearse against"),
        "busy": language.gettext("another rehearsal or throughput test runs on it"),
        "budget": language.gettext("this month's data budget does not allow it"),
        "power-save": language.gettext("its radio saves power, and would measure ten times too long a delay"),
        "absent": language.gettext("its interface, the far end or a tool is not there"),
    }.get(reason, language.gettext("it does not allow so many bytes at once"))


def _lines(one: RehearsalView, language: Language) -> list[str]:
    lines = []
    result = one.result
    if result is not None:
        for word, name, held, asked in (
            (result.download, language.gettext("Download"), result.download_bps, one.download_bps),
            (result.upload, language.gettext("Upload"), result.upload_bps, one.upload_bps),
        ):
            lines.append(_direction(word, name, held, asked, language))
        lines.append(_delay(one, language))
        lines.append(
            language.gettext(
                "It cost %(moved)s MB and took %(seconds)s s, against %(far_end)s.",
                moved=_megabytes(result.moved_bytes, language),
                seconds=language.number(result.took_s, 1),
                far_end=result.far_end or language.gettext("nobody"),
            )
        )
        if one.is_within:
            lines.append(language.gettext("That is within the place: the Wi-Fi was tried, not the line beyond."))
    if one.is_forced:
        lines.append(language.gettext("It was begun although a session may have been on."))
    if one.detail:
        lines.append(language.gettext("The node says: %(detail)s", detail=one.detail))
    return [line for line in lines if line]


def _direction(word: str, name: str, held_bps: float | None, asked_bps: float, language: Language) -> str:
    held = "" if held_bps is None else _mbps(held_bps, language)
    if word == "not-asked":
        return ""
    if word == "unknown" or held_bps is None:
        return language.gettext("%(direction)s: could not be told.", direction=name)
    if word == "short":
        return language.gettext(
            "%(direction)s: %(held)s Mb/s, short by %(share)s.",
            direction=name,
            held=held,
            share=language.percent(max(0.0, 1 - held_bps / asked_bps) if asked_bps else 0.0),
        )
    return language.gettext("%(direction)s: %(held)s Mb/s held.", direction=name, held=held)


def _delay(one: RehearsalView, language: Language) -> str:
    result = one.result
    if result is None or result.loaded_ms is None or one.call is None:
        return language.gettext("The delay meanwhile could not be measured.")
    values = {
        "loaded": _two_digits(result.loaded_ms, language),
        "worst": "\u2013" if result.loaded_p95_ms is None else _two_digits(result.loaded_p95_ms, language),
    }
    return {
        "fluid": language.gettext(
            "Delay meanwhile %(loaded)s ms, %(worst)s ms one time in twenty: a call would stay fluid.", **values
        ),
        "pages": language.gettext(
            "Delay meanwhile %(loaded)s ms, %(worst)s ms one time in twenty: a call would break up, pages open.",
            **values,
        ),
    }.get(
        one.call,
        language.gettext(
            "Delay meanwhile %(loaded)s ms, %(worst)s ms one time in twenty: even pages would be slow.", **values
        ),
    )


def _mbps(rate_bps: float, language: Language) -> str:
    return _two_digits(rate_bps / 1e6, language)


def _megabytes(count: int, language: Language) -> str:
    return _two_digits(count / 1e6, language)


def _two_digits(number: float, language: Language) -> str:
    """They say enough of a rate, a size or a delay; a whole number has no decimals."""
    is_whole = round(number, 1) == round(number)
    return language.number(number, 0 if is_whole or number >= 10 else 1)  # noqa: PLR2004 - those digits
