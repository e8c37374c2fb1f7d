"""What is wrong and what takes place, as plain values: the part of ``view`` that is said in sentences.

``vigie_gateway.place`` fills these; the board shows them and the API may. Times are epoch seconds; None always means
unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from vigie_dashboard.check_view import CheckView


class WarningKind(StrEnum):
    """What can be wrong, worst first: the order in which warnings are shown."""

    NO_POWER = "no-power"
    """Outlets without voltage."""
    INTERNET_DOWN = "internet-down"
    PORTAL = "portal"
    """The provider asks to sign in: nobody has internet until somebody does."""
    WIFI_DOWN = "wifi-down"
    NOT_RECORDING = "not-recording"
    """What is shown is true; nothing is kept of it."""
    WIFI_SLOW = "wifi-slow"
    INCONSISTENT = "inconsistent"
    """More people were counted than can be, or fewer than none."""
    SILENT = "silent"
    OLD = "old"


class Severity(StrEnum):
    """How bad a warning is: its shape, colour and how it is announced."""

    OUTAGE = "crit"
    WARNING = "warn"
    UNKNOWN = "unk"
    """Nothing is known to be wrong but that nothing is known."""


SEVERITIES = {
    WarningKind.NO_POWER: Severity.OUTAGE,
    WarningKind.INTERNET_DOWN: Severity.OUTAGE,
    WarningKind.PORTAL: Severity.OUTAGE,
    WarningKind.WIFI_DOWN: Severity.OUTAGE,
    WarningKind.NOT_RECORDING: Severity.WARNING,
    WarningKind.WIFI_SLOW: Severity.WARNING,
    WarningKind.INCONSISTENT: Severity.WARNING,
    WarningKind.SILENT: Severity.UNKNOWN,
    WarningKind.OLD: Severity.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class WarningView:
    """One line of the strip above the board: what is wrong, since when, why, and what to tell visitors.

    Attributes:
        kind: What is wrong.
        rooms: Ids of the rooms it is about; empty when it is about the whole place.
        since_ts: When it began; None when it was so already when the gateway started, or when it could tell again.
        count: Outlets without power; stations, with the reason ``too-many-stations``; people counted, when
            inconsistent; seats last known to be free, when old. None when unknown, or with every other kind.
        limit: What ``count`` stands against: of the access point, or the seats. None as ``count``.
        circuit: Name by language of the circuit that has no voltage; None with every other kind.
        reason: Why the Wi-Fi is so: a word of WIFI_REASONS; None when unknown, or with every other kind.
        instead: Ids of rooms to send people to, best first; empty where no room is better, or none is needed.
        circuits: Ids of the circuits that have no voltage; empty with every other kind.
        alert: Number of the alert that is about it; None where there is none, or none yet.
        others: Numbers of further alerts that are about it, and that nobody has in hand either.
        taken_by: Who has ``alert`` in hand; "" for nobody.
        taken_ts: Since when.
    """

    kind: WarningKind
    rooms: tuple[str, ...]
    since_ts: float | None
    count: int | None = None
    limit: int | None = None
    circuit: dict[str, str] | None = None
    reason: str | None = None
    instead: tuple[str, ...] = ()
    circuits: tuple[str, ...] = ()
    alert: int | None = None
    others: tuple[int, ...] = ()
    taken_by: str = ""
    taken_ts: float | None = None

    @property
    def severity(self) -> Severity:
        """By its kind."""
        return SEVERITIES[self.kind]


@dataclass(frozen=True, slots=True)
class SessionCheck:
    """What came of asking whether a session will fit.

    Attributes:
        verdict: ``go``, ``tight``, ``no-go``, or ``not-checked``.
        why: Why it was not checked: ``no-seats``, ``unread``, ``people``, ``activity``, ``all-day``, ``impossible`` or
            ``store``; "" when it was.
        at_ts: When that was found.
        page: The page that shows all of it; None when it was not checked.
        query: Parameters of the page that asks it again, as far as they are known; empty where it cannot be asked.
        is_old: It could not be asked again since.
    """

    verdict: str
    why: str
    at_ts: float
    page: CheckView | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    is_old: bool = False


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session of today, in a room.

    Attributes:
        room: Its id.
        name: None where the calendar keeps it to itself.
        begins_ts: May be before today.
        ends_ts: May be after today.
        is_all_day: From midnight to midnight.
        people: Who are expected; None when the calendar does not say.
        activity: What they mostly do, an id of the capacity check; None likewise.
        equipment: What they bring, by id, and how many of each.
        unread: What the calendar says of that and nobody understands; "" where it is understood.
        check: Whether it will fit; None where nobody has asked yet.
    """

    room: str
    name: str | None
    begins_ts: float
    ends_ts: float
    is_all_day: bool
    people: int | None = None
    activity: str | None = None
    equipment: tuple[tuple[str, int], ...] = ()
    unread: str = ""
    check: SessionCheck | None = None


@dataclass(frozen=True, slots=True)
class StaleCalendar:
    """A calendar that could not be read lately: its name by language, and when it was; None when never."""

    name: dict[str, str]
    read_ts: float | None
