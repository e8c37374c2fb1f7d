"""A history as a table for spreadsheets and programs: the values of the page, in the units of the store. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from vigie_dashboard.history import label_of
from vigie_dashboard.history_view import HistorySeries, HistoryView
from vigie_dashboard.language import Language

Cell = str | float | None
SHARES = ("1", "/")
"""Units of what lies between 0 and 1."""


def header_of(view: HistoryView, language: Language) -> list[str]:
    """A name for each column, with its unit."""
    names = [language.gettext("Until") + f" ({view.timezone})"]
    for series in view.series:
        label, unit = label_of(series, language), "0\u20131" if series.unit in SHARES else series.unit
        unit = "" if series.labels else f" ({unit})"
        words = [language.gettext(word) for word in ("Mean", "Lowest", "Highest", "Last")]
        names += [f"{label}: {word}{unit}" for word in words]
        if view.is_compared:
            words = [language.gettext(word) for word in ("Usual", "Middle half from", "Middle half to")]
            names += [f"{label}: {word}{unit}" for word in words] + [f"{label}: " + language.gettext("Weeks")]
        names.append(f"{label}: " + language.gettext("Readings received") + " (0\u20131)")
    return names


def rows_of(view: HistoryView) -> Iterator[list[Cell]]:
    """A row for each interval: its end on the place's clock with its offset, then the columns of ``header_of``."""
    zone = ZoneInfo(view.timezone)
    lines = [_cells(series, view) for series in view.series]
    empty = [[None] * (9 if view.is_compared else 5) for _ in lines]
    for at_ts in sorted({at_ts for line in lines for at_ts in line}):
        until = datetime.fromtimestamp(at_ts, UTC).astimezone(zone).isoformat(timespec="seconds")
        row: list[Cell] = [until]
        for line, nothing in zip(lines, empty, strict=True):
            row += line.get(at_ts, nothing)
        yield row


def _cells(series: HistorySeries, view: HistoryView) -> dict[float, list[Cell]]:
    def shown(value: float | None) -> Cell:
        if value is not None and series.labels and 0 <= value < len(series.labels):
            return series.labels[int(value)]
        return value

    cells: dict[float, list[Cell]] = {}
    for index, point in enumerate(series.points):
        row = [shown(value) for value in (point.mean, point.low, point.high, point.last)]
        if view.is_compared:
            usual = series.usual[index] if series.usual else None
            known = (None,) * 4 if usual is None else (usual.median, usual.low, usual.high, float(usual.weeks))
            row += [shown(value) for value in known[:3]] + [known[3]]
        cells[point.at_ts] = [*row, point.coverage]
    return cells
