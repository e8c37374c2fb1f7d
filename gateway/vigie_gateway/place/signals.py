"""What alert rules look at of the place: circuits, Wi-Fi, lines, rooms and doors, as numbers.

Pure. Called by the board's ``signals``, once a second, under the board's lock. What is not known says why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from vigie_dashboard.view import RoomState, RoomView, WifiFit
from vigie_gateway.alerts.signals import Signal, Subject, SubjectKind
from vigie_gateway.place.cells import NEVER_TS, Cell
from vigie_gateway.place.room_state import Moment, room_view
from vigie_gateway.place.warnings import SHARED_REASONS, fullest
from vigie_gateway.place.wiring import RoomWiring, UplinkCells, Wiring

WIFI_VALUES = {WifiFit.VIDEO: 0.0, WifiFit.WEB: 0.5, WifiFit.SLOW: 1.0, WifiFit.DOWN: 2.0}
INTERNET_VALUES = {"open": 0.0, "portal": 1.0, "none": 2.0}
_UNKNOWN_STATES = {
    RoomState.CLOSED: "closed",
    RoomState.INCONSISTENT: "inconsistent",
    RoomState.OLD: "silent",
    RoomState.SILENT: "silent",
    RoomState.NO_SENSOR: "never",
}


class Listening(NamedTuple):
    """Whether what is not heard can be taken for silence.

    Attributes:
        is_connected: To the broker.
        for_s: For how long without a break; since the gateway's start at the earliest.
    """

    is_connected: bool
    for_s: float

    def why(self, usual_s: float) -> str:
        """Why nothing need have been heard of what speaks within ``usual_s``; "" where it would have been."""
        if not self.is_connected:
            return "broker"
        return "starting" if self.for_s < usual_s else ""


def place_signals(wiring: Wiring, moment: Moment, listening: Listening) -> list[Signal]:
    """One signal for each word of ``SIGNALS`` and each part of the place that something measures."""
    look = _Look(wiring, moment, listening)
    return [*look.circuits(), *look.access_points(), *look.uplinks(), *look.rooms(), *look.doors()]


class _Look:
    def __init__(self, wiring: Wiring, moment: Moment, listening: Listening) -> None:
        self._wiring = wiring
        self._moment = moment
        self._now_ts = moment.now_ts
        self._listening = listening

    def _why(self, cell: Cell | None) -> str:
        """Why a channel has no fresh value."""
        if cell is None:
            return "never"
        reason = cell.fresh_reason(self._now_ts)
        if reason is not None:
            return reason
        return self._listening.why(cell.fresh_s) or ("never" if cell.at_ts == NEVER_TS else "silent")

    def circuits(self) -> Iterator[Signal]:
        wiring, moment = self._wiring, self._moment
        outlets: dict[str, int] = {}
        rooms: dict[str, set[str]] = {}
        for outlet in wiring.outlets:
            for above in wiring.tree.path(outlet.site.circuit):
                outlets[above] = outlets.get(above, 0) + 1
                rooms.setdefault(above, set()).add(outlet.site.room)
        in_rooms = Counter(outlet.site.room for outlet in wiring.outlets)
        for circuit, cell in wiring.mains.items():
            is_live = moment.mains[circuit]
            yield Signal(
                "circuit-dead",
                Subject(SubjectKind.CIRCUIT, circuit),
                None if is_live is None else float(not is_live),
                _at(cell),
                None if is_live is None else cell.since_ts,
                self._why(cell) if is_live is None else "",
                {
                    "outlets": outlets.get(circuit, 0),
                    "room_outlets": sum(in_rooms[room] for room in rooms.get(circuit, ())),
                    # Meters say volt-amperes, of which only none at all is as many watts.
                    "power_w": 0.0 if is_live is False and moment.circuit_va(circuit) == 0 else None,
                },
            )
        yield from self._loads()

    def _loads(self) -> Iterator[Signal]:
        wiring, moment = self._wiring, self._moment
        metered = {name: moment.power_va(cell) for name, cell in wiring.meters.items()}
        by_outlet = {one.site.id: moment.power_va(one.power) for one in wiring.outlets}
        for circuit in wiring.tree.nodes:
            subscribed = wiring.subscribed.get(circuit)
            limit_va = wiring.tree.limit_va(circuit, None if subscribed is None else subscribed.known_value)
            if limit_va is None or not wiring.tree.is_measured(circuit):
                continue
            power_va = wiring.tree.power_va(circuit, metered, by_outlet)
            meter = wiring.meters.get(circuit)
            yield Signal(
                "circuit-load",
                Subject(SubjectKind.CIRCUIT, circuit),
                None if power_va is None else power_va / limit_va,
                _at(meter),
                why="" if power_va is not None else "silent" if meter is None else self._why(meter),
                figures={"power_va": power_va, "limit_va": limit_va},
            )

    def access_points(self) -> Iterator[Signal]:
        for point in self._wiring.access_points:
            if point.stations is None:
                continue
            stations = point.stations.fresh_value(self._now_ts)
            limit = point.site.client_limit
            yield Signal(
                "access-point-load",
                Subject(SubjectKind.ACCESS_POINT, point.site.id),
                None if stations is None else stations / limit,
                _at(point.stations),
                why=self._why(point.stations) if stations is None else "",
                figures={"stations": stations, "limit": limit},
            )

    def uplinks(self) -> Iterator[Signal]:
        for uplink in self._wiring.uplinks:
            subject = Subject(SubjectKind.UPLINK, uplink.site.id)
            label = None if uplink.portal is None else uplink.portal.fresh_label(self._now_ts)
            is_shut = label in {"none", "portal"}
            if uplink.portal is not None:
                yield self._internet(subject, uplink, uplink.portal, label)
            if uplink.dns is not None:
                yield self._dns(subject, uplink.dns, is_shut=is_shut)
            if uplink.download is not None and uplink.site.subscribed_download_bps is not None:
                yield self._speed(subject, uplink.download, uplink.site.subscribed_download_bps, is_shut=is_shut)

    def _internet(self, subject: Subject, uplink: UplinkCells, portal: Cell, label: str | None) -> Signal:
        value = None if label is None else INTERNET_VALUES.get(label)
        losses = [
            loss
            for _, probe in self._wiring.probes
            if probe.latency is not None and (loss := probe.latency.loss.fresh_value(self._now_ts)) is not None
        ]
        return Signal(
            "internet",
            subject,
            value,
            _at(portal),
            None if value is None else portal.since_ts,
            self._why(portal) if value is None else "",
            {"answer": label, "gateway_loss": min(losses, default=None), "dns": self._dns_word(uplink.dns)},
        )

    def _dns_word(self, cell: Cell | None) -> str | None:
        if cell is None:
            return None
        if cell.fresh_value(self._now_ts) is not None:
            return "answers"
        return "failed" if cell.fresh_reason(self._now_ts) == "failed" else None

    def _dns(self, subject: Subject, cell: Cell, *, is_shut: bool) -> Signal:
        word = None if is_shut else self._dns_word(cell)
        return Signal(
            "dns",
            subject,
            None if word is None else float(word == "failed"),
            _at(cell),
            why="uplink" if is_shut else self._why(cell) if word is None else "",
            figures={"dns_ms": cell.fresh_value(self._now_ts)},
        )

    def _speed(self, subject: Subject, cell: Cell, subscribed_bps: float, *, is_shut: bool) -> Signal:
        download_bps = None if is_shut else self._moment.last_rate(cell)
        return Signal(
            "uplink-speed",
            subject,
            None if download_bps is None else download_bps / subscribed_bps,
            _at(cell),
            why="uplink" if is_shut else self._why(cell) if download_bps is None else "",
            figures={"download_bps": download_bps, "subscribed_bps": subscribed_bps},
        )

    def rooms(self) -> Iterator[Signal]:
        for room in self._wiring.rooms:
            if room.site.seats == 0:
                continue
            view = room_view(room, self._moment)
            subject = Subject(SubjectKind.ROOM, room.site.id)
            if view.wifi is not None:
                yield self._wifi(subject, room, view)
            if room.counters or room.motions:
                yield self._people(subject, view)

    def _wifi(self, subject: Subject, room: RoomWiring, view: RoomView) -> Signal:
        fit, reason = (None, None) if view.wifi is None else (view.wifi.fit, view.wifi.reason)
        why = ""
        if view.state is RoomState.CLOSED:
            why = "closed"
        elif reason in SHARED_REASONS:
            why = "uplink"  # the line's own signals tell of it, once for all rooms
        elif fit is None:
            why = self._listening.why(0.0) or reason or "silent"
        stations, limit = fullest(room, self._now_ts)
        delays = [
            delay
            for probe in room.probes
            if probe.latency is not None and (delay := probe.latency.p95.fresh_value(self._now_ts)) is not None
        ]
        return Signal(
            "wifi",
            subject,
            None if why or fit is None else WIFI_VALUES[fit],
            None if view.wifi is None else view.wifi.at_ts,
            why=why,
            figures={"reason": reason, "stations": stations, "limit": limit, "latency_ms": max(delays, default=None)},
        )

    def _people(self, subject: Subject, view: RoomView) -> Signal:
        why = _UNKNOWN_STATES.get(view.state, "")
        if why in {"silent", "never"}:
            why = self._listening.why(0.0) or why
        is_known = not why and view.people is not None
        return Signal(
            "people",
            subject,
            view.people / view.seats if is_known and view.people is not None else None,
            view.at_ts,
            why=why,
            figures={"people": view.people if is_known else None, "seats": view.seats},
        )

    def doors(self) -> Iterator[Signal]:
        for door, cell in self._wiring.open_doors.items():
            value = cell.fresh_value(self._now_ts)
            yield Signal(
                "door-open",
                Subject(SubjectKind.DOOR, door),
                None if value is None else float(value != 0),
                _at(cell),
                None if value is None else cell.since_ts,
                self._why(cell) if value is None else "",
            )


def _at(cell: Cell | None) -> float | None:
    return None if cell is None or cell.known_ts == NEVER_TS else cell.known_ts
