"""The answer to "will it fit?" as the page shows it: from the values of ``capacity`` to those of the dashboard.

Pure. Called by ``api.check_page``, and by whoever shows an answer elsewhere.
"""

from __future__ import annotations

import math

from vigie_dashboard.check_view import ActionView, AmountsView, AnswerView, GaugeView, NeedView
from vigie_gateway.capacity.activities import Activities
from vigie_gateway.capacity.answer import Action, ActionKind, Answer
from vigie_gateway.capacity.judgement import Gauge
from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import Capacity
from vigie_gateway.place.check_form import query_of
from vigie_gateway.place.site import Site

_LIGHTER = frozenset({ActionKind.LIGHTER_ACTIVITY, ActionKind.ALL_LIGHTER})


def answer_view(question: Question, answer: Answer, site: Site, activities: Activities) -> AnswerView:
    """Everything that a page says of an answer; the site gives the names."""
    names = {room.id: room.name for room in site.rooms}
    activity = activities.by_id[question.activity]
    is_alike = not question.lighter_share
    breaks_at = {resource.value: people for resource, people in answer.breaks_at}
    return AnswerView(
        room=names.get(question.room, {}),
        activity=question.activity,
        people=question.people,
        starts_ts=question.starts_ts,
        ends_ts=question.ends_ts,
        verdict=answer.verdict,
        gauges=tuple(_gauge(gauge, breaks_at.get(gauge.resource)) for gauge in answer.gauges),
        limiting=answer.limiting,
        go_people=answer.go_people,
        actions=tuple(_action(action, question, site, activities) for action in answer.actions),
        obstacles=answer.obstacles,
        unsaid=answer.unsaid,
        confidence=answer.confidence,
        doubts=answer.doubts,
        most_people_seen=answer.most_people_seen,
        unknown_calendar=answer.unknown_calendar,
        plugged_share=activity.outlets_per_person if question.plugged_share is None else question.plugged_share,
        person_download_bps=activity.download_bps if is_alike and not activity.shared_download_bps else None,
        person_upload_bps=activity.upload_bps if is_alike and not activity.shared_upload_bps else None,
    )


def _gauge(gauge: Gauge, breaks_at: int | None) -> GaugeView:
    need = gauge.need
    return GaugeView(
        resource=gauge.resource,
        verdict=gauge.verdict,
        need=None if need is None else NeedView(need.low, need.mid, need.high),
        amounts=None if gauge.capacity is None else _amounts(gauge.capacity),
        missing=gauge.missing,
        margin=gauge.margin,
        cautions=gauge.cautions,
        breaks_at=breaks_at,
    )


def _amounts(capacity: Capacity) -> AmountsView:
    highest = capacity.highest if math.isfinite(capacity.highest) else None
    return AmountsView(capacity.dependable, capacity.usual, highest, capacity.basis, capacity.days)


def _action(action: Action, question: Question, site: Site, activities: Activities) -> ActionView:
    names = {room.id: room.name for room in site.rooms}
    is_same = action.question == question
    return ActionView(
        kind=action.kind,
        verdict=action.verdict,
        resource=action.resource,
        people=question.people,
        amount=action.amount,
        room={} if action.room is None else names.get(action.room, {}),
        lighter=activities.by_id[question.activity].lighter if action.kind in _LIGHTER else None,
        equipment=action.equipment,
        before=action.before,
        after=action.after,
        query={} if is_same else query_of(action.question, activities, site.zone()),
    )
