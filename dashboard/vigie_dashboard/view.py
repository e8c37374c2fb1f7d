"""What a page shows, as plain values: the seam between what is true and how it looks.

``vigie_gateway.place`` fills these from readings and the site file; the pages render them and the API serialises
them, so that no two places can disagree. Times are epoch seconds. None always means unknown, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.notices import SessionView, StaleCalendar, WarningView


class RoomState(StrEnum):
    """What can be said of a room, in the order of the table of states in docs/board.md."""

    FREE = "free"
    """Seats are free; the reading is fresh."""
    NEAR = "near"
    """Nearly full: at most 15 % or 2 seats are free."""
    FULL = "full"
    """No seat is free."""
    EMPTY = "empty"
    """Nobody is there: measured, not missing."""
    OLD = "old"
    """The last reading is older than three periods."""
    SILENT = "silent"
    """Nothing for more than 30 minutes or 12 periods."""
    NO_SENSOR = "no-sensor"
    """Nothing that counts people is configured for it, or was ever heard."""
    CLOSED = "closed"
    """Outside of its opening hours, or by somebody's word."""
    INCONSISTENT = "inconsistent"
    """More people were counted than can be, or fewer than none."""


MEASURED = frozenset({RoomState.FREE, RoomState.NEAR, RoomState.FULL, RoomState.EMPTY})
"""The states whose room counts in the totals."""


class WifiFit(StrEnum):
    """What the Wi-Fi of a room is good for now (Quality of Outcome, docs/wifi-fit.md)."""

    VIDEO = "video"
    WEB = "web"
    SLOW = "slow"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Point:
    """A corner of the floor plan, in the plan's own units (centimetres by habit), y downwards."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class OutletsView:
    """Outlets of a room.

    Attributes:
        total: How many the room has.
        free: How many are live and feed nothing; None when not measured.
        cut: How many have no voltage (a breaker has tripped).
        measured: How many of ``total`` are measured and fresh.
        at_ts: The oldest reading used; None when none.
        out_of_order: How many somebody has said to be; they are neither free, cut nor measured.
    """

    total: int
    free: int | None
    cut: int
    measured: int
    at_ts: float | None
    out_of_order: int = 0


@dataclass(frozen=True, slots=True)
class WifiView:
    """Wi-Fi of a room.

    Attributes:
        fit: None when unknown.
        reason: Why it is unknown, or which measure made it less than video: a word of WIFI_REASONS. None for video.
        score: Quality of Outcome for a video call, 0 to 100; None when unknown.
        stations: Associated with the room's access points; None when unknown.
        at_ts: The oldest reading used; None when none.
    """

    fit: WifiFit | None
    reason: str | None
    score: float | None
    stations: int | None
    at_ts: float | None


WIFI_REASONS = (
    "no-sensor", "silent", "power-save", "signal", "latency", "loss", "channel-busy", "too-many-stations",
    "throughput", "portal", "no-internet", "dns", "starting", "inconclusive",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RoomView:
    """One room now.

    Attributes:
        id: The room's id.
        name: By language, at least one entry.
        seats: Of the room; 1 makes it a booth ("free" / "in use"), 0 a passage.
        corners: The polygon on the floor plan; empty when the site has no plan.
        state: See RoomState.
        people: Best count; None when unknown. Kept in OLD and INCONSISTENT, so that the page can show it greyed.
        free: ``seats - people``, None when unknown.
        at_ts: When the count was last confirmed by a reading or a person; None when never.
        opens_at_ts: When a CLOSED room opens next; None when not known.
        outlets: None when the room has no outlet that is measured.
        wifi: None when no node or access point speaks for the room.
        tags: Of the site file: ``quiet``, ``calls``, ``group``.
        closed_reason: Why somebody has closed it by hand; None when its hours alone say whether it is open.
        is_by_hand: Whether its count is somebody's word that no sensor follows.
    """

    id: str
    name: dict[str, str]
    seats: int
    corners: tuple[Point, ...]
    state: RoomState
    people: int | None
    free: int | None
    at_ts: float | None
    opens_at_ts: float | None
    outlets: OutletsView | None
    wifi: WifiView | None
    tags: tuple[str, ...]
    closed_reason: str | None = None
    is_by_hand: bool = False

    @property
    def is_passage(self) -> bool:
        """Whether it has no seats (a hall, a store): drawn and named on the plan, listed nowhere."""
        return self.seats == 0


@dataclass(frozen=True, slots=True)
class DoorView:
    """A door on the plan: the segment of wall that it interrupts."""

    id: str
    start: Point
    end: Point


@dataclass(frozen=True, slots=True)
class Figures:
    """The top bar.

    Attributes:
        seats_free: Over measured rooms; None when no room is measured.
        seats_total: Of the measured rooms.
        rooms_unmeasured: Open rooms that the totals leave out.
        outlets_free: None when no outlet is measured.
        outlets_total: Of the measured outlets.
        outlets_cut: By room id, how many have no voltage.
        has_outlet_meters: False hides the figure: nothing measures outlets here.
        wifi: The best fit of any room; None when unknown.
        wifi_except: Ids of rooms whose fit is known and lower.
        power_va: Of the main circuit now; None when unknown.
        power_limit_va: Its limit; None when the site names none.
        has_power_meter: False hides the figure.
        download_bps: Last throughput measured; None when unknown or older than a day.
        uplink: Name by language of the uplink in use; None when the site names none.
        internet: ``open``, ``portal``, ``none``, or None when unknown.
        people: In all measured rooms; None when no room is measured.
    """

    seats_free: int | None
    seats_total: int
    rooms_unmeasured: int
    outlets_free: int | None
    outlets_total: int
    outlets_cut: dict[str, int]
    has_outlet_meters: bool
    wifi: WifiFit | None
    wifi_except: tuple[str, ...]
    power_va: float | None
    power_limit_va: float | None
    has_power_meter: bool
    download_bps: float | None
    uplink: dict[str, str] | None
    internet: str | None
    people: int | None


@dataclass(frozen=True, slots=True)
class Advice:
    """One line of "where to send a visitor".

    Attributes:
        need: ``work`` (a seat with a live outlet), ``quiet``, ``call`` or ``group``.
        room: Id of the room to name; None when no room with fresh readings serves.
        count: Seats (with an outlet, for ``work``) there.
        reason: ``free``, ``near`` (nearly full), ``no-outlets``, ``wifi-unknown``, or ``none``.
        otherwise: The second choice, None when there is none.
        otherwise_count: Its seats.
        until_ts: When the room is booked next, for a call; None without a booking today.
    """

    need: str
    room: str | None
    count: int | None
    reason: str
    otherwise: str | None = None
    otherwise_count: int | None = None
    until_ts: float | None = None


@dataclass(frozen=True, slots=True)
class DayCurve:
    """Today's people against a usual day.

    Attributes:
        opens_ts: Left edge: opening today, or midnight where no hours are given.
        closes_ts: Right edge.
        step_s: Seconds between two points of a curve.
        people: From ``opens_ts`` on, one a step, up to now; None where unknown.
        usual: From ``opens_ts`` on, one a step, over the whole day; empty with fewer than two like days on record.
        like: ``weekday`` when the usual day is made of the same weekday, ``kind`` of any like day (working day or
            week-end), None when there is none.
    """

    opens_ts: float
    closes_ts: float
    step_s: float
    people: tuple[float | None, ...]
    usual: tuple[float | None, ...]
    like: str | None


@dataclass(frozen=True, slots=True)
class BoardView:
    """Everything on the board at one moment.

    Attributes:
        site_id: The site's id.
        site_name: By language.
        timezone: IANA name; every time on the page is shown in it.
        now_ts: The gateway's time when this was made.
        is_open: None where the site gives no hours.
        closes_at_ts: When open; else None.
        opens_at_ts: When closed; else None.
        second_address: URL of the other gateway, None when there is none.
        figures: The top bar.
        rooms: In the order of the site file.
        doors: Those that have a place on the plan.
        advice: In the order work, quiet, call, group; needs that no room could ever serve are left out.
        day: None while there is no history at all.
        warnings: What is wrong, worst first, then what began first; without what was silenced.
        alerts: What fires beside it, worst first, then what began first; likewise.
        silenced: How many alerts fire of which nobody is told.
        current: How many fire of which somebody is; None while nobody knows.
        calm_since_ts: When the last warning or alert left; None with one, or where there was none since the start.
        is_time_known: False while the gateway's clock is not known to be right: ages are true, times of day are not,
            and nothing is stored.
        sessions: Of today, by begin.
        stale_calendars: Those whose last read failed.
    """

    site_id: str
    site_name: dict[str, str]
    timezone: str
    now_ts: float
    is_open: bool | None
    closes_at_ts: float | None
    opens_at_ts: float | None
    second_address: str | None
    figures: Figures
    rooms: tuple[RoomView, ...]
    doors: tuple[DoorView, ...]
    advice: tuple[Advice, ...]
    day: DayCurve | None
    warnings: tuple[WarningView, ...] = ()
    alerts: tuple[AlertView, ...] = ()
    silenced: int = 0
    current: int | None = None
    calm_since_ts: float | None = None
    is_time_known: bool = True
    sessions: tuple[SessionView, ...] = ()
    stale_calendars: tuple[StaleCalendar, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """One point of a history, of the interval that ends at ``at_ts``.

    ``mean``, ``low``, ``high``, ``last`` are None, and ``coverage`` 0, where nothing was measured.
    ``coverage`` is the share (0 to 1) of the interval that readings cover.
    """

    at_ts: float
    mean: float | None
    low: float | None
    high: float | None
    last: float | None
    coverage: float


class VisitorState(StrEnum):
    """What a visitor is told of a room."""

    FREE = "free"
    NEAR = "near"
    FULL = "full"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    """No fresh reading, none that can be believed, or a room so small that any number would tell of single people."""


@dataclass(frozen=True, slots=True)
class AtLeast:
    """A number that anybody may see: ``count`` where it is ``is_exact``, else that many or more."""

    count: int
    is_exact: bool


@dataclass(frozen=True, slots=True)
class VisitorRoom:
    """One room as anybody may know it (``vigie_gateway.place.visitors``).

    Attributes:
        id: The room's id.
        name: By language.
        where: How to get there, by language; None where the site does not say.
        seats: Of the room; 1 or 2 makes it a booth, of which only free or in use is told.
        state: What can be said.
        free: Free seats; None when unknown, closed, or a booth.
        outlets: Free live outlets; None when unknown or none is measured.
        are_outlets_cut: Whether all of its measured outlets are without voltage.
        wifi: None when unknown.
        at_ts: Of the last reading; None when there never was one.
        opens_at_ts: When a closed room opens next; None when not known.
        silent_since_ts: Of the last reading of a room whose sensors are old or silent; None where they are not, or
            never were heard.
        session: Its name while one is under way, "" where its calendar keeps that to itself; None without one, or
            where the site does not tell visitors of sessions.
        changes_ts: When that session ends; without one, when the next of today begins; None without either.
    """

    id: str
    name: dict[str, str]
    where: dict[str, str] | None
    seats: int
    state: VisitorState
    free: AtLeast | None
    outlets: AtLeast | None
    are_outlets_cut: bool
    wifi: WifiFit | None
    at_ts: float | None
    opens_at_ts: float | None
    silent_since_ts: float | None = None
    session: str | None = None
    changes_ts: float | None = None


@dataclass(frozen=True, slots=True)
class VisitorsView:
    """Everything on the public page.

    Attributes:
        site_name: By language.
        kind: What sort of place it is, by language; None where the site does not say.
        timezone: IANA name.
        now_ts: The gateway's time.
        is_open: None where the site gives no hours.
        closes_at_ts: When open; else None.
        opens_at_ts: When closed; else None.
        measured_ts: Of the newest reading of a room that can be told of; None when there is none.
        silent_since_ts: When no room can be told of though some could: of the last reading there was; else None.
        pick: Id of the room with a free seat and a free outlet, or a free seat where no room has both; None when there
            is none, or nothing is known.
        pick_count: Seats (with an outlet, if it has) there; None with a booth.
        pick_has_outlet: Whether the seats picked have an outlet.
        rooms: The most useful first; unknown ones last.
        seats_free: Free seats of all rooms, to the nearest ten; None when nothing is known, or fewer than ten.
        internet: ``open``, ``portal``, ``none``, or None when unknown.
        phone: Of the front desk; None where the site does not say.
        wifi_name: Of the visitors' network; None where the site does not say.
        wifi_note: Where to get its code, by language; None where the site does not say.
        can_join_wifi: Whether the sheet for the front desk has a QR code that joins it.
        second_address: URL of the other gateway; None when there is none.
        is_time_known: False while the gateway's clock is not known to be right.
    """

    site_name: dict[str, str]
    kind: dict[str, str] | None
    timezone: str
    now_ts: float
    is_open: bool | None
    closes_at_ts: float | None
    opens_at_ts: float | None
    measured_ts: float | None
    silent_since_ts: float | None
    pick: str | None
    pick_count: AtLeast | None
    pick_has_outlet: bool
    rooms: tuple[VisitorRoom, ...]
    seats_free: int | None
    internet: str | None
    phone: str | None
    wifi_name: str | None
    wifi_note: dict[str, str] | None
    second_address: str | None
    is_time_known: bool = True
    can_join_wifi: bool = False
