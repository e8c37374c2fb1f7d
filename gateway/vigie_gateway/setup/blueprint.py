"""The place as it is being set up: what was typed over what the file says, and the file that would come of it.

Made anew for each request by ``api.setup``, from the draft and the site file; changes neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vigie_gateway.place.problem import SiteError
from vigie_gateway.setup import doors, identity, outlets, rooms
from vigie_gateway.setup.draft import Draft
from vigie_gateway.setup.recipe import rewrite
from vigie_gateway.setup.site_file import SiteFile, SiteText, site_text
from vigie_gateway.setup.typed import Entry, Fields, Meant, tables_of

STEPS = ("place", "plan", "doors", "outlets")
"""The pages in their order; ``review`` comes after them."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What is meant.

    Attributes:
        now: The site file.
        draft: What was typed.
        begun_from: What the pages show where nothing was typed: the file, or another that was imported.
    """

    now: SiteText
    draft: Draft
    begun_from: SiteText

    @property
    def has_changed(self) -> bool:
        """Whether somebody wrote the file since the draft was begun."""
        return self.draft.base is not None and self.draft.base != self.now.digest

    def fields(self, step: str) -> Fields:
        """What the page shows: what was typed on it, else what the file says."""
        typed = self.draft.steps.get(step)
        if typed is not None:
            return typed
        match step:
            case "place":
                return identity.fields_of(self.begun_from.raw)
            case "plan":
                return rooms.fields_of(self.begun_from.raw, self.languages())
            case "doors":
                return doors.fields_of(self.begun_from.raw)
            case _:
                return outlets.fields_of(self.begun_from.raw, self.languages())

    def languages(self) -> list[str]:
        """Of the place."""
        return identity.languages_of(self.fields("place"))

    def rooms(self) -> list[tuple[str, str]]:
        """Id and name of each room that there will be."""
        return rooms.room_names(self.fields("plan"))

    def name(self) -> dict[str, str] | None:
        """Of the place, by language, as it was typed; None where no name was."""
        name = self.meant("place").keys.get(("name",))
        return dict.fromkeys(self.languages(), name) if isinstance(name, str) else name

    def drawn(self) -> list[tuple[str, list[tuple[float, float]]]]:
        """Id and corners of each room that there will be on the plan."""
        return rooms.drawn_rooms(self.fields("plan"), self.begun_from.raw)

    def meant(self, step: str, fields: Mapping[str, str] | None = None) -> Meant:
        """What a page says, with its troubles; of these fields, else of those that it shows."""
        shown = self.fields(step) if fields is None else fields
        known = {room for room, _ in self.rooms()}
        match step:
            case "place":
                return identity.read_identity(shown, self.begun_from.raw)
            case "plan":
                return rooms.read_rooms(shown, self.begun_from.raw, self.languages())
            case "doors":
                return doors.read_doors(shown, self.begun_from.raw, known, rooms.grid_of(self.fields("plan")))
            case _:
                return outlets.read_outlets(shown, self.begun_from.raw, known, self.languages())

    def troubled(self) -> list[str]:
        """The pages on which something is wrong."""
        return [step for step in self._typed() if self.meant(step).troubles]

    def is_judged(self, step: str) -> bool:
        """Whether it is told what is wrong on a page: where somebody meant to go on, not while rows are added."""
        typed = self.draft.steps.get(step)
        return typed["do"] == "save" if typed is not None and "do" in typed else bool(self.begun_from.text)

    def _typed(self) -> list[str]:
        """The pages that may say something else than a file does: of a place without one, and after rooms went, all."""
        is_any = "plan" in self.draft.steps or not self.begun_from.text
        return [step for step in STEPS if is_any or step in self.draft.steps]

    def text(self) -> str:
        """The file that would be put in its place. Raises RecipeError; every page must be right."""
        meant = Meant()
        for step in self._typed():
            page = self.meant(step)
            meant.keys |= page.keys
            meant.sections |= page.sections
        if "rooms" in meant.sections:
            _let_go(self.begun_from.raw, meant)
        return rewrite(self.begun_from.text, meant)


def _let_go(raw: Mapping[str, Any], meant: Meant) -> None:
    """Take rooms that go out of what has no page and names them: else nobody could take one away here."""
    there = {entry.values["id"] for entry in meant.sections["rooms"]}
    gone = {room.get("id") for room in tables_of(raw, "rooms")} - there
    for section, is_list in (("motion", False), ("wifi", True), ("access_points", True), ("calendars", False)):
        tables = tables_of(raw, section)
        if not any(_names(table, gone) for table in tables):
            continue
        entries = meant.sections[section] = []
        for number, table in enumerate(tables):
            left = [room for room in table.get("rooms", ()) if room not in gone] if is_list else []
            # A probe without rooms would speak for all of them, a calendar without its room for none.
            if not _names(table, gone):
                entries.append(Entry(number, {}))
            elif left:
                entries.append(Entry(number, {"rooms": left}))
            elif section == "calendars" and isinstance(table.get("rooms"), dict):
                kept = {place: room for place, room in table["rooms"].items() if room not in gone}
                entries.append(Entry(number, {"rooms": kept or None}))


def _names(table: Mapping[str, Any], rooms_: set[Any]) -> bool:
    named = table.get("rooms", ())
    listed = named.values() if isinstance(named, dict) else named
    return table.get("room") in rooms_ or any(room in rooms_ for room in listed)


def blueprint_of(file: SiteFile, draft: Draft) -> Blueprint:
    """The place as it stands.

    Raises:
        SiteFileError: The file cannot be read.
        SiteError: It is wrong as it is: it must be put right, or replaced by an import.
    """
    now = file.read()
    begun_from = now if draft.imported is None else site_text(draft.imported)
    problems = file.check(begun_from.text) if begun_from.text else []
    if problems:
        raise SiteError(problems)
    return Blueprint(now, draft, begun_from)
