"""``/api/v1/alerts/rules``: rules of alerts for programs, and one of them tried on history. The pages are ``rules``.

Names and shapes here are promised: they change only with the number in the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from vigie_gateway.alerts.attempts import LONGEST_S, SPANS_D, AttemptError, Attempts
from vigie_gateway.alerts.rule_list import all_rules
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.trial import Trial
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.problems import Problem, described
from vigie_gateway.api.v1_alerts import SEVERITIES
from vigie_gateway.auth.roles import ADMIN_ONLY, STAFF
from vigie_gateway.store import StoreError

RETRY_S = "5"
"""After how many seconds to ask again while another rule is tried."""


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """One rule. ``subjects`` null: all that its signal is about; ``absent_s`` null: missing data are not told."""

    id: str
    signal: str
    is_above: bool
    level: float
    clears: float
    for_s: float
    keep_firing_s: float
    when: Literal["always", "open", "closed"]
    severity: Literal["outage", "warning", "unknown"]
    subjects: tuple[str, ...] | None
    absent_s: float | None
    name: dict[str, str]
    is_on: bool
    is_own: bool


@dataclass(frozen=True, slots=True)
class EpisodeAnswer:
    """One time that it would have fired; ``ended_ts`` null: it was not over at the end of the period."""

    subject: str
    since_ts: float
    fired_ts: float
    ended_ts: float | None
    worst: float | None


@dataclass(frozen=True, slots=True)
class TrialAnswer:
    """A rule tried on history. Times are epoch seconds.

    ``is_told`` false: stored readings do not tell what the rule looks at, and nothing follows from there being no
    episode. ``unknown_share``: of the time that it held, of which nothing is known; null where it never held.
    """

    rule: str
    from_ts: float
    to_ts: float
    is_told: bool
    unknown_share: float | None
    dropped: int
    episodes: tuple[EpisodeAnswer, ...]


def api_router(gateway: Gateway, attempts: Attempts) -> APIRouter:
    """The routes of version 1; they come before ``/alerts/{number}``."""
    routes = APIRouter(prefix="/api/v1", tags=["v1"], route_class=GuardedRoute)

    @routes.get("/alerts/rules", summary="The rules of alerts, those that are off too")
    @allowed(STAFF)
    def rules() -> list[RuleAnswer]:
        return [_answer(rule, absent_s) for rule, absent_s in all_rules(gateway.site).values()]

    @routes.get(
        "/alerts/rules/{rule_id}/trial",
        summary=f"When a rule would have fired; one at a time, {LONGEST_S:.0f} s at most",
        responses=described(404, 422),
    )
    @allowed(ADMIN_ONLY)
    def trial(
        rule_id: str,
        days: Annotated[int, Query(ge=min(SPANS_D), le=max(SPANS_D), description="How far back")] = 7,
    ) -> TrialAnswer:
        found = all_rules(gateway.site).get(rule_id)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"no rule has the id {rule_id[:40]!r}; /api/v1/alerts/rules lists them")
        try:
            return _trial(attempts.run(gateway.site, found[0], days, gateway.clock.now_ts()))
        except AttemptError as error:
            raise _refused(error) from error
        except StoreError as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "what was measured cannot be read right now") from error

    return routes


def _refused(error: AttemptError) -> Problem:
    if error.kind == "long":
        return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"it takes more than {LONGEST_S:.0f} s: ask for fewer days")
    problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "another rule is being tried")
    problem.headers = {"retry-after": RETRY_S}
    return problem


def _answer(rule: Rule, absent_s: float | None) -> RuleAnswer:
    return RuleAnswer(
        id=rule.id,
        signal=rule.signal,
        is_above=rule.is_above,
        level=rule.level,
        clears=rule.clears,
        for_s=rule.for_s,
        keep_firing_s=rule.keep_firing_s,
        when=rule.when.value,
        severity=SEVERITIES[rule.severity],
        subjects=None if rule.subjects is None else tuple(sorted(map(str, rule.subjects))),
        absent_s=absent_s,
        name=dict(rule.name),
        is_on=rule.is_on,
        is_own=rule.is_own,
    )


def _trial(found: Trial) -> TrialAnswer:
    return TrialAnswer(
        rule=found.rule.id,
        from_ts=found.from_ts,
        to_ts=found.to_ts,
        is_told=found.is_told,
        unknown_share=found.unknown_share(),
        dropped=sum(one.dropped for one in found.subjects),
        episodes=tuple(
            EpisodeAnswer(str(one.subject), one.since_ts, one.fired_ts, one.ended_ts, one.worst)
            for one in found.episodes()
        ),
    )
