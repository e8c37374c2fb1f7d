"""Answers to "will it fit?" made by hand, in every state that the page can show: the values of ``check_view``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tests.dashboard.places import NOW_TS, ZONE

from vigie_dashboard.check_view import (
    ActionView,
    ActivityChoice,
    AmountsView,
    AnswerView,
    CheckForm,
    CheckView,
    EquipmentChoice,
    GaugeView,
    HitRate,
    NeedView,
    RoomChoice,
    SessionChoice,
    Trouble,
)

BEGINS_TS = datetime(2026, 12, 1, 18, 30, tzinfo=ZONE).timestamp()
ENDS_TS = datetime(2026, 12, 1, 20, 0, tzinfo=ZONE).timestamp()
HALL = {"fr": "Grande salle", "en": "Main hall"}
QUERY = {"room": "main-hall", "date": "2026-12-01", "from": "18:30", "to": "20:00", "people": "36",
         "activity": "video-call", "lighter": "0", "plugged": "", "strips": "0", "bring-projector": "1",
         "bring-kettle": "0"}  # fmt: skip


def gauge(
    resource: str,
    verdict: str,
    need: float | tuple[float, float, float],
    *held: float,
    basis: str | None = None,
    days: int | None = None,
    cautions: tuple[str, ...] = (),
    breaks_at: int | None = None,
) -> GaugeView:
    """A resource that needs so much of what is held nine times in ten, on good days and at best."""
    needs = NeedView(*need) if isinstance(need, tuple) else NeedView(need, need, need)
    dependable, usual, highest = held
    if basis is None:
        basis, days = ("declared", None) if dependable == highest else ("measured", days or 4)
    margin = 1 - needs.high / dependable if dependable else float("-inf")
    amounts = AmountsView(dependable, usual, highest, basis, days)
    return GaugeView(resource, verdict, needs, amounts, None, margin, cautions, breaks_at)


def unchecked(resource: str, reason: str, need: float | None = None) -> GaugeView:
    """A resource of which nothing is known."""
    return GaugeView(resource, "not-checked", None if need is None else NeedView(need, need, need), None, reason)


TIGHT = AnswerView(
    room=HALL,
    activity="video-call",
    people=36,
    starts_ts=BEGINS_TS,
    ends_ts=ENDS_TS,
    verdict="tight",
    gauges=(
        gauge("upload", "tight", 54e6, 50e6, 55e6, 58e6, breaks_at=33),
        gauge("outlets", "tight", 24, 21, 23, 24, breaks_at=31),
        gauge("airtime", "tight", (0.2, 0.4, 0.7), 0.64, 0.68, 0.71, breaks_at=34),
        gauge("seats", "go", 36, 40, 40, 40, breaks_at=40),
        gauge("devices", "go", 50, 60, 70, 75, breaks_at=43),
        gauge("download", "go", 54e6, 71e6, 80e6, 84e6, breaks_at=47),
        gauge("power", "go", 2100, 3300, 3400, 3500, breaks_at=50),
        gauge("addresses", "go", 63, 120, 120, 120, breaks_at=68),
        gauge("latency", "go", (0.2, 0.3, 0.5), 1, 1, 1, basis="measured", days=4),
    ),
    limiting="upload",
    go_people=29,
    actions=(
        ActionView("lighter-activity", "go", "upload", 36, lighter="audio-call", before=1.08, after=0.58,
                   query=QUERY | {"lighter": "50"}),
        ActionView("power-strip", "tight", "outlets", 36, 5, before=1.14, after=0.92, query=QUERY | {"strips": "5"}),
        ActionView("split-rooms", "go", "upload", 36, 20, {"fr": "Atelier", "en": "Workshop"}, before=1.08, after=1.08,
                   query=QUERY | {"people": "20"}),
        ActionView("rehearse", "go", "upload", 36, before=1.08, after=0.77),
    ),
    unsaid=("rate-estimated", "own-mobile-data", "noise", "neighbours"),
    confidence="medium",
    plugged_share=2 / 3,
    person_download_bps=1.5e6,
    person_upload_bps=1.5e6,
)  # fmt: skip
GO = replace(
    TIGHT,
    activity="web-write",
    people=12,
    verdict="go",
    gauges=(
        gauge("outlets", "go", 8, 21, 23, 24, breaks_at=31),
        gauge("upload", "go", 3e6, 50e6, 55e6, 58e6, breaks_at=200),
        gauge("seats", "go", 12, 40, 40, 40, breaks_at=40),
        gauge("latency", "go", 0.2, 1, 1, 1, basis="measured", days=4),
    ),
    limiting="outlets",
    go_people=28,
    actions=(),
    confidence="high",
)
NO_GO = replace(
    TIGHT,
    people=52,
    verdict="no-go",
    gauges=(
        gauge("upload", "no-go", 78e6, 50e6, 55e6, 58e6, breaks_at=33),
        gauge("outlets", "no-go", 35, 21, 23, 24, breaks_at=31),
        gauge("seats", "no-go", 52, 40, 40, 40, breaks_at=40),
        gauge("power", "go", 2800, 3300, 3400, 3500, breaks_at=60),
    ),
    go_people=29,
    actions=(
        ActionView("fewer-people", "tight", "upload", 52, 33, before=1.56, after=0.99, query=QUERY | {"people": "33"}),
        ActionView("two-sessions", "go", "upload", 52, 26, before=1.56, after=0.78, query=QUERY | {"people": "26"}),
        ActionView("other-room", "no-go", "seats", 52, 52, {"fr": "Atelier"}, before=1.3, after=3.25, query=QUERY),
        ActionView("without-equipment", "no-go", "outlets", 52, equipment="projector", before=1.67, after=1.62),
    ),
)
UNCHECKED = replace(
    TIGHT,
    gauges=(
        unchecked("airtime", "no-sensor"),
        unchecked("latency", "power-save"),
        unchecked("upload", "no-history", 54e6),
        gauge("seats", "go", 36, 40, 40, 40, breaks_at=40),
    ),
    limiting="seats",
    actions=(ActionView("rehearse", "go", "upload", 36),),
    unsaid=("not-checked", "own-mobile-data", "noise", "neighbours"),
    confidence="low",
    doubts=("not-checked", "never-so-many"),
    most_people_seen=18,
)
FEW_DAYS = replace(
    GO,
    verdict="tight",
    gauges=(
        gauge("upload", "tight", 3e6, 50e6, 55e6, 58e6, days=2, cautions=("few-days",), breaks_at=200),
        gauge("devices", "tight", 12, 30, 30, 30, basis="estimated", cautions=("estimated",), breaks_at=21),
        gauge("seats", "go", 12, 40, 40, 40, breaks_at=40),
    ),
    limiting="upload",
    unsaid=("few-days", "noise"),
    confidence="low",
    doubts=("few-days",),
)
STATES = {
    "tight": TIGHT,
    "go": GO,
    "no-go": NO_GO,
    "unchecked": UNCHECKED,
    "few-days": FEW_DAYS,
    "closed": replace(GO, verdict="tight", obstacles=("closed",)),
    "booked": replace(NO_GO, obstacles=("closed", "booked")),
    "nothing-known": replace(UNCHECKED, gauges=(unchecked("upload", "silent"),), limiting=None, actions=()),
    "no-air": replace(TIGHT, gauges=(gauge("airtime", "no-go", 1, 0, 0, 0, basis="measured", days=4, breaks_at=0),),
                      limiting="airtime", verdict="no-go"),
    "rehearsed": replace(GO, gauges=(GaugeView("upload", "go", NeedView(3e6, 3e6, 3e6),
                                               AmountsView(4e6, 4e6, None, "rehearsed"), None, 0.25, (), 16),),
                         limiting="upload"),
}  # fmt: skip
"""By name."""


def form(*troubles: Trouble, **typed: str) -> CheckForm:
    """The form of a place with two rooms and a session in its calendar."""
    return CheckForm(
        rooms=(RoomChoice("main-hall", HALL, 40), RoomChoice("booth", {"fr": "Cabine", "en": "Booth"}, 1)),
        activities=(
            ActivityChoice("listen-talk", {}, 0.1e6, 0.1e6, 0, None),
            ActivityChoice("web-write", {}, 1e6, 0.25e6, 0, None),
            ActivityChoice("video-call", {}, 1.5e6, 1.5e6, 0, "audio-call"),
            ActivityChoice("livestream", {}, 0.1e6, 0.1e6, 8e6, "listen-talk"),
            ActivityChoice("lan", {"fr": "jouer en réseau", "en": "play over the network"}, 0.3e6, 0.3e6, 0, None),
        ),
        equipment=(EquipmentChoice("projector", {}, 300), EquipmentChoice("kettle", {}, 2000)),
        sessions=(
            SessionChoice("main-hall", "PapyCamp", BEGINS_TS, ENDS_TS, QUERY | {"own": "1"}),
            SessionChoice("booth", None, BEGINS_TS, ENDS_TS, QUERY),
        ),
        typed=QUERY | typed,
        troubles=troubles,
    )


def page_of(answer: AnswerView | None, *troubles: Trouble, **typed: str) -> CheckView:
    """The page with that answer, or with those troubles."""
    return CheckView(
        site_name={"fr": "Le Sémaphore"},
        timezone="Europe/Paris",
        now_ts=NOW_TS,
        form=form(*troubles, **typed),
        query=QUERY | typed,
        answer=answer,
        hit_rate=HitRate(18, 20) if answer is TIGHT else None,
    )


def state_asked(query: Mapping[str, str]) -> CheckView:
    """What the test server answers: a state by its name, else by the people who come, as the pictures have it."""
    people = query.get("people", "")
    if "state" in query:
        return page_of(STATES[query["state"]])
    if not people:
        return replace(page_of(None), query={})
    if not people.isdigit() or not int(people):
        return page_of(None, Trouble("people", "too-few", 1), people=people)
    answer = GO if int(people) < 30 else TIGHT if int(people) < 40 else NO_GO
    return page_of(replace(answer, people=int(people)), people=people)
