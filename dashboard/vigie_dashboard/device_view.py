"""Devices of others as plain values: None is unknown, times are epoch seconds. Their texts are as they said them.

``vigie_gateway.registry.showing`` fills these; ``devices_page`` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Names = Mapping[str, str]
"""By language."""


@dataclass(frozen=True, slots=True)
class EntityView:
    """What a device says of one thing.

    Attributes:
        label: What it is called.
        quantity: What it measures; None when it is listed only.
        unit: Of the value, a SenML unit; ``1`` of a state.
        value: None when unknown, or not heard.
        reason: Why it is unknown; None else.
        said: As it was said; empty before it was heard.
        heard_ts: When it last spoke afresh; None: not since the gateway started.
        changed_ts: When what it says last became another; None: not since then.
        is_retained: All that is known is what the broker had kept.
        trouble: Why it is listed only, a word; None else.
        detail: The same in a sentence, in English.
        template: That was not understood; empty else.
    """

    label: str
    quantity: str | None
    unit: str
    value: float | None
    reason: str | None
    said: str
    heard_ts: float | None
    changed_ts: float | None
    is_retained: bool
    trouble: str | None
    detail: str
    template: str


@dataclass(frozen=True, slots=True)
class GivenView:
    """What a device was given.

    Attributes:
        id: Of its table in the site file.
        name: What people call it; empty for nothing.
        about: Kind and name of what it is about: ``outlet`` and its id, ``room`` and the room's name, ...
    """

    id: str
    name: Names
    about: Sequence[tuple[str, Names]]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A measure that is told in another way than was approved; quantities are words of ours, None for none of them."""

    channel: str
    was: str
    was_unit: str
    now: str | None
    now_unit: str


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device.

    Attributes:
        digest: By which pages address it.
        identity: ``family/id``.
        name: What it calls itself; empty where it was not heard since the gateway started.
        maker: Empty when not told.
        model: Empty when not told.
        software: Its version; empty when not told.
        area: Where it says that it stands.
        state: ``pending``, ``changed``, ``approved`` or ``absent``.
        first_ts: When it was first heard of; None when never.
        heard_ts: When it last spoke afresh; None: not since the gateway started.
        is_online: What was said last; None: never.
        entities: What it says.
        given: Its tables in the site file.
        changes: What asks again.
        has_more: Whether it measures something that no table of it takes.
    """

    digest: str
    identity: str
    name: str
    maker: str
    model: str
    software: str
    area: str
    state: str
    first_ts: float | None
    heard_ts: float | None
    is_online: bool | None
    entities: Sequence[EntityView]
    given: Sequence[GivenView]
    changes: Sequence[ChangeView]
    has_more: bool


@dataclass(frozen=True, slots=True)
class DeviceFormView:
    """The form of one device.

    Attributes:
        device: Whose.
        table: Id of the table that it changes; "" for a new one.
        places: Value, kind, name and room of all that it can be given.
        circuits: Id and name of each, for a new outlet.
        rooms: Id and name of each.
        measures: Field, label and quantity of each measure that can be taken; the quantity is "" where it is not told
            now.
    """

    device: DeviceView
    table: str
    places: Sequence[tuple[str, str, Names, Names]]
    circuits: Sequence[tuple[str, Names]]
    rooms: Sequence[tuple[str, Names]]
    measures: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class DevicesView:
    """The page.

    Attributes:
        site_name: By language.
        timezone: IANA name.
        now_ts: For ages.
        is_listening: Whether the gateway listens to devices at all.
        devices: Pending ones first.
        form: Of one of them; None for none.
        fields: What stands in the form; a box that is not ticked is not there.
        troubles: A word by the name of a field.
        csrf: Of the administrator's session; "" for who may only look.
        base: Digest of the site file that the form was made from.
        file: Where the site file is.
        notice: What just happened or is in the way, a word; "" for nothing.
        said: What the gateway says of the file, in English.
    """

    site_name: Names
    timezone: str
    now_ts: float
    is_listening: bool
    devices: Sequence[DeviceView]
    form: DeviceFormView | None
    fields: Mapping[str, str]
    csrf: str
    base: str
    file: str
    troubles: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    said: Sequence[str] = ()
