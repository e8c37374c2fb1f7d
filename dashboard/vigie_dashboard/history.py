"""What a history page shows: charts and tables of a ``HistoryView``, and the axis of the board's own curve.

Called by ``pages`` alone. The server draws each line; history.js puts uPlot in its place where that loads, from the
very same values, which stand in the page as a JSON block. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from vigie_dashboard import board, curve
from vigie_dashboard.history_view import HistorySeries, HistoryView, UsualPoint
from vigie_dashboard.language import NBSP, Language, day_start_ts
from vigie_dashboard.period_text import spans_in_words
from vigie_dashboard.quantity_names import quantity_name
from vigie_dashboard.view import BoardView, HistoryPoint

UNITS = {
    # unit of a quantity: factor, unit shown, decimals
    "count": (1.0, "", 0),
    "1": (100.0, "%", 0),
    "/": (100.0, "%", 1),
    "VA": (0.001, "kVA", 2),
    "W": (0.001, "kW", 2),
    "Wh": (0.001, "kWh", 1),
    "A": (1.0, "A", 1),
    "V": (1.0, "V", 1),
    "Cel": (1.0, "°C", 1),
    "%RH": (1.0, "%", 0),
    "ppm": (1.0, "ppm", 0),
    "lx": (1.0, "lx", 0),
    "hPa": (1.0, "hPa", 0),
    "m": (1.0, "m", 2),
    "ms": (1.0, "ms", 0),
    "%EL": (1.0, "%", 0),
    "dBm": (1.0, "dBm", 0),
    "MHz": (1.0, "MHz", 0),
    "B": (1e-3, "kB", 0),
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
    usual: str
    half: str
    weeks: str
    coverage: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """One series, ready to draw: paths for ``curve.SPAN`` units, ticks as (percent, words); ``sentences`` its holes."""

    id: str
    label: str
    unit: str
    path: str
    band: str
    usual_path: str
    usual_band: str
    unknown: tuple[tuple[str, str], ...]
    values: tuple[tuple[str, str], ...]
    times: tuple[tuple[str, str, str], ...]
    rows: tuple[Row, ...]
    has_values: bool
    last: str
    line_word: str
    mean_word: str
    sentences: tuple[str, ...]


def charts_of(view: HistoryView, language: Language) -> list[Chart]:
    """One chart a series."""
    return [_chart(series, view, language) for series in view.series]


def script_data(view: HistoryView, language: Language, script: str | None, style: str | None) -> dict[str, object]:
    """What history.js needs; without uPlot it has nothing to do and the server's curves stay."""
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
            "usual": language.gettext("Usual"),
            "usualLow": language.gettext("Middle half from"),
            "usualHigh": language.gettext("Middle half to"),
        },
        "points": f"{view.path}.json",
        "compare": "week" if view.is_compared else "",
        "series": [
            {
                "id": series.id,
                "label": label_of(series, language),
                "unit": _shown_as(series)[1],
                "digits": _shown_as(series)[2],
                "labels": series.labels,
                "mean": _mean_word(series, language),
                **_columns(series),
            }
            for series in view.series
        ],
    }


def points_data(view: HistoryView) -> dict[str, object]:
    """The points alone, for a part of a chart that history.js asks for."""
    return {"series": [{"id": series.id, **_columns(series)} for series in view.series]}


def label_of(series: HistorySeries, language: Language) -> str:
    """What the line is called: by the place, or by its quantity."""
    return language.named(series.label) if series.label else quantity_name(series.quantity, language)


def _columns(series: HistorySeries) -> dict[str, list[float | None]]:
    factor, _, _ = _shown_as(series)
    columns: dict[str, list[float | None]] = {
        "times": [round(point.at_ts) for point in series.points],
        "means": [_scaled(point.mean, factor) for point in series.points],
        "lows": [_scaled(point.low, factor) for point in series.points],
        "highs": [_scaled(point.high, factor) for point in series.points],
    }
    if series.usual:
        columns["usual"] = [None if one is None else _scaled(one.median, factor) for one in series.usual]
        columns["usualLows"] = [None if one is None else _scaled(one.low, factor) for one in series.usual]
        columns["usualHighs"] = [None if one is None else _scaled(one.high, factor) for one in series.usual]
    return columns


def _shown_as(series: HistorySeries) -> tuple[float, str, int]:
    """Factor, unit and decimals; a choice has labels in their place."""
    return (1.0, "", 0) if series.labels else UNITS.get(series.unit, (1.0, series.unit, 1))


def _mean_word(series: HistorySeries, language: Language) -> str:
    if series.average == "increase":
        return language.gettext("Rise")
    return language.gettext("Last") if series.average == "last" else language.gettext("Mean")


def day_ticks(view: BoardView, language: Language) -> list[tuple[str, str, str]]:
    """The hours under the board's curve: (percent, words, anchor)."""
    if view.day is None:
        return []
    return _time_ticks(view.day.opens_ts, view.day.closes_ts, view.timezone, language, is_one_day=True)


def day_table_times(view: BoardView, language: Language) -> list[str]:
    """The first column of the table beside the board's curve."""
    return [] if view.day is None else [language.time(at_ts, view.timezone) for at_ts in board.day_rows(view.day)]


def _chart(series: HistorySeries, view: HistoryView, language: Language) -> Chart:
    factor, unit, digits = _shown_as(series)
    points = series.points
    span_s = max(view.to_ts - view.from_ts, 1.0)
    usual = series.usual or (None,) * len(points)

    def line(values: list[float | None]) -> curve.Values:
        return tuple(
            ((point.at_ts - view.from_ts) / span_s, _scaled(value, factor))
            for point, value in zip(points, values, strict=True)
        )

    means, lows, highs = (line([getattr(point, pick) for point in points]) for pick in ("mean", "low", "high"))
    usuals = [
        line([None if one is None else getattr(one, pick) for one in usual]) for pick in ("median", "low", "high")
    ]
    known = [value for values in (means, lows, highs, *usuals) for _, value in values if value is not None]
    bottom = min([0.0, *known])
    top = max(known, default=0.0)
    top = bottom + 1 if top <= bottom else top + (top - bottom) * 0.06
    ticks = curve.value_ticks(bottom, top)
    step_digits = max(digits, 0) if any(tick % 1 for tick in ticks) else 0
    last = next((point.last for point in reversed(points) if point.last is not None), None)
    return Chart(
        id=series.id,
        label=label_of(series, language),
        unit=unit,
        path=curve.line(means, bottom, top),
        band=_band(lows, highs, bottom, top),
        usual_path=curve.line(usuals[0], bottom, top),
        usual_band=_band(usuals[1], usuals[2], bottom, top),
        unknown=tuple(_unknown_spans(points, view)),
        values=tuple(
            (curve.percent(1 - (tick - bottom) / (top - bottom)), _amount(tick, series, step_digits, language))
            for tick in ticks
            if not (series.labels and tick % 1)
        ),
        times=tuple(_time_ticks(view.from_ts, view.to_ts, view.timezone, language)),
        rows=tuple(_row(point, one, series, view, language) for point, one in zip(points, usual, strict=True)),
        has_values=any(point.mean is not None for point in points),
        last="" if last is None else _with_unit(last, series, language),
        line_word=language.gettext("rise in each interval")
        if series.average == "increase"
        else _mean_word(series, language).lower(),
        mean_word=_mean_word(series, language),
        sentences=tuple(_sentences(series, view, language)),
    )


def _sentences(series: HistorySeries, view: HistoryView, language: Language) -> list[str]:
    """How much was measured, when nothing was, and on how many weeks the usual one rests."""
    begin_ts, covered_s = view.from_ts, 0.0
    holes: list[tuple[float, float]] = []
    end_ts = min(view.to_ts, view.now_ts)
    for point in series.points:
        covered_s += point.coverage * (point.at_ts - begin_ts)
        if point.mean is None and begin_ts < end_ts:
            if holes and holes[-1][1] == begin_ts:
                holes[-1] = (holes[-1][0], min(point.at_ts, end_ts))
            else:
                holes.append((begin_ts, min(point.at_ts, end_ts)))
        begin_ts = point.at_ts
    share = min(1.0, covered_s / max(1.0, end_ts - view.from_ts))
    said = [language.gettext("Readings cover %(share)s of the period.", share=language.percent(share))]
    if holes and share > 0:
        said.append(language.gettext("No reading: %(times)s.", times=spans_in_words(holes, view, language)))
    if view.is_compared:
        said.append(_weeks_sentence(series.usual, language))
    return said


def _weeks_sentence(usual: tuple[UsualPoint | None, ...], language: Language) -> str:
    weeks = [one.weeks for one in usual if one is not None]
    if not weeks:
        return language.gettext("What is usual is not known: fewer than two of the eight weeks before were measured.")
    most, least = max(weeks), min(weeks)
    rests = language.gettext(
        "The usual week is the middle of %(least)s to %(most)s weeks before.", least=least, most=most
    )
    if least == most:
        rests = language.ngettext(
            "The usual week is the middle of %(num)s week before.",
            "The usual week is the middle of %(num)s weeks before.",
            most,
        )
    if len(weeks) == len(usual):
        return rests
    known = language.percent(len(weeks) / len(usual))
    return f"{rests} " + language.gettext("It is known for %(share)s of the period.", share=known)


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 4)


def _amount(shown: float, series: HistorySeries, digits: int, language: Language) -> str:
    """A value that is scaled already: a number, or the label of a choice."""
    if series.labels and 0 <= shown < len(series.labels):
        return series.labels[int(shown)]
    return language.number(shown, digits)


def _with_unit(value: float, series: HistorySeries, language: Language) -> str:
    factor, unit, digits = _shown_as(series)
    amount = _amount(value * factor, series, digits, language)
    return f"{amount}{NBSP}{unit}" if unit else amount


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


def _row(
    point: HistoryPoint, usual: UsualPoint | None, series: HistorySeries, view: HistoryView, language: Language
) -> Row:
    factor, _, digits = _shown_as(series)
    time = language.time(point.at_ts, view.timezone)
    if view.to_ts - view.from_ts > 86_400 * 1.5:
        time = f"{_short_day(point.at_ts, view, language)} {time}"

    def shown(value: float | None) -> str:
        return "" if value is None else _amount(round(value * factor, 4), series, digits, language)

    return Row(
        time=time,
        mean=shown(point.mean),
        low=shown(point.low),
        high=shown(point.high),
        usual="" if usual is None else shown(usual.median),
        half="" if usual is None else f"{shown(usual.low)} \u2013 {shown(usual.high)}",
        weeks="" if usual is None else language.number(usual.weeks, 0),
        coverage=language.percent(point.coverage),
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
