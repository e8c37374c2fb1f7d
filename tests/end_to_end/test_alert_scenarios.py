"""What happens in a place, and every message that it makes, at its time; and no other.

Each row of SCENARIOS is one story: what happens, at hours, minutes and seconds since its beginning, and who is told
what, when. The desk is told by what works without internet, the technician over the internet, the chief of outages that
nobody has in hand after ten minutes. The place and its gateway: ``alert_world``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.end_to_end.alert_world import CARETAKER, Deed, Scenario, Step, Told, World

DEAD = "Outage: Café: 6 outlets without power"
DEAD_OVER = "Over: Café: 6 outlets without power"
NOBODY_DEAD = "Nobody is on it: Café: 6 outlets without power"
OVERLOAD = "Warning: C4: more than the circuit may carry"
NO_INTERNET = "Outage: Internet is down"
INTERNET_OVER = "Over: Internet is down"
ALL_SILENT = "Outage: Most sensors are silent at once"
BATTERY = "Warning: shelf: battery low"
DOOR_OPEN = "Warning: Hall: door open out of hours"
DOOR_OVER = "Over: Hall: door open out of hours"
SILENT = "No reading: Café: silent sensor"


def says(channel: str, value: float | None) -> Deed:
    """From now on a sensor says this; None: it failed."""

    def do(world: World) -> None:
        world.values[channel] = value

    return do


def moves(channel: str, wave: Callable[[float], float]) -> Deed:
    """From now on what a sensor says depends on the seconds since the beginning."""

    def do(world: World) -> None:
        world.waves[channel] = wave

    return do


def together(*deeds: Deed) -> Deed:
    def do(world: World) -> None:
        for one in deeds:
            one(world)

    return do


def goes_silent(*nodes: str) -> Deed:
    """They have no power any more; without a name, all of them."""

    def do(world: World) -> None:
        for name in nodes or world.nodes:
            world.lose(world.nodes[name])

    return do


def comes_back(*nodes: str) -> Deed:
    """They start again; without a name, all of them."""

    def do(world: World) -> None:
        for name in nodes or world.nodes:
            world.nodes[name].is_on = True
            world.greet(world.nodes[name])

    return do


def all_come_back_but(name: str) -> Deed:
    return lambda world: comes_back(*(one for one in world.nodes if one != name))(world)


def restarts(world: World) -> None:
    """The gateway stops, and starts on the same files."""
    world.stop()
    world.start()


def is_taken(world: World) -> None:
    """The desk says "I'm on it"."""
    world.bench.alerts.desk.acknowledge(world.bench.alerts.desk.current()[0].number, "desk")


def is_all_taken(world: World) -> None:
    """The desk says so of all that fires."""
    for alert in world.bench.alerts.desk.current():
        world.bench.alerts.desk.acknowledge(alert.number, "desk")


def is_given_back(world: World) -> None:
    world.bench.alerts.desk.release(world.bench.alerts.desk.current()[0].number, "desk")


def is_silenced(minutes: float | None) -> Deed:
    """The technician silences it, for so long; None: until it is over."""

    def do(world: World) -> None:
        until_ts = None if minutes is None else world.clock.now + minutes * 60
        desk = world.bench.alerts.desk
        desk.silence(desk.current()[0].number, "technician", "the electrician is there", until_ts)

    return do


def clock_jumps(by_s: float) -> Deed:
    """Somebody sets the gateway's clock."""

    def do(world: World) -> None:
        world.clock.now += by_s

    return do


def clock_is_lost(world: World) -> None:
    """The gateway believes it is 1970, and knows that this is not so."""
    world.clock.now, world.clock.is_right = 100.0, False


def clock_is_found(world: World) -> None:
    """An NTP server answers."""
    world.clock.now, world.clock.is_right = world.right_ts + world.clock.mono, True


TRIPS = together(says("board.c4-mains", 0.0), says("board.c4-va", 0.0), goes_silent("counter"))
IS_PUT_BACK = together(says("board.c4-mains", 1.0), says("board.c4-va", 800.0), comes_back("counter"))
INTERNET_GOES = together(says("desk-node.portal", 2.0), says("desk-node.dns", None))
INTERNET_COMES = together(says("desk-node.portal", 0.0), says("desk-node.dns", 12.0))
WIFI_IS_CROWDED = together(
    says("desk-node.stations", 65.0), says("desk-node.router-p50", 400.0), says("desk-node.router-p95", 900.0)
)
WIFI_IS_WELL = together(
    says("desk-node.stations", 12.0), says("desk-node.router-p50", 3.0), says("desk-node.router-p95", 6.0)
)
WATCHED_WHILE_OPEN = """
[[rules]]
id = "node-silent"
when = "open"

[[rules]]
id = "channel-silent"
when = "open"
"""


def both(at: str, title: str) -> tuple[Told, Told]:
    """The desk and the technician are told the same."""
    return Told(at, "desk", title), Told(at, "technician", title)


def all_three(at: str, title: str) -> tuple[Told, ...]:
    return *both(at, title), Told(at, "chief", title)


SCENARIOS = (
    # The sensor says it at 2:10, the rule waits for 10 s, the group of messages for another 10.
    Scenario(
        "a breaker trips and is put back; its outlets and what is plugged in there are one alert",
        [Step("2:00", TRIPS), Step("14:00", IS_PUT_BACK)],
        "25:00",
        [*both("2:30", DEAD), Told("12:20", "chief", NOBODY_DEAD), *all_three("14:30", DEAD_OVER)],
        ["since 14:32 · 0 W measured, 6 outlets of 6 · breaker C4", "from 14:32 to 14:44 (12 min)", "with it: counter"],
    ),
    Scenario(
        "a sensor flaps between well and wrong",
        [Step("2:00", moves("board.c4-mains", lambda at_s: at_s // 10 % 2))],
        "20:00",
        [],
    ),
    Scenario(
        "what fires flaps, and is over when it has been well for long enough",
        [
            Step("2:00", says("board.c4-mains", 0.0)),
            Step("4:00", moves("board.c4-mains", lambda at_s: at_s // 10 % 2)),
            Step("9:00", moves("board.c4-mains", lambda _: 1.0)),
        ],
        "20:00",
        [*both("2:30", DEAD), *both("9:30", DEAD_OVER)],
    ),
    Scenario(
        "a load drifts over its limit and back, with noise on it",
        [
            Step("2:00", moves("board.c4-va", lambda at_s: 3_600 + (at_s - 120) / 10 + 40 * (at_s // 10 % 2))),
            Step("30:00", moves("board.c4-va", lambda at_s: 4_600 - (at_s - 1_800) + 40 * (at_s // 10 % 2))),
        ],
        "1:00:00",
        [*both("13:00", OVERLOAD), *both("54:10", "Over: C4: more than the circuit may carry")],
    ),
    Scenario(
        "the gateway restarts while an alert waits, fires and is in hand",
        [
            Step("2:00", TRIPS),
            Step("2:15", restarts),
            Step("5:00", restarts),
            Step("6:00", is_taken),
            Step("7:00", restarts),
        ],
        "25:00",
        both("2:34", DEAD),
    ),
    Scenario(
        "the gateway restarts between an alert and its message",
        [Step("2:00", TRIPS), Step("2:25", restarts), Step("4:00", IS_PUT_BACK)],
        "10:00",
        [*both("2:30", DEAD), *both("4:30", DEAD_OVER)],
    ),
    Scenario(
        "an alert is silenced, and the gateway restarts: its end is told to whom its beginning was",
        [Step("2:00", TRIPS), Step("5:00", is_silenced(None)), Step("6:00", restarts), Step("20:00", IS_PUT_BACK)],
        "25:00",
        [*both("2:30", DEAD), *both("20:30", DEAD_OVER)],
    ),
    Scenario(
        "a silence ends at its time, and it still fires",
        [Step("2:00", TRIPS), Step("5:00", is_silenced(30)), Step("50:00", IS_PUT_BACK)],
        "55:00",
        [
            *both("2:30", DEAD),
            *both("35:11", "Still: Café: 6 outlets without power"),
            Told("45:01", "chief", NOBODY_DEAD),
            *all_three("50:30", DEAD_OVER),
        ],
    ),
    Scenario(
        "a silence ends with its alert: the next one is told",
        [Step("2:00", TRIPS), Step("5:00", is_silenced(None)), Step("10:00", IS_PUT_BACK), Step("20:00", TRIPS)],
        "22:00",
        [*both("2:30", DEAD), *both("10:30", DEAD_OVER), *both("20:30", DEAD)],
    ),
    Scenario(
        "somebody takes it in hand before the chief is told, and gives it back",
        [Step("2:00", TRIPS), Step("5:00", is_taken), Step("20:00", is_given_back)],
        "35:00",
        [*both("2:30", DEAD), Told("30:00", "chief", NOBODY_DEAD)],
    ),
    # The probe asks every 20 s and says it at 2:20; the rule waits for 5 s, the group of messages for 10.
    Scenario(
        "the internet is down for ten minutes",
        [Step("2:00", INTERNET_GOES), Step("12:00", INTERNET_COMES)],
        "25:00",
        [
            Told("2:35", "desk", NO_INTERNET),
            Told("12:50", "technician", INTERNET_OVER),
            Told("13:00", "desk", INTERNET_OVER),
        ],
        ["from 14:32 to 14:42 (10 min)"],
    ),
    Scenario(
        "a breaker trips and is put back while the internet is down",
        [Step("2:00", INTERNET_GOES), Step("4:00", TRIPS), Step("8:00", IS_PUT_BACK), Step("12:00", INTERNET_COMES)],
        "25:00",
        [
            Told("2:35", "desk", NO_INTERNET),
            Told("4:30", "desk", DEAD),
            Told("8:30", "desk", DEAD_OVER),
            Told("12:50", "technician", "Over: Internet is down and 1 other"),
            Told("13:00", "desk", INTERNET_OVER),
        ],
        ["from 14:34 to 14:38 (4 min)"],
    ),
    Scenario(
        "the power is cut, and comes back with forty devices",
        [Step("2:00", goes_silent()), Step("12:00", comes_back())],
        "30:00",
        [*both("3:11", ALL_SILENT), *both("13:11", "Over: Most sensors are silent at once")],
        ["since 14:32 · 44 silent of 44"],
        shelves=40,
    ),
    Scenario(
        "after a power cut one of forty devices stays away",
        [Step("2:00", goes_silent()), Step("12:00", all_come_back_but("n01"))],
        "25:00",
        [*both("3:11", ALL_SILENT), *both("13:11", "Over: Most sensors are silent at once"), *both("18:01", SILENT)],
        shelves=40,
    ),
    Scenario(
        "a node dies and is replaced",
        [Step("2:00", goes_silent("counter")), Step("40:00", comes_back("counter"))],
        "45:00",
        [*both("5:11", SILENT), *both("40:41", "Over: Café: silent sensor")],
    ),
    Scenario(
        "a node restarts",
        [Step("2:00", goes_silent("counter")), Step("4:00", comes_back("counter"))],
        "10:00",
        [],
    ),
    Scenario(
        "two sensors of one room fall silent together: to a reader one line",
        [Step("2:00", goes_silent("n01", "n02"))],
        "40:00",
        both("5:20", SILENT),
        shelves=2,
    ),
    Scenario(
        "a node's battery runs down, then it is silent",
        [
            Step("2:00", says("shelf.battery", 15.0)),
            Step("20:00", says("shelf.battery", 8.0)),
            Step("25:00", goes_silent("shelf")),
        ],
        "1:10:00",
        [*both("13:10", BATTERY), *both("28:20", SILENT)],
        ["since 14:55 · battery at 8%: probably the battery"],
    ),
    Scenario(
        "a sensor fails while its alert fires: not to know is no recovery",
        [
            Step("2:00", says("board.c4-mains", 0.0)),
            Step("5:00", together(is_taken, says("board.c4-mains", None))),
            Step("30:00", says("board.c4-mains", 1.0)),
        ],
        "40:00",
        [
            *both("2:30", DEAD),
            *both("12:20", "No reading: C4: voltage: no reading"),
            *both("30:30", DEAD_OVER),
            *both("30:50", "Over: C4: voltage: no reading"),
        ],
    ),
    Scenario(
        "an access point is full, and the Wi-Fi of its room is slow for that reason",
        [Step("2:00", WIFI_IS_CROWDED), Step("30:00", WIFI_IS_WELL)],
        "45:00",
        [
            *both("7:20", "Warning: Access point: too many devices"),
            *both("35:20", "Over: Access point: too many devices"),
        ],
        ["with it: Café"],
    ),
    Scenario(
        "an access point is full after closing time",
        [Step("10:00", WIFI_IS_CROWDED)],
        "2:00:00",
        [],
        begins="2026-11-24 20:00",
    ),
    Scenario(
        "a node is silent at night, of a place that watches them while it is open",
        [Step("10:00", goes_silent("shelf"))],
        "10:30:00",
        both("10:00:10", SILENT),
        begins="2026-11-24 22:00",
        place=WATCHED_WHILE_OPEN,
    ),
    Scenario(
        "the back door stands open from the afternoon on, which is only wrong when the place has closed",
        [Step("10:00", says("desk-node.back-door", 1.0)), Step("1:00:00", says("desk-node.back-door", 0.0))],
        "1:10:00",
        [*both("40:10", DOOR_OPEN), *both("1:00:20", DOOR_OVER)],
        begins="2026-11-24 19:30",
    ),
    Scenario(
        "things happen at night: who sleeps is told of an outage at once, and of the rest in the morning",
        [
            Step("10:00", says("shelf.battery", 15.0)),
            Step("30:00", goes_silent("counter")),
            Step("1:00:00", says("board.c4-mains", 0.0)),
            Step("1:05:00", is_all_taken),
        ],
        "10:30:00",
        [
            *both("21:10", BATTERY),
            *both("33:11", SILENT),
            *both("1:00:30", DEAD),
            Told("1:00:30", "caretaker", DEAD),
            Told("9:00:00", "caretaker", BATTERY),
        ],
        begins="2026-11-24 22:00",
        place=CARETAKER,
    ),
    Scenario(
        "a night is an hour shorter in spring, for who sleeps and for the doors",
        [Step("10:00", says("shelf.battery", 15.0)), Step("20:00", says("desk-node.back-door", 1.0))],
        "7:00:00",
        [
            *both("21:10", BATTERY),
            *both("30:20", DOOR_OPEN),
            Told("5:30:00", "caretaker", f"{BATTERY} and 1 other"),
            *both("6:30:10", DOOR_OVER),
            Told("6:30:10", "caretaker", DOOR_OVER),
        ],
        begins="2027-03-28 00:30",
        place=CARETAKER,
    ),
    Scenario(
        "and an hour longer in autumn",
        [Step("10:00", says("shelf.battery", 15.0)), Step("20:00", says("desk-node.back-door", 1.0))],
        "9:00:00",
        [
            *both("21:10", BATTERY),
            *both("30:20", DOOR_OPEN),
            Told("7:30:00", "caretaker", f"{BATTERY} and 1 other"),
            *both("8:30:10", DOOR_OVER),
            Told("8:30:10", "caretaker", DOOR_OVER),
        ],
        begins="2026-10-25 00:30",
        place=CARETAKER,
    ),
    Scenario(
        "the clock is put on by an hour, and back",
        [Step("2:00", clock_jumps(3_600)), Step("10:00", clock_jumps(-3_600))],
        "25:00",
        [],
    ),
    Scenario(
        "the clock is put on by an hour while an alert fires, and back",
        [
            Step("2:00", TRIPS),
            Step("4:00", clock_jumps(3_600)),
            Step("6:00", clock_jumps(-3_600)),
            Step("20:00", IS_PUT_BACK),
        ],
        "25:00",
        [*both("2:30", DEAD), Told("12:20", "chief", NOBODY_DEAD), *all_three("20:30", DEAD_OVER)],
        ["from 14:32 to 14:50 (18 min)"],
    ),
    Scenario(
        "the clock goes back to 1970 until an NTP server answers",
        [Step("2:00", clock_is_lost), Step("12:00", clock_is_found)],
        "25:00",
        [
            *both("4:11", "Warning: The gateway does not know what time it is"),
            *both("12:41", "Over: The gateway does not know what time it is"),
        ],
        ["from 14:32 to 14:42 (10 min)"],
    ),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_people_are_told_this_and_no_more(scenario: Scenario, tmp_path: Path) -> None:
    world = World(tmp_path, scenario)
    try:
        world.play(scenario)
    finally:
        world.close()
    assert world.told == list(scenario.told)
    assert set(scenario.says) <= set(world.said)
    assert len(set(world.keys)) == len(world.keys)
