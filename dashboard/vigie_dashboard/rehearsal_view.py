"""What is shown of rehearsals, as plain values, filled by ``vigie_gateway.api.rehearsals``. None means unknown."""

from __future__ import annotations

from dataclasses import dataclass, field

from vigie_contract.commands import Rehearsed


@dataclass(frozen=True, slots=True)
class RehearsalView:
    """One that was begun.

    Attributes:
        id: Its number.
        room: Name by language; None for the line alone.
        node: Who was asked.
        author: Who asked; THIS_MACHINE for the gateway's own screen.
        at_ts: When it was begun.
        download_bps: What the line was to hold.
        upload_bps: The same.
        is_forced: During another session, or without knowing.
        state: ``asked``, ``running``, ``finished``, ``refused``, ``silent`` or ``lost``.
        share: How far it is, 0 to 1.
        reason: Why the node refused, a word of the contract.
        detail: The node's own words.
        result: Of one that has finished.
        call: ``fluid``, ``pages`` or ``slow``, by the delay meanwhile; None where that was not measured.
        is_within: Its far end is within the place, so that the line to the internet was not tried.
    """

    id: int
    room: dict[str, str] | None
    node: str
    author: str
    at_ts: float
    download_bps: float
    upload_bps: float
    is_forced: bool
    state: str
    share: float
    reason: str
    detail: str
    result: Rehearsed | None
    call: str | None
    is_within: bool


@dataclass(frozen=True, slots=True)
class OfferView:
    """A rehearsal that could be begun with one click.

    Attributes:
        room: Id of the room; "" for the line alone.
        download_bps: What the session will need.
        upload_bps: The same.
        usual_bytes: What it moves where the line holds.
        most_bytes: At most.
        usual_s: What it takes where the line holds.
        longest_s: At most.
    """

    room: str
    download_bps: float
    upload_bps: float
    usual_bytes: int
    most_bytes: int
    usual_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class RehearsalsView:
    """The page of rehearsals, or their part of another page.

    Attributes:
        site_name: By language.
        timezone: Of the place.
        now_ts: When this is true.
        csrf: Of its forms; "" where its reader may not begin one.
        rooms: Id and name of those where one can be begun now.
        has_line: Whether the line alone can be tried now.
        has_nodes: Whether any node of the place ever can.
        far_end: Whom the last one was tried against; "" when none has finished.
        offer: What the button would begin; None without a demand.
        session: A session that is on now, by its room's name; None when none is.
        is_calendar_known: Whether a session would be known of.
        shown: The one to show in full: under way, or just begun; None for none.
        rows: The others, the newest first.
        trouble: Why none was begun, a word of NOT_BEGUN or ``number``; "" otherwise.
        wrong: Where that is told: ``room``, ``down``, ``up`` or "".
        typed: What was typed: ``room``, ``down``, ``up``.
        back: Where the button leads back to; "" for the page of rehearsals.
    """

    site_name: dict[str, str]
    timezone: str
    now_ts: float
    csrf: str
    rooms: tuple[tuple[str, dict[str, str]], ...]
    has_line: bool
    has_nodes: bool
    far_end: str
    offer: OfferView | None
    session: dict[str, str] | None
    is_calendar_known: bool
    shown: RehearsalView | None
    rows: tuple[RehearsalView, ...]
    trouble: str = ""
    wrong: str = ""
    typed: dict[str, str] = field(default_factory=dict)
    back: str = ""
