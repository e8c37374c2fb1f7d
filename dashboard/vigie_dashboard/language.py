"""Words, numbers and times in the language of a reader.

Everything a page says goes through a ``Language``: the catalogue (msgids are English, ``locale/fr`` is complete), the
typography of French, numbers as Babel writes them, times as people write them. What is asked for again and again is
kept: a number costs 31 µs to format and a board has a hundred.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources
from io import BytesIO
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

NBSP = "\u00a0"
"""Between a number and its unit."""
NNBSP = "\u202f"
"""The narrow one, before ``; ? !`` and inside guillemets in French."""

MINUS = "\u2212"

_UNIT = "kVA|VA|kW|W|Mb/s|Mo|Go|ms|s|min|h|dBm|%"
_FRENCH_RULES = (
    (re.compile(r" ([;?!»])"), NNBSP + r"\1"),
    (re.compile("« "), "«" + NNBSP),
    (re.compile(" :"), NBSP + ":"),
    (re.compile(rf"(\d|\)[sd]|\}}) (?=(?:{_UNIT})(?!\w))"), r"\1" + NBSP),
)


def french_typography(text: str) -> str:
    """The text with the spaces that French printing asks for; those of a catalogue are typed as ordinary ones."""
    for pattern, replacement in _FRENCH_RULES:
        text = pattern.sub(replacement, text)
    return text


class Language:
    """One of the languages of the pages; see ``language_of``."""

    def __init__(self, code: str, translations: NullTranslations) -> None:
        self.code = code
        self._translations = translations
        self._locale = Locale.parse(code)
        # Only strings are kept here, a few hundred at a time: the sizes bound memory, not correctness.
        self.number: Callable[[float, int], str] = lru_cache(maxsize=2048)(self._number)
        self.clock: Callable[[int, str], str] = lru_cache(maxsize=512)(self._clock)
        self.long_date: Callable[[int, str], str] = lru_cache(maxsize=8)(self._long_date)
        self.short_date: Callable[[int, str], str] = lru_cache(maxsize=512)(self._short_date)
        self.month_date: Callable[[int, str], str] = lru_cache(maxsize=512)(self._month_date)
        self.weekday: Callable[[int, str], str] = lru_cache(maxsize=8)(self._weekday)

    def gettext(self, message: str, **values: object) -> str:
        """The message in this language; ``%(name)s`` places are filled with ``values``."""
        text = self._translations.gettext(message)
        return text % values if values else text

    def pgettext(self, context: str, message: str, **values: object) -> str:
        """As ``gettext``, for a short word that means several things."""
        text = self._translations.pgettext(context, message)
        return text % values if values else text

    def ngettext(self, singular: str, plural: str, number: int, **values: object) -> str:
        """The form for ``number``, which fills ``%(num)s``."""
        text = self._translations.ngettext(singular, plural, number)
        return text % {"num": self.number(number, 0), **values}

    def npgettext(self, context: str, singular: str, plural: str, number: int, **values: object) -> str:
        """As ``ngettext``, for a short word that means several things."""
        text = self._translations.npgettext(context, singular, plural, number)
        return text % {"num": self.number(number, 0), **values}

    def named(self, names: dict[str, str]) -> str:
        """What the place calls something: in this language, else in English, else in the first that is there."""
        return names.get(self.code) or names.get("en") or next(iter(names.values()), "")

    def percent(self, share: float) -> str:
        """Of 0 to 1, never a whole 100 while something is missing, nor a whole 0 where something is there."""
        shown = round(share * 100)
        if 0 < share < 1:
            shown = min(99, max(1, shown))
        return self.number(shown, 0) + (NBSP + "%" if self.code == "fr" else "%")

    def joined(self, parts: list[str]) -> str:
        """Names one after the other."""
        return ", ".join(parts)

    def listed(self, parts: list[str]) -> str:
        """Phrases one after the other, which may have commas of their own."""
        return (f"{NNBSP}; " if self.code == "fr" else "; ").join(parts)

    def time(self, at_ts: float, timezone: str) -> str:
        """``14 h 32`` or ``14:32``, in the place's own time."""
        return self.clock(int(at_ts // 60) * 60, timezone)

    def when(self, at_ts: float, now_ts: float, timezone: str) -> str:
        """The time, with the day before it when that is not today."""
        time = self.time(at_ts, timezone)
        if day_ts(at_ts, timezone) == day_ts(now_ts, timezone):
            return time
        return f"{self.day(at_ts, timezone)} {time}"

    def opens(self, at_ts: float, now_ts: float, timezone: str) -> str:
        """When something opens, with the day where that is not today."""
        time = self.time(at_ts, timezone)
        if day_ts(at_ts, timezone) == day_ts(now_ts, timezone):
            return self.gettext("opens at %(time)s", time=time)
        return self.gettext("opens %(day)s at %(time)s", day=self.day(at_ts, timezone), time=time)

    def date(self, at_ts: float, timezone: str) -> str:
        """``mardi 24 novembre`` or ``Tuesday 24 November``."""
        return self.long_date(day_ts(at_ts, timezone), timezone)

    def day(self, at_ts: float, timezone: str) -> str:
        """``mar. 24`` or ``Tue 24``: a day of this month."""
        return self.short_date(day_ts(at_ts, timezone), timezone)

    def day_month(self, at_ts: float, timezone: str) -> str:
        """``24 nov.`` or ``24 Nov``."""
        return self.month_date(day_ts(at_ts, timezone), timezone)

    def of_date(self, day: dt.date) -> str:
        """``24 nov. 2026`` or ``24 Nov 2026``, of a day that is no moment."""
        return self._in_words(day, "d MMM y")

    def year(self, at_ts: float, timezone: str) -> int:
        """Of the calendar there."""
        return datetime.fromtimestamp(at_ts, ZoneInfo(timezone)).year

    def day_month_year(self, at_ts: float, timezone: str) -> str:
        """``24 nov. 2026`` or ``24 Nov 2026``."""
        return self._dated(int(at_ts), timezone, "d MMM y")

    def moment(self, at_ts: float, timezone: str) -> str:
        """``24 nov. 2026 14 h 32``."""
        return f"{self.day_month_year(at_ts, timezone)} {self.time(at_ts, timezone)}"

    def weekday_name(self, at_ts: float, timezone: str) -> str:
        """``mardi`` or ``Tuesday``."""
        return self.weekday(day_ts(at_ts, timezone), timezone)

    def ago(self, age_s: float) -> str:
        """``il y a 14 min``: minutes up to an hour and a half, then hours."""
        minutes = max(1, int(age_s // 60))
        if minutes < 90:  # noqa: PLR2004 - the sentence above
            return self.ngettext("%(num)s min ago", "%(num)s min ago", minutes)
        return self.ngettext("%(num)s h ago", "%(num)s h ago", round(minutes / 60))

    def _number(self, value: float, digits: int) -> str:
        pattern = "#,##0" if digits == 0 else "#,##0." + "0" * digits
        # Babel's French has the hyphen of typewriters before a number below zero.
        return format_decimal(value, format=pattern, locale=self._locale).replace("-", MINUS)

    def _clock(self, at_ts: int, timezone: str) -> str:
        at = datetime.fromtimestamp(at_ts, ZoneInfo(timezone))
        if self.code != "fr":
            return f"{at.hour:02d}:{at.minute:02d}"
        return f"{at.hour}{NBSP}h{NBSP}{at.minute:02d}" if at.minute else f"{at.hour}{NBSP}h"

    def _long_date(self, at_ts: int, timezone: str) -> str:
        return self._dated(at_ts, timezone, "EEEE d MMMM")

    def _short_date(self, at_ts: int, timezone: str) -> str:
        return self._dated(at_ts, timezone, "EEE d")

    def _month_date(self, at_ts: int, timezone: str) -> str:
        return self._dated(at_ts, timezone, "d MMM")

    def _weekday(self, at_ts: int, timezone: str) -> str:
        return self._dated(at_ts, timezone, "EEEE")

    def _dated(self, at_ts: int, timezone: str, pattern: str) -> str:
        return self._in_words(datetime.fromtimestamp(at_ts, ZoneInfo(timezone)).date(), pattern)

    def _in_words(self, day: dt.date, pattern: str) -> str:
        if self.code == "fr" and day.day == 1 and "MMM" in pattern:
            pattern = pattern.replace("d", "d'er'")  # "1er décembre", which CLDR's patterns do not know
        return format_date(day, pattern, locale=self._locale)


def day_ts(at_ts: float, timezone: str) -> int:
    """Noon of the same day there: a key under which all of a day's moments are one."""
    at = datetime.fromtimestamp(at_ts, ZoneInfo(timezone))
    return int(at.replace(hour=12, minute=0, second=0, microsecond=0).timestamp())


def day_start_ts(at_ts: float, timezone: str) -> float:
    """The first moment of the same day there."""
    at = datetime.fromtimestamp(at_ts, ZoneInfo(timezone))
    return at.replace(hour=0, minute=0, second=0, microsecond=0, fold=0).timestamp()


@lru_cache(maxsize=4)
def language_of(code: str) -> Language:
    """The language of that code.

    Raises:
        KeyError: It is not one of ``pages.LANGUAGES``.
    """
    if code == "en":
        return Language(code, NullTranslations())
    source = resources.files(__package__) / "locale" / code / "LC_MESSAGES" / "vigie.po"
    if not source.is_file():
        raise KeyError(code)
    # Read at start rather than compiled at build time: some milliseconds once, and no file that can be out of date.
    catalogue = read_po(BytesIO(source.read_bytes()), locale=code)
    if code == "fr":
        for message in catalogue:
            forms = message.string
            if isinstance(forms, str):
                message.string = french_typography(forms)
            elif forms:
                message.string = tuple(french_typography(form) for form in forms)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Language(code, GNUTranslations(compiled))
