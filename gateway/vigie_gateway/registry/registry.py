"""Which devices of others there are, and what each says now.

Step 6 of a reading's way for third parties, after ``devices.decoding``: their ingest thread gives it each ``Decoded``
and then commits; pages read it from any thread. Which devices there are is kept in ``devices.db``; what they say is
told again by themselves, and kept in memory, so that a card is written when a device is new or described anew only.
"""

from __future__ import annotations

import math
import sqlite3
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from vigie_gateway.devices.measures import Decoded, Device, Entity, Measure, Message, clean
from vigie_gateway.registry.schema import open_database
from vigie_gateway.store import StoreError

MAX_DEVICES = 500
"""Known at once. Lower refuses a large Zigbee network; higher lets a flood of invented devices fill card and page."""
UNHEARD_S = 600.0
"""After so much silence a pending device may give way to a new one. Lower lets a flood of invented devices write to the
card with each message; higher makes a new plug wait for longer in such a flood."""
MAX_ENTITIES_OF_A_DEVICE = 64
"""Listed of one device. Lower hides phases of a meter; higher lets one device fill memory and page."""
_COLUMNS = "family, id, name, maker, model, software, area, software_name, via, first_ts"


@dataclass(frozen=True, slots=True)
class Said:
    """What an entity says.

    Attributes:
        entity: Which.
        value: In its quantity's unit; None when unknown, not heard, or of no quantity.
        reason: Why a value is unknown; None else.
        said: As a person may read it; empty before it was heard.
        heard_ts: When it last spoke afresh; None before. What the broker had kept is not fresh.
        changed_ts: When what it says last became another; None before.
        is_retained: All that is known is what the broker had kept.
    """

    entity: Entity
    value: float | None = None
    reason: str | None = None
    said: str = ""
    heard_ts: float | None = None
    changed_ts: float | None = None
    is_retained: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A device as the registry has it.

    Attributes:
        device: As it described itself last.
        first_ts: When it was first heard of, by the gateway's clock.
        heard_ts: When it last spoke afresh since the gateway started; None before.
        is_online: What it, or its broker for it, said last; None when never told.
        entities: What it says, by ``Entity.unique_id``.
    """

    device: Device
    first_ts: float
    heard_ts: float | None = None
    is_online: bool | None = None
    entities: dict[str, Said] = field(default_factory=dict)


class Registry:
    """The open file, and what was heard since.

    Attributes:
        given_way: Pending devices that were forgotten for newer ones, since the start.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreError: It cannot be opened or made, or is not ours.
        """
        self._path = path
        self._lock = threading.Lock()
        self._database = open_database(path)
        self._unsaved: set[tuple[str, str]] = set()
        self._approved: frozenset[str] = frozenset()
        self._began_ts = math.inf
        self._none_gives_way_before_ts = -math.inf
        self.given_way = 0
        self._known: dict[tuple[str, str], Known] = {}
        for *told, first_ts in self._run(f"SELECT {_COLUMNS} FROM device"):  # noqa: S608 - columns above
            device = Device(*map(str, told))
            self._known[device.family, device.id] = Known(device, float(str(first_ts)))

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def approve(self, devices: Collection[str]) -> None:
        """These, ``family/id``, never give way to others, and all else may; from any thread."""
        with self._lock:
            self._approved = frozenset(devices)
            self._none_gives_way_before_ts = -math.inf

    def devices(self) -> list[Known]:
        """A copy, by family and name."""
        with self._lock:
            known = [replace(one, entities=dict(one.entities)) for one in self._known.values()]
        return sorted(known, key=lambda one: (one.device.family, one.device.name.casefold(), one.device.id))

    def device(self, family: str, id_: str) -> Device | None:
        """As it described itself last; None when it is not known. From any thread."""
        with self._lock:
            known = self._known.get((family, id_))
        return None if known is None else known.device

    def take(self, message: Message, decoded: Decoded) -> int:
        """Take what a message says; on the ingest thread of third parties.

        Returns:
            How many devices and entities were left out because there are too many.
        """
        left_out = 0
        with self._lock:
            self._began_ts = min(self._began_ts, message.at_ts)
            for device in decoded.devices:
                left_out += not self._describe(device, message.at_ts)
            for entity in decoded.entities:
                left_out += not self._list(entity, message.at_ts)
            for unique_id in decoded.removed:
                self._withdraw(unique_id)
            for measure in decoded.measures:
                left_out += not self._hear(measure, message)
            for presence in decoded.presences:
                key = presence.family, presence.device
                # What one entity's availability says is not said of the device.
                if presence.key is None and key in self._known:
                    self._known[key] = replace(self._known[key], is_online=presence.is_online)
        return left_out

    def commit(self) -> None:
        """Write what is new about devices, in one transaction. Raises StoreError; nothing is forgotten then."""
        with self._lock:
            if not self._unsaved:
                return
            rows = [self._known[key] for key in self._unsaved if key in self._known]
            gone = [key for key in self._unsaved if key not in self._known]
        try:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("DELETE FROM device WHERE family = ? AND id = ?", gone)
            self._database.executemany(
                f"INSERT OR REPLACE INTO device ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - columns above
                (_row(one) for one in rows),
            )
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise StoreError(f"{self._path}: the devices: {error}") from error
        with self._lock:
            self._unsaved.clear()

    def _describe(self, device: Device, at_ts: float) -> bool:
        key = device.family, device.id
        before = self._known.get(key)
        is_full = before is None and len(self._known) >= MAX_DEVICES and "/".join(key) not in self._approved
        if is_full and not self._give_way(at_ts):
            return False
        if before is None or before.device != device:
            self._known[key] = Known(device, at_ts) if before is None else replace(before, device=device)
            self._unsaved.add(key)
        return True

    def _give_way(self, at_ts: float) -> bool:
        """Forget the pending device that was unheard for longest; False when there is none."""
        if at_ts < self._none_gives_way_before_ts:
            return False  # without looking at all of them for each one of a flood
        pending = ((self._last_ts(known), key) for key, known in self._known.items())
        last_ts, key = min((one for one in pending if "/".join(one[1]) not in self._approved), default=(math.inf, None))
        if key is None or at_ts < last_ts + UNHEARD_S:
            self._none_gives_way_before_ts = last_ts + UNHEARD_S
            return False
        del self._known[key]
        self._unsaved.add(key)
        self.given_way += 1
        return True

    def _last_ts(self, known: Known) -> float:
        """When it was last heard; of one that was not since the start, the start: it has time to speak again."""
        return max(known.first_ts, self._began_ts) if known.heard_ts is None else known.heard_ts

    def _known_of(self, entity: Entity, at_ts: float) -> Known | None:
        """The device of an entity, which may speak before it is described."""
        key = entity.family, entity.device
        if key not in self._known:
            self._describe(Device(entity.family, entity.device, clean(entity.device)), at_ts)
        return self._known.get(key)

    def _list(self, entity: Entity, at_ts: float) -> bool:
        known = self._known_of(entity, at_ts)
        if known is None:
            return False
        before = known.entities.get(entity.unique_id)
        if before is None and len(known.entities) >= MAX_ENTITIES_OF_A_DEVICE:
            return False
        is_same = before is not None and (before.entity.quantity, before.entity.told_unit) == (
            entity.quantity,
            entity.told_unit,
        )
        # What it said in another unit or class is not what it says in this one.
        known.entities[entity.unique_id] = replace(before, entity=entity) if before and is_same else Said(entity)
        return True

    def _withdraw(self, unique_id: str) -> None:
        for known in self._known.values():
            known.entities.pop(unique_id, None)

    def _hear(self, measure: Measure, message: Message) -> bool:
        entity = measure.entity
        if not self._list(entity, message.at_ts):
            return False
        key = entity.family, entity.device
        known = self._known[key]
        before = known.entities[entity.unique_id]
        if measure.is_retained and before.heard_ts is not None:
            return True  # the broker's memory is older than what was heard
        is_new = (before.value, before.reason, before.said) != (measure.value, measure.reason, measure.said)
        known.entities[entity.unique_id] = Said(
            entity,
            measure.value,
            measure.reason,
            measure.said,
            before.heard_ts if measure.is_retained else message.at_ts,
            before.changed_ts if measure.is_retained or not is_new else message.at_ts,
            measure.is_retained,
        )
        if not measure.is_retained:
            self._known[key] = replace(known, heard_ts=message.at_ts)
        return True

    def _run(self, text: str) -> Iterable[tuple[object, ...]]:
        try:
            return self._database.execute(text).fetchall()
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: the devices: {error}") from error


def _row(known: Known) -> tuple[object, ...]:
    one = known.device
    told = one.family, one.id, one.name, one.maker, one.model, one.software, one.area, one.software_name, one.via
    return *told, known.first_ts
