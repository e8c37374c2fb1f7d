"""Tables as CSV (RFC 4180), safe to open in a spreadsheet. Called by ``api.history`` on a worker thread; pure.

Numbers are written with a point, whatever the reader's language; what is unknown is empty, never 0. A text that a
spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV Injection).
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence

CONTENT_TYPE = "text/csv; charset=utf-8"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What begins a formula in Excel, LibreOffice or Google's; the last ones because some skip white space before it."""
DIGITS = 6
"""Decimals of a number. Fewer would lose a retry ratio's; more are noise of binary fractions."""

Cell = str | float | None


def encode(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """The table as text, each line ended by CR LF as the RFC asks.

    A number that is not finite is unknown, and empty as None is.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow([_text(name) for name in header])
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return written.getvalue()


def _written(cell: Cell) -> str:
    if isinstance(cell, str):
        return _text(cell)
    if cell is None or not math.isfinite(cell):
        return ""
    shown = f"{cell:.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
