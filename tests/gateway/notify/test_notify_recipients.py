"""Who is told of what."""

from vigie_dashboard.notices import Severity
from vigie_gateway.notify.recipients import Recipient

DESK = Recipient("desk", "Front desk", "fr", ("screen",))


def test_without_a_word_on_it_everything_is_told() -> None:
    assert DESK.wants("circuit-dead", Severity.WARNING, ())


def test_only_the_rules_that_were_asked_for_are_told_with_their_missing_data() -> None:
    one = Recipient("desk", "Front desk", "fr", ("screen",), rules=frozenset({"circuit-dead"}))
    assert one.wants("circuit-dead", Severity.OUTAGE, ())
    assert one.wants("circuit-dead.absent", Severity.UNKNOWN, ())
    assert not one.wants("wifi-slow", Severity.WARNING, ())


def test_who_asked_for_outages_is_not_told_of_warnings() -> None:
    one = Recipient("desk", "Front desk", "fr", ("screen",), is_for_outages=True)
    assert one.wants("circuit-dead", Severity.OUTAGE, ())
    assert not one.wants("wifi-slow", Severity.WARNING, ())
    assert not one.wants("node-silent", Severity.UNKNOWN, ())


def test_who_asked_for_a_room_is_told_of_it_and_of_the_whole_place() -> None:
    one = Recipient("desk", "Front desk", "fr", ("screen",), rooms=frozenset({"cafe"}))
    assert one.wants("wifi-slow", Severity.WARNING, ("salle", "cafe"))
    assert one.wants("internet-down", Severity.OUTAGE, ())
    assert not one.wants("wifi-slow", Severity.WARNING, ("salle",))
