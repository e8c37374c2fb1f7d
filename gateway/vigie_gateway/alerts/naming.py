"""What the subjects of alerts are called, and which rooms they are about, in the place's own words. Pure.

Called by ``showing`` for pages, programs and messages, on any thread; made anew where what is measured changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.place.channel_names import channel_names
from vigie_gateway.place.site import Site
from vigie_gateway.store import Series

Names = Mapping[str, str]
"""By language."""


class Naming:
    """The names of everything that an alert can be about."""

    def __init__(self, site: Site, series: Sequence[Series]) -> None:
        self._languages = site.languages
        self._rooms: dict[str, Names] = {room.id: room.name for room in site.rooms}
        self._site_name: Names = site.name
        self._named: dict[SubjectKind, dict[str, Names]] = {
            SubjectKind.UPLINK: {one.id: one.name for one in site.uplinks},
            SubjectKind.CIRCUIT: {one.id: one.name for one in site.circuits},
            SubjectKind.ACCESS_POINT: {one.id: one.name for one in site.access_points},
            SubjectKind.ROOM: self._rooms,
            SubjectKind.CHANNEL: channel_names(site, series),
        }
        self._rooms_of: dict[SubjectKind, Callable[[str], list[str]]] = {
            SubjectKind.ROOM: lambda room: [room],
            SubjectKind.CIRCUIT: lambda circuit: _circuit_rooms(site, circuit),
            SubjectKind.ACCESS_POINT: lambda id_: [
                room for one in site.access_points if one.id == id_ for room in one.rooms
            ],
            SubjectKind.DOOR: lambda door: [room for one in site.doors if one.id == door for room in one.between],
            SubjectKind.NODE: lambda node: [one.channel.room or "" for one in series if one.node == node],
            SubjectKind.CHANNEL: lambda name: [one.channel.room or "" for one in series if one.name == name],
        }

    def name(self, subject: Subject) -> Names:
        """What the place calls it; the id where it has no name, empty for the gateway and the broker."""
        if not subject.id:
            return {}
        return self._named.get(subject.kind, {}).get(subject.id) or self._same(subject.id)

    def rooms(self, subject: Subject) -> tuple[Names, ...]:
        """The names of the rooms that it is about, each once; empty for the whole place."""
        return tuple(self._rooms[room] for room in self.room_ids(subject))

    def room_ids(self, subject: Subject) -> tuple[str, ...]:
        """Their ids, in the same order."""
        find = self._rooms_of.get(subject.kind)
        return () if find is None else tuple(room for room in dict.fromkeys(find(subject.id)) if room in self._rooms)

    def _same(self, text: str) -> Names:
        return dict.fromkeys(self._languages, text)


def _circuit_rooms(site: Site, circuit: str) -> list[str]:
    """The rooms with an outlet on the circuit, or on one below it."""
    parents = {one.id: one.parent for one in site.circuits}

    def hangs(below: str | None) -> bool:
        while below is not None and below != circuit:
            below = parents.get(below)
        return below is not None

    return [outlet.room for outlet in site.all_outlets() if hangs(outlet.circuit)]
