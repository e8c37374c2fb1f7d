"""What was foretold of each session, and what came: one small SQLite file beside the readings, which it never holds up.

Written by the checks' thread alone, read from any; each call is one transaction. Of a session only the last word before
it began is kept: that is the one to be measured by.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie_gateway.sessions.forecast_schema import open_database
from vigie_gateway.sessions.outcome import Forecast, Outcome, came_true
from vigie_gateway.store import StoreError

MARGIN_S = 900.0
"""After a session's end, until it is looked back at: nodes on bad Wi-Fi send late. Lower misses what they bring."""
AGAIN_S = 3_600.0
"""Until it is looked at again where nobody was counted, for a day: a node that was away brings its readings later."""
GIVEN_UP_S = 86_400.0
KEPT_ROWS = 5_000
"""Sessions on record: years of a busy place. Fewer forgets a season; more is never read."""
_FORECAST = "room, name, begins_ts, ends_ts, people, activity, verdict, limiting, at_ts"


@dataclass(frozen=True, slots=True)
class Compared:
    """A forecast beside what came; ``came_true`` as of ``outcome.came_true``."""

    forecast: Forecast
    outcome: Outcome
    came_true: bool | None


class ForecastLog:
    """The open file."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it.

        Raises:
            StoreError: It cannot be opened or made, or is not ours.
        """
        self._path = path
        self._lock = threading.Lock()
        self._database = open_database(path)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def keep(self, forecast: Forecast) -> None:
        """Keep what is foretold now, in place of what was before. Raises StoreError."""
        row = (
            forecast.room, forecast.name or "", forecast.begins_ts, forecast.ends_ts, forecast.people,
            forecast.activity, forecast.verdict, forecast.limiting, forecast.at_ts,
        )  # fmt: skip
        self._run(f"INSERT OR REPLACE INTO forecast ({_FORECAST}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *row)  # noqa: S608 - columns above
        self._run("DELETE FROM forecast WHERE rowid <= (SELECT max(rowid) FROM forecast) - ?", KEPT_ROWS)

    def forget(self, forecast: Forecast) -> None:
        """Its session was moved or called off before it began. Raises StoreError."""
        text = "DELETE FROM forecast WHERE room = ? AND name = ? AND begins_ts = ? AND ends_ts = ?"
        self._run(text, forecast.room, forecast.name or "", forecast.begins_ts, forecast.ends_ts)

    def waiting(self, now_ts: float) -> list[Forecast]:
        """Those of sessions that are over and have to be looked back at. Raises StoreError."""
        text = (
            f"SELECT {_FORECAST} FROM forecast WHERE ends_ts <= ? AND (judged_ts IS NULL OR"  # noqa: S608 - columns above
            " (came IS NULL AND judged_ts <= ? AND ends_ts > ?)) ORDER BY ends_ts"
        )
        rows = self._run(text, now_ts - MARGIN_S, now_ts - AGAIN_S, now_ts - GIVEN_UP_S)
        return [_forecast(*row) for row in rows]

    def judge(self, forecast: Forecast, outcome: Outcome, now_ts: float) -> None:
        """Keep what came. Raises StoreError."""
        text = (
            "UPDATE forecast SET judged_ts = ?, came = ?, held = ?, broke = ?"
            " WHERE room = ? AND name = ? AND begins_ts = ? AND ends_ts = ?"
        )
        told = (outcome.people, " ".join(sorted(outcome.held)), " ".join(sorted(outcome.broke)))
        self._run(text, now_ts, *told, forecast.room, forecast.name or "", forecast.begins_ts, forecast.ends_ts)

    def compared(self, limit: int = KEPT_ROWS) -> list[Compared]:
        """Those that were looked back at, the latest first. Raises StoreError."""
        text = f"SELECT {_FORECAST}, came, held, broke FROM forecast WHERE judged_ts IS NOT NULL"  # noqa: S608 - columns above
        rows = self._run(f"{text} ORDER BY begins_ts DESC LIMIT ?", limit)
        found = []
        for *row, came, held, broke in rows:
            forecast = _forecast(*row)
            outcome = Outcome(came, frozenset(held.split()), frozenset(broke.split()))
            found.append(Compared(forecast, outcome, came_true(forecast, outcome)))
        return found

    def hit_rate(self) -> tuple[int, int]:
        """Forecasts that held, of how many that could be compared. Raises StoreError."""
        told = [one.came_true for one in self.compared() if one.came_true is not None]
        return sum(told), len(told)

    def _run(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._database.execute(text, values).fetchall()
            except sqlite3.Error as error:
                raise StoreError(f"{self._path}: the forecasts of sessions: {error}") from error


def _forecast(
    room: str, name: str, begins_ts: float, ends_ts: float, people: int, activity: str, verdict: str,
    limiting: str | None, at_ts: float,
) -> Forecast:  # fmt: skip
    return Forecast(room, name or None, begins_ts, ends_ts, people, activity, verdict, limiting, at_ts)
