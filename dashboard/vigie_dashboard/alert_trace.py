"""The curve of one alert: what was measured around it, beside the limit, drawn by the server and told as a table.

Called by ``alerts_page``. Pure. What was not known is drawn as such, and never as zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vigie_dashboard import curve
from vigie_dashboard.alert_text import moment
from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.alert_words import number_of
from vigie_dashboard.history import UNITS
from vigie_dashboard.language import NBSP, Language

ROWS = 36
"""Of the table: five minutes each of three hours. Fewer hide a short dip; more are a long way to read."""


@dataclass(frozen=True, slots=True)
class AlertTrace:
    """What a signal was.

    Attributes:
        from_ts: Where it begins.
        to_ts: Where it ends.
        points: At the end of each of equal spans, the worst value known within it, in the signal's unit.
        unit: ``1`` of a state, ``/`` of a share, else a unit of readings.
        level: Beyond which it is wrong; None where the rule says nothing of the value, or is gone.
        is_above: Whether beyond is above.
    """

    from_ts: float
    to_ts: float
    points: tuple[tuple[float, float | None], ...]
    unit: str
    level: float | None
    is_above: bool


@dataclass(frozen=True, slots=True)
class Drawing:
    """A curve, ready to draw: paths for ``curve.SPAN`` units, places in percent.

    Attributes:
        label: What is measured.
        span: From when to when.
        path: The line.
        unknown: (x, width) of each stretch of which nothing is known.
        zone: (x, width) of the alert.
        level: (y, words) of the limit; None where there is none to draw.
        values: (y, words).
        times: (x, words, anchor).
        rows: (time, value, whether it is known, whether it is beyond the limit).
        is_known: Whether anything was measured at all.
    """

    label: str
    span: str
    path: str
    unknown: tuple[tuple[str, str], ...]
    zone: tuple[str, str]
    level: tuple[str, str] | None
    values: tuple[tuple[str, str], ...]
    times: tuple[tuple[str, str, str], ...]
    rows: tuple[tuple[str, str, bool, bool], ...]
    is_known: bool


@dataclass(frozen=True, slots=True)
class _Scale:
    """How values are shown: times ``factor``, with so many digits and a unit; a state by its words."""

    factor: float = 1.0
    unit: str = ""
    digits: int = 0
    states: tuple[str, ...] = ()

    def said(self, value: float, language: Language) -> str:
        """A value of the signal in words."""
        if self.states and 0 <= value < len(self.states):
            return self.states[int(value)]
        amount = language.number(value * self.factor, self.digits)
        space = "" if self.unit == "%" and language.code == "en" else NBSP
        return f"{amount}{space}{self.unit}" if self.unit else amount


def drawing_of(trace: AlertTrace, view: AlertView, timezone: str, language: Language) -> Drawing:
    """The curve of an alert."""
    scale = _scale(trace, view, language)
    span_s = max(trace.to_ts - trace.from_ts, 1.0)
    known = [value for _, value in trace.points if value is not None]
    limits = [] if trace.level is None or scale.states else [trace.level]
    low = min([0.0, *known, *limits])
    high = max([*known, *limits, float(len(scale.states) - 1) if scale.states else 0.0])
    high = low + 1.0 if high <= low else high + (high - low) * 0.08

    def share(at_ts: float) -> float:
        return min(1.0, max(0.0, (at_ts - trace.from_ts) / span_s))

    def height(value: float) -> str:
        return curve.percent(1 - (value - low) / (high - low))

    begin, end = share(view.since_ts), share(trace.to_ts if view.ended_ts is None else view.ended_ts)
    ticks = _ticks(low, high, scale)
    times = [moment(at_ts, trace.to_ts, timezone, language) for at_ts in (trace.from_ts, trace.to_ts)]
    return Drawing(
        label=_label(view, language),
        span=language.gettext("from %(begin)s to %(end)s", begin=times[0], end=times[1]),
        path=curve.line(tuple((share(at_ts), value) for at_ts, value in trace.points), low, high),
        unknown=tuple((curve.percent(share(a)), curve.percent(share(b) - share(a))) for a, b in _holes(trace)),
        zone=(curve.percent(begin), curve.percent(end - begin)),
        level=(height(limits[0]), language.gettext("limit: %(value)s", value=scale.said(limits[0], language)))
        if limits
        else None,
        values=tuple((height(tick), scale.said(tick, language)) for tick in ticks),
        times=tuple(_time(share(at_ts), language.time(at_ts, timezone)) for at_ts in _hours(trace, timezone)),
        rows=tuple(_rows(trace, scale, timezone, language)),
        is_known=bool(known),
    )


def _ticks(low: float, high: float, scale: _Scale) -> list[float]:
    if scale.states:
        return [float(state) for state in range(len(scale.states))]
    return [tick / scale.factor for tick in curve.value_ticks(low * scale.factor, high * scale.factor, 3)]


def _hours(trace: AlertTrace, timezone: str) -> list[float]:
    return curve.time_ticks(trace.from_ts, trace.to_ts, timezone, 5)


def _time(share: float, words: str) -> tuple[str, str, str]:
    # A word in the middle of its tick would leave the drawing at the ends.
    anchor = "start" if share < 0.06 else "end" if share > 0.94 else "middle"  # noqa: PLR2004 - as said
    return curve.percent(share), words, anchor


def _holes(trace: AlertTrace) -> list[tuple[float, float]]:
    """Each stretch of which nothing is known: a point is stamped at the end of its span."""
    holes: list[tuple[float, float]] = []
    before = trace.from_ts
    for at_ts, value in trace.points:
        if value is None:
            if holes and holes[-1][1] == before:
                holes[-1] = (holes[-1][0], at_ts)
            else:
                holes.append((before, at_ts))
        before = at_ts
    return holes


def _rows(trace: AlertTrace, scale: _Scale, timezone: str, language: Language) -> list[tuple[str, str, bool, bool]]:
    """The worst of each piece; of one in which something was not known too, only what was."""
    step = max(1, len(trace.points) // ROWS)
    worse: Callable[[list[float]], float] = max if trace.is_above else min
    rows = []
    for first in range(0, len(trace.points), step):
        piece = trace.points[first : first + step]
        known = [value for _, value in piece if value is not None]
        time = language.time(piece[-1][0], timezone)
        if not known:
            rows.append((time, language.gettext("no reading"), False, False))
            continue
        worst = worse(known)
        is_beyond = trace.level is not None and (worst > trace.level if trace.is_above else worst < trace.level)
        rows.append((time, scale.said(worst, language), True, is_beyond))
    return rows


def _scale(trace: AlertTrace, view: AlertView, language: Language) -> _Scale:
    signal = view.signal.removeprefix("absent:")
    states = {
        "circuit-dead": (language.gettext("power"), language.gettext("no power")),
        "door-open": (language.pgettext("door", "closed"), language.pgettext("door", "open")),
        "internet": (
            language.gettext("internet"), language.gettext("sign-in page"), language.gettext("no internet"),
        ),
    }  # fmt: skip
    if signal in states:
        return _Scale(states=states[signal])
    if signal == "channel-silent":
        return _Scale(digits=1)
    whole = {"circuit-load": ("limit_va", "VA"), "access-point-load": ("limit", "count"), "people": ("seats", "count")}
    whole["uplink-speed"] = ("subscribed_bps", "bit/s")
    figure, unit = whole.get(signal, ("", trace.unit))
    share_of = number_of(view, figure) if figure else None
    # Where the whole is not known, a share is all that can be said.
    factor, word, digits = UNITS.get(unit if share_of or not figure else "/", (1.0, unit, 1))
    return _Scale(factor * (share_of or 1.0), word, 0 if word == "%" else digits)


def _label(view: AlertView, language: Language) -> str:
    words = {
        "circuit-dead": language.gettext("Voltage of the circuit"),
        "circuit-load": language.gettext("What the circuit carries"),
        "access-point-load": language.gettext("Devices on the access point"),
        "internet": language.gettext("What the line gives"),
        "uplink-speed": language.gettext("Measured download"),
        "channel-silent": language.gettext("Age of the last reading, in its periods"),
        "battery": language.gettext("Battery"),
        "people": language.gettext("People in the room"),
        "door-open": language.gettext("The door"),
    }
    return words.get(view.signal.removeprefix("absent:"), language.gettext("What was measured"))
