"""Rules tried on what a real store has of a small place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.gateway.alerts.alert_stream import channel, rule

from vigie_contract.messages import Channel
from vigie_gateway.alerts.recorded import TELLERS, try_rule
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import SIGNALS, Subject, SubjectKind
from vigie_gateway.alerts.trial import Trial
from vigie_gateway.place.site import Site, load_site
from vigie_gateway.store import Sample, open_store
from vigie_gateway.store.sqlite import SqliteStore

FROM_TS = 1_795_500_000.0
TO_TS = FROM_TS + 4 * 3600
PLACE = """
id = "p"
name = "P"
timezone = "Europe/Paris"
[[rooms]]
id = "salle"
name = "Hall"
seats = 4
[[doors]]
id = "porte"
between = ["outside", "salle"]
in = "n.door-in"
out = "n.door-out"
open = "n.contact"
[[circuits]]
id = "main"
name = "Main"
max_power_va = 9000
mains = "n.mains"
power = "n.main"
[[circuits]]
id = "c1"
name = "C1"
parent = "main"
max_current_a = 10
power = "n.c1"
[[access_points]]
id = "ap"
name = "AP"
rooms = ["salle"]
client_limit = 20
stations = "n.stations"
[[uplinks]]
id = "line"
name = "Line"
subscribed_download_bps = 100_000_000
download = "n.download"
portal = "n.portal"
"""
CHANNELS = {
    "door-in": "people_in",
    "door-out": "people_out",
    "mains": "mains",
    "main": "apparent_power",
    "c1": "current",
    "stations": "stations",
    "download": "download",
    "portal": "internet_access",
    "battery": "battery",
    "contact": "in_use",
}


class Recorded:
    """The store of the place, a reading a minute."""

    def __init__(self, folder: Path) -> None:
        (folder / "site.toml").write_text(PLACE, encoding="utf-8")
        self.site: Site = load_site(folder / "site.toml")
        self.store: SqliteStore = open_store(folder / "vigie.db", ManualClock(TO_TS))
        channels = [Channel(name, quantity, 60.0) for name, quantity in CHANNELS.items()]
        self.series = self.store.register("n", channels)

    def say(self, name: str, values: Sequence[float | None]) -> None:
        """Values of successive minutes; None for no reading at all."""
        self.store.commit(
            [
                Sample(self.series[name].id, FROM_TS + 60.0 * minute, value)
                for minute, value in enumerate(values)
                if value is not None
            ],
            {},
        )

    def tried(self, one: Rule) -> Trial:
        return try_rule(self.site, self.store, one, FROM_TS, TO_TS)


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    made = Recorded(tmp_path)
    yield made
    made.store.close()


def minutes(trial: Trial) -> list[tuple[str, int, int]]:
    """Each episode, all of which ended: its subject, and the minutes at which it fired and ended."""

    def minute(at_ts: float | None) -> int:
        assert at_ts is not None
        return round((at_ts - FROM_TS) / 60)

    return [(str(one.subject), minute(one.fired_ts), minute(one.ended_ts)) for one in trial.episodes()]


@pytest.mark.parametrize(
    ("one", "name", "normal", "wrong", "subject"),
    [
        (rule(signal="reading", level=6000), "main", 1000, 7000, "channel:n.main"),
        (rule(signal="circuit-load", level=0.9, subjects=frozenset({Subject(SubjectKind.CIRCUIT, "c1")})), "c1", 1, 9.5,
         "circuit:c1"),
        (rule(signal="access-point-load", level=0.8), "stations", 5, 17, "access-point:ap"),
        (rule(signal="battery", level=20, is_above=False), "battery", 80, 15, "node:n"),
        (rule(signal="door-open", level=0.5), "contact", 0, 1, "door:porte"),
        (rule(signal="internet", level=1.5), "portal", 0, 2, "uplink:line"),
        (rule(signal="uplink-speed", level=0.5, is_above=False), "download", 90e6, 40e6, "uplink:line"),
    ],
)  # fmt: skip
def test_a_rule_tried_on_readings_fires_when_they_were_wrong(
    recorded: Recorded, one: Rule, name: str, normal: float, wrong: float, subject: str
) -> None:
    recorded.say(name, [*[normal] * 60, *[wrong] * 30, *[normal] * 150])
    assert minutes(recorded.tried(one)) == [(subject, 60, 90)]


def test_a_breaker_that_tripped_is_found(recorded: Recorded) -> None:
    recorded.say("mains", [*[1.0] * 60, *[0.0] * 30, *[1.0] * 150])
    assert minutes(recorded.tried(rule(signal="circuit-dead", level=0.5))) == [("circuit:main", 60, 90)]


def test_people_by_the_doors_are_a_share_of_the_seats(recorded: Recorded) -> None:
    recorded.say("door-in", [0.0] * 60 + [5.0] * 181)
    recorded.say("door-out", [0.0] * 90 + [3.0] * 151)
    ((subject, fired, ended),) = minutes(recorded.tried(rule(signal="people", level=1.0)))
    assert subject == "room:salle"
    assert fired == pytest.approx(60, abs=1)
    assert ended == pytest.approx(90, abs=1)


def test_a_channel_that_was_silent_is_found(recorded: Recorded) -> None:
    recorded.say("battery", [*[80.0] * 60, *[None] * 30, *[80.0] * 151])
    assert minutes(recorded.tried(rule(signal="channel-silent", level=12))) == [("channel:n.battery", 71, 90)]


def test_a_gap_ends_no_episode_and_is_told_as_unknown(recorded: Recorded) -> None:
    recorded.say("main", [*[7000] * 60, *[None] * 60, *[7000] * 60, *[1000] * 61])
    one = rule(signal="reading", level=6000, subjects=frozenset({Subject(SubjectKind.CHANNEL, "n.main")}))
    found = recorded.tried(one)
    assert minutes(found) == [("channel:n.main", 0, 180)]
    assert found.subjects[0].unknown_s / 60 == pytest.approx(58, abs=1)


def test_a_channel_without_readings_in_the_period_is_unknown_and_not_well(recorded: Recorded) -> None:
    found = recorded.tried(rule(signal="battery", level=20, is_above=False))
    assert (found.is_told, found.episodes(), found.unknown_share()) == (True, [], 1.0)


def test_of_a_signal_that_is_not_stored_the_trial_says_that_history_does_not_tell(recorded: Recorded) -> None:
    for name in set(SIGNALS) - set(TELLERS):
        found = recorded.tried(rule(signal=name))
        assert (found.is_told, found.subjects, found.unknown_share()) == (False, (), None)


def test_a_subject_that_the_place_does_not_have_is_not_tried(recorded: Recorded) -> None:
    one = rule(signal="reading", subjects=frozenset({channel(1)}))
    assert recorded.tried(one).subjects == ()
