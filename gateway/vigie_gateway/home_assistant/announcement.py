"""What Home Assistant is told: one device, its entities, and their values. Pure; called by ``announcer``'s thread.

Values stand below Vigie's own topics, so that no Vigie ever takes its own announcement for a device of the place
(``devices.sources.is_own``). Templates are fixed text: no name of the place gets into one. What is not known is null,
which Home Assistant shows as unknown; whether the gateway itself is there is what it tells of its alerts, whose last
will the broker keeps.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from vigie_contract import topics
from vigie_contract.messages import MAX_PAYLOAD_BYTES, dump_json
from vigie_dashboard.language import Language, language_of
from vigie_dashboard.view import MEASURED, BoardView, Figures, RoomView, WifiFit

BIRTH_TOPIC = "homeassistant/status"
"""Where Home Assistant says that it has started, in words that its owner can change."""
BIRTH = b"online"
MAX_NAME_CHARACTERS = 64
"""Of a name. Lower cuts what places call their rooms; higher leaves less room for rooms in one announcement."""

_WIFI = [fit.value for fit in WifiFit]
_VALUE = "{{ value_json.%s }}"
_TRUTH = "{{ none if value_json.%s is none else 'ON' if value_json.%s else 'OFF' }}"


@dataclass(frozen=True, slots=True)
class Place:
    """The place at one moment: its board, and the power of the rooms whose outlets are metered."""

    view: BoardView
    power_va: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is to stand on the broker.

    Attributes:
        config_topic: Where Home Assistant looks for the device.
        config: It.
        states: By topic, the values.
        left_out: Rooms that did not fit into one message.
    """

    config_topic: str
    config: bytes
    states: dict[str, bytes]
    left_out: int


def announcement(site: str, gateway: str, lang: str, place: Place) -> Announcement:
    """Everything that is told of a place.

    Args:
        site: The site's id.
        gateway: This gateway's id; one more gateway is one more device.
        lang: Of the names.
        place: Now.
    """
    rooms = [room for room in place.view.rooms if not room.is_passage]
    language = language_of(lang)

    def config(count: int) -> bytes:
        return dump_json(_config(site, gateway, language, place, rooms[:count]))

    told = len(rooms)
    if len(config(told)) > MAX_PAYLOAD_BYTES:
        told = bisect_right(range(1, told), MAX_PAYLOAD_BYTES, key=lambda count: len(config(count)))
    states = {topics.place(site, gateway): dump_json(_site_state(place.view))}
    states |= {topics.place_room(site, gateway, room.id): dump_json(_room_state(room, place)) for room in rooms[:told]}
    identity = _identity(site, gateway)
    return Announcement(f"homeassistant/device/{identity}/config", config(told), states, len(rooms) - told)


def _identity(site: str, gateway: str) -> str:
    return f"vigie-{site}-{gateway}"


def _config(site: str, gateway: str, language: Language, place: Place, rooms: list[RoomView]) -> dict[str, Any]:
    entities = dict(_site_entities(site, gateway, language, place.view.figures))
    for room in rooms:
        entities.update(_room_entities(site, gateway, language, room, has_power=room.id in place.power_va))
    identity = _identity(site, gateway)
    for key, entity in entities.items():
        entity["uniq_id"] = f"{identity}-{key}"
    return {
        "dev": {
            "ids": [identity],
            "name": language.named(place.view.site_name)[:MAX_NAME_CHARACTERS],
            "mf": "Vigie",
            "mdl": gateway,
        },
        "o": {"name": "Vigie"},
        "avty_t": topics.alerts(site, gateway),
        "avty_tpl": "{{ 'online' if value_json.known else 'offline' }}",
        "cmps": entities,
    }


_Entities = Iterator[tuple[str, dict[str, Any]]]


def _site_entities(site: str, gateway: str, language: Language, figures: Figures) -> _Entities:
    _ = language.gettext
    topic = topics.place(site, gateway)
    yield "people", _count(topic, "people", _("People"))
    yield "free-seats", _count(topic, "free_seats", _("Free seats"))
    if figures.has_outlet_meters:
        yield "free-outlets", _count(topic, "free_outlets", _("Free outlets"))
    if figures.has_power_meter:
        yield "power", _power(topic, _("Power"))
    yield "wifi", _wifi(topic, _("Wi-Fi"))
    yield "internet", _truth(topic, "internet", _("Internet"), "connectivity")
    yield "alerts", _count(topic, "alerts", _("Alerts"))


def _room_entities(site: str, gateway: str, language: Language, room: RoomView, *, has_power: bool) -> _Entities:
    topic = topics.place_room(site, gateway, room.id)
    name = language.named(room.name)[:MAX_NAME_CHARACTERS]

    def called(what: str) -> str:
        return f"{name} – {language.gettext(what)}"  # noqa: RUF001 - a dash, as between a room and what is there

    yield f"{room.id}.people", _count(topic, "people", called("People"))
    yield f"{room.id}.free-seats", _count(topic, "free_seats", called("Free seats"))
    if room.outlets is not None:
        yield f"{room.id}.free-outlets", _count(topic, "free_outlets", called("Free outlets"))
    if has_power:
        yield f"{room.id}.power", _power(topic, called("Power"))
    if room.wifi is not None:
        yield f"{room.id}.wifi", _wifi(topic, called("Wi-Fi"))


def _sensor(topic: str, key: str, name: str, **more: object) -> dict[str, Any]:
    return {"p": "sensor", "name": name, "stat_t": topic, "val_tpl": _VALUE % key, **more}


def _count(topic: str, key: str, name: str) -> dict[str, Any]:
    return _sensor(topic, key, name, stat_cla="measurement")


def _power(topic: str, name: str) -> dict[str, Any]:
    return _sensor(topic, "power_va", name, stat_cla="measurement", dev_cla="apparent_power", unit_of_meas="VA")


def _wifi(topic: str, name: str) -> dict[str, Any]:
    return _sensor(topic, "wifi", name, dev_cla="enum", ops=_WIFI)


def _truth(topic: str, key: str, name: str, device_class: str) -> dict[str, Any]:
    truth = _TRUTH % (key, key)
    return {"p": "binary_sensor", "name": name, "stat_t": topic, "val_tpl": truth, "dev_cla": device_class}


def _site_state(view: BoardView) -> dict[str, Any]:
    figures = view.figures
    return {
        "people": figures.people,
        "free_seats": figures.seats_free,
        "free_outlets": figures.outlets_free,
        "power_va": _whole(figures.power_va),
        "wifi": figures.wifi,
        "internet": None if figures.internet is None else figures.internet == "open",
        "alerts": view.current,
    }


def _room_state(room: RoomView, place: Place) -> dict[str, Any]:
    is_measured = room.state in MEASURED  # an old count is greyed on the board; here nothing could grey it
    return {
        "people": room.people if is_measured else None,
        "free_seats": room.free if is_measured else None,
        "free_outlets": None if room.outlets is None else room.outlets.free,
        "power_va": _whole(place.power_va.get(room.id)),
        "wifi": None if room.wifi is None else room.wifi.fit,
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)
