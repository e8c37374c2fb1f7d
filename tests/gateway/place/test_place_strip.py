"""The strip: warnings with their alerts, and what else fires."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.notices import Severity, WarningKind, WarningView
from vigie_gateway.place.strip import Calm, joined

NO_POWER = WarningView(WarningKind.NO_POWER, ("cafe",), 10.0, 6, circuits=("c4",))
SLOW = WarningView(WarningKind.WIFI_SLOW, ("salle",), 20.0, reason="latency")
SILENT = WarningView(WarningKind.SILENT, ("mezzanine",), 30.0)


def alert(number: int, signal: str, subject: str = "", rooms: tuple[str, ...] = ()) -> AlertView:
    """One that fires."""
    return AlertView(number, signal, signal, Severity.WARNING, "", subject, {}, "firing", 0.0, room_ids=rooms)


DEAD = alert(1, "circuit-dead", "c4", ("cafe",))
SLOW_ALERT = alert(2, "wifi", "salle", ("salle",))


def test_a_warning_carries_the_alert_about_the_same_thing_and_who_has_it_in_hand() -> None:
    taken = replace(DEAD, taken_by="accueil", taken_ts=40.0)
    (warning, slow), others = joined((NO_POWER, SLOW), (taken, SLOW_ALERT))
    assert (warning.alert, warning.taken_by, warning.taken_ts) == (1, "accueil", 40.0)
    assert (slow.alert, slow.taken_by) == (2, "")
    assert others == ()


def test_a_warning_is_there_before_its_alert() -> None:
    assert joined((NO_POWER,), ()) == ((NO_POWER,), ())


@pytest.mark.parametrize(
    "other", [alert(3, "circuit-dead", "c5", ("cafe",)), alert(3, "circuit-load", "c4", ("cafe",)), SLOW_ALERT]
)
def test_an_alert_about_something_else_is_shown_beside_the_warning(other: AlertView) -> None:
    assert joined((NO_POWER,), (other,)) == ((NO_POWER,), (other,))


def test_an_alert_is_about_what_it_explains() -> None:
    full = replace(alert(4, "access-point-load", "borne-1", ("salle",)), dependants=(SLOW_ALERT,))
    (warning,), others = joined((SLOW,), (full,))
    assert warning.alert == 4
    assert others == ()


@pytest.mark.parametrize("signal", ["node-silent", "channel-silent"])
def test_a_silent_room_has_the_alert_of_what_is_silent_there(signal: str) -> None:
    (warning,), others = joined((SILENT,), (alert(5, signal, "pi", ("mezzanine", "atelier")),))
    assert warning.alert == 5
    assert others == ()


def test_what_is_silenced_leaves_the_strip_with_its_warning() -> None:
    assert joined((NO_POWER, SLOW), (replace(DEAD, is_silenced=True),)) == ((SLOW,), ())
    assert joined((), (replace(DEAD, is_silenced=True),)) == ((), ())


def test_a_warning_with_several_alerts_stays_while_one_of_them_is_not_silenced() -> None:
    both = replace(NO_POWER, circuits=("c4", "c5"))
    other = replace(alert(6, "circuit-dead", "c5"), taken_by="accueil")
    (warning,), _ = joined((both,), (replace(DEAD, is_silenced=True), other))
    assert warning.alert == 6


def test_what_nobody_has_in_hand_is_offered_first() -> None:
    everywhere = replace(SLOW, rooms=())
    taken = replace(SLOW_ALERT, taken_by="accueil")
    (warning,), _ = joined((everywhere,), (taken, alert(7, "wifi", "cafe", ("cafe",))))
    assert (warning.alert, warning.others, warning.taken_by) == (7, (), "")


def test_one_line_about_several_alerts_takes_all_that_nobody_has_in_hand() -> None:
    rooms = [alert(number, "wifi", str(number), (str(number),)) for number in (2, 3, 4)]
    rooms[1] = replace(rooms[1], taken_by="accueil")
    (warning,), _ = joined((replace(SLOW, rooms=()),), rooms)
    assert (warning.alert, warning.others) == (2, (4,))


def test_the_strip_is_calm_since_the_last_line_left_it() -> None:
    calm = Calm()
    looks = [(10.0, True), (20.0, False), (30.0, False), (40.0, True), (50.0, True), (60.0, False)]
    assert [calm.since(now_ts, is_empty=is_empty) for now_ts, is_empty in looks] == [None, None, None, 40.0, 40.0, None]


def test_a_clock_that_is_set_moves_since_when_it_is_calm() -> None:
    calm = Calm()
    calm.move(5.0)
    calm.since(10.0, is_empty=False)
    calm.since(20.0, is_empty=True)
    calm.move(3_600.0)
    assert calm.since(3_630.0, is_empty=True) == 3_620.0


def test_a_room_beside_the_silenced_one_keeps_its_warning() -> None:
    both = replace(SLOW, rooms=("salle", "cafe"))
    ((warning,), _) = joined((both,), (replace(SLOW_ALERT, is_silenced=True),))
    assert warning.alert is None
