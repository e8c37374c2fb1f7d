"""What the store tells of a signal's past, for a rule that is tried on it.

Called on a worker thread by the page, or by ``vigie-gateway rules try``; reads the store, without any lock. A reading
counts for as long as on the board, so that what was unknown then is unknown here; but what a node's journal brought
later is here from its own time on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from heapq import merge
from itertools import pairwise
from typing import NamedTuple, Protocol

from vigie_contract.quantities import INTERNET_ACCESS
from vigie_gateway.alerts.judgement import ABSENT, is_about
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import Signal, Subject, SubjectKind
from vigie_gateway.alerts.trial import Trial, try_subject
from vigie_gateway.place.cells import FRESH_PERIODS
from vigie_gateway.place.circuits import MAINS_V
from vigie_gateway.place.hours import OpeningWatch
from vigie_gateway.place.room_history import people_line
from vigie_gateway.place.room_state import THROUGHPUT_S
from vigie_gateway.place.site import Site
from vigie_gateway.place.wiring import Wiring
from vigie_gateway.store import Series, Store

PEOPLE_S = 2 * 86_400.0
"""People are read in pieces of two days: of a longer one their history is coarser than a minute."""
_WORST_ACCESS: Mapping[str, float] = {"open": 0.0, "portal": 1.0, "none": 2.0}

Values = Mapping[str, float | None]
"""By channel, what it says; None while it says nothing."""


class _Source(NamedTuple):
    """A subject, the channels that tell of it, and how: None where they do not."""

    subject: Subject
    channels: tuple[str, ...]
    reckon: Callable[[Values], float | None]
    counts_s: float | None = None
    """For how long a reading counts; None: for some periods of its channel."""


class _Past(NamedTuple):
    """All that is read from."""

    site: Site
    store: Store
    wiring: Wiring
    series: Mapping[str, Series]
    from_ts: float
    to_ts: float


class _Teller(Protocol):
    def __call__(self, past: _Past) -> Iterator[tuple[Subject, Iterable[Signal]]]: ...


class TooLongError(Exception):
    """There is more to look through than there is time for: nothing follows from what was looked at."""


def try_rule(
    site: Site, store: Store, rule: Rule, from_ts: float, to_ts: float, is_late: Callable[[], bool] = lambda: False
) -> Trial:
    """When a rule would have fired.

    Args:
        site: The place as it is now.
        store: Read only.
        rule: On or off.
        from_ts: Epoch seconds.
        to_ts: After it.
        is_late: Whether to give up; asked at each change of a signal.

    Raises:
        StoreError: The store cannot be read.
        TooLongError: It was late.
    """
    tell = TELLERS.get(rule.signal.removeprefix(ABSENT))
    if tell is None:
        return Trial(rule, from_ts, to_ts, is_told=False, subjects=())
    hours = site.opening_hours()
    watch = None if hours is None else OpeningWatch(hours, site.zone())

    def is_open(at_ts: float) -> bool | None:
        return None if watch is None else watch.at(at_ts).is_open

    def in_time(signals: Iterable[Signal]) -> Iterator[Signal]:
        for signal in signals:
            if is_late():
                raise TooLongError
            yield signal

    past = _Past(site, store, Wiring(site), {one.name: one for one in store.series()}, from_ts, to_ts)
    tried = (
        try_subject(rule, subject, in_time(signals), is_open, from_ts, to_ts)
        for subject, signals in tell(past)
        if is_about(rule, subject)
    )
    return Trial(rule, from_ts, to_ts, is_told=True, subjects=tuple(tried))


def signals_of(
    site: Site, store: Store, name: str, subject: Subject, from_ts: float, to_ts: float
) -> Iterator[Signal] | None:
    """What a signal was of one subject, oldest first; None where stored readings do not tell.

    Raises:
        StoreError: The store cannot be read; also while the answer is gone through.
    """
    tell = TELLERS.get(name)
    if tell is None:
        return None
    past = _Past(site, store, Wiring(site), {one.name: one for one in store.series()}, from_ts, to_ts)
    return next((iter(signals) for about, signals in tell(past) if about == subject), None)


def _tell(name: str, sources: Callable[[_Past], Iterable[_Source]]) -> _Teller:
    """What is reckoned from the newest readings of some channels."""

    def tell(past: _Past) -> Iterator[tuple[Subject, Iterable[Signal]]]:
        for source in sources(past):
            if any(channel in past.series for channel in source.channels):
                yield source.subject, _signals(name, past, source)

    return tell


def _signals(name: str, past: _Past, source: _Source) -> Iterator[Signal]:
    values: dict[str, float | None] = dict.fromkeys(source.channels)
    steps = [
        _steps(past, past.series[channel], source.counts_s) for channel in source.channels if channel in past.series
    ]
    for at_ts, channel, value in merge(*steps, key=lambda step: step[0]):
        values[channel] = value
        told = source.reckon(values)
        yield Signal(name, source.subject, told, at_ts, why="" if told is not None else "silent")


def _steps(past: _Past, series: Series, counts_s: float | None) -> Iterator[tuple[float, str, float | None]]:
    """What a channel says from when on; None from where its last reading counts no more."""
    for_s = FRESH_PERIODS * series.channel.period_s if counts_s is None else counts_s
    stale_ts: float | None = None
    for sample in past.store.samples(series.id, past.from_ts - for_s, past.to_ts):
        if stale_ts is not None and stale_ts < sample.at_ts:
            yield stale_ts, series.name, None
        yield sample.at_ts, series.name, sample.value
        stale_ts = sample.at_ts + for_s
    if stale_ts is not None and stale_ts < past.to_ts:
        yield stale_ts, series.name, None


def _only(channel: str, share_of: float = 1.0) -> Callable[[Values], float | None]:
    def reckon(values: Values) -> float | None:
        value = values[channel]
        return None if value is None else value / share_of

    return reckon


def _readings(past: _Past) -> Iterator[_Source]:
    for name in past.series:
        yield _Source(Subject(SubjectKind.CHANNEL, name), (name,), _only(name))


def _batteries(past: _Past) -> Iterator[_Source]:
    for name, series in past.series.items():
        if series.channel.quantity == "battery":
            yield _Source(Subject(SubjectKind.NODE, series.node), (name,), _only(name))


def _dead_circuits(past: _Past) -> Iterator[_Source]:
    def is_dead(name: str, values: Values) -> float | None:
        value = values[name]
        return None if value is None else float(value == 0)

    for circuit, cell in past.wiring.mains.items():
        yield _Source(Subject(SubjectKind.CIRCUIT, circuit), (cell.name,), partial(is_dead, cell.name))


def _open_doors(past: _Past) -> Iterator[_Source]:
    for door, cell in past.wiring.open_doors.items():
        yield _Source(Subject(SubjectKind.DOOR, door), (cell.name,), _only(cell.name))


def _circuit_loads(past: _Past) -> Iterator[_Source]:
    wiring = past.wiring
    meters = {circuit: cell.name for circuit, cell in wiring.meters.items()}
    outlets = {one.site.id: one.power.name for one in wiring.outlets if one.power is not None}
    subscribed = {circuit: cell.name for circuit, cell in wiring.subscribed.items()}

    def power_va(values: Values, name: str) -> float | None:
        value = values.get(name)
        is_current = name in past.series and past.series[name].channel.quantity == "current"
        return value * MAINS_V if value is not None and is_current else value

    def load(circuit: str, values: Values) -> float | None:
        limit_va = wiring.tree.limit_va(circuit, values.get(subscribed.get(circuit, "")))
        metered = {one: power_va(values, name) for one, name in meters.items()}
        drawn = {one: power_va(values, name) for one, name in outlets.items()}
        carried_va = wiring.tree.power_va(circuit, metered, drawn)
        return None if carried_va is None or not limit_va else carried_va / limit_va

    for circuit in wiring.tree.nodes:
        has_limit = wiring.tree.limit_va(circuit) is not None or circuit in subscribed
        if not has_limit or not wiring.tree.is_measured(circuit):
            continue
        own = (meters[circuit],) if circuit in meters else (*meters.values(), *outlets.values())
        channels = tuple(dict.fromkeys((*own, *filter(None, [subscribed.get(circuit)]))))
        yield _Source(Subject(SubjectKind.CIRCUIT, circuit), channels, partial(load, circuit))


def _access_point_loads(past: _Past) -> Iterator[_Source]:
    for point in past.wiring.access_points:
        if point.stations is not None:
            name = point.stations.name
            subject = Subject(SubjectKind.ACCESS_POINT, point.site.id)
            yield _Source(subject, (name,), _only(name, point.site.client_limit))


def _internet(past: _Past) -> Iterator[_Source]:
    def access(name: str, labels: Sequence[str], values: Values) -> float | None:
        value = values[name]
        is_word = value is not None and 0 <= value < len(labels)
        return _WORST_ACCESS.get(labels[int(value)]) if is_word and value is not None else None

    for uplink in past.wiring.uplinks:
        if uplink.portal is not None and uplink.portal.name in past.series:
            name = uplink.portal.name
            labels = past.series[name].channel.labels or INTERNET_ACCESS
            yield _Source(Subject(SubjectKind.UPLINK, uplink.site.id), (name,), partial(access, name, labels))


def _uplink_speeds(past: _Past) -> Iterator[_Source]:
    for uplink in past.wiring.uplinks:
        subscribed_bps = uplink.site.subscribed_download_bps
        if uplink.download is not None and subscribed_bps is not None:
            name = uplink.download.name
            subject = Subject(SubjectKind.UPLINK, uplink.site.id)
            yield _Source(subject, (name,), _only(name, subscribed_bps), THROUGHPUT_S)


def _tell_silence(past: _Past) -> Iterator[tuple[Subject, Iterable[Signal]]]:
    """The age of a channel's last known value, in its periods: it grows between readings.

    Of one that was silent already some periods before the past begins, nothing is known until it speaks.
    """
    for name, series in past.series.items():
        yield Subject(SubjectKind.CHANNEL, name), _ages(past, series)


def _ages(past: _Past, series: Series) -> Iterator[Signal]:
    subject, period_s = Subject(SubjectKind.CHANNEL, series.name), series.channel.period_s
    samples = past.store.samples(series.id, past.from_ts - FRESH_PERIODS * period_s, past.to_ts)
    known = [one.at_ts for one in samples if one.value is not None]
    for known_ts, next_ts in pairwise((*known, past.to_ts)):
        yield Signal("channel-silent", subject, 0.0, known_ts)
        # One look a period, just after it is over: a rule is about so many of them.
        for periods in range(1, int((next_ts - known_ts) / period_s) + 1):
            age_s = periods * period_s + 1.0
            if age_s < next_ts - known_ts:
                yield Signal("channel-silent", subject, age_s / period_s, known_ts + age_s)


def _tell_people(past: _Past) -> Iterator[tuple[Subject, Iterable[Signal]]]:
    for room in past.site.rooms:
        if room.seats:
            signals = list(_people(past, room.id, room.seats))
            if signals:
                yield Subject(SubjectKind.ROOM, room.id), signals


def _people(past: _Past, room: str, seats: int) -> Iterator[Signal]:
    from_ts, subject = past.from_ts, Subject(SubjectKind.ROOM, room)
    while from_ts < past.to_ts:
        to_ts = min(from_ts + PEOPLE_S, past.to_ts)
        line = people_line(past.site, past.store, past.wiring, room, from_ts, to_ts, round(PEOPLE_S / 60))
        for point in () if line is None else line.points:
            share = None if point.last is None else point.last / seats
            yield Signal("people", subject, share, point.at_ts, why="" if share is not None else "silent")
        from_ts = to_ts


TELLERS: Mapping[str, _Teller] = {
    "reading": _tell("reading", _readings),
    "battery": _tell("battery", _batteries),
    "circuit-dead": _tell("circuit-dead", _dead_circuits),
    "circuit-load": _tell("circuit-load", _circuit_loads),
    "door-open": _tell("door-open", _open_doors),
    "access-point-load": _tell("access-point-load", _access_point_loads),
    "internet": _tell("internet", _internet),
    "uplink-speed": _tell("uplink-speed", _uplink_speeds),
    "channel-silent": _tell_silence,
    "people": _tell_people,
}
"""The signals that stored readings tell; of every other one history says nothing."""
