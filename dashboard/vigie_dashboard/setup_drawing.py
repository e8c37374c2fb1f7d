"""What the drawings of the set-up are told beside the fields of their page: their words, and the rooms for the doors.

``setup_text`` puts it into the page as a JSON element, which ``static/setup_canvas.js`` and its two users read. What a
person typed stays text on this way: the template escapes the JSON, the scripts set text and never markup.
"""

from __future__ import annotations

from typing import Any

from vigie_dashboard.language import Language
from vigie_dashboard.setup_view import Drawn, SetupView


def drawing_data(view: SetupView, language: Language) -> dict[str, Any] | None:
    """For the pages that have a drawing; None for the others, and where nothing may be changed."""
    if not view.csrf:
        return None
    if view.step == "plan":
        words = _common_words(language) | _room_words(language)
        spoken = language.code if language.code in view.languages else view.languages[0]
        return {"words": words, "name": f"name_{spoken}", "outlines": _outlines(view.drawn)}
    if view.step == "doors":
        names = dict(view.rooms)
        rooms = [{"id": room, "name": names.get(room, room), "corners": corners} for room, corners in view.drawn]
        return {"words": _common_words(language) | _door_words(language), "rooms": rooms}
    return None


def _outlines(drawn: Drawn) -> list[tuple[str, list[tuple[float, float]]]]:
    """Rooms that are no rectangle: their corners as shares of the box around them, 0 to 1."""
    found = []
    for room, corners in drawn:
        left, top = min(x for x, _ in corners), min(y for _, y in corners)
        width, height = max(x for x, _ in corners) - left, max(y for _, y in corners) - top
        shares = [((x - left) / width, (y - top) / height) for x, y in corners]
        if set(shares) != {(0, 0), (1, 0), (1, 1), (0, 1)}:
            found.append((room, shares))
    return found


def _common_words(language: Language) -> dict[str, str]:
    return {
        "undo": language.gettext("Undo"),
        "undone": language.gettext("Undone."),
        "nothing": language.gettext("There is nothing to undo."),
        "removed": language.gettext("Taken out: {name}. “Undo” brings it back."),
        "picture": language.gettext("The picture to trace over"),
        "picture_opacity": language.gettext("How much of it shows"),
        "picture_width": language.gettext("Its size"),
        "picture_x": language.gettext("To the left or right"),
        "picture_y": language.gettext("Up or down"),
    }


def _room_words(language: Language) -> dict[str, str]:
    return {
        "sheet": language.gettext("Plan of the place: its rooms"),
        "how": language.gettext(
            "Draw each room with the mouse or a finger, corner to corner. Drag a room to move it, one of its corners "
            "to resize it. By keyboard: the arrows move it, with Shift they resize it, Enter goes to its name, Delete "
            "takes it out. The fields below say the same and can be typed in."
        ),
        "role": language.pgettext("plan", "room"),
        "own_name": language.gettext("Name of the chosen room"),
        "own_seats": language.gettext("Its seats"),
        "unnamed": language.gettext("Room %(number)s", number="{n}"),
        "seat": language.ngettext("%(num)s seat", "%(num)s seats", 1, num="{n}"),
        "seats": language.ngettext("%(num)s seat", "%(num)s seats", 2, num="{n}"),
        "passage": language.pgettext("plan", "passage"),
        "at": language.gettext("{name}: {x} from the left, {y} from the top, {width} wide, {height} high"),
        "draw": language.gettext("Draw inside a room"),
        "add": language.gettext("Put a room on the plan"),
        "remove": language.gettext("Take the room out"),
        "overlap": language.gettext("{a} and {b} lie partly over each other. Is that right?"),
        "beyond": language.gettext("{name} reaches beyond the plan."),
        "waiting": language.gettext("Not on the plan yet: {names}. What you draw next is the first of them."),
    }


def _door_words(language: Language) -> dict[str, str]:
    return {
        "sheet": language.gettext("Plan of the place: its doors"),
        "how": language.gettext(
            "Click on a wall to put a door there. Drag a door to move it along the walls. By keyboard: the arrows move "
            "it along its wall, with Shift they make it wider or narrower, Enter goes to its rooms, Delete takes it "
            "out. The fields below say the same and can be typed in."
        ),
        "role": language.pgettext("plan", "door"),
        "at": language.gettext(
            "{name}: {x1} from the left, {y1} from the top, to {x2} from the left, {y2} from the top"
        ),
        "remove": language.gettext("Take the door out"),
        "waiting": language.gettext("Without a place on the plan: {names}."),
    }
