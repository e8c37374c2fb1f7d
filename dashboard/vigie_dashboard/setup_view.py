"""What the set-up's pages show, as plain values, by the rules of ``view``: None is unknown, times are epoch seconds.

What a person typed comes back as it was typed: text, never markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Drawn = Sequence[tuple[str, Sequence[tuple[float, float]]]]
"""Rooms: id, and corners on the plan, which enclose an area."""


@dataclass(frozen=True, slots=True)
class HeardChannel:
    """A channel that the gateway has heard of: ``value`` and ``at_ts`` are None before its first reading."""

    name: str
    label: str
    quantity: str
    value: float | None
    at_ts: float | None


@dataclass(frozen=True, slots=True)
class SetupView:
    """One page of the set-up.

    Attributes:
        site_name: By language; empty where the place has no name yet.
        timezone: IANA name.
        now_ts: For ages.
        step: Which page.
        steps: Each page in its order, and its state: ``done``, ``wrong``, or ``open`` where nothing was typed.
        csrf: Of the session; "" where nobody has signed in, and nothing can be changed.
        fields: What stands in the form.
        rows: Of its tables, by prefix.
        troubles: A word by the name of a field.
        languages: Of the place.
        rooms: Id and name.
        drawn: The rooms that have a place on the plan, for its drawing.
        circuits: Id and name.
        heard: The channels that the gateway knows, by name.
        grid: The plan's width and height in its units, and the step by which things are moved.
        has_picture: Whether there is one to trace over.
        notice: A word of ``setup_text`` that says what just happened, or is in the way; "" for none.
        said: What the gateway says of it, in English: lines that name file, line and key.
        changes: The lines of the site file that will go and come: ``-`` or ``+``, and the line.
        file: Where the site file is.
        is_first: The place has no file yet.
    """

    site_name: Mapping[str, str]
    timezone: str
    now_ts: float
    step: str
    steps: Sequence[tuple[str, str]]
    csrf: str
    file: str
    is_first: bool
    fields: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Sequence[Mapping[str, str]]] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)
    languages: Sequence[str] = ()
    rooms: Sequence[tuple[str, str]] = ()
    drawn: Drawn = ()
    circuits: Sequence[tuple[str, str]] = ()
    heard: Sequence[HeardChannel] = ()
    grid: tuple[float, float, float] = (0, 0, 0)
    has_picture: bool = False
    notice: str = ""
    said: Sequence[str] = ()
    changes: Sequence[tuple[str, str]] = ()
