"""From an announced component to what reads its messages: topic, template, words and availability.

Called by ``announced`` once for each component. What cannot be read still becomes an entity, with its trouble, so that
a person sees it listed. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from vigie_contract.quantities import QUANTITIES
from vigie_gateway.devices.classes import COVER_CLASSES, SENSOR_CLASSES, STATE_CLASSES, sensor_quantity
from vigie_gateway.devices.discovery import ENTITY_KEYS, FAMILY, MAX_TOPIC_CHARACTERS, Component
from vigie_gateway.devices.measures import MAX_ID_CHARACTERS, Device, Entity, clean
from vigie_gateway.devices.payloads import number_of
from vigie_gateway.devices.template.syntax import Template
from vigie_gateway.devices.template.values import TemplateError, text_of
from vigie_gateway.devices.units import scale

OWN_ROOT = "vigie"
"""First level of every topic of vigie_contract."""
MAX_AVAILABILITY = 8
"""Topics that one entity's availability hangs on. Lower refuses a device behind two bridges; higher costs memory."""
MAX_SHOWN_TEMPLATE_CHARACTERS = 2_048
"""Of a template that was not understood. It is the longest that is read at all."""

PERSONS = frozenset({"device_tracker", "person", "camera", "image", "geo_location"})
"""Components that say where a person is. Counts, never people."""
SETTINGS = frozenset(
    {"number", "select", "text", "button", "scene", "date", "datetime", "time", "notify", "lawn_mower"}
)


class Availability(NamedTuple):
    """One topic that says whether an entity can be believed.

    Attributes:
        topic: The topic.
        template: What finds the word in a message; None when the message is the word.
        online: The word for yes.
        offline: The word for no.
    """

    topic: str
    template: Template | None
    online: str
    offline: str


@dataclass(frozen=True, slots=True)
class Source:
    """How an entity's measure is found in messages.

    Attributes:
        entity: Whose.
        topic: Topic filter of its messages; empty when there is none to listen to.
        template: What finds the value; None when the message is the value.
        words: Truth of each text, exact first and then without regard to case; empty for a number.
        path: Key of the value in a JSON message without a template; empty when the message is the value.
        availability: What it hangs on.
        mode: ``all``, ``any`` or ``latest`` of them.
    """

    entity: Entity
    topic: str
    template: Template | None = None
    words: tuple[tuple[str, bool], ...] = ()
    path: str = ""
    availability: tuple[Availability, ...] = ()
    mode: str = "latest"


class _Plan(NamedTuple):
    """What a component says, before it is judged."""

    key: str
    label: str
    quantity: str | None
    unit: str
    topic_key: str
    template_keys: tuple[str, ...]
    words: tuple[tuple[str, bool], ...] = ()
    path: str = ""
    trouble: tuple[str, str] | None = None


def sources_of(component: Component, device: Device) -> list[Source]:
    """What a component is read by; empty when components of its kind carry nothing to be listed."""
    plans = _PLATFORMS.get(component.platform)
    return [] if plans is None else [_source(plan, component.config, device) for plan in plans(component)]


def _source(plan: _Plan, config: dict[str, Any], device: Device) -> Source:
    trouble = plan.trouble or (("setting", "it is a setting") if config.get("entity_category") == "config" else None)
    given = next((one for one in (config.get(key) for key in plan.template_keys) if isinstance(one, str)), "")
    template = None
    try:
        template = Template(given) if given.strip() else None
    except TemplateError as error:
        trouble = ("template", f"template not understood: {error}")
    topic = config.get(plan.topic_key)
    wrong = wrong_topic(topic)
    if wrong is not None:
        trouble, topic = wrong, ""
    trouble = trouble or _wrong_unit(plan)
    entity = Entity(
        family=FAMILY,
        device=device.id,
        key=plan.key,
        label=plan.label or device.name,
        quantity=None if trouble else plan.quantity,
        told_unit=plan.unit,
        trouble=trouble[0] if trouble else None,
        detail=trouble[1] if trouble else "",
        template=given[:MAX_SHOWN_TEMPLATE_CHARACTERS],
        expire_after_s=_positive(config.get("expire_after")),
        off_delay_s=_positive(config.get("off_delay")),
        is_enabled=config.get("enabled_by_default") not in {False, "false"},
    )
    if trouble and trouble[0] == "template":
        topic = ""  # nothing is read by a template that is not understood
    mode = config.get("availability_mode")
    return Source(
        entity,
        str(topic),
        template,
        plan.words,
        plan.path,
        tuple(_availability(config)),
        mode if mode in ("all", "any") else "latest",
    )


def wrong_topic(topic: Any) -> tuple[str, str] | None:
    """Why a topic is not listened to; None when it may be."""
    if not isinstance(topic, str) or not topic:
        return "missing", "it says no topic for its state"
    if is_own(topic):
        return "own-topic", f"its topic {clean(topic)!r} is Vigie's or the broker's own"
    levels = topic.split("/")
    if (
        len(topic) > MAX_TOPIC_CHARACTERS
        or any(ord(one) < 32 for one in topic)  # noqa: PLR2004 - controls
        or any("#" in one or ("+" in one and one != "+") for one in levels)
        or set(levels) == {"+"}
    ):
        return "shape", f"its topic {clean(topic)!r} is too wide or too long"
    return None


def is_own(topic: str) -> bool:
    """Whether a topic is Vigie's or the broker's own: no device speaks there, whatever it announces."""
    return topic.startswith((f"{OWN_ROOT}/", "$")) or topic == OWN_ROOT


def _wrong_unit(plan: _Plan) -> tuple[str, str] | None:
    if plan.quantity is None:
        told = clean(plan.unit) or "no unit"
        return (
            ("class", f"Vigie has no quantity for it ({told})") if plan.unit else ("unit-not-told", "no class, no unit")
        )
    if plan.words or scale(plan.quantity, plan.unit) is not None:
        return None
    return (
        "unit",
        f"{plan.quantity} in {clean(plan.unit) or 'no unit'!r}, expected one like {QUANTITIES[plan.quantity].unit}",
    )


def _positive(value: Any) -> float | None:
    number = number_of(value)
    return number if number is not None and number > 0 else None


def _availability(config: dict[str, Any]) -> Iterator[Availability]:
    entries = config.get("availability")
    found = [entries] if isinstance(entries, dict) else entries if isinstance(entries, list) else []
    single = {
        "topic": config.get("availability_topic"),
        "value_template": config.get("availability_template"),
        "payload_available": config.get("payload_available"),
        "payload_not_available": config.get("payload_not_available"),
    }
    for entry in [*found, single][:MAX_AVAILABILITY]:
        if not isinstance(entry, dict):
            continue
        told = {ENTITY_KEYS.get(key, key): value for key, value in entry.items()}
        topic, template = told.get("topic"), told.get("value_template")
        if wrong_topic(topic) is not None:
            continue
        try:
            compiled = Template(template) if isinstance(template, str) and template.strip() else None
        except TemplateError:
            continue  # what cannot be read says nothing of whether the entity can be believed
        online, offline = told.get("payload_available"), told.get("payload_not_available")
        yield Availability(
            str(topic),
            compiled,
            "online" if online is None else text_of(online),
            "offline" if offline is None else text_of(offline),
        )


def _words(
    config: dict[str, Any], yes: tuple[str, ...], no: tuple[str, ...], *or_else: str
) -> tuple[tuple[str, bool], ...]:
    """The words of a state: the first key that is told, else the usual word."""
    on = next((config[key] for key in yes if config.get(key) is not None), or_else[0])
    off = next((config[key] for key in no if config.get(key) is not None), or_else[1])
    return (clean(text_of(on), MAX_TOPIC_CHARACTERS), True), (clean(text_of(off), MAX_TOPIC_CHARACTERS), False)


def _text(config: dict[str, Any], key: str) -> str:
    value = config.get(key)
    return clean(value) if isinstance(value, str) else ""


def _label(component: Component) -> str:
    """Its name; what its class or topic says where none is told; empty where it goes by its device's (null)."""
    config = component.config
    if "name" in config:
        return clean(config["name"])
    named = _text(config, "device_class").replace("_", " ") or _text(config, "object_id")
    return named or clean(component.key.rpartition("/")[2])


def _sensor(component: Component) -> Iterator[_Plan]:
    config = component.config
    device_class = _text(config, "device_class")
    # Case counts in units, and cleaning keeps it.
    unit = _text(config, "unit_of_measurement")
    quantity = sensor_quantity(device_class, unit, _text(config, "state_class"))
    if not unit and quantity in {"battery", "humidity"}:
        unit = "%"  # the only one that Home Assistant allows for them
    trouble = None
    if device_class and device_class not in SENSOR_CLASSES:
        trouble = ("class", f"Vigie has no quantity for the class {device_class!r}")
    yield _Plan(component.key, _label(component), quantity, unit, "state_topic", ("value_template",), trouble=trouble)


def _binary_sensor(component: Component) -> Iterator[_Plan]:
    config = component.config
    device_class = _text(config, "device_class")
    quantity = STATE_CLASSES.get(device_class)
    trouble = None
    if quantity is None:
        told = f"the class {device_class!r}" if device_class else "a state without a class"
        trouble = ("class" if device_class else "unit-not-told", f"Vigie has no quantity for {told}")
    words = _words(config, ("payload_on",), ("payload_off",), "ON", "OFF")
    yield _Plan(
        component.key, _label(component), quantity, "", "state_topic", ("value_template",), words, trouble=trouble
    )


def _switch(component: Component) -> Iterator[_Plan]:
    config = component.config
    words = _words(config, ("state_on", "payload_on"), ("state_off", "payload_off"), "ON", "OFF")
    path = "state" if component.platform == "light" and config.get("schema") == "json" else ""
    templates = ("state_value_template", "state_template", "value_template")
    yield _Plan(component.key, _label(component), "switched_on", "", "state_topic", templates, words, path)


def _cover(component: Component) -> Iterator[_Plan]:
    config = component.config
    if _text(config, "device_class") not in COVER_CLASSES:
        trouble = ("class", "a blind or shutter says nothing of a room")
        yield _Plan(component.key, _label(component), None, "", "state_topic", ("value_template",), trouble=trouble)
        return
    told = _words(config, ("state_open",), ("state_closed",), "open", "closed")
    # While it moves, one can pass: it is open until it is closed.
    words = (*told, ("opening", True), ("closing", True))
    yield _Plan(component.key, _label(component), "open", "", "state_topic", ("value_template",), words)


def _climate(component: Component) -> Iterator[_Plan]:
    config, label = component.config, _label(component)
    unit = _text(config, "temperature_unit") or "C"
    for what, quantity, told in (("temperature", "temperature", unit), ("humidity", "humidity", "%")):
        if config.get(f"current_{what}_topic") is not None:
            yield _Plan(
                f"{component.key}/{what}"[-MAX_ID_CHARACTERS:],
                f"{label} {what}".strip(),
                quantity,
                told,
                f"current_{what}_topic",
                (f"current_{what}_template",),
            )


_PLATFORMS: dict[str, Callable[[Component], Iterator[_Plan]]] = {
    "sensor": _sensor,
    "binary_sensor": _binary_sensor,
    "switch": _switch,
    "light": _switch,
    "fan": _switch,
    "siren": _switch,
    "cover": _cover,
    "climate": _climate,
    "water_heater": _climate,
    "humidifier": _climate,
}
"""Home Assistant's integrations whose state is a measure, or may be; all others are refused by name."""
