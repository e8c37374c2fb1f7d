"""The files beside the readings that are copied and restored with them. Called by ``copies`` and ``restoring``.

The commands ``backup`` and ``alerts`` find them by it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from vigie_gateway.alerts.book_schema import ALERTS
from vigie_gateway.registry.schema import DEVICES
from vigie_gateway.sessions.forecast_schema import FORECASTS
from vigie_gateway.store.schema import FileKind


class Companion(NamedTuple):
    """One of them.

    Attributes:
        name: Of the file, without its ending; also what it holds, in messages.
        kind: By which it is known for ours.
    """

    name: str
    kind: FileKind

    def beside(self, database: Path) -> Path:
        """The gateway's own, by its database."""
        return database.with_name(f"{self.name}.db")

    def copy_of(self, copy: Path) -> Path:
        """The copy that belongs to a copy of the database: ``vigie-2026-11-24.alerts.db``."""
        return copy.with_suffix(f".{self.name}.db")


ALERTS_FILE = Companion("alerts", ALERTS)
COMPANIONS = (ALERTS_FILE, Companion("forecasts", FORECASTS), Companion("devices", DEVICES))
"""In the order in which they are copied. Those who sign in are not among them: a copy lies where others may read it."""
