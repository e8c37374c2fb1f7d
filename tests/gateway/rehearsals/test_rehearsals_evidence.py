"""A rehearsal counts for a session of its room, of late, at such an hour and beyond the line; for no other."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import TUESDAY_1430_TS
from tests.gateway.rehearsals.conftest import HELD

from vigie_gateway.place.wifi import Path
from vigie_gateway.rehearsals.evidence import FRESH_S, evidence_of, hours_apart, is_within_the_place
from vigie_gateway.store.rehearsals import Rehearsal

ZONE = ZoneInfo("Europe/Paris")
NOW_TS = TUESDAY_1430_TS
ONE = Rehearsal("c1", "ondes", "salle", 24e6, 9e6, 10**8, "lou", NOW_TS - 600, state="finished", result=HELD)


def found(*rehearsals: Rehearsal, starts_s: float = 3_600, room: str = "salle") -> object:
    starts_ts = NOW_TS + starts_s
    return evidence_of(rehearsals, room, starts_ts, starts_ts + 7_200, NOW_TS, ZONE)


def test_what_the_line_held_is_a_floor_and_the_delay_meanwhile_that_of_the_session() -> None:
    held = evidence_of([ONE], "salle", NOW_TS + 3_600, NOW_TS + 9_000, NOW_TS, ZONE)
    assert held is not None
    assert (held.download_bps, held.upload_bps, held.at_ts) == (31.2e6, 7.1e6, NOW_TS - 600)
    assert held.path == Path(84.0, 131.0, 0.0)
    assert (held.is_download_all, held.is_upload_all) == (False, True)
    well = replace(ONE, result=replace(HELD, upload="headroom"))
    held = evidence_of([well], "salle", NOW_TS + 3_600, NOW_TS + 9_000, NOW_TS, ZONE)
    assert held is not None
    assert not held.is_upload_all


def test_the_newest_that_counts_is_taken() -> None:
    newer = replace(ONE, at_ts=NOW_TS - 60)
    assert found(replace(newer, result=None, state="silent"), newer, ONE) == found(newer)


@pytest.mark.parametrize(
    "other",
    [
        replace(ONE, room=None),
        replace(ONE, room="cafe"),
        replace(ONE, at_ts=NOW_TS - FRESH_S - 1),
        replace(ONE, at_ts=NOW_TS + 60),
        replace(ONE, result=replace(HELD, download="unknown")),
        replace(ONE, result=replace(HELD, upload="not-asked", upload_bps=None)),
        replace(ONE, result=replace(HELD, far_end="192.168.1.20:8377")),
        replace(ONE, at_ts=NOW_TS - 8 * 3_600),
    ],
)
def test_what_says_nothing_of_the_session_does_not_count(other: Rehearsal) -> None:
    assert found(ONE) is not None
    assert found(other) is None


@pytest.mark.parametrize(
    ("at_h", "starts_h", "duration_h", "expected"),
    [(0, 0, 2, 0), (1, 0, 2, 0), (3, 0, 2, 1), (-1, 0, 2, 1), (-24, 0, 2, 0), (-12, 0, 2, 10), (5, 0, 30, 0)],
)
def test_hours_are_those_of_the_wall(at_h: float, starts_h: float, duration_h: float, expected: float) -> None:
    starts_ts = NOW_TS + starts_h * 3_600
    assert hours_apart(NOW_TS + at_h * 3_600, starts_ts, starts_ts + duration_h * 3_600, ZONE) == expected


@pytest.mark.parametrize(
    ("far_end", "is_within"),
    [
        ("192.168.1.20:8377", True),
        ("127.0.0.1:8377", True),
        ("[fe80::1]:8377", True),
        ("second-pi:8377", True),
        ("second-pi.local:8377", True),
        ("1.1.1.1:8377", False),
        ("[2606:4700:4700::1111]:80", False),
        ("hub.example.org:8377", False),
        ("speedtest.example.org", False),
    ],
)
def test_a_far_end_within_the_place_tries_the_wifi_alone(far_end: str, is_within: bool) -> None:
    assert is_within_the_place(far_end) is is_within
