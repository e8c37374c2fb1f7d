"""What a room offers at a time, put together: the one thing of this package that others call.

Built by ``app``; asked through ``api.context`` by the page, the API and the checks before sessions, on worker threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vigie_contract.clock import Clock
from vigie_dashboard.notices import SessionView
from vigie_gateway.capacity.forecast import HOUR_S
from vigie_gateway.capacity.question import FieldProblem, ProblemKind, Question, problems
from vigie_gateway.capacity.supply import OtherSession, Rehearsal, Resource, Supply
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import Room, Site
from vigie_gateway.store import Store
from vigie_gateway.supply.building import Building
from vigie_gateway.supply.diary import Asked, Diary, is_open
from vigie_gateway.supply.network import Network
from vigie_gateway.supply.past import Past

MOST_ALTERNATIVES = 2
"""Other rooms that are tried for a session. More is a list nobody reads, and each takes half as long as the room."""
_LINE = frozenset({Resource.DOWNLOAD, Resource.UPLOAD, Resource.ADDRESSES})
"""What every session of the place takes from."""
UNKNOWN_ACTIVITY = ""
"""Of a session of the calendar, of which nobody said what its people do."""


class Supplies:
    """What each room of one place offers."""

    def __init__(self, site: Site, store: Store, board: Board, clock: Clock) -> None:
        self._site = site
        self._board = board
        self._clock = clock
        self._past = Past(store)
        self._network = Network(site, self._past)
        self._building = Building(site, self._past, board)
        self._rooms = {room.id: room for room in site.rooms if room.seats > 0}
        self._unread = list(self._rooms.values())

    def problems(self, question: Question) -> tuple[FieldProblem, ...]:
        """Everything that is wrong with a question, asked now of this place."""
        unknown = () if question.room in self._rooms else (FieldProblem("room", ProblemKind.UNKNOWN),)
        return unknown + problems(question, self._site.session_activities(), self._clock.now_ts())

    def at(
        self, question: Question, *, session: SessionView | None = None, rehearsal: Rehearsal | None = None
    ) -> Supply:
        """What the room of a question offers at its time.

        Args:
            question: In which ``problems`` finds nothing wrong with room and time.
            session: The one that the question is about, where a calendar has it already.
            rehearsal: The latest for this session.

        Raises:
            KeyError: The place has no such room with seats.
            StoreError: The store cannot be read.
        """
        room = self._rooms[question.room]
        asked = Asked(question.starts_ts, question.ends_ts, self._clock.now_ts())
        diary = Diary(self._site, self._board.agenda, session)
        return replace(self._of_room(room, asked, diary), rehearsal=rehearsal)

    def with_alternatives(self, supply: Supply, question: Question, session: SessionView | None = None) -> Supply:
        """The same, with other rooms that are free then: looked for where a session does not simply fit.

        Args:
            supply: As ``at`` found it for the same question and session.
            question: As asked.
            session: As of ``at``.

        Raises:
            StoreError: The store cannot be read.
        """
        room = self._rooms[question.room]
        asked = Asked(question.starts_ts, question.ends_ts, self._clock.now_ts())
        diary = Diary(self._site, self._board.agenda, session)
        others = [self._of_room(one, asked, diary, supply) for one in self._alternatives(room, asked, diary)]
        return replace(supply, alternatives=tuple(others))

    def refresh(self) -> None:
        """Read what the last hour brought, and one more room that nobody has asked about. On the housekeeping thread.

        Raises:
            StoreError: The store cannot be read.
        """
        now_ts = self._clock.now_ts()
        self._past.refresh(now_ts)
        if self._unread:
            self._of_room(
                self._unread[0], Asked(now_ts, now_ts + HOUR_S, now_ts), Diary(self._site, self._board.agenda)
            )
            self._unread.pop(0)

    def _alternatives(self, room: Room, asked: Asked, diary: Diary) -> Sequence[Room]:
        """Other rooms that are free and open then, the one nearest in size first."""
        free = [
            one
            for one in self._rooms.values()
            if one is not room and self._is_open(one, asked) and not diary.is_booked(one.id, *asked[:2])
        ]
        return sorted(free, key=lambda one: abs(one.seats - room.seats))[:MOST_ALTERNATIVES]

    def _of_room(self, room: Room, asked: Asked, diary: Diary, beside: Supply | None = None) -> Supply:
        """``beside`` is another room's at the same time: what both share is taken from it."""
        building, network = self._building, self._network
        if beside is None:
            download_bps = network.rate(asked, diary, is_up=False)
            upload_bps = network.rate(asked, diary, is_up=True)
        else:
            download_bps, upload_bps = beside.download_bps, beside.upload_bps
        if beside is None or network.paths(room.id) != network.paths(beside.room):
            latency = network.latency(room.id, asked, diary)
        else:
            latency = beside.latency
        people = building.people(room.id, asked.now_ts)
        return Supply(
            room.id,
            seats=building.seats(room.id, asked, diary),
            outlets=building.outlets(room.id, asked, diary),
            power_w=building.power_w(room.id, asked, diary),
            devices=network.devices(room.id, asked, diary),
            addresses=network.addresses(asked, diary) if beside is None else beside.addresses,
            download_bps=download_bps,
            upload_bps=upload_bps,
            radio=network.radio(room.id, asked, diary),
            latency=latency,
            others=self._others(room, asked, diary),
            most_people_seen=max((round(one.value) for one in people), default=None),
            is_open=self._is_open(room, asked),
            is_booked=diary.is_booked(room.id, asked.starts_ts, asked.ends_ts),
            is_free_after=self._is_free_after(room, asked, diary),
            unknown_calendar=diary.unknown(asked.ends_ts),
            asked_ts=asked.now_ts,
        )

    def _is_open(self, room: Room, asked: Asked) -> bool:
        """By its hours, and by what somebody said of it, up to when that was said to last."""
        if self._board.is_closed_by_hand(room.id, asked.starts_ts):
            return False
        return is_open(self._site, room.id, asked.starts_ts, asked.ends_ts)

    def _is_free_after(self, room: Room, asked: Asked, diary: Diary) -> bool | None:
        """Whether as long a session could follow; None where the calendars do not tell."""
        until_ts = asked.ends_ts + (asked.ends_ts - asked.starts_ts)
        if diary.unknown(until_ts) is not None:
            return None
        following = Asked(asked.ends_ts, until_ts, asked.now_ts)
        return self._is_open(room, following) and not diary.is_booked(room.id, asked.ends_ts, until_ts)

    def _others(self, room: Room, asked: Asked, diary: Diary) -> tuple[OtherSession, ...]:
        return tuple(
            OtherSession(one.people, one.activity or UNKNOWN_ACTIVITY, self._shared(room.id, one.room))
            for one in diary.at(asked.starts_ts, asked.ends_ts)
        )

    def _shared(self, room: str, other: str) -> frozenset[Resource]:
        """What a session in another room takes from as well; one in the same room takes from all."""
        shares = set(_LINE)
        if room == other or self._network.shares_air(room, other):
            shares |= {Resource.DEVICES, Resource.AIRTIME}
        if self._building.circuits(room) & self._building.circuits(other):
            shares.add(Resource.POWER)
        return frozenset(shares)
