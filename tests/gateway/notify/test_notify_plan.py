"""Whom a change is told to, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from vigie_gateway.alerts.alert import Acknowledgement, Alert, AlertKey, Change, Event, Phase, Silence, What
from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.notify.notices import Notice, Occasion
from vigie_gateway.notify.plan import SETTLE_S, Plan
from vigie_gateway.notify.quiet import QuietHours
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.place.hours import Hours, parse_span

PARIS = ZoneInfo("Europe/Paris")
NOON_TS = datetime(2026, 11, 24, 12, 0, tzinfo=PARIS).timestamp()
NIGHT_TS = datetime(2026, 11, 24, 23, 0, tzinfo=PARIS).timestamp()
MORNING_TS = datetime(2026, 11, 25, 7, 0, tzinfo=PARIS).timestamp()
RULES = {rule.id: rule for rule in DEFAULT_RULES}
OUTAGE = AlertKey("circuit-dead", Subject(SubjectKind.CIRCUIT, "c4"))
WARNING = AlertKey("wifi-slow", Subject(SubjectKind.ROOM, "salle"))
DESK = Recipient("desk", "Accueil", "fr", ("mail",))
WEEK = Hours((((parse_span("08:00-20:00")),),) * 7)


def plan(*recipients: Recipient, hours: Hours | None = WEEK) -> Plan:
    """With the rooms of the two subjects above."""
    rooms = {OUTAGE.subject: ("cafe",), WARNING.subject: ("salle",)}
    return Plan(recipients, RULES, lambda subject: rooms.get(subject, ()), QuietHours(PARIS, hours))


def firing(key: AlertKey, at_ts: float = NOON_TS, what: What = What.FIRED) -> Change:
    """An alert that fires, and how it came."""
    alert = Alert(7, key, Phase.FIRING, at_ts - 60, fired_ts=at_ts)
    return Change(alert, (Event(0, 7, what, at_ts),))


def ended(key: AlertKey, at_ts: float = NOON_TS) -> Change:
    """One that fired, and is over."""
    alert = Alert(7, key, Phase.RESOLVED, at_ts - 600, fired_ts=at_ts - 540, ended_ts=at_ts)
    return Change(alert, (Event(0, 7, What.RESOLVED, at_ts),))


def notices(given: Plan, change: Change, open_alerts: Sequence[Alert] | None = None) -> list[Notice]:
    """Of one change."""
    return given.notices_of([change], [change.alert] if open_alerts is None else open_alerts, change.events[0].at_ts)


def test_who_wants_an_alert_is_told_by_each_of_their_notifiers_after_the_group_wait() -> None:
    both = replace(DESK, notifiers=("mail", "sms"))
    found = notices(plan(both), firing(OUTAGE))
    assert [(one.notifier, one.occasion, one.alert, one.at_ts, one.due_ts - NOON_TS) for one in found] == [
        ("mail", Occasion.FIRED, 7, NOON_TS, 10.0),
        ("sms", Occasion.FIRED, 7, NOON_TS, 10.0),
    ]


@pytest.mark.parametrize(
    ("recipient", "key", "is_told"),
    [
        (replace(DESK, is_for_outages=True), OUTAGE, True),
        (replace(DESK, is_for_outages=True), WARNING, False),
        (replace(DESK, rules=frozenset({"wifi-slow"})), WARNING, True),
        (replace(DESK, rules=frozenset({"wifi-slow"})), OUTAGE, False),
        (replace(DESK, rooms=frozenset({"cafe"})), OUTAGE, True),
        (replace(DESK, rooms=frozenset({"cafe"})), WARNING, False),
    ],
)
def test_nobody_is_told_of_what_they_did_not_ask_for(recipient: Recipient, key: AlertKey, is_told: bool) -> None:
    assert bool(notices(plan(recipient), firing(key))) is is_told


@pytest.mark.parametrize(
    "change",
    [
        Change(replace(firing(OUTAGE).alert, phase=Phase.PENDING), (Event(0, 7, What.BEGAN, NOON_TS),)),
        Change(replace(firing(OUTAGE).alert, cause=3), firing(OUTAGE).events),
        Change(replace(firing(OUTAGE).alert, silence=Silence("a", NOON_TS, "works", None)), firing(OUTAGE).events),
        Change(replace(firing(OUTAGE).alert, phase=Phase.DROPPED), (Event(0, 7, What.DROPPED, NOON_TS),)),
        Change(replace(firing(OUTAGE).alert, key=AlertKey("gone", OUTAGE.subject)), firing(OUTAGE).events),
        firing(OUTAGE, what=What.ACKNOWLEDGED),
        firing(OUTAGE, what=What.LOST),
    ],
)
def test_nothing_is_told_of_what_is_pending_explained_silenced_dropped_or_only_marked(change: Change) -> None:
    assert notices(plan(DESK), change) == []


def test_what_is_explained_within_the_same_round_is_not_told() -> None:
    change = firing(OUTAGE)
    assert notices(plan(DESK), change, [replace(change.alert, cause=3)]) == []


def test_what_fires_on_after_its_silence_or_its_cause_is_told_then() -> None:
    (again,) = notices(plan(DESK), firing(OUTAGE, what=What.UNSILENCED))
    assert again.due_ts == NOON_TS + 10.0
    (alone,) = notices(plan(DESK), firing(OUTAGE, what=What.UNEXPLAINED))
    assert alone.due_ts == NOON_TS + SETTLE_S


def test_the_end_is_told_to_those_who_want_it() -> None:
    (end,) = notices(plan(DESK, replace(DESK, id="brief", wants_resolved=False)), ended(OUTAGE))
    assert (end.recipient, end.occasion) == ("desk", Occasion.RESOLVED)


def test_an_escalation_is_due_when_nobody_has_acknowledged_for_so_long() -> None:
    chief = replace(DESK, id="chief", after_s=900.0)
    (late,) = notices(plan(chief), firing(OUTAGE))
    assert (late.occasion, late.due_ts) == (Occasion.ESCALATED, NOON_TS + 900.0)
    taken = firing(OUTAGE)
    alert = replace(taken.alert, acknowledged=Acknowledgement("a", NOON_TS))
    assert len(notices(plan(chief), Change(alert, taken.events))) == 1


def test_what_is_given_back_is_escalated_anew_to_those_who_wait_for_that() -> None:
    late = replace(DESK, id="late", after_s=300.0)
    made = notices(plan(DESK, late), firing(OUTAGE, what=What.RELEASED))
    assert [(one.recipient, one.occasion, one.due_ts) for one in made] == [("late", Occasion.ESCALATED, NOON_TS + 300)]


def test_quiet_hours_put_a_warning_off_and_let_an_outage_through() -> None:
    quiet = replace(DESK, quiet=(parse_span("22:00-07:00"),))
    assert notices(plan(quiet), firing(WARNING, NIGHT_TS))[0].due_ts == MORNING_TS
    assert notices(plan(quiet), firing(OUTAGE, NIGHT_TS))[0].due_ts == NIGHT_TS + 10.0
    deaf = replace(quiet, lets_outages=False)
    assert notices(plan(deaf), firing(OUTAGE, NIGHT_TS))[0].due_ts == MORNING_TS
    assert notices(plan(quiet), firing(WARNING, NOON_TS))[0].due_ts == NOON_TS + 10.0


def test_quiet_while_closed_ends_with_the_opening_and_the_night_after_it() -> None:
    closed = replace(DESK, is_quiet_when_closed=True)
    opening_ts = datetime(2026, 11, 25, 8, 0, tzinfo=PARIS).timestamp()
    assert notices(plan(closed), firing(WARNING, NIGHT_TS))[0].due_ts == opening_ts
    assert notices(plan(closed, hours=None), firing(WARNING, NIGHT_TS))[0].due_ts == NIGHT_TS + 10.0
    both = replace(closed, quiet=(parse_span("07:30-09:00"),))
    nine_ts = datetime(2026, 11, 25, 9, 0, tzinfo=PARIS).timestamp()
    assert notices(plan(both), firing(WARNING, NIGHT_TS))[0].due_ts == nine_ts


@pytest.mark.parametrize(("night", "hours"), [((2026, 3, 28), 8), ((2026, 10, 24), 10)])
def test_a_night_in_which_the_clock_is_changed_is_as_long_as_it_is(night: tuple[int, int, int], hours: int) -> None:
    quiet = replace(DESK, quiet=(parse_span("22:00-07:00"),))
    begin_ts = datetime(*night, 22, 0, tzinfo=PARIS).timestamp()
    (found,) = notices(plan(quiet), firing(WARNING, begin_ts))
    assert found.due_ts - begin_ts == hours * 3_600


def test_a_siren_is_not_called_in_the_quiet_hours_of_whom_it_is_for_but_by_what_those_let_through() -> None:
    heard = plan(replace(DESK, notifiers=("sirene",), quiet=(parse_span("22:00-07:00"),)))
    outage, warning = firing(OUTAGE).alert, firing(WARNING).alert
    assert heard.calls("sirene", [warning], NOON_TS)
    assert not heard.calls("sirene", [warning], NIGHT_TS)
    assert heard.calls("sirene", [warning])  # a lamp is seen at night too
    assert heard.calls("sirene", [warning, outage], NIGHT_TS)


def test_a_lamp_is_called_by_what_fires_untaken_for_somebody_who_asked_for_that_lamp() -> None:
    lit = replace(DESK, notifiers=("lampe",), is_for_outages=True)
    alert = firing(OUTAGE).alert
    assert plan(lit).calls("lampe", [alert])
    assert not plan(lit).calls("lampe", [])
    assert not plan(lit).calls("sirene", [alert])
    assert not plan(lit).calls("lampe", [firing(WARNING).alert])
    for told_otherwise in (
        replace(alert, acknowledged=Acknowledgement("a", NOON_TS)),
        replace(alert, silence=Silence("a", NOON_TS, "works", None)),
        replace(alert, cause=3),
        replace(alert, phase=Phase.PENDING),
    ):
        assert not plan(lit).calls("lampe", [told_otherwise])
