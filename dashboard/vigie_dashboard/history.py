"""What a history page shows: charts and tables of a ``HistoryView``, and the axis of the board's own curve.

Called by ``pages`` alone. The server draws each line; history.js puts uPlot in its place where that loads, from the
very same values, which stand in the page as a JSON block. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from vigie_dashboard import board, curve
from vigie_dashboard.language import NBSP, Language, day_start_ts
from vigie_dashboard.view import BoardView, HistoryPoint, HistorySeries, HistoryView

UNITS = {
    # unit of a quantity: factor, unit shown, decimals
    "count": (1.0, "", 0),
    "1": (100.0, "%", 0),
    "/": (100.0, "%", 1),
    "VA": (0.001, "kVA", 2),
    "W": (0.001, "kW", 2),
    "Wh": (0.001, "kWh", 1),
    "A": (1.0, "A", 1),
    "m": (1.0, "m", 2),
    "ms": (1.0, "ms", 0),
    "dBm": (1.0, "dBm", 0),
    "MHz": (1.0, "MHz", 0),
    "bit/s": (1e-6, "Mb/s", 1),
}
"""How the units of vigie_contract.quantities are shown; one that is not here is shown as it is."""

WEEK_S = 8 * 86_400
"""Up to here an axis and a table name weekdays; beyond, dates."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table beside a chart; the numbers are empty where nothing was measured."""

    time: str
    mean: str
    low: str
    high: str
    coverage: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """One series, ready to draw: paths for ``curve.SPAN`` units, ticks as (percent, words)."""

    id: str
    label: str
    unit: str
    path: str
    band: str
    area: str
    unknown: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]
    times: tuple[tuple[str, str, str], ...]
    rows: tuple[Row, ...]
    has_values: bool
    last: str


def charts_of(view: HistoryView, language: Language) -> list[Chart]:
    """One chart a series."""
    return [_chart(series, view, language) for series in view.series]


def span_names(language: Language) -> dict[str, str]:
    """What the spans of the picker are called."""
    return {
        "day": language.pgettext("span", "Day"),
        "week": language.pgettext("span", "Week"),
        "month": language.pgettext("span", "Month"),
        "year": language.pgettext("span", "Year"),
    }


def period_of(view: HistoryView, language: Language) -> str:
    """The day and its hours, or two days and their hours."""
    zone = view.timezone
    first, last = language.date(view.from_ts, zone), language.date(view.to_ts, zone)
    begin, end = language.time(view.from_ts, zone), language.time(view.to_ts, zone)
    return f"{first}, {begin} \u2013 {end}" if first == last else f"{first}, {begin} \u2013 {last}, {end}"


def script_data(view: HistoryView, language: Language, script: str | None, style: str | None) -> dict[str, object]:
    """What history.js needs; without uPlot it has nothing to do and the server's curves stay."""
    series = []
    for each in view.series:
        factor, unit, digits = UNITS.get(each.unit, (1.0, each.unit, 1))
        series.append(
            {
                "id": each.id,
                "label": language.named(each.label),
                "unit": unit,
                "digits": digits,
                "times": [round(point.at_ts) for point in each.points],
                "means": [_scaled(point.mean, factor) for point in each.points],
                "lows": [_scaled(point.low, factor) for point in each.points],
                "highs": [_scaled(point.high, factor) for point in each.points],
            }
        )
    return {
        "script": script,
        "style": style,
        "timezone": view.timezone,
        "language": language.code,
        "from": view.from_ts,
        "to": view.to_ts,
        "words": {
            "mean": language.gettext("Mean"),
            "low": language.gettext("Lowest"),
            "high": language.gettext("Highest"),
            "time": language.gettext("Time"),
            "whole": language.gettext("Show the whole period"),
            "zoom": language.gettext("Drag over the chart to zoom in; double-click to go back."),
            "none": language.gettext("no reading"),
        },
        "series": series,
    }


def day_ticks(view: BoardView, language: Language) -> list[tuple[str, str, str]]:
    """The hours under the board's curve: (percent, words, anchor)."""
    if view.day is None:
        return []
    return _time_ticks(view.day.opens_ts, view.day.closes_ts, view.timezone, language, is_one_day=True)


def day_table_times(view: BoardView, language: Language) -> list[str]:
    """The first column of the table beside the board's curve."""
    return [] if view.day is None else [language.time(at_ts, view.timezone) for at_ts in board.day_rows(view.day)]


def _chart(series: HistorySeries, view: HistoryView, language: Language) -> Chart:
    factor, unit, digits = UNITS.get(series.unit, (1.0, series.unit, 1))
    points = series.points
    span_s = max(view.to_ts - view.from_ts, 1.0)

    def line(pick: str) -> curve.Values:
        return tuple(((point.at_ts - view.from_ts) / span_s, _scaled(getattr(point, pick), factor)) for point in points)

    known = [value for pick in ("mean", "low", "high") for _, value in line(pick) if value is not None]
    bottom = min([0.0, *known])
    top = max(known, default=0.0)
    top = bottom + 1 if top <= bottom else top + (top - bottom) * 0.06
    ticks = curve.value_ticks(bottom, top)
    step_digits = max(digits, 0) if any(tick % 1 for tick in ticks) else 0
    last = next((point.last for point in reversed(points) if point.last is not None), None)
    return Chart(
        id=series.id,
        label=language.named(series.label),
        unit=unit,
        path=curve.line(line("mean"), bottom, top),
        band=_band(line("low"), line("high"), bottom, top),
        area=curve.filled(line("mean"), bottom, top) if bottom == 0 else "",
        unknown=tuple(_unknown_spans(points, view)),
        values=tuple(
            (curve.percent(1 - (tick - bottom) / (top - bottom)), language.number(tick, step_digits)) for tick in ticks
        ),
        times=tuple(_time_ticks(view.from_ts, view.to_ts, view.timezone, language)),
        rows=tuple(_row(point, view, language, factor, digits) for point in points),
        has_values=bool(known),
        last="" if last is None else _with_unit(last * factor, unit, digits, language),
    )


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 4)


def _with_unit(value: float, unit: str, digits: int, language: Language) -> str:
    return f"{language.number(value, digits)}{NBSP}{unit}" if unit else language.number(value, digits)


def _band(lows: curve.Values, highs: curve.Values, bottom: float, top: float) -> str:
    """The surface between lowest and highest, piece by piece where both are known."""
    pieces, run = [], []
    for low, high in [*zip(lows, highs, strict=True), ((1.0, None), (1.0, None))]:
        if low[1] is not None and high[1] is not None:
            run.append((low, high))
        elif run:
            upper = curve.line(tuple(each for _, each in run), bottom, top)
            lower = curve.line(tuple(each for each, _ in reversed(run)), bottom, top)
            pieces.append(f"{upper}L{lower[1:]}Z")
            run = []
    return "".join(pieces)


def _unknown_spans(points: tuple[HistoryPoint, ...], view: HistoryView) -> list[tuple[str, str]]:
    """(x, width) in percent of each stretch without a reading: an interval is stamped at its end."""
    span_s = max(view.to_ts - view.from_ts, 1.0)
    spans: list[tuple[float, float]] = []
    before = view.from_ts
    for point in points:
        if point.mean is None:
            if spans and spans[-1][1] == before:
                spans[-1] = (spans[-1][0], point.at_ts)
            else:
                spans.append((before, point.at_ts))
        before = point.at_ts
    return [
        (curve.percent((start - view.from_ts) / span_s), curve.percent((end - start) / span_s)) for start, end in spans
    ]


def _row(point: HistoryPoint, view: HistoryView, language: Language, factor: float, digits: int) -> Row:
    time = language.time(point.at_ts, view.timezone)
    if view.to_ts - view.from_ts > 86_400 * 1.5:
        time = f"{_short_day(point.at_ts, view, language)} {time}"

    def shown(value: float | None) -> str:
        return "" if value is None else language.number(round(value * factor, 4), digits)

    return Row(
        time=time,
        mean=shown(point.mean),
        low=shown(point.low),
        high=shown(point.high),
        coverage=language.number(round(point.coverage * 100), 0) + ("\u202f%" if language.code == "fr" else "%"),
        is_known=point.mean is not None,
    )


def _short_day(at_ts: float, view: HistoryView, language: Language) -> str:
    if view.to_ts - view.from_ts <= WEEK_S:
        return language.day(at_ts, view.timezone)
    return language.day_month(at_ts, view.timezone)


def _time_ticks(
    from_ts: float, to_ts: float, timezone: str, language: Language, *, is_one_day: bool = False
) -> list[tuple[str, str, str]]:
    """Hours, with the day at midnights unless there is but one; days; or dates, as history.js has them too."""
    span_s = max(to_ts - from_ts, 1.0)
    ticks = []
    for at_ts in curve.time_ticks(from_ts, to_ts, timezone):
        share = (at_ts - from_ts) / span_s
        if span_s <= 2 * 86_400:
            is_midnight = at_ts == day_start_ts(at_ts, timezone)
            words = (language.day if is_midnight and not is_one_day else language.time)(at_ts, timezone)
        elif span_s <= WEEK_S:
            words = language.day(at_ts, timezone)
        else:
            words = language.day_month(at_ts, timezone)
        # A word in the middle of its tick would leave the drawing at the ends.
        anchor = "start" if share < 0.03 else "end" if share > 0.97 else "middle"  # noqa: PLR2004 - as said
        ticks.append((curve.percent(share), words, anchor))
    return ticks
