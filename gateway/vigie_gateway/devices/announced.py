"""What the bus announced by Home Assistant discovery, and what its messages then say.

Part of ``decoding``, on the ingest thread of third parties. It remembers within bounds: the broker holds the
announcements, retained, and tells them again after a restart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any

from vigie_gateway.devices.discovery import (
    FAMILY,
    MAX_DEVICE_ENTITIES,
    Announcement,
    ConfigTopic,
    config_topic,
    is_migration,
    read_announcement,
    read_config,
)
from vigie_gateway.devices.measures import Decoded, Device, Measure, Message, Presence, RefusedError, clean
from vigie_gateway.devices.payloads import is_unknown, json_of, measured, text_of
from vigie_gateway.devices.sources import PERSONS, SETTINGS, Availability, Source, sources_of
from vigie_gateway.devices.template.values import MISSING, AbsentError, Run, TemplateError
from vigie_gateway.devices.template.values import text_of as written

MAX_ENTITIES = 2_000
"""Announced on the whole bus. Lower refuses a large Zigbee network (200 devices of ten); higher lets a flood of
announcements fill memory: each is some 3 kB."""
MAX_ENTITIES_OF_A_TOPIC = 128
"""Read from one topic's messages. Lower refuses managers of energy that say all in one; higher lets one cost more."""
MAX_WILDCARDS = 64
"""Topic filters with ``+``. Each is tried on every message; lower refuses a gateway's sensors (one each)."""
MAX_STEPS_OF_A_MESSAGE = 4_000
"""Of all templates that one message is read by. Lower cuts off devices with a hundred values; higher lets a hostile one
cost tens of milliseconds with each message: a step takes about 1 µs."""


class Announced:
    """Entities by their announcement, and by the topics of their messages.

    Args:
        prefixes: Under which announcements are made; ``homeassistant`` unless a place says otherwise.
    """

    def __init__(self, prefixes: tuple[str, ...] = ("homeassistant",)) -> None:
        self._prefixes = prefixes
        self._configs: dict[str, dict[str, tuple[Source, ...]]] = {}
        self._owner: dict[str, str] = {}
        self._pinned: Mapping[str, str] = {}
        self._devices: dict[str, Device] = {}
        self._exact: dict[str, list[Source]] = defaultdict(list)
        self._wide: dict[str, list[Source]] = defaultdict(list)
        self._hanging: dict[str, list[Source]] = defaultdict(list)
        self._online: dict[Availability, tuple[float, bool]] = {}
        self._count = 0

    def topic(self, topic: str) -> ConfigTopic | None:
        """The words of an announcement's topic; None when it is none."""
        return config_topic(topic, self._prefixes)

    def is_below(self, topic: str) -> bool:
        """Whether a topic lies under a prefix, where no family of devices speaks in its own words."""
        return any(topic.startswith(f"{prefix}/") for prefix in self._prefixes)

    def announce(self, message: Message, where: ConfigTopic) -> Decoded:
        """Take an announcement.

        Raises:
            RefusedError: It announces nothing that can be read.
        """
        if not message.payload.strip():
            return self._removed(message.topic)
        config = read_config(text_of(message.payload), where)
        if is_migration(config):
            self._release(message.topic)
            return Decoded(FAMILY)
        if where.component in PERSONS:
            raise RefusedError("person", f"a {where.component} says where somebody is")
        return self._take(message.topic, read_announcement(config, where))

    def _take(self, topic: str, told: Announcement) -> Decoded:
        device = self._known(told.device)
        before = self._configs.get(topic, {})
        found = {one.name: self._allowed(topic, sources_of(one, device)) for one in told.components}
        platforms = {one.platform for one in told.components if not found[one.name]}
        if told.components and not any(found.values()):
            raise self._nothing(topic, told, platforms)
        # What a device's announcement no longer names stays, as Home Assistant has it; what it withdraws goes.
        kept = {name: sources for name, sources in before.items() if name not in found and name not in told.removed}
        whole = {**kept, **found}
        if not whole and not before:
            raise RefusedError("missing", "it withdraws what was never announced")
        if len(whole) > MAX_DEVICE_ENTITIES:
            raise RefusedError(
                "too-many", f"one topic announces more than {MAX_DEVICE_ENTITIES} components, one by one"
            )
        more = sum(map(len, whole.values())) - sum(map(len, before.values()))
        if self._count + more > MAX_ENTITIES and not (self._is_pinned(whole) and self._make_room(topic, more)):
            raise RefusedError("too-many", f"the bus announces more than {MAX_ENTITIES} entities")
        self._check_topics(whole, before)
        self._forget(topic)
        self._remember(topic, whole)
        self._describe(device)
        now = set(_ids(chain(*whole.values())))
        announced = [source for sources in found.values() for source in sources]
        return Decoded(
            FAMILY,
            devices=(device,),
            entities=tuple(source.entity for source in announced),
            removed=tuple(one for one in _ids(chain(*before.values())) if one not in now),
            listen=tuple(dict.fromkeys(_topics(announced))),
        )

    def _describe(self, device: Device) -> None:
        if len(self._devices) >= MAX_ENTITIES:
            in_use = {source.entity.device for found in self._configs.values() for source in chain(*found.values())}
            self._devices = {id_: one for id_, one in self._devices.items() if id_ in in_use}
        self._devices[device.id] = device

    def _known(self, told: Device) -> Device:
        """The device, with what an earlier announcement said where this one has its identity alone."""
        before = self._devices.get(told.id)
        if before is not None:
            given = {name: getattr(told, name) or getattr(before, name) for name in _DESCRIBED}
            told = replace(told, **given)
        return told if told.name else replace(told, name=told.id)

    def pin(self, topics: Mapping[str, str]) -> None:
        """Let nobody but these topics announce these identities (``Entity.unique_id``), also after a restart.

        From any thread.
        """
        self._pinned = dict(topics)

    def _is_pinned(self, found: Mapping[str, tuple[Source, ...]]) -> bool:
        return any(one in self._pinned for one in _ids(chain(*found.values())))

    def _make_room(self, topic: str, more: int) -> bool:
        """Forget the oldest announcements that nobody approved, for one that somebody did."""
        for other in [one for one, found in self._configs.items() if one != topic and not self._is_pinned(found)]:
            if self._count + more <= MAX_ENTITIES:
                break
            self._forget(other)
        return self._count + more <= MAX_ENTITIES

    def _owner_of(self, unique_id: str, topic: str) -> str:
        """Who may announce an identity: whom an administrator approved, else whoever was first, else this topic."""
        return self._pinned.get(unique_id) or self._owner.get(unique_id, topic)

    def _allowed(self, topic: str, sources: list[Source]) -> tuple[Source, ...]:
        ours = (one for one in sources if self._owner_of(one.entity.unique_id, topic) == topic)
        return tuple(replace(one, entity=replace(one.entity, announced_on=topic)) for one in ours)

    def _nothing(self, topic: str, told: Announcement, platforms: set[str]) -> RefusedError:
        for one in told.components:
            for source in sources_of(one, told.device):
                owner = self._owner_of(source.entity.unique_id, topic)
                if owner != topic:
                    detail = f"{source.entity.key!r} was announced by another topic before, {clean(owner)!r}"
                    return RefusedError("taken", detail)
        if platforms & SETTINGS:
            return RefusedError("setting", f"{', '.join(sorted(platforms))}: a setting, no measure")
        return RefusedError("component", f"{', '.join(sorted(platforms))[:80] or 'it'} carries no measure")

    def _check_topics(self, found: dict[str, tuple[Source, ...]], before: dict[str, tuple[Source, ...]]) -> None:
        ours = {source.entity.unique_id for source in chain(*before.values())}
        new = [source for source in chain(*found.values()) if source.topic and source.entity.unique_id not in ours]
        for topic in {source.topic for source in new}:
            known = self._wide.get(topic) if "+" in topic else self._exact.get(topic)
            if len(known or ()) + sum(source.topic == topic for source in new) > MAX_ENTITIES_OF_A_TOPIC:
                raise RefusedError("too-many", f"more than {MAX_ENTITIES_OF_A_TOPIC} entities of one topic")
        if len(self._wide | {source.topic: [] for source in new if "+" in source.topic}) > MAX_WILDCARDS:
            raise RefusedError("too-many", f"more than {MAX_WILDCARDS} topics with +")

    def _remember(self, topic: str, found: dict[str, tuple[Source, ...]]) -> None:
        if found:
            self._configs[topic] = found
        for source in chain(*found.values()):
            self._count += 1
            self._owner[source.entity.unique_id] = topic
            if source.topic:
                (self._wide if "+" in source.topic else self._exact)[source.topic].append(source)
            for one in source.availability:
                self._hanging[one.topic].append(source)

    def _forget(self, topic: str) -> None:
        for source in chain(*self._configs.pop(topic, {}).values()):
            self._count -= 1
            if self._owner.get(source.entity.unique_id) == topic:
                del self._owner[source.entity.unique_id]
            _take_out(self._wide if "+" in source.topic else self._exact, source.topic, source)
            for one in source.availability:
                _take_out(self._hanging, one.topic, source)

    def _release(self, topic: str) -> None:
        """Let another topic announce the same entities: nothing is withdrawn, and the old topic's end says nothing."""
        self._forget(topic)

    def _removed(self, topic: str) -> Decoded:
        gone = tuple(_ids(chain(*self._configs.get(topic, {}).values())))
        self._forget(topic)
        return Decoded(FAMILY, removed=gone)

    def read(self, message: Message) -> Decoded | None:
        """What a message says of announced entities; None when none listens to its topic."""
        sources = [*self._exact.get(message.topic, ()), *self._matching(message.topic)]
        hanging = self._hanging.get(message.topic, ())
        if not sources and not hanging:
            return None
        text = text_of(message.payload)
        try:
            value_json = json_of(text)
        except RefusedError:
            value_json = MISSING
        presences = tuple(self._presences(hanging, message, text, value_json)) if hanging else ()
        measures = tuple(_measures(sources, message, text, value_json))
        return Decoded(FAMILY, measures=measures, presences=presences)

    def measures_from(self, topic: str) -> bool:
        """Whether an announced entity of a known quantity is read from a topic, whatever its messages hold."""
        sources = (*self._exact.get(topic, ()), *self._matching(topic))
        return any(source.entity.quantity is not None for source in sources)

    def _matching(self, topic: str) -> Iterator[Source]:
        if self._wide:
            levels = topic.split("/")
            for wide, sources in self._wide.items():
                parts = wide.split("/")
                if len(parts) == len(levels) and all(p in ("+", level) for p, level in zip(parts, levels, strict=True)):
                    yield from sources

    def _presences(self, hanging: Iterable[Source], message: Message, text: str, value_json: Any) -> Iterator[Presence]:
        told: dict[Availability, bool | None] = {}
        for source in hanging:
            for one in source.availability:
                if one.topic == message.topic and one not in told:
                    told[one] = _online(one, text, value_json)
                    if told[one] is not None:
                        if len(self._online) >= 2 * MAX_ENTITIES:
                            self._online.clear()  # a flood of words; what is true is told again
                        self._online[one] = message.at_ts, told[one] is True
            is_told = any(told.get(one) is not None for one in source.availability)
            is_online = self._judged(source) if is_told else None
            if is_online is not None:
                entity = source.entity
                yield Presence(FAMILY, entity.device, entity.key, is_online, message.at_ts, message.is_retained)

    def _judged(self, source: Source) -> bool | None:
        """Whether all, any or the latest of what it hangs on says yes; None while that is not known."""
        told = [self._online.get(one) for one in source.availability]
        known = [one for one in told if one is not None]
        if not known:
            return None
        if source.mode == "latest":
            return max(known)[1]
        if source.mode == "any":
            return True if any(online for _, online in known) else None if None in told else False
        return False if not all(online for _, online in known) else None if None in told else True


_DESCRIBED = ("name", "maker", "model", "software", "area", "software_name", "via")


def _ids(sources: Iterable[Source]) -> Iterator[str]:
    return (source.entity.unique_id for source in sources)


def _topics(sources: Iterable[Source]) -> Iterator[str]:
    for source in sources:
        if source.topic:
            yield source.topic
        yield from (one.topic for one in source.availability)


def _take_out(index: dict[str, list[Source]], topic: str, source: Source) -> None:
    left = index.get(topic)
    if left is not None and source in left:
        left.remove(source)
        if not left:
            del index[topic]


def _online(one: Availability, text: str, value_json: Any) -> bool | None:
    word = text
    if one.template is not None:
        try:
            word = written(one.template.value(Run(text, value_json))).strip()
        except TemplateError:
            return None
    return True if word == one.online else False if word == one.offline else None


def _measures(sources: Iterable[Source], message: Message, text: str, value_json: Any) -> Iterator[Measure]:
    left = MAX_STEPS_OF_A_MESSAGE
    for source in sources:
        run = Run(text, value_json, left)
        given = run.steps
        try:
            value = _value(source, run)
        except AbsentError:
            continue  # the message says other things
        except TemplateError:
            value = "a template that failed"
        left -= given - run.steps
        if value is MISSING or (isinstance(value, str) and not value.strip()):
            continue
        yield measured(source.entity, _state(source, value) if source.words else value, message, told=value)


def _value(source: Source, run: Run) -> Any:
    if source.template is not None:
        return source.template.value(run)
    value_json = run.names["value_json"]
    if source.path:
        return value_json.get(source.path, MISSING) if isinstance(value_json, dict) else MISSING
    return run.names["value"]


_NO_STATE = "neither"
"""A text that no family takes for a state."""


def _state(source: Source, value: Any) -> Any:
    """True or false by the entity's own words; what says that it does not know stays as it is."""
    if is_unknown(value):
        return value
    text = written(value).strip()
    found = next((truth for word, truth in source.words if word == text), None)
    if found is None:
        found = next((truth for word, truth in source.words if word.casefold() == text.casefold()), None)
    return _NO_STATE if found is None else found
