"""``site.toml``: what the place is, as people write it and share it, and as the rest of the gateway reads it.

Read once at start, and by ``vigie-gateway check``. The tables below are the file's; their keys are explained one by one
in docs/configuration.md. A file with a single problem gives no site at all: nothing starts with a wrong one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import (
    Field,
    ValidationError,
    model_validator,
)

from vigie_dashboard.view import Point
from vigie_gateway.capacity.activities import Activities
from vigie_gateway.place.alert_tables import AlertsTable, RuleTable, ToldTable
from vigie_gateway.place.demand import ActivityTable, EquipmentTable, activities_of
from vigie_gateway.place.device_references import check_device_references
from vigie_gateway.place.device_table import DeviceTable
from vigie_gateway.place.entries import (
    LANGUAGES,
    Bssids,
    Bytes,
    ChannelName,
    ChannelPattern,
    Corner,
    Corners,
    Count,
    Days,
    FilePath,
    Id,
    Ids,
    Languages,
    Names,
    Number,
    Passphrase,
    People,
    Phone,
    Positive,
    Positives,
    RoomRef,
    Spans,
    Ssid,
    Timezone,
    Url,
)
from vigie_gateway.place.hours import WEEKDAYS, Hours
from vigie_gateway.place.node_table import NodeTable
from vigie_gateway.place.problem import Collector, KeyPath, Problem, SiteError, suggest
from vigie_gateway.place.references import check_references
from vigie_gateway.place.table import Table

DEFAULT_CLIENT_LIMIT = 25
"""Active clients an access point is trusted with where the site gives no number: vendors' planning guides say about 25
a radio. Lower cries wolf in a full room; higher stays silent while calls break up."""


class HoursTable(Table):
    """``[hours]``: a list of spans for each weekday; a weekday that is not there is closed."""

    monday: Spans = ()
    tuesday: Spans = ()
    wednesday: Spans = ()
    thursday: Spans = ()
    friday: Spans = ()
    saturday: Spans = ()
    sunday: Spans = ()
    exceptions: Days = Field(default_factory=dict)

    def to_hours(self) -> Hours:
        """For the computations of ``hours``."""
        return Hours(tuple(getattr(self, weekday) for weekday in WEEKDAYS), self.exceptions)


class Room(Table):
    """``[[rooms]]``; a room without seats is a passage: drawn, not listed."""

    id: Id
    name: Names
    seats: Count
    corners: Corners | None = None
    rect: tuple[Number, Number, Positive, Positive] | None = None
    tags: tuple[Literal["quiet", "calls", "group"], ...] = ()
    where: Names | None = None
    hours: HoursTable | None = None

    @model_validator(mode="after")
    def _check_shape(self) -> Room:
        if self.corners is not None and self.rect is not None:
            raise ValueError("either corners or rect, not both")
        return self

    def polygon(self) -> tuple[Point, ...]:
        """The corners on the plan; empty when the room has none."""
        if self.rect is not None:
            x, y, width, height = self.rect
            return Point(x, y), Point(x + width, y), Point(x + width, y + height), Point(x, y + height)
        return tuple(Point(x, y) for x, y in self.corners or ())


class Door(Table):
    """``[[doors]]``; ``in`` counts those who go from the first of ``between`` to the second."""

    id: Id
    between: tuple[RoomRef, RoomRef]
    at: tuple[Corner, Corner] | None = None
    in_: ChannelName | None = Field(default=None, alias="in")
    out: ChannelName | None = None
    open: ChannelName | None = None

    @model_validator(mode="after")
    def _check_pair(self) -> Door:
        if (self.in_ is None) != (self.out is None):
            raise ValueError("both in and out, or neither: one alone would only ever rise")
        return self


class Motion(Table):
    """``[[motion]]``: a channel that tells whether somebody is in the room."""

    room: RoomRef
    channel: ChannelName


class Outlet(NamedTuple):
    """One outlet of an ``[[outlets]]`` table."""

    id: str
    room: str
    circuit: str
    in_use: str | None
    power: str | None
    switched_on: str | None = None


class Outlets(Table):
    """``[[outlets]]``: one outlet (``id``), several (``ids``), or a number of them (``id`` and ``count``)."""

    room: RoomRef
    circuit: str
    id: Id | None = None
    ids: Ids | None = None
    count: Positives | None = None
    in_use: ChannelPattern | None = None
    power: ChannelPattern | None = None

    @model_validator(mode="after")
    def _check_numbering(self) -> Outlets:
        if (self.id is None) == (self.ids is None) or (self.ids is not None and self.count is not None):
            raise ValueError("id, or id and count, or ids")
        if len(self._all_ids()) > 1:
            for channel in (self.in_use, self.power):
                if channel is not None and "{id}" not in channel:
                    raise ValueError(f'{{id}} in "{channel}", one channel cannot tell of several outlets')
        return self

    def _all_ids(self) -> tuple[str, ...]:
        if self.ids is not None:
            return self.ids
        if self.count is None:
            return (self.id or "",)
        return tuple(f"{self.id}-{number}" for number in range(1, self.count + 1))

    def outlets(self) -> tuple[Outlet, ...]:
        """Each of them, with its own channels."""
        return tuple(
            Outlet(one, self.room, self.circuit, _fill(self.in_use, one), _fill(self.power, one))
            for one in self._all_ids()
        )


def _fill(pattern: str | None, outlet: str) -> str | None:
    return None if pattern is None else pattern.replace("{id}", outlet)


class Circuit(Table):
    """``[[circuits]]``: a breaker and what it may carry; ``parent`` is what stands above it."""

    id: Id
    name: Names
    parent: str | None = None
    max_current_a: Positive | None = None
    max_power_va: Positive | None = None
    power: ChannelName | None = None
    mains: ChannelName | None = None
    subscribed: ChannelName | None = None


class AccessPoint(Table):
    """``[[access_points]]``."""

    id: Id
    name: Names
    bssid: Bssids = ()
    rooms: tuple[RoomRef, ...]
    client_limit: Positives = DEFAULT_CLIENT_LIMIT
    stations: ChannelName | None = None
    utilisation: ChannelName | None = None


class WifiProbe(Table):
    """``[[wifi]]``: which sensor speaks for the Wi-Fi of which rooms; without ``rooms``, of all."""

    rooms: tuple[RoomRef, ...] = ()
    latency: ChannelName | None = None
    rssi: ChannelName | None = None
    power_save: ChannelName | None = None


class Uplink(Table):
    """``[[uplinks]]``: a line to the internet."""

    id: Id
    name: Names
    role: Literal["main", "spare"] = "main"
    subscribed_download_bps: Positive | None = None
    subscribed_upload_bps: Positive | None = None
    data_budget_bytes: Bytes | None = None
    addresses: Positives | None = None
    download: ChannelName | None = None
    upload: ChannelName | None = None
    portal: ChannelName | None = None
    latency: ChannelName | None = None
    dns: ChannelName | None = None


class Calendar(Table):
    """``[[calendars]]``: an iCalendar feed, at an address or in a file beside the site file."""

    id: Id
    name: Names
    url: Url | None = None
    file: FilePath | None = None
    room: RoomRef | None = None
    rooms: dict[str, RoomRef] = Field(default_factory=dict)
    loopback: bool = False
    people: People | None = None
    activity: Id | None = None

    @model_validator(mode="after")
    def _check_source(self) -> Calendar:
        if (self.url is None) == (self.file is None):
            raise ValueError("either url or file")
        if self.room is not None and self.rooms:
            raise ValueError("either room, for all of its events, or rooms, by their location")
        return self


class Visitors(Table):
    """``[visitors]``: what the public page says beside what is measured."""

    kind: Names | None = None
    phone: Phone | None = None
    wifi_name: Ssid | None = None
    wifi_note: Names | None = None
    wifi_open: bool = False
    wifi_password: Passphrase | None = None
    address: Url | None = None
    sessions: bool = False

    @model_validator(mode="after")
    def _check_wifi(self) -> Visitors:
        if self.wifi_open and self.wifi_password is not None:
            raise ValueError("either wifi_open or wifi_password")
        if self.wifi_name is None and (self.wifi_open or self.wifi_password is not None):
            raise ValueError("wifi_name, the network that wifi_open or wifi_password is about")
        return self


class Site(Table):
    """The whole file. ``load_site`` makes it; every reference in it is known to hold."""

    id: Id
    name: Names
    timezone: Timezone
    languages: Languages = ("fr", "en")
    second_address: Url | None = None
    plan: tuple[Positive, Positive] | None = None
    hours: HoursTable | None = None
    rooms: tuple[Room, ...] = ()
    doors: tuple[Door, ...] = ()
    motion: tuple[Motion, ...] = ()
    outlets: tuple[Outlets, ...] = ()
    circuits: tuple[Circuit, ...] = ()
    access_points: tuple[AccessPoint, ...] = ()
    wifi: tuple[WifiProbe, ...] = ()
    uplinks: tuple[Uplink, ...] = ()
    nodes: tuple[NodeTable, ...] = ()
    devices: tuple[DeviceTable, ...] = ()
    calendars: tuple[Calendar, ...] = ()
    activities: tuple[ActivityTable, ...] = ()
    equipment: tuple[EquipmentTable, ...] = ()
    visitors: Visitors = Visitors()
    alerts: AlertsTable = AlertsTable()
    rules: tuple[RuleTable, ...] = ()
    told: tuple[ToldTable, ...] = ()

    def zone(self) -> ZoneInfo:
        """The timezone; made once by zoneinfo."""
        return ZoneInfo(self.timezone)

    def opening_hours(self) -> Hours | None:
        """Of the place; None when the file gives none."""
        return None if self.hours is None else self.hours.to_hours()

    def all_outlets(self) -> tuple[Outlet, ...]:
        """Every outlet, in the order of the file, with the channels of the devices that were given it."""
        given = {device.outlet: device.fills("outlet") for device in self.devices if device.outlet is not None}
        return tuple(
            outlet._replace(**given.get(outlet.id, {})) for group in self.outlets for outlet in group.outlets()
        )

    def motions(self) -> tuple[Motion, ...]:
        """Every channel that tells whether somebody is in a room, those of devices too."""
        given = ((device.room, device.channels().get("occupied")) for device in self.devices)
        of_devices = (Motion(room=room, channel=channel) for room, channel in given if room and channel)
        return (*self.motion, *of_devices)

    def session_activities(self) -> Activities:
        """What may be asked of the capacity check: Vigie's own activities and equipment, with the site's."""
        return activities_of(self.activities, self.equipment)


def load_site(path: Path) -> Site:
    """Read and check a site file.

    Raises:
        SiteError: With every problem that the file has.
    """
    site, problems = _read(path)
    if site is None:
        raise SiteError(problems)
    return site


def check_site(path: Path) -> list[Problem]:
    """Every problem that the file has, in order of lines; empty when it is right."""
    return _read(path)[1]


_SYNTAX = re.compile(r"(?P<what>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.DOTALL)


def _read(path: Path) -> tuple[Site | None, list[Problem]]:
    file = str(path)
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        return None, [Problem(file, 1, None, "", None, f"cannot be read: {error.strerror or error}")]
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return None, [Problem(file, line, None, "", None, f"is not UTF-8 text (byte {error.start}: {error.reason})")]
    return read_site(file, text)


def read_site(file: str, text: str) -> tuple[Site | None, list[Problem]]:
    """The place that a file of that name and text describes, and every problem with it: one of the two is empty."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax_problem(file, text, str(error))]
    except RecursionError:
        return None, [Problem(file, 1, None, "", None, "is nested too deeply")]
    return _validate(file, text, raw)


def _syntax_problem(file: str, text: str, message: str) -> Problem:
    match = _SYNTAX.fullmatch(message)
    what = f"is not TOML: {match['what'] if match else message}"
    if match and match["line"]:
        return Problem(file, int(match["line"]), int(match["column"]), "", None, what)
    lines = text.splitlines() or [""]
    return Problem(file, len(lines), len(lines[-1]) + 1, "", None, what)


def _validate(file: str, text: str, raw: dict[str, Any]) -> tuple[Site | None, list[Problem]]:
    collector = Collector(file, text)
    languages = raw.get("languages")
    is_usable = isinstance(languages, list) and languages and all(one in LANGUAGES for one in languages)
    context = {"languages": languages if is_usable else LANGUAGES, "folder": Path(file).parent}
    site = None
    try:
        site = Site.model_validate(raw, context=context)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            _add(collector, details)
    check_references(raw, collector)
    check_device_references(raw, collector)
    problems = collector.problems()
    return (None if problems or site is None else _with_devices(site)), problems


def _with_devices(site: Site) -> Site:
    """The place whose circuits, doors and access points have the channels of the devices that were given them."""

    def each(tables: tuple[Any, ...], about: str) -> tuple[Any, ...]:
        given: dict[str, dict[str, str]] = {}
        for device in site.devices:
            given.setdefault(device.about().get(about, ""), {}).update(device.fills(about))
        return tuple(one.model_copy(update=given[one.id]) if one.id in given else one for one in tables)

    parts = {"circuits": "circuit", "doors": "door", "access_points": "access_point"}
    return site.model_copy(update={part: each(getattr(site, part), about) for part, about in parts.items()})


_SECTIONS: Mapping[str, type[Table]] = {
    "rooms": Room,
    "doors": Door,
    "motion": Motion,
    "outlets": Outlets,
    "circuits": Circuit,
    "access_points": AccessPoint,
    "wifi": WifiProbe,
    "uplinks": Uplink,
    "nodes": NodeTable,
    "devices": DeviceTable,
    "calendars": Calendar,
    "activities": ActivityTable,
    "equipment": EquipmentTable,
    "hours": HoursTable,
    "visitors": Visitors,
    "alerts": AlertsTable,
    "rules": RuleTable,
    "told": ToldTable,
}

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
"""By pydantic's type of error: what to tell a person."""


def _add(collector: Collector, details: Any) -> None:
    # pydantic puts "[key]" after a key of a mapping that is itself wrong; no key of the file is called that.
    path: KeyPath = tuple(part for part in details["loc"] if part != "[key]")
    kind, context, value = details["type"], details.get("ctx", {}), details["input"]
    if kind == "extra_forbidden":
        known = _known_keys(path)
        near = suggest(str(path[-1]), known)
        hint = f'"{near}" (this key is not known)' if near else f"a known key: {', '.join(known)}"
        collector.add(path, value, hint)
    elif kind == "missing":
        is_entry = isinstance(path[-1], int)
        collector.add(path, None, "one more entry" if is_entry else f"this key, which {_section_name(path)} needs")
    elif kind == "value_error":
        collector.add(path, None if isinstance(value, dict) else value, str(context["error"]))
    elif kind == "too_long":
        collector.add(path, value, f"at most {context['max_length']} entries")
    else:
        collector.add(path, value, _expectation(kind, context, details["msg"]))


def _expectation(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    bounds = {"greater_than": "gt", "greater_than_equal": "ge", "less_than_equal": "le"}
    if kind in bounds:
        words = {"gt": "a number above {}", "ge": "a whole number, {} or more", "le": "a number, {} at most"}
        return words[bounds[kind]].format(f"{context[bounds[kind]]:g}")
    if kind == "literal_error":
        return str(context["expected"])
    return message[0].lower() + message[1:]


def _known_keys(path: KeyPath) -> list[str]:
    model: type[Table] = Site
    for part in path[:-1]:
        if isinstance(part, str):
            model = _SECTIONS.get(part, model)
    return [field.alias or name for name, field in model.model_fields.items()]


def _section_name(path: KeyPath) -> str:
    sections = [part for part in path[:-1] if isinstance(part, str)]
    return f"[[{sections[0]}]]" if sections else "the file"
