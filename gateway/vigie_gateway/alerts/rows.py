"""Alerts, events, notices and messages as rows of ``alerts.db``, and back. Pure; of ``book`` and ``outbox``.

What is read back is checked as strictly as what comes from outside: a row that says what no alert can say is damage.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from vigie_gateway.alerts.alert import Acknowledgement, Alert, AlertKey, Event, Phase, Silence, What
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.notify.notices import Dispatch, Message, Notice, Occasion
from vigie_gateway.store import DamagedError

ALERT = "number, rule, subject, phase, since_ts, fired_ts, ended_ts, cause, state"
EVENT = "number, alert, what, at_ts, author, reason, value"
NOTICE = "number, recipient, notifier, occasion, alert, at_ts, due_ts"
DISPATCH = "key, notifier, recipient, notices, claimed_ts, tries, retry_ts"

_COLUMNS = frozenset({"number", "key", "phase", "since_ts", "fired_ts", "ended_ts", "cause"})
_STATE = tuple(one for one in fields(Alert) if one.name not in _COLUMNS)
"""The fields of an alert that have no column: they are in its ``state``."""


def alert_row(alert: Alert) -> tuple[Any, ...]:
    """In the order of ALERT."""
    state = {one.name: getattr(alert, one.name) for one in _STATE}
    for name in ("acknowledged", "silence"):
        state[name] = None if state[name] is None else asdict(state[name])
    state["figures"] = dict(alert.figures)
    text = _json({name: value for name, value in state.items() if value not in (None, {}, "")})
    return (
        alert.number, alert.key.rule, str(alert.key.subject), alert.phase, alert.since_ts, alert.fired_ts,
        alert.ended_ts, alert.cause, text,
    )  # fmt: skip


def alert_of(row: Sequence[Any]) -> Alert:
    """From ALERT.

    Raises:
        DamagedError: It is no alert.
    """
    number, rule, subject, phase, since_ts, fired_ts, ended_ts, cause, text = row
    try:
        state = _state(json.loads(text, parse_constant=_refuse))
        return Alert(
            number,
            AlertKey(rule, subject_of(subject)),
            Phase(phase),
            since_ts,
            fired_ts,
            ended_ts,
            cause=cause,
            **state,
        )
    except (ValueError, TypeError, AttributeError) as error:
        raise DamagedError(f"alert {number} in alerts.db cannot be read: {error}") from error


def _state(read: Any) -> dict[str, Any]:
    if not isinstance(read, dict):
        raise TypeError(f"its state is {read!r}, an object was expected")
    state = {one.name: read[one.name] for one in _STATE if one.name in read}
    for name, value in state.items():
        if name == "figures":
            _expect(name, value, dict)
            for figure, told in value.items():
                _expect(figure, told, (int, float, str))
        elif name == "acknowledged":
            state[name] = Acknowledgement(**_person(value))
        elif name == "silence":
            state[name] = Silence(**{"until_ts": None} | _person(value))
        else:
            kind = str if name == "fault" else bool if name.startswith("is_") else (int, float)
            _expect(name, value, kind)
    return state


def _person(value: Any) -> dict[str, Any]:
    _expect("a mark", value, dict)
    for name, told in value.items():
        if told is not None:
            _expect(name, told, (int, float) if name.endswith("_ts") else str)
    return dict(value)


def _expect(name: str, value: Any, kind: type | tuple[type, ...]) -> None:
    if value is None and kind == (int, float, str):
        return
    is_wrong_bool = isinstance(value, bool) and kind is not bool
    if not isinstance(value, kind) or is_wrong_bool or (isinstance(value, float) and not math.isfinite(value)):
        raise TypeError(f"{name} is {value!r}")


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no value")


def subject_of(text: str) -> Subject:
    """From what ``str`` of a subject is. Raises ValueError where it is none."""
    kind, _, subject_id = text.partition(":")
    return Subject(SubjectKind(kind), subject_id)


def event_row(event: Event) -> tuple[Any, ...]:
    """In the order of EVENT."""
    return (event.number, event.alert, event.what, event.at_ts, event.author, event.reason, event.value)


def event_of(row: Sequence[Any]) -> Event:
    """From EVENT. Raises DamagedError."""
    number, alert, what, *rest = row
    try:
        return Event(number, alert, What(what), *rest)
    except ValueError as error:
        raise DamagedError(f"event {number} in alerts.db cannot be read: {error}") from error


def notice_row(notice: Notice) -> tuple[Any, ...]:
    """In the order of NOTICE."""
    return (
        notice.number, notice.recipient, notice.notifier, notice.occasion, notice.alert, notice.at_ts, notice.due_ts,
    )  # fmt: skip


def notice_of(row: Sequence[Any]) -> Notice:
    """From NOTICE. Raises DamagedError."""
    number, recipient, notifier, occasion, *rest = row
    try:
        return Notice(number, recipient, notifier, Occasion(occasion), *rest)
    except ValueError as error:
        raise DamagedError(f"notice {number} in alerts.db cannot be read: {error}") from error


def dispatch_of(row: Sequence[Any]) -> Dispatch:
    """From DISPATCH. Raises DamagedError."""
    key, notifier, recipient, notices, claimed_ts, tries, retry_ts = row
    return Dispatch(key, notifier, recipient, tuple(_numbers(key, notices)), claimed_ts, tries, retry_ts)


def _numbers(key: str, text: str) -> list[int]:
    try:
        found = json.loads(text)
        for one in found:
            _expect("a number", one, int)
    except (ValueError, TypeError) as error:
        raise DamagedError(f"dispatch {key} in alerts.db cannot be read: {error}") from error
    return list(found)


def numbers_text(numbers: Sequence[int]) -> str:
    """As a dispatch keeps the numbers of its notices."""
    return _json(list(numbers))


def message_text(message: Message) -> str:
    """As a dispatch keeps it."""
    return _json(asdict(message))


def message_of(text: str) -> Message:
    """From ``message_text``. Raises DamagedError."""
    try:
        read = json.loads(text, parse_constant=_refuse)
        for name in ("key", "title", "body", "severity", "language"):
            _expect(name, read[name], str)
        for one in read["alerts"]:
            _expect("the number of an alert", one, int)
        _expect("at_ts", read["at_ts"], (int, float))
        return Message(**read | {"alerts": tuple(read["alerts"])})
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedError(f"a message in alerts.db cannot be read: {error!r}") from error


def _json(value: Mapping[str, Any] | list[int]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
