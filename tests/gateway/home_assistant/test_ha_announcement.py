"""What Home Assistant is told of a place, read by our own decoder of announcements."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jinja2
import pytest
from tests.conftest import TUESDAY_1430_TS

from vigie_contract.messages import MAX_PAYLOAD_BYTES
from vigie_dashboard.view import BoardView, OutletsView, RoomState, WifiFit, WifiView
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Message
from vigie_gateway.home_assistant.announcement import Announcement, Place, announcement
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import Site


@pytest.fixture
def view(site: Site, clock: Any) -> BoardView:
    """The sample place, of which nothing was ever heard."""
    board = Board(site, clock)
    board.set_clock(is_known=True, step_s=0.0)
    return board.view(clock.now)


def measured(view: BoardView) -> Place:
    """The same with something known of everything."""
    first, *others = (room for room in view.rooms if not room.is_passage)
    known = replace(
        first,
        state=RoomState.FREE,
        people=5,
        free=7,
        outlets=OutletsView(4, 0, 0, 4, 0.0),
        wifi=WifiView(WifiFit.WEB, "latency", 60.0, 3, 0.0),
    )
    old = replace(others[0], state=RoomState.OLD, people=3, free=1)
    figures = replace(view.figures, people=5, seats_free=7, has_power_meter=True, power_va=5_380.4, internet="portal")
    rooms = (known, old, *others[1:])
    return Place(replace(view, rooms=rooms, figures=figures, current=0), {known.id: 0.0, old.id: None})


def heard(told: Announcement) -> dict[str, Any]:
    """What our decoder makes of it, by the entity's key: its quantity's value, or what was said; None: not told.

    It never listens below ``vigie/``, so another word stands there.
    """
    decoding = Decoding()

    def decode(topic: str, payload: bytes) -> Any:
        message = Message(
            topic.replace("vigie/1/", "other/1/"), payload.replace(b"vigie/1/", b"other/1/"), TUESDAY_1430_TS
        )
        decoded = decoding.decode(message)
        assert decoded.refusal is None, decoded.refusal
        return decoded

    entities = decode(told.config_topic, told.config).entities
    found: dict[str, Any] = {entity.key: None for entity in entities}
    for topic, payload in told.states.items():
        for one in decode(topic, payload).measures:
            found[one.entity.key] = (
                one.reason or one.said or None if one.value is None else (one.value, one.entity.told_unit)
            )
    return {key.removeprefix("vigie-semaphore-main-"): value for key, value in found.items()}


def test_what_is_known_decodes_to_the_same_values_and_units(view: BoardView) -> None:
    place = measured(view)
    first, second = (room.id for room in [one for one in place.view.rooms if not one.is_passage][:2])
    found = heard(announcement("semaphore", "main", "fr", place))
    assert found["power"] == (5_380.0, "VA")
    assert (found["people"], found["free-seats"], found["alerts"]) == ("5", "7", "0")
    assert (found[f"{first}.people"], found[f"{first}.free-seats"]) == ("5", "7")
    assert (found[f"{first}.free-outlets"], found[f"{first}.wifi"]) == ("0", "web")
    assert found[f"{first}.power"] == (0.0, "VA")
    assert found[f"{second}.power"] == "not-told"
    assert found["internet"] == "OFF"


def test_what_is_unknown_is_null_and_never_zero(view: BoardView) -> None:
    told = announcement("semaphore", "main", "fr", Place(view, {}))
    for payload in told.states.values():
        assert set(json.loads(payload).values()) == {None}
    found = heard(told)
    assert set(found.values()) == {None, "not-told"}
    assert {"people", "internet", "atelier.people"} <= set(found)


def test_jinja_which_home_assistant_asks_makes_of_it_a_value_or_none(view: BoardView) -> None:
    told = announcement("semaphore", "main", "fr", measured(view))
    made = {}
    for key, entity in json.loads(told.config)["cmps"].items():
        state = json.loads(told.states[entity["stat_t"]])
        made[key] = jinja2.Template(entity["val_tpl"]).render(value_json=state)
    first, second = [room.id for room in measured(view).view.rooms if not room.is_passage][:2]
    assert (made["people"], made["power"], made["internet"], made["alerts"]) == ("5", "5380", "OFF", "0")
    assert (made[f"{first}.wifi"], made[f"{second}.people"], made[f"{second}.wifi"]) == ("web", "None", "None")


def test_an_old_count_is_not_told_as_the_present_one(view: BoardView) -> None:
    place = measured(view)
    old = next(room for room in place.view.rooms if room.state is RoomState.OLD)
    states = announcement("semaphore", "main", "fr", place).states
    told = json.loads(states[f"vigie/1/semaphore/main/place/{old.id}"])
    assert (told["people"], told["free_seats"]) == (None, None)


def test_it_is_there_while_the_gateway_says_that_it_knows(view: BoardView) -> None:
    told = json.loads(announcement("semaphore", "main", "fr", Place(view, {})).config)
    assert told["avty_t"] == "vigie/1/semaphore/main/alerts"
    decoding = Decoding()
    raw = announcement("semaphore", "main", "fr", Place(view, {})).config.replace(b"vigie/1/", b"other/1/")
    decoding.decode(Message("homeassistant/device/x/config", raw, TUESDAY_1430_TS))
    online = [
        {
            one.is_online
            for one in decoding.decode(Message("other/1/semaphore/main/alerts", payload, TUESDAY_1430_TS)).presences
        }
        for payload in (b'{"v":1,"known":true,"worst":null}', b'{"v":1,"known":false}')
    ]
    assert online == [{True}, {False}]


def test_no_vigie_takes_it_for_a_device_of_the_place(view: BoardView) -> None:
    told = announcement("semaphore", "main", "fr", measured(view))
    decoding = Decoding()
    decoded = decoding.decode(Message(told.config_topic, told.config, TUESDAY_1430_TS))
    assert {entity.trouble for entity in decoded.entities} <= {"own-topic"}
    assert not decoded.listen
    for topic, payload in told.states.items():
        refusal = decoding.decode(Message(topic, payload, TUESDAY_1430_TS)).refusal
        assert refusal is not None
        assert refusal.reason == "own-topic"


@pytest.mark.parametrize("name", ["{{ states('x') }}", '"}}<script>', "\u202e", "é" * 500])
def test_a_name_is_text_and_no_template(view: BoardView, name: str) -> None:
    rooms = tuple(replace(room, name={"fr": name}) for room in view.rooms)
    told = json.loads(announcement("semaphore", "main", "fr", Place(replace(view, rooms=rooms), {})).config)
    templates = {entity["val_tpl"] for entity in told["cmps"].values()} | {told["avty_tpl"]}
    plain = json.loads(announcement("semaphore", "main", "fr", Place(view, {})).config)
    assert templates == {entity["val_tpl"] for entity in plain["cmps"].values()} | {plain["avty_tpl"]}
    assert all(len(entity["name"]) <= 64 + 20 for entity in told["cmps"].values())


def test_rooms_that_do_not_fit_are_left_out_and_counted(view: BoardView) -> None:
    room = next(room for room in view.rooms if not room.is_passage)
    rooms = tuple(replace(room, id=f"room-{number}") for number in range(300))
    told = announcement("semaphore", "main", "en", Place(replace(view, rooms=rooms), {}))
    assert len(told.config) <= MAX_PAYLOAD_BYTES
    assert 0 < told.left_out < 300
    one_more = tuple(rooms[: 301 - told.left_out])
    assert announcement("semaphore", "main", "en", Place(replace(view, rooms=one_more), {})).left_out == 1
    assert len(told.states) == 1 + 300 - told.left_out


def test_names_are_in_the_language_that_was_asked_for(view: BoardView) -> None:
    names = [
        json.loads(announcement("semaphore", "main", lang, Place(view, {})).config)["cmps"]["free-seats"]["name"]
        for lang in ("fr", "en")
    ]
    assert names == ["Places libres", "Free seats"]
