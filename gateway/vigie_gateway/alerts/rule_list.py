"""The rules of a place as pages show them, and what came of trying one. Pure; called by ``api.rules``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from vigie_dashboard.notices import Severity
from vigie_dashboard.rule_view import EpisodeView, Names, RuleView, TrialView
from vigie_gateway.alerts.judgement import ABSENT
from vigie_gateway.alerts.naming import Naming
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import SIGNALS, Subject, SubjectKind
from vigie_gateway.alerts.trial import Episode, Trial
from vigie_gateway.place.alert_tables import BY_ID, DEFAULT_FOR_S, KINDS, rules_of
from vigie_gateway.place.site import Site
from vigie_gateway.place.wiring import Wiring
from vigie_gateway.store import Series

MOST_EPISODES = 50
"""On a page. Fewer hide a bad night; more are a long page on a phone, of a rule that fires far too often."""


def all_rules(site: Site) -> dict[str, tuple[Rule, float | None]]:
    """By id, each rule and after how long without data that is told; the rules of absence are not by themselves."""
    found = {rule.id: rule for rule in rules_of(site)}
    return {
        rule.id: (rule, absent.level if (absent := found.get(f"{rule.id}.absent")) is not None else None)
        for rule in found.values()
        if not rule.signal.startswith(ABSENT)
    }


def standard_of(rule: Rule) -> Rule:
    """The rule as it would be without the keys of its table that can be left out."""
    own = replace(rule, for_s=DEFAULT_FOR_S, keep_firing_s=0.0, when=When.ALWAYS, severity=Severity.WARNING)
    return BY_ID.get(rule.id, own)


def views_of(site: Site, naming: Naming) -> list[RuleView]:
    """Vigie's own in their order, then the place's."""
    changed = {table.id for table in site.rules if table.model_fields_set - {"id"}}
    return [view_of(rule, absent_s, rule.id in changed, naming) for rule, absent_s in all_rules(site).values()]


def view_of(rule: Rule, absent_s: float | None, is_changed: bool, naming: Naming) -> RuleView:
    """A rule."""
    kind = SIGNALS[rule.signal]
    return RuleView(
        id=rule.id,
        signal=rule.signal,
        kind=str(kind.subject),
        unit=kind.unit,
        is_above=rule.is_above,
        level=rule.level,
        clears=rule.clears,
        for_s=rule.for_s,
        keep_firing_s=rule.keep_firing_s,
        when=str(rule.when),
        severity=rule.severity,
        is_on=rule.is_on,
        is_own=rule.is_own,
        is_changed=is_changed and not rule.is_own,
        absent_s=absent_s,
        name=rule.name,
        about=None if rule.subjects is None else tuple(naming.name(one) for one in sorted(rule.subjects)),
    )


def subjects_of(rule: Rule, site: Site, series: Sequence[Series], naming: Naming) -> list[tuple[str, Names]]:
    """Id and name of what a rule can be narrowed down to, in the order of the site file; none where it cannot be."""
    kind = SIGNALS[rule.signal].subject
    if kind not in KINDS.values():
        return []
    known: dict[SubjectKind, Sequence[str]] = {
        SubjectKind.ROOM: [one.id for one in site.rooms],
        SubjectKind.CIRCUIT: [one.id for one in site.circuits],
        SubjectKind.DOOR: [one.id for one in site.doors],
        SubjectKind.ACCESS_POINT: [one.id for one in site.access_points],
        SubjectKind.UPLINK: [one.id for one in site.uplinks],
        SubjectKind.NODE: sorted({one.node for one in series}),
        SubjectKind.CHANNEL: sorted(one.name for one in series),
    }
    named = [subject.id for subject in sorted(rule.subjects or ())]
    return [(one, naming.name(Subject(kind, one))) for one in dict.fromkeys((*known[kind], *named))]


def trial_view(trial: Trial, days: int, naming: Naming, wiring: Wiring, series: Sequence[Series]) -> TrialView:
    """What came of trying it."""
    episodes = trial.episodes()
    paths = _Paths(wiring, series)
    return TrialView(
        days=days,
        from_ts=trial.from_ts,
        to_ts=trial.to_ts,
        is_told=trial.is_told,
        unknown_share=trial.unknown_share(),
        episodes=tuple(_episode(one, naming, paths.path_of(one.subject)) for one in episodes[:MOST_EPISODES]),
        count=len(episodes),
        dropped=sum(one.dropped for one in trial.subjects),
    )


def _episode(one: Episode, naming: Naming, path: str) -> EpisodeView:
    return EpisodeView(
        name=naming.name(one.subject),
        rooms=naming.rooms(one.subject),
        since_ts=one.since_ts,
        fired_ts=one.fired_ts,
        ended_ts=one.ended_ts,
        worst=one.worst,
        path=path,
    )


class _Paths:
    """Where the history is of what an alert would have been about."""

    def __init__(self, wiring: Wiring, series: Sequence[Series]) -> None:
        channels = dict(_channels(wiring))
        batteries = {
            Subject(SubjectKind.NODE, one.node): one.name for one in series if one.channel.quantity == "battery"
        }
        self._channels: Mapping[Subject, str] = channels | batteries
        self._known = {one.name for one in series}

    def path_of(self, subject: Subject) -> str:
        """Of the page; "" where there is none."""
        if subject.kind is SubjectKind.ROOM:
            return f"/history/{subject.id}"
        name = subject.id if subject.kind is SubjectKind.CHANNEL else self._channels.get(subject)
        return f"/history/series/{name}" if name in self._known else ""


def _channels(wiring: Wiring) -> Iterator[tuple[Subject, str]]:
    for circuit, cell in (*wiring.mains.items(), *wiring.meters.items()):
        yield Subject(SubjectKind.CIRCUIT, circuit), cell.name
    for door, cell in wiring.open_doors.items():
        yield Subject(SubjectKind.DOOR, door), cell.name
    for point in wiring.access_points:
        if point.stations is not None:
            yield Subject(SubjectKind.ACCESS_POINT, point.site.id), point.stations.name
    for uplink in wiring.uplinks:
        told = uplink.portal or uplink.download
        if told is not None:
            yield Subject(SubjectKind.UPLINK, uplink.site.id), told.name
