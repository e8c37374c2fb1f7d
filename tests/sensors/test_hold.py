"""Occupied or free from motion."""

from __future__ import annotations

from vigie_sensors.hold import Hold


def test_nothing_is_known_in_the_warm_up() -> None:
    hold = Hold(start_s=0, warmup_s=60, hold_s=300)
    hold.feed(10, active=True)
    assert hold.is_occupied(59.9) is None


def test_free_is_only_said_by_who_has_watched_for_the_hold_time() -> None:
    hold = Hold(start_s=0, warmup_s=60, hold_s=300)
    assert hold.is_occupied(359) is None
    assert hold.is_occupied(360) is False


def test_a_short_motion_holds_from_its_end() -> None:
    hold = Hold(start_s=0, warmup_s=0, hold_s=300)
    hold.feed(10.0, active=True)
    hold.feed(10.2, active=False)
    assert hold.is_occupied(12) is True
    assert hold.is_occupied(310.1) is True
    assert hold.is_occupied(310.2) is False


def test_motion_that_goes_on_is_occupied_for_as_long_as_it_does() -> None:
    hold = Hold(start_s=0, warmup_s=0, hold_s=30)
    hold.feed(10, active=True)
    assert hold.is_occupied(1_000) is True
    hold.feed(1_000, active=False)
    assert hold.is_occupied(1_029) is True
    assert hold.is_occupied(1_030) is False


def test_what_moved_in_the_warm_up_is_not_believed_afterwards() -> None:
    hold = Hold(start_s=0, warmup_s=60, hold_s=300)
    hold.feed(50, active=True)
    hold.feed(55, active=False)
    assert hold.is_occupied(61) is None


def test_motion_across_the_end_of_the_warm_up_counts() -> None:
    hold = Hold(start_s=0, warmup_s=60, hold_s=300)
    hold.feed(50, active=True)
    assert hold.is_occupied(61) is True
    hold.feed(70, active=False)
    assert hold.is_occupied(100) is True
