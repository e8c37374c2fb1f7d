"""What the simulated days happen in: the rooms, doors, outlets and access points of the sample place.

The same place as the gateway's sample ``site.toml``, which sensors cannot see; a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass

TIMEZONE = "Europe/Paris"
OPENS_S = 8 * 3600
CLOSES_S = 20 * 3600
"""Seconds after midnight; every day of the week."""

ENTRANCE = "entree"
"""The door between the street and the hall. Every other one has the name of the room to which it leads from there."""

_Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Room:
    """A room in which people stay.

    Attributes:
        seats: Never more people are in it.
        use: Share of the seats taken on an ordinary weekday, as (hour, share) corners of a line; 0 outside of them.
        plugs: Outlets in use for each person.
    """

    seats: int
    use: _Curve
    plugs: float


_WORK: _Curve = (
    (8.0, 0), (9.0, 0.35), (10.25, 0.8), (12.0, 0.86), (12.6, 0.4), (13.5, 0.5), (14.2, 0.92), (16.5, 0.86),
    (17.75, 0.4), (19.0, 0.12), (19.6, 0),
)  # fmt: skip
_QUIET: _Curve = (
    (8.25, 0), (9.5, 0.35), (11.5, 0.55), (12.7, 0.3), (14.2, 0.57), (17.0, 0.6), (18.5, 0.2), (19.5, 0),
)  # fmt: skip
_MEALS: _Curve = (
    (8.0, 0.05), (9.5, 0.3), (11.5, 0.25), (12.4, 0.85), (13.3, 0.75), (14.2, 0.5), (16.2, 0.6), (18.0, 0.3),
    (19.5, 0),
)  # fmt: skip
_HALL: _Curve = ((8.5, 0), (10.0, 0.22), (12.0, 0.25), (13.0, 0.1), (14.5, 0.2), (17.0, 0.25), (19.5, 0))
_MAKERS: _Curve = ((9.5, 0), (10.5, 0.25), (12.2, 0.1), (14.0, 0.4), (18.0, 0.35), (19.4, 0))

ROOMS: dict[str, Room] = {
    "salle": Room(40, _HALL, 0.22),
    "atelier": Room(16, _WORK, 0.36),
    "biblio": Room(14, _QUIET, 0.28),
    "cafe": Room(18, _MEALS, 0.3),
    "mezzanine": Room(10, _QUIET, 0.4),
    "fablab": Room(12, _MAKERS, 0.34),
}
BOOTHS = ("cabine-1", "cabine-2")
"""Rooms of one seat, for calls."""

WEEKDAYS = (0.9, 1.0, 1.0, 0.95, 0.8, 0.5, 0.3)
"""How lively a day is against an ordinary one, Monday first."""
SESSION_ROOM = "salle"
SESSION_WEEKDAYS = (1, 3)
SESSION_HOURS = (14.0, 16.0)
"""PapyCamp, on Tuesdays and Thursdays: beginners and those who help them."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """Where one can plug in."""

    room: str
    circuit: str


def _outlets() -> dict[str, Outlet]:
    groups = (
        ("salle", "c1", 1, 8), ("atelier", "c2", 9, 14), ("biblio", "c2", 15, 18), ("cabine-1", "c3", 19, 19),
        ("cabine-2", "c3", 20, 20), ("mezzanine", "c3", 21, 23), ("fablab", "c3", 24, 24), ("cafe", "c4", 25, 30),
    )  # fmt: skip
    return {
        f"p{number:02}": Outlet(room, circuit)
        for room, circuit, first, last in groups
        for number in range(first, last + 1)
    }


OUTLETS: dict[str, Outlet] = _outlets()
"""By id, in order."""
CIRCUITS = ("c1", "c2", "c3", "c4")

PROJECTOR = "p01"
PRINTER = "p24"
COFFEE = "p25"
KETTLE = "p26"
"""Outlets that feed something else than computers."""


@dataclass(frozen=True, slots=True)
class AccessPoint:
    """A radio of the place.

    Attributes:
        bssid: Locally administered, so that it is nobody's.
        frequency_mhz: Of its channel.
        rooms: Whose people are on it.
        devices: Associated devices for each person.
    """

    bssid: str
    frequency_mhz: int
    rooms: tuple[str, ...]
    devices: float


ACCESS_POINTS: dict[str, AccessPoint] = {
    "borne-1": AccessPoint("02:00:00:00:00:01", 5180, ("salle",), 1.025),
    "borne-2": AccessPoint("02:00:00:00:00:02", 5220, ("atelier", "biblio", "cabine-1", "cabine-2"), 1.1),
    "borne-3": AccessPoint("02:00:00:00:00:03", 2437, ("cafe", "mezzanine", "fablab"), 0.9),
}
NEIGHBOURS = (2412, 2412, 2437, 2462, 2462, 2462, 5180)
"""Frequencies of the access points of others that are heard."""

SUBSCRIBED_VA = 9_000
MAINS_V = 230.0
