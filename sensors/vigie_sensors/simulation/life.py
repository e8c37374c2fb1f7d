"""The simulated days, one after the other: what the rest of the simulation asks about any moment.

Pure but for a small memory of days. Asked by the thread that drives pins, by the ADC on the sensors' threads, and by
the writer of history.
"""

from __future__ import annotations

import datetime as dt
from threading import Lock
from zoneinfo import ZoneInfo

from vigie_sensors.simulation import place
from vigie_sensors.simulation.day import Day

_KEPT_DAYS = 3
"""A day with everything computed takes 0.4 MB. History asks for one day after the other, and real time for today."""
_ENERGY_STEP_S = 900
_BASE_WH = 18_250_000
"""What the meter showed when life began."""


class Life:
    """Days by their date.

    Attributes:
        seed: Of every day.
        begins: The first date that counters know of.
        eventful_from: From this date on, things break every day.
    """

    def __init__(self, seed: int, begins: dt.date, eventful_from: dt.date) -> None:
        self.seed = seed
        self.begins = begins
        self.eventful_from = eventful_from
        self._zone = ZoneInfo(place.TIMEZONE)
        self._days: dict[dt.date, Day] = {}
        self._totals: dict[tuple[str, dt.date], tuple[int, int]] = {}
        self._energy_wh: dict[dt.date, list[float]] = {}
        self._lock = Lock()
        self._last: Day | None = None

    def date_at(self, at_ts: float) -> dt.date:
        """The place's calendar date of a moment."""
        return dt.datetime.fromtimestamp(at_ts, self._zone).date()

    def day(self, date: dt.date) -> Day:
        """That day; the same object as long as it is remembered."""
        with self._lock:
            found = self._days.get(date)
            if found is None:
                if len(self._days) >= _KEPT_DAYS:
                    del self._days[min(self._days)]
                found = self._days[date] = Day(date, self.seed, is_eventful=date >= self.eventful_from)
            return found

    def day_at(self, at_ts: float) -> Day:
        """The day in which a moment lies."""
        last = self._last
        if last is None or not last.starts_ts <= at_ts < last.ends_ts:
            last = self._last = self.day(self.date_at(at_ts))
        return last

    def passages(self, door: str, at_ts: float) -> tuple[int, int]:
        """People in and out by a door from the beginning to a moment: what an eternal counter would show."""
        day = self.day_at(at_ts)
        before_in, before_out = self._passages_before(door, day.date)
        ins, outs = day.passages(door, at_ts)
        return before_in + ins, before_out + outs

    def energy_wh(self, at_ts: float) -> int:
        """The meter's total: it never goes back."""
        day = self.day_at(at_ts)
        date, total_wh = self.begins, float(_BASE_WH)
        while date < day.date:
            total_wh += self._steps_wh(self.day(date))[-1]
            date += dt.timedelta(days=1)
        steps_wh = self._steps_wh(day)
        step, part_s = divmod(at_ts - day.starts_ts, _ENERGY_STEP_S)
        before_wh = steps_wh[int(step)]
        return int(total_wh + before_wh + (steps_wh[int(step) + 1] - before_wh) * part_s / _ENERGY_STEP_S)

    def _passages_before(self, door: str, date: dt.date) -> tuple[int, int]:
        if date <= self.begins:
            return 0, 0
        known = self._totals.get((door, date))
        if known is None:
            yesterday = date - dt.timedelta(days=1)
            ins, outs = self._passages_before(door, yesterday)
            day = self.day(yesterday)
            more_in, more_out = day.passages(door, day.ends_ts)
            known = self._totals[door, date] = (ins + more_in, outs + more_out)
        return known

    def _steps_wh(self, day: Day) -> list[float]:
        """Energy since midnight, at each step of the day and at its end."""
        known = self._energy_wh.get(day.date)
        if known is None:
            known = [0.0]
            for step in range(int(day.ends_ts - day.starts_ts) // _ENERGY_STEP_S):
                power_va = day.apparent_power_va(day.starts_ts + step * _ENERGY_STEP_S)
                known.append(known[-1] + power_va * _ENERGY_STEP_S / 3600)
            self._energy_wh[day.date] = known
        return known
