"""A place made by hand, in every state that a page can show: the values of ``vigie_dashboard.view``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from vigie_dashboard.health_view import ChannelHealth, HealthView, NodeHealth, PartHealth, RefusalHealth
from vigie_dashboard.history_view import HistorySeries, HistoryView, PeriodView, SeriesEntry, SeriesListView, UsualPoint
from vigie_dashboard.notices import SessionView, StaleCalendar, WarningKind, WarningView
from vigie_dashboard.sheet_view import (
    AccessPointRow,
    Heard,
    OutletRow,
    OutletState,
    RoomSheet,
    Said,
    SensorRow,
)
from vigie_dashboard.view import (
    Advice,
    AtLeast,
    BoardView,
    DayCurve,
    DoorView,
    Figures,
    HistoryPoint,
    OutletsView,
    Point,
    RoomState,
    RoomView,
    VisitorRoom,
    VisitorState,
    VisitorsView,
    WifiFit,
    WifiView,
)

ZONE = ZoneInfo("Europe/Paris")
NOW_TS = datetime(2026, 11, 24, 14, 32, 10, tzinfo=ZONE).timestamp()


def box(x: float, y: float, width: float, height: float) -> tuple[Point, ...]:
    """A rectangle's corners."""
    return (Point(x, y), Point(x + width, y), Point(x + width, y + height), Point(x, y + height))


def outlets(total: int, free: int | None, cut: int = 0, measured: int | None = None) -> OutletsView:
    """Outlets, all measured unless said."""
    return OutletsView(total, free, cut, total if measured is None else measured, NOW_TS - 4)


def wifi(fit: WifiFit | None, reason: str | None = None) -> WifiView:
    """Wi-Fi of that fit."""
    return WifiView(fit, reason, 90 if fit else None, 12, NOW_TS - 20)


def room(id_: str, name: tuple[str, str], seats: int, corners: tuple[Point, ...], **changes: object) -> RoomView:
    """A room with free seats unless ``changes`` say otherwise."""
    people = changes.pop("people", None)
    plain = RoomView(
        id=id_,
        name={"fr": name[0], "en": name[1]},
        seats=seats,
        corners=corners,
        state=RoomState.FREE,
        people=people,  # type: ignore[arg-type]  # taken out of loose keywords
        free=None if people is None else seats - people,  # type: ignore[operator]  # as above
        at_ts=NOW_TS - 5,
        opens_at_ts=None,
        outlets=None,
        wifi=wifi(WifiFit.VIDEO),
        tags=(),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # loose keywords


def sample_rooms() -> tuple[RoomView, ...]:
    """Eight rooms; one is L-shaped; full, near, free, booths, old and without a sensor."""
    return (
        room("main-hall", ("Grande salle", "Main hall"), 40, box(20, 20, 440, 330), people=40, state=RoomState.FULL,
             outlets=outlets(24, 3), wifi=wifi(WifiFit.SLOW, "too-many-stations")),
        room("workshop", ("Atelier", "Workshop"), 16, box(460, 20, 280, 220), people=10, outlets=outlets(20, 6)),
        room("library", ("Bibliothèque", "Library"), 14, box(740, 20, 360, 220), people=12, state=RoomState.NEAR,
             outlets=outlets(10, 1)),
        room("cafe", ("Café", "Café"), 18, box(20, 350, 500, 230), people=7, outlets=outlets(6, None, 6),
             wifi=wifi(WifiFit.WEB, "channel-busy")),
        room("booth-1", ("Cabine 1", "Booth 1"), 1, box(520, 350, 100, 120), people=1, state=RoomState.FULL,
             outlets=outlets(2, 1)),
        room("booth-2", ("Cabine 2", "Booth 2"), 1, box(620, 350, 100, 120), people=0, state=RoomState.EMPTY,
             outlets=outlets(2, 2)),
        room("mezzanine", ("Mezzanine", "Mezzanine"), 10, box(900, 350, 200, 230), people=6, state=RoomState.OLD,
             at_ts=NOW_TS - 14 * 60, outlets=outlets(12, 5)),
        room("fab-lab", ("Fab-lab", "Fab lab"), 12, box(720, 350, 180, 230), state=RoomState.NO_SENSOR, at_ts=None,
             wifi=wifi(None, "silent")),
    )  # fmt: skip


def sample_doors() -> tuple[DoorView, ...]:
    """Each room's door to the corridor, and the entrance."""
    ends = [
        ("d1", 460, 266, 460, 324), ("d2", 664, 240, 722, 240), ("d3", 1000, 240, 1058, 240),
        ("d4", 466, 350, 520, 350),
        ("d5", 545, 350, 595, 350), ("d6", 645, 350, 695, 350), ("d7", 838, 350, 892, 350),
        ("d8", 1038, 350, 1092, 350),
        ("entrance", 1100, 268, 1100, 322),
    ]  # fmt: skip
    return tuple(DoorView(name, Point(a, b), Point(c, d)) for name, a, b, c, d in ends)


def sample_day() -> DayCurve:
    """People since eight o'clock, with a hole, beside a usual Tuesday."""
    opens = NOW_TS - (6 * 3600 + 32 * 60 + 10)
    usual = (1, 3, 8, 16, 28, 38, 42, 40, 33, 24, 22, 26, 34, 43, 52, 57, 58, 54, 46, 36, 26, 16, 8, 4, 1)
    people = (1, 4, 9, 15, None, None, 44, 46, 38, 27, 22, 24, 36, 62, 70)
    return DayCurve(opens, opens + 12 * 3600, 1800, people[:14], tuple(map(float, usual)), "weekday")


def sample_warnings() -> tuple[WarningView, ...]:
    """A breaker, a crowded access point, an old room."""
    return (
        WarningView(WarningKind.NO_POWER, ("cafe",), NOW_TS - 52 * 60, 6, circuit={"fr": "C4", "en": "C4"},
                    instead=("workshop",)),
        WarningView(WarningKind.WIFI_SLOW, ("main-hall",), NOW_TS - 20 * 60, 41, 30, reason="too-many-stations",
                    instead=("workshop", "booth-2")),
        WarningView(WarningKind.OLD, ("mezzanine",), NOW_TS - 14 * 60, 4),
    )  # fmt: skip


def sample_sessions() -> tuple[SessionView, ...]:
    """Past, under way and to come; one without a name, one of the whole day."""

    def at(hours: float) -> float:
        return NOW_TS - (14 + 32 / 60 + 10 / 3600) * 3600 + hours * 3600

    return (
        SessionView("mezzanine", "Expo photo", at(0), at(24), is_all_day=True),
        SessionView("workshop", "Réparer ses appareils", at(10), at(12), is_all_day=False),
        SessionView("cafe", "Repas partagé", at(12), at(14), is_all_day=False),
        SessionView("main-hall", "PapyCamp", at(14), at(16), is_all_day=False),
        SessionView("booth-2", None, at(15.5), at(16), is_all_day=False),
        SessionView("workshop", "Code Club", at(17), at(19), is_all_day=False),
        SessionView("main-hall", "Apéro des projets", at(18.5), at(20), is_all_day=False),
    )


FREE_TS = NOW_TS + 3_470
"""When a booth is booked next."""


def sample_visitors() -> VisitorsView:
    """The same place as anybody may know it: a small group in the library, one room unknown."""

    def told(id_: str, fr: str, en: str, seats: int, state: VisitorState, free: AtLeast | None) -> VisitorRoom:
        plugs = None if state is VisitorState.UNKNOWN else AtLeast(6, is_exact=True)
        fit = None if state is VisitorState.UNKNOWN else WifiFit.VIDEO
        return VisitorRoom(id_, {"fr": fr, "en": en}, None, seats, state, free, plugs, False, fit, NOW_TS - 5, None)

    where = {"fr": "rez-de-chaussée, première porte à gauche", "en": "ground floor, first door on the left"}
    workshop = told("workshop", "Atelier", "Workshop", 16, VisitorState.FREE, AtLeast(6, is_exact=True))
    hall = told("main-hall", "Grande salle", "Main hall", 40, VisitorState.FULL, AtLeast(0, is_exact=True))
    cafe = told("cafe", "Café", "Café", 18, VisitorState.FREE, AtLeast(11, is_exact=True))
    return VisitorsView(
        site_name={"fr": "Le Sémaphore", "en": "Le Sémaphore"},
        kind={"fr": "Tiers-lieu", "en": "Shared place"},
        timezone="Europe/Paris",
        now_ts=NOW_TS,
        is_open=True,
        closes_at_ts=NOW_TS + 5 * 3600 + 27 * 60 + 50,
        opens_at_ts=None,
        measured_ts=NOW_TS - 5,
        silent_since_ts=None,
        pick="workshop",
        pick_count=AtLeast(6, is_exact=True),
        pick_has_outlet=True,
        rooms=(
            replace(workshop, where=where),
            replace(cafe, outlets=None, are_outlets_cut=True, wifi=WifiFit.WEB),
            told("library", "Bibliothèque", "Library", 18, VisitorState.FREE, AtLeast(14, is_exact=False)),
            replace(
                told("booth-2", "Cabine 2", "Booth 2", 1, VisitorState.FREE, None), outlets=None, changes_ts=FREE_TS
            ),
            replace(hall, wifi=WifiFit.SLOW, session="PapyCamp", changes_ts=FREE_TS + 1_800),
            replace(
                told("mezzanine", "Mezzanine", "Mezzanine", 10, VisitorState.UNKNOWN, None),
                silent_since_ts=NOW_TS - 850,
            ),
        ),
        seats_free=30,
        internet="open",
        phone=None,
        wifi_name="Semaphore-Invites",
        wifi_note={"fr": "code affiché à la réception", "en": "code shown at the front desk"},
        second_address="http://vigie2.lan",
    )


def silent_visitors() -> VisitorsView:
    """The same place when every sensor has been silent for a while."""
    rooms = tuple(
        replace(room, state=VisitorState.UNKNOWN, free=None, outlets=None, are_outlets_cut=False, wifi=None)
        for room in sample_visitors().rooms
    )
    return replace(
        sample_visitors(),
        rooms=rooms,
        pick=None,
        pick_count=None,
        measured_ts=None,
        silent_since_ts=NOW_TS - 5220,
        seats_free=None,
        phone="02 98 00 00 00",
    )


def sample_view() -> BoardView:
    """The whole board, alike the pictures that it was drawn from."""
    return BoardView(
        site_id="semaphore",
        site_name={"fr": "Le Sémaphore", "en": "Le Sémaphore"},
        timezone="Europe/Paris",
        now_ts=NOW_TS,
        is_open=True,
        closes_at_ts=NOW_TS + 5 * 3600 + 28 * 60 - 10,
        opens_at_ts=None,
        second_address="http://vigie2.lan/",
        figures=Figures(
            seats_free=20, seats_total=90, rooms_unmeasured=2, outlets_free=18, outlets_total=70,
            outlets_cut={"cafe": 6}, has_outlet_meters=True, wifi=WifiFit.VIDEO, wifi_except=("main-hall", "cafe"),
            power_va=5120, power_limit_va=9000, has_power_meter=True, download_bps=84.2e6,
            uplink={"fr": "ligne principale", "en": "main line"}, internet="open", people=70,
        ),
        rooms=sample_rooms(),
        doors=sample_doors(),
        advice=(
            Advice("work", "workshop", 6, "free", "library", 1),
            Advice("quiet", "library", 2, "near"),
            Advice("call", "booth-2", 1, "free"),
            Advice("group", "cafe", 11, "no-outlets"),
        ),
        day=sample_day(),
        warnings=sample_warnings(),
        sessions=sample_sessions(),
    )  # fmt: skip


def untimed_view() -> BoardView:
    """The whole board of a gateway that does not know what time it is."""
    return replace(
        sample_view(), now_ts=3_600.0, is_open=None, closes_at_ts=None, day=None, is_time_known=False,
        warnings=(replace(sample_warnings()[0], since_ts=1_800.0),),
        rooms=tuple(replace(room, at_ts=3_590.0) for room in sample_rooms()),
    )  # fmt: skip


def sheet_view(room_id: str) -> RoomSheet:
    """A room of the sample in full, with an outlet and a sensor in every state."""
    view = sample_view()
    circuit = {"fr": "C4 · Café", "en": "C4 · Café"}
    outlets = tuple(
        OutletRow(f"p{number}", state, circuit, power_va, None if state is OutletState.UNKNOWN else NOW_TS - number)
        for number, (state, power_va) in enumerate(zip(OUTLET_STATES, (0.0, 61.4, None, None), strict=True))
    )
    outlets += (OutletRow("p4", OutletState.OUT_OF_ORDER, circuit, None, NOW_TS - 4, said(1, "loose plate")),)
    sensors = tuple(
        SensorRow(f"desk.channel-{number}", quantity, value, None, reason, heard, at_ts, heard is not Heard.SILENT)
        for number, (quantity, value, reason, heard, at_ts) in enumerate((
            ("people_in", 412.0, None, Heard.FRESH, NOW_TS - 4),
            ("mains", 0.0, None, Heard.FRESH, NOW_TS - 2),
            ("latency_p95", 43.2, None, Heard.OLD, NOW_TS - 840),
            ("rssi", None, "failed", Heard.SILENT, NOW_TS - 90_000),
            (None, None, None, Heard.NEVER, None),
        ))
    )  # fmt: skip
    points = (
        AccessPointRow({"fr": "Borne 1", "en": "AP 1"}, 41, 30, 0.84),
        AccessPointRow({"fr": "Borne 2", "en": "AP 2"}, None, 30, None),
    )
    room = next(one for one in view.rooms if one.id == room_id)
    return RoomSheet(view, room, outlets, points, sensors, counted=said(7))


OUTLET_STATES = (OutletState.FREE, OutletState.IN_USE, OutletState.NO_POWER, OutletState.UNKNOWN)
"""What sensors tell of an outlet."""


def said(value: int, reason: str = "", until_ts: float | None = None) -> Said:
    """Lou said it ten minutes ago."""
    return Said(value, reason, "lou", NOW_TS - 600, until_ts)


def states_view() -> BoardView:
    """A room in every state, on odd floors: an L, a triangle, a trapezium, no place at all; long names."""
    ell = (Point(0, 0), Point(500, 0), Point(500, 200), Point(250, 200), Point(250, 400), Point(0, 400))
    slope = (Point(500, 0), Point(800, 0), Point(1000, 200), Point(500, 200))
    rooms = (
        room("free", ("Salle en L", "L-shaped room"), 16, ell, people=6, outlets=outlets(8, 5, 1)),
        room("near", ("Trapèze", "Trapezium"), 14, slope, people=12, state=RoomState.NEAR, outlets=outlets(8, 2, 0, 5)),
        room("full", ("Complète", "Taken"), 4, box(250, 200, 250, 200), people=4, state=RoomState.FULL,
             wifi=wifi(WifiFit.DOWN, "signal")),
        room("empty", ("Vide", "Nobody"), 18, box(500, 200, 250, 200), people=0, state=RoomState.EMPTY,
             wifi=wifi(WifiFit.SLOW, "channel-busy"), outlets=outlets(4, 0, 4)),
        room("old", ("Ancienne", "Aged"), 10, box(750, 200, 250, 200), people=6, state=RoomState.OLD,
             at_ts=NOW_TS - 840, wifi=wifi(None, "power-save")),
        room("silent", ("Muette", "Mute"), 10, box(0, 400, 250, 200), state=RoomState.SILENT,
             at_ts=NOW_TS - 87 * 60, wifi=wifi(WifiFit.WEB, "latency")),
        room("silent-long", ("Muette depuis longtemps", "Mute for long"), 10, box(250, 400, 250, 200),
             state=RoomState.SILENT, at_ts=NOW_TS - 90_000, wifi=None),
        room("no-sensor", ("Sans capteur", "Unequipped"), 12, box(500, 400, 250, 200), state=RoomState.NO_SENSOR,
             at_ts=None),
        room("closed", ("Fermée", "Shut"), 12, box(750, 400, 250, 200), state=RoomState.CLOSED,
             opens_at_ts=NOW_TS + 8870),
        room("odd", ("Incohérente", "Doubtful"), 18, box(0, 600, 250, 200), people=21, free=None,
             state=RoomState.INCONSISTENT),
        room("booth-old", ("Cabine <ancienne>", "Booth <old> & co"), 1, box(250, 600, 120, 200), people=0,
             state=RoomState.OLD, at_ts=NOW_TS - 600),
        room("booth-silent", ("Cabine muette", "Mute booth"), 1, box(370, 600, 130, 200), state=RoomState.SILENT,
             at_ts=NOW_TS - 4000),
        room("booth-wide", ("Studio", "Studio"), 1, box(500, 600, 250, 200), people=1, state=RoomState.FULL),
        room("tent", ("Tente", "Tent"), 30, (Point(750, 800), Point(875, 600), Point(1000, 800)), people=9),
        room("elsewhere", ("Hors plan", "Off the plan"), 8, (), people=3),
    )  # fmt: skip
    sample = sample_view()
    figures = replace(
        sample.figures, seats_free=42, seats_total=100, outlets_cut={"free": 1, "empty": 4}, wifi=WifiFit.WEB,
        wifi_except=("full", "empty", "old", "odd"), power_va=8800, internet="none", rooms_unmeasured=1,
    )  # fmt: skip
    advice = (Advice("work", None, None, "none"), Advice("call", "free", 10, "wifi-unknown", "elsewhere", None))
    warnings = (
        WarningView(WarningKind.INTERNET_DOWN, (), NOW_TS - 90_000),
        WarningView(WarningKind.WIFI_DOWN, ("full",), None, reason="signal"),
        WarningView(WarningKind.WIFI_SLOW, ("empty",), None, reason="channel-busy"),
        WarningView(WarningKind.SILENT, ("silent",), NOW_TS - 87 * 60),
        WarningView(WarningKind.OLD, ("old",), NOW_TS - 840, 4),
    )
    return replace(
        sample,
        rooms=rooms,
        doors=(),
        figures=figures,
        advice=advice,
        second_address=None,
        warnings=warnings,
        sessions=(),
        stale_calendars=(StaleCalendar({"fr": "Agenda", "en": "Agenda"}, NOW_TS - 3 * 3600),),
    )


def bare_view() -> BoardView:
    """A place that measures nothing yet: no figure, no plan, no curve, no hours."""
    sample = sample_view()
    figures = Figures(
        seats_free=None, seats_total=0, rooms_unmeasured=1, outlets_free=None, outlets_total=0, outlets_cut={},
        has_outlet_meters=False, wifi=None, wifi_except=(), power_va=None, power_limit_va=None, has_power_meter=False,
        download_bps=None, uplink=None, internet=None, people=None,
    )  # fmt: skip
    rooms = (room("hall", ("Hall", "Hall"), 20, (), state=RoomState.NO_SENSOR, at_ts=None, wifi=None),)
    return replace(
        sample, figures=figures, rooms=rooms, doors=(), advice=(), day=None, is_open=None, closes_at_ts=None,
        second_address=None, warnings=(), sessions=(), calm_since_ts=NOW_TS - 3 * 3600,
    )  # fmt: skip


def history_view(span: str = "day") -> HistoryView:
    """Two series with holes and one that was never measured."""
    length = {"day": 86_400, "week": 7 * 86_400, "month": 30 * 86_400, "year": 365 * 86_400}[span]
    start = NOW_TS - length

    def points(level: float, spread: float) -> tuple[HistoryPoint, ...]:
        made = []
        for index in range(1, 97):
            at_ts = start + length * index / 96
            if 30 <= index < 36:
                made.append(HistoryPoint(at_ts, None, None, None, None, 0))
                continue
            mean = level * (1 + ((index * 7) % 13) / 13)
            made.append(HistoryPoint(at_ts, mean, max(0, mean - spread), mean + spread, mean, 0.97))
        return tuple(made)

    empty = tuple(replace(point, mean=None, low=None, high=None, last=None, coverage=0) for point in points(1, 1))
    usual = tuple(None if index < 8 else UsualPoint(8.0, 7.0, 10.0, 2 + index % 6) for index in range(96))
    period = PeriodView(
        span=span, query={"span": span}, previous={"span": span, "day": "2026-11-23"}, next=None,
        spans={each: {"span": each} for each in ("day", "week", "month", "year")},
        typed={"from": "2026-11-23", "from_time": "14:32", "to": "2026-11-24", "to_time": "14:32"}, problem=None,
    )  # fmt: skip
    return HistoryView(
        site_name={"fr": "Le Sémaphore", "en": "Le Sémaphore"}, timezone="Europe/Paris", path="/history/workshop",
        name={"fr": "Atelier", "en": "Workshop"}, is_room=True, now_ts=NOW_TS, from_ts=start, to_ts=NOW_TS,
        period=period, is_compared=False, can_compare=span in {"day", "week"},
        series=(
            HistorySeries("people.workshop", {"fr": "Personnes", "en": "People"}, "count", points(6, 2), usual=usual),
            HistorySeries("desk.power", {"fr": "Puissance", "en": "Power"}, "VA", points(1200, 300)),
            HistorySeries("ap.loss", {"fr": "Pertes", "en": "Loss"}, "/", empty),
        ),
    )  # fmt: skip


def compared_view() -> HistoryView:
    """A day of one series beside a usual week, after a date was mistyped."""
    whole = history_view()
    typed = {"from": "le 24 <b>", "from_time": "8h", "to": "", "to_time": ""}
    return replace(
        whole, path="/history/series/door.in", name={"en": "door.in"}, is_room=False, is_compared=True,
        period=replace(whole.period, typed=typed, problem=("from", "date")), series=whole.series[:1],
    )  # fmt: skip


def finer_view(query: Mapping[str, str]) -> HistoryView:
    """A point a minute of what somebody looks at closer."""
    from_ts, to_ts = float(query["from_ts"]), float(query["to_ts"])
    count = int((to_ts - from_ts) // 60)
    points = tuple(HistoryPoint(from_ts + 60 * (index + 1), 42.0, 41, 43, 42, 1) for index in range(count))
    whole = history_view()
    return replace(whole, series=tuple(replace(line, points=points, usual=()) for line in whole.series))


def listed_view() -> SeriesListView:
    """A few series of two nodes, with a room and without, one of them never heard."""
    rooms = (("workshop", {"fr": "Atelier", "en": "Workshop"}), ("cafe", {"fr": "Café", "en": "Café"}))
    return SeriesListView(
        {"en": "Le Sémaphore"}, "Europe/Paris", NOW_TS, rooms,
        (
            SeriesEntry("door.in", "door", "in", "Main door", "people_in", "count", rooms[0][1], NOW_TS - 60),
            SeriesEntry("board.p1-va", "board", "p1-va", "<script>alert(1)</script>", "apparent_power", "VA",
                        rooms[1][1], NOW_TS - 90_000),
            SeriesEntry("board.rssi", "board", "rssi", "", "rssi", "dBm", None, None),
        ),
    )  # fmt: skip


HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)",
    "</style><svg onload=alert(1)>", "{{ 7 * 7 }}", "javascript:alert(1)", "</title><iframe srcdoc=x>", "\u202etxt.exe",
)  # fmt: skip
"""What a name from the wire may try."""


def health_of(*states: tuple[str, str]) -> HealthView:
    """A gateway with one node online, one away, one only known from before; parts in the states given."""
    bars = tuple(0.0 if 20 <= index < 24 else 0.5 if index == 30 else 1.0 for index in range(48))
    channels = tuple(
        ChannelHealth(f"door.c{index}", text, "people_in", None, NOW_TS - 60, "failed" if index else None)
        for index, text in enumerate(HOSTILE)
    )
    online = NodeHealth(
        "door", True, NOW_TS - 4, HOSTILE[0], None, 12, NOW_TS - 600, -61.0, 64.0, bars, NOW_TS - 86_400, 0, channels
    )
    away = NodeHealth(
        "desk", False, NOW_TS - 90_000, "vigie 0.1", 75.0, None, None, None, 8.0, (0.0,) * 48, NOW_TS, 0, ()
    )
    known = NodeHealth("attic", None, None, None, None, None, None, None, None, (), NOW_TS, 0, ())
    facts: dict[str, dict[str, float | str | None]] = {
        "broker": {"round_trip_s": 0.004, "dropped_messages": 0}, "disk": {"free_bytes": 2.5e9, "size_bytes": 3.1e10},
        "heat": {"cpu_celsius": 61.2}, "live": {"viewers": 3}, "store": {},
    }  # fmt: skip
    parts = tuple(
        PartHealth(name, state, HOSTILE[1] if state == "fail" else None, facts.get(name, {})) for name, state in states
    )
    refusals = tuple(RefusalHealth("shape", 3, text, text, NOW_TS - 90) for text in HOSTILE)
    return HealthView(
        {"en": "Le Sémaphore"}, "Europe/Paris", NOW_TS, "fail", {"Vigie": "0.1.0", "MQTT": None}, 7_200, parts,
        (online, away, known), refusals,
    )  # fmt: skip


PARTS = (
    "clock", "broker", "ingest", "store", "backlog", "nodes", "refused", "calendars", "checks", "live", "influxdb",
    "disk", "heat", "supply", "something-new",
)  # fmt: skip
ILL = tuple((name, ("fail", "warn", "pass", "unknown")[index % 4]) for index, name in enumerate(PARTS))
