"""What the page "will it fit?" shows, as plain values. None always means unknown.

``vigie_gateway.place.check_answer`` fills it. Resources, verdicts, kinds of action and the like are the words of
``vigie_gateway.capacity``, which this package does not know: ``check_words`` and ``check_text`` have their sentences,
and a test on the gateway's side holds that none is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vigie_dashboard.rehearsal_view import RehearsalsView

Names = Mapping[str, str]
"""What the place calls something, by language."""


@dataclass(frozen=True, slots=True)
class RoomChoice:
    """A room with seats that may be asked for."""

    id: str
    name: Names
    seats: int


@dataclass(frozen=True, slots=True)
class ActivityChoice:
    """Something that people may mostly do.

    Attributes:
        id: Its id.
        names: The site's own; empty for those that Vigie has words for.
        download_bps: A person at it.
        upload_bps: The same, up.
        shared_upload_bps: Of the session as a whole.
        lighter: Id of what may be done instead; None when there is nothing.
    """

    id: str
    names: Names
    download_bps: float
    upload_bps: float
    shared_upload_bps: float
    lighter: str | None


@dataclass(frozen=True, slots=True)
class EquipmentChoice:
    """Something that a session may bring; ``names`` as of ``ActivityChoice``."""

    id: str
    names: Names
    power_w: float


@dataclass(frozen=True, slots=True)
class SessionChoice:
    """A session of the calendar, with the parameters that fill the form; ``name`` is None where it is private."""

    room: str
    name: str | None
    begins_ts: float
    ends_ts: float
    query: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A field to put right.

    Attributes:
        field: Of the form: ``room``, ``date``, ``from``, ``to``, ``people``, ``activity``, ``lighter``, ``plugged``,
            ``strips`` or ``bring-`` and an id.
        kind: A word of ``capacity.question.ProblemKind``, or ``missing``, ``no-date``, ``no-time``, ``no-number``.
        bound: The number that was passed; None where there is none.
    """

    field: str
    kind: str
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class CheckForm:
    """The form: what there is to choose, what was typed, and what is wrong with it.

    Attributes:
        rooms: Of the place, with seats.
        activities: In the order in which they are shown.
        equipment: Likewise.
        sessions: Of the calendar, from now on; empty where nothing is known of any.
        typed: By field; what was not given has its first value already.
        troubles: In the order of the fields; empty when it can be answered.
    """

    rooms: tuple[RoomChoice, ...]
    activities: tuple[ActivityChoice, ...]
    equipment: tuple[EquipmentChoice, ...]
    sessions: tuple[SessionChoice, ...]
    typed: Mapping[str, str]
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True)
class AmountsView:
    """What a resource has.

    Attributes:
        dependable: Held nine times in ten.
        usual: Held on good days.
        highest: The highest measured; None where a rehearsal stopped before there was no more.
        basis: A word of ``capacity.supply.Basis``.
        days: Comparable days that were measured; None where days do not matter.
    """

    dependable: float
    usual: float
    highest: float | None
    basis: str
    days: int | None = None


@dataclass(frozen=True, slots=True)
class NeedView:
    """What a session asks of a resource: at least, probably, at most."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class GaugeView:
    """One resource.

    Attributes:
        resource: A word of ``capacity.supply.Resource``.
        verdict: A word of ``capacity.judgement.Verdict``.
        need: None where it cannot be told.
        amounts: None where nothing is known.
        missing: Why not; a word of ``capacity.supply.Missing``.
        margin: Share of what is dependable that is left, negative when too little; None where nothing is known, and
            minus infinity where there is nothing at all.
        cautions: Words of ``capacity.judgement.Caution``.
        breaks_at: People that it holds nine times in ten; None where it does not depend on them or is not known.
    """

    resource: str
    verdict: str
    need: NeedView | None
    amounts: AmountsView | None
    missing: str | None = None
    margin: float | None = None
    cautions: tuple[str, ...] = ()
    breaks_at: int | None = None


@dataclass(frozen=True, slots=True)
class ActionView:
    """Something to do.

    Attributes:
        kind: A word of ``capacity.answer.ActionKind``.
        verdict: What the answer would be then.
        resource: What it relieves.
        amount: People, outlets or access points, by kind.
        people: Who come, as asked.
        room: Name of the other room; empty when there is none.
        lighter: Id of the activity that is done instead; None when there is none.
        equipment: Id of what is left at home; None when nothing is.
        before: The most that is needed of ``resource``, over what is dependable; None where that is not known.
        after: The same then.
        query: Parameters of the page that asks then; empty when they are those of now.
    """

    kind: str
    verdict: str
    resource: str
    people: int
    amount: int | None = None
    room: Names = field(default_factory=dict)
    lighter: str | None = None
    equipment: str | None = None
    before: float | None = None
    after: float | None = None
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswerView:
    """The answer.

    Attributes:
        room: Name of the room.
        activity: What they mostly do, an id.
        people: Who come.
        starts_ts: Of the session.
        ends_ts: Of the session.
        verdict: ``go``, ``tight`` or ``no-go``.
        gauges: Tightest first.
        limiting: The tightest that was checked; None when none was.
        go_people: The largest number with which it would be a plain yes; 0 when with none.
        actions: Best first.
        obstacles: Words of ``capacity.answer.Obstacle``.
        unsaid: Words of ``capacity.answer.Unsaid``.
        confidence: A word of ``capacity.answer.Confidence``.
        doubts: What lowered it, as ``unsaid``.
        most_people_seen: Ever counted there; None when nobody counts.
        unknown_calendar: Why it is not known what else takes place; None when it is.
        plugged_share: Outlets for each person; None where that is not to be said.
        person_download_bps: That one person asks of the line; None where not all do the same.
        person_upload_bps: The same, up.
    """

    room: Names
    activity: str
    people: int
    starts_ts: float
    ends_ts: float
    verdict: str
    gauges: tuple[GaugeView, ...]
    limiting: str | None
    go_people: int
    actions: tuple[ActionView, ...] = ()
    obstacles: tuple[str, ...] = ()
    unsaid: tuple[str, ...] = ()
    confidence: str = "low"
    doubts: tuple[str, ...] = ()
    most_people_seen: int | None = None
    unknown_calendar: str | None = None
    plugged_share: float | None = None
    person_download_bps: float | None = None
    person_upload_bps: float | None = None


@dataclass(frozen=True, slots=True)
class HitRate:
    """Of so many sessions that were foretold and then held, how many went as was said."""

    held: int
    of: int


@dataclass(frozen=True, slots=True)
class CheckView:
    """The page: ``query`` are the parameters of what was asked; ``answer`` is None until something can be answered.

    ``is_time_known`` is False where the gateway's clock is not known to be right: then nothing can be asked.
    ``is_store_read`` is False where what was measured could not be read. ``rehearsals`` is what is known of rehearsals
    of that session, and one to begin; None where no node can.
    """

    site_name: Names
    timezone: str
    now_ts: float
    form: CheckForm
    query: Mapping[str, str] = field(default_factory=dict)
    answer: AnswerView | None = None
    hit_rate: HitRate | None = None
    is_time_known: bool = True
    is_store_read: bool = True
    rehearsals: RehearsalsView | None = None

    @property
    def can_rehearse(self) -> bool:
        """Whether a rehearsal can be begun on this page now."""
        found = self.rehearsals
        is_busy = found is not None and found.shown is not None and found.shown.state in {"asked", "running"}
        return found is not None and found.offer is not None and bool(found.csrf) and not is_busy
