"""Runs ``iw`` for the Wi-Fi drivers and hands its text to a parser, on the sensor's own thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from vigie_sensors.driver import Context, DriverError
from vigie_sensors.iw import IwError

_log = logging.getLogger(__name__)
_T = TypeVar("_T")

IW_DEADLINE_S = 5.0
"""Reads answer within milliseconds; a radio driver that hangs holds this sensor's thread for so long. Lower would call
a busy Pi Zero a failure."""


class IwTool:
    """``iw dev INTERFACE …``."""

    def __init__(self, context: Context, interface: str) -> None:
        self._context = context
        self.interface = interface

    def read(self, parse: Callable[[str], _T], *words: str, deadline_s: float = IW_DEADLINE_S) -> _T:
        """What the command printed, parsed.

        Raises:
            DriverError: iw is not installed, the interface is gone, or the text is not understood.
        """
        text = self._context.run_tool(["iw", "dev", self.interface, *words], deadline_s)
        try:
            return parse(text)
        except IwError as error:
            raise DriverError(f"interface {self.interface}: {error}", "failed") from error

    def read_or_none(self, parse: Callable[[str], _T], *words: str) -> _T | None:
        """The same of what not every radio tells: None where it refuses to."""
        try:
            return self.read(parse, *words)
        except DriverError as error:
            _log.debug("iw dev %s %s: %s", self.interface, " ".join(words), error)
            return None
