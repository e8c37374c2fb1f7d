"""What an alert's signal was around it: the curve of its page, from stored readings.

Called by ``api.alerts`` on a worker thread; reads the store without any lock, through what ``recorded`` knows.
"""

from __future__ import annotations

from collections.abc import Iterable

from vigie_contract.quantities import QUANTITIES
from vigie_dashboard.alert_trace import AlertTrace
from vigie_dashboard.alert_view import AlertView
from vigie_gateway.alerts.judgement import ABSENT
from vigie_gateway.alerts.recorded import signals_of
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import SIGNALS, Signal, Subject, SubjectKind
from vigie_gateway.place.site import Site
from vigie_gateway.store import Store

SPAN_S = 3 * 3_600.0
"""Of the curve, at least. Shorter hides how it came about; longer makes ten minutes a hair."""
BEFORE_S = 3_600.0
"""Shown before the alert began, however long it lasts."""
AFTER_S = 3_600.0
"""Shown after it ended."""
LONGEST_S = 24 * 3_600.0
"""Of the curve, at most: what is read of the store. Longer keeps a page waiting on an SD card."""
POINTS = 180
"""Across the curve: a minute each of three hours. Fewer hide a short dip; more are finer than the drawing."""


def trace_of(site: Site, store: Store, view: AlertView, rule: Rule | None, now_ts: float) -> AlertTrace | None:
    """The curve of an alert; None where stored readings do not tell what it looks at.

    Raises:
        StoreError: The store cannot be read.
    """
    signal = view.signal.removeprefix(ABSENT)
    if signal not in SIGNALS:
        return None
    subject = Subject(SubjectKind(view.subject_kind), view.subject)
    to_ts = now_ts if view.ended_ts is None else min(now_ts, view.ended_ts + AFTER_S)
    from_ts = max(min(to_ts - SPAN_S, view.since_ts - BEFORE_S), to_ts - LONGEST_S)
    signals = signals_of(site, store, signal, subject, from_ts, to_ts)
    if signals is None:
        return None
    is_level_known = rule is not None and view.signal == signal
    is_above = rule is None or rule.is_above
    return AlertTrace(
        from_ts=from_ts,
        to_ts=to_ts,
        points=tuple(_columns(signals, from_ts, to_ts, is_above=is_above)),
        unit=_unit(store, signal, subject),
        level=rule.level if rule is not None and is_level_known else None,
        is_above=is_above,
    )


def _unit(store: Store, signal: str, subject: Subject) -> str:
    if signal != "reading":
        return SIGNALS[signal].unit
    quantity = next((one.channel.quantity for one in store.series() if one.name == subject.id), "")
    return QUANTITIES[quantity].unit if quantity in QUANTITIES else ""


def _columns(
    signals: Iterable[Signal], from_ts: float, to_ts: float, *, is_above: bool
) -> list[tuple[float, float | None]]:
    """Of each of POINTS equal spans, stamped at its end, the worst known value; None where none was known in it."""
    worse = max if is_above else min
    step_s = (to_ts - from_ts) / POINTS
    found: list[float | None] = [None] * POINTS
    held: float | None = None
    at = 0

    def see(index: int, value: float | None) -> None:
        known = found[index]
        if value is not None:
            found[index] = value if known is None else worse(known, value)

    for signal in signals:
        index = min(POINTS - 1, max(0, int(((signal.at_ts or from_ts) - from_ts) / step_s)))
        while at < index:
            at += 1
            see(at, held)
        held = signal.value
        see(index, held)
    for index in range(at + 1, POINTS):
        see(index, held)
    return [(from_ts + step_s * (index + 1), value) for index, value in enumerate(found)]
