"""What an event's own text says to Vigie: ``Vigie: 40 people, video call``, a line of its description.

Pure. ``line_in`` is called where a feed is expanded, so that the rest of a description never leaves that process;
``read_line`` by ``place.sessions``. What is not understood is not guessed: nothing of the line counts then.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from vigie_gateway.capacity.activities import Activities
from vigie_gateway.capacity.question import MOST_PEOPLE, MOST_PIECES

MOST_CHARACTERS = 160
"""Of the line. Fewer cuts an honest one; more is never one."""
_BREAK = re.compile(r"<\s*(?:br|/?p|/?div|/?li)\b[^<>]{0,200}>", re.IGNORECASE)
"""Programs that let people format a description keep it as HTML, a paragraph a line."""
_TAG = re.compile(r"</?[a-z][^<>]{0,200}>", re.IGNORECASE)
_LINE = re.compile(r"\s*vigie\s*:(?P<said>.*)", re.IGNORECASE)
_COUNTED = re.compile(r"(?P<number>[0-9]{1,6})?\s*(?:[x\u00d7]\s+)?(?P<word>.*)")
_PEOPLE = frozenset({"", "p", "per", "personne", "people", "person", "participant", "participante"})
"""As ``_plain`` makes them: "pers." is there without its s."""
_ACTIVITY_WORDS: Mapping[str, tuple[str, ...]] = {
    "listen-talk": ("écouter", "discuter", "listen", "talk", "conférence", "conference", "réunion", "meeting"),
    "web-write": ("web", "naviguer", "écrire", "browse", "write"),
    "watch-video": ("vidéo", "regarder des vidéos", "video", "watch videos"),
    "video-call": ("visio", "visioconférence", "video call"),
    "audio-call": ("audio", "appel audio", "audio call"),
    "download-code": ("coder", "télécharger", "code", "download"),
    "livestream": ("diffusion", "diffusion en direct", "stream", "live stream"),
}
"""By Vigie's own activities: what people write for them, beside the id. A site's words are its names."""
_EQUIPMENT_WORDS: Mapping[str, tuple[str, ...]] = {
    "projector": ("vidéoprojecteur", "projecteur", "beamer"),
    "kettle": ("bouilloire",),
}


@dataclass(frozen=True, slots=True)
class Expected:
    """Who is expected at a session.

    Attributes:
        people: How many; None when nobody said.
        activity: What they mostly do, an id; None likewise.
        equipment: What is brought, by id, and how many of each.
        unread: The part of the line that is not understood; "" when all of it is.
    """

    people: int | None = None
    activity: str | None = None
    equipment: tuple[tuple[str, int], ...] = ()
    unread: str = ""


def line_in(description: str) -> str:
    """What stands after ``Vigie:`` in the first such line of a description; "" without one."""
    for line in _BREAK.sub("\n", description).splitlines():
        found = _LINE.fullmatch(_TAG.sub("", line))
        if found is not None:
            return found["said"].replace("\u00a0", " ").replace("&nbsp;", " ").strip()[:MOST_CHARACTERS]
    return ""


def read_line(line: str, activities: Activities) -> Expected:
    """Take a line apart at its commas.

    Args:
        line: As of ``line_in``.
        activities: Of the site, whose names count beside Vigie's own words.
    """
    people: int | None = None
    activity: str | None = None
    equipment: dict[str, int] = {}
    by_word, brought = _activity_ids(activities), _equipment_ids(activities)
    for part in (part.strip() for part in line.split(",")):
        counted = _COUNTED.fullmatch(part)
        number = None if counted is None or counted["number"] is None else int(counted["number"])
        word = _plain("" if counted is None else counted["word"])
        if not part:
            continue
        if number is not None and word in _PEOPLE and people is None and 1 <= number <= MOST_PEOPLE:
            people = number
        elif number is None and word in by_word and activity is None:
            activity = by_word[word]
        elif word in brought and brought[word] not in equipment and 1 <= (number or 1) <= MOST_PIECES:
            equipment[brought[word]] = number or 1
        else:
            return Expected(unread=part)
    return Expected(people, activity, tuple(equipment.items()))


def _activity_ids(activities: Activities) -> dict[str, str]:
    return {
        _plain(word): activity.id
        for activity in activities.by_id.values()
        for word in (*_ACTIVITY_WORDS.get(activity.id, ()), *activity.names.values(), activity.id)
    }


def _equipment_ids(activities: Activities) -> dict[str, str]:
    return {
        _plain(word): one.id
        for one in activities.equipment.values()
        for word in (*_EQUIPMENT_WORDS.get(one.id, ()), *one.names.values(), one.id)
    }


def _plain(text: str) -> str:
    """Without case, accents, hyphens, full stops and the s of a plural."""
    spelt = unicodedata.normalize("NFD", text.casefold().replace("œ", "oe"))
    bare = "".join(sign for sign in spelt if not unicodedata.combining(sign))
    words = bare.replace("-", " ").replace(".", " ").split()
    return " ".join(word.removesuffix("s") if len(word) > 1 else word for word in words)
