"""The form of one alert rule: its fields as the file has them, and what was typed as a table of ``[[rules]]``. Pure.

Called by ``api.rules``. A table says what differs from the rule as it would be without: what is as it was stays
untouched in the file, and what is set back to Vigie's own goes out of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import SIGNALS
from vigie_gateway.place.alert_tables import KINDS, SEVERITIES, duration_s
from vigie_gateway.setup.typed import Fields, name_value, read_number, spread, written

LONGEST_NAME = 60
"""Characters of what a rule is called: it is the title of its messages."""
LONGEST_TELL = 300
"""Of what visitors are told: somebody says it to them."""
ABOUT = "about-"
"""Before the id of what a rule is about, in the name of its field."""
_KEYS = {kind: key for key, kind in KINDS.items()}
_SEVERITY_WORDS = {severity: word for word, severity in SEVERITIES.items()}
_SPOKEN = re.compile(r"\s*(\d{1,7}(?:[.,]\d{1,3})?)\s*(s|min|h|d|j)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class RuleSource:
    """A rule, and where it comes from.

    Attributes:
        rule: As it holds.
        standard: As it would be without the keys of its table; of the place's own, the same.
        table: Its table of the file; empty where it has none.
        absent_s: After how long without data that is told; None: never.
    """

    rule: Rule
    standard: Rule
    table: Mapping[str, Any]
    absent_s: float | None


def factor_of(signal: str) -> float:
    """By what a value is shown to people: a share as percent; the age of a reading is in periods and no share."""
    return 100.0 if SIGNALS[signal].unit == "/" and signal != "channel-silent" else 1.0


def has_level(signal: str) -> bool:
    """Whether its level is a number that somebody may choose, and not between the words of a state."""
    return SIGNALS[signal].unit != "1"


def fields_of(source: RuleSource, languages: Sequence[str]) -> Fields:
    """The fields as the file, or Vigie, has them; a box that is not ticked is not there."""
    rule, table = source.rule, source.table
    factor = factor_of(rule.signal)
    names, tells = (spread(table.get(key, {}), languages) for key in ("name", "tell"))
    fields = {
        "level": written(round(rule.level * factor, 6)),
        "clears": written(round(table["clears"] * factor, 6)) if "clears" in table else "",
        "for": written_duration(rule.for_s),
        "keep": written_duration(rule.keep_firing_s),
        "absent": "" if source.absent_s is None else written_duration(source.absent_s),
        "when": str(rule.when),
        "severity": _SEVERITY_WORDS[rule.severity],
        **{f"name_{one}": names.get(one, "") for one in languages},
        **{f"tell_{one}": tells.get(one, "") for one in languages},
        **{f"{ABOUT}{subject.id}": "yes" for subject in sorted(rule.subjects or ())},
    }
    return {"on": "yes", **fields} if rule.is_on else fields


def read_rule(fields: Mapping[str, str], source: RuleSource, languages: Sequence[str]) -> RuleChange:
    """What the form says.

    Returns:
        The keys of its table that change, None for one that goes; and a word for each field that is wrong.
    """
    found = RuleChange({}, {})
    rule, standard = source.rule, source.standard
    found.keep("off", "on" not in fields, not rule.is_on, False)
    if has_level(rule.signal):
        _read_level(fields, source, found)
    for key, name, now_s, standard_s in (
        ("for", "for", rule.for_s, standard.for_s),
        ("keep_firing_for", "keep", rule.keep_firing_s, standard.keep_firing_s),
    ):
        seconds = read_duration(fields.get(name, ""))
        if seconds is None:
            found.troubles[name] = "duration"
        else:
            found.keep(key, seconds, now_s, standard_s, written_duration)
    _read_absent(fields, source, found)
    found.choose("when", fields.get("when", ""), [str(one) for one in When], rule.when, standard.when)
    severities = (_SEVERITY_WORDS[rule.severity], _SEVERITY_WORDS[standard.severity])
    found.choose("severity", fields.get("severity", ""), SEVERITIES, *severities)
    _read_about(fields, source, found)
    for key, longest in (("name", LONGEST_NAME), ("tell", LONGEST_TELL)):
        _read_words(fields, key, longest, source.table, languages, found)
    return found


def read_new(fields: Mapping[str, str], channels: Collection[str]) -> RuleChange:
    """What the form of a rule that is not there yet says: a channel and a level, off until somebody has tried it.

    Args:
        fields: As typed.
        channels: That the gateway has heard of.
    """
    found = RuleChange({"off": True}, {})
    name, channel = " ".join(fields.get("name", "").split()), fields.get("channel", "")
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        found.troubles["name"] = "name" if not name else "long" if len(name) > LONGEST_NAME else "signs"
    if channel not in channels:
        found.troubles["channel"] = "choice"
    side, level = fields.get("side", ""), read_number(fields.get("level", ""))
    if side not in ("above", "below"):
        found.troubles["side"] = "choice"
    if level is None:
        found.troubles["level"] = "number"
    found.values.update({"name": name, "channel": channel, side: level})
    return found


def read_duration(text: str) -> float | None:
    """Seconds of ``5 min``, ``30 s``, ``1 h``, ``2 d`` or ``2 j``; 0 for nothing; None for what is none of these."""
    if not text.strip() or text.strip() == "0":
        return 0.0
    match = _SPOKEN.fullmatch(text)
    if match is None:
        return None
    try:
        return duration_s(f"{match[1].replace(',', '.')} {match[2].replace('j', 'd')}")
    except ValueError:
        return None


def written_duration(seconds: float) -> str:
    """As the file says it, in the largest unit of which it is a whole number."""
    for unit, unit_s in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds and seconds % unit_s == 0:
            return f"{seconds / unit_s:.0f} {unit}"
    return f"{round(seconds, 3):.10g} s"


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What a form says: keys that change, and words for what is wrong."""

    values: dict[str, Any]
    troubles: dict[str, str]

    def keep(
        self, key: str, meant: Any, now: Any, standard: Any, write: Callable[[Any], Any] = lambda value: value
    ) -> None:
        """Note a key, where it is not as it was; None where it is as it would be without."""
        if meant != now:
            self.values[key] = None if meant == standard else write(meant)

    def choose(self, key: str, meant: str, known: Collection[str], now: str, standard: str) -> None:
        """Note one of several words."""
        if meant in known:
            self.keep(key, meant, str(now), str(standard))
        else:
            self.troubles[key] = "choice"


def _read_level(fields: Mapping[str, str], source: RuleSource, found: RuleChange) -> None:
    rule, standard, factor = source.rule, source.standard, factor_of(source.rule.signal)
    level, clears = (_value(fields.get(key, ""), factor) for key in ("level", "clears"))
    if level is None:
        found.troubles["level"] = "number"
    elif round(level, 8) != round(rule.level, 8):
        is_standard = not rule.is_own and rule.is_above is standard.is_above and level == standard.level
        found.values["above" if rule.is_above else "below"] = None if is_standard else level
    if not fields.get("clears", "").strip():
        if "clears" in source.table:
            found.values["clears"] = None
    elif clears is None:
        found.troubles["clears"] = "number"
    elif level is not None and (clears > level if rule.is_above else clears < level):
        found.troubles["clears"] = "clears-above" if rule.is_above else "clears-below"
    elif clears != source.table.get("clears"):
        found.values["clears"] = clears


def _value(text: str, factor: float) -> float | None:
    """A typed number in the signal's unit."""
    number = read_number(text)
    if number is None:
        return None
    value = round(number / factor, 8)
    return int(value) if value == int(value) else value


def _read_absent(fields: Mapping[str, str], source: RuleSource, found: RuleChange) -> None:
    text = fields.get("absent", "")
    seconds = read_duration(text) if text.strip() else None
    if text.strip() and not seconds:
        found.troubles["absent"] = "duration"
    else:
        found.keep("absent", seconds, source.absent_s, None, written_duration)


def _read_about(fields: Mapping[str, str], source: RuleSource, found: RuleChange) -> None:
    rule = source.rule
    key = _KEYS.get(SIGNALS[rule.signal].subject)
    if key is None or "channel" in source.table:
        return
    chosen = [name.removeprefix(ABOUT) for name in fields if name.startswith(ABOUT)]
    now = {subject.id for subject in rule.subjects or ()}
    if set(chosen) != now:
        found.values[key] = sorted(chosen) or None


def _read_words(
    fields: Mapping[str, str],
    key: str,
    longest: int,
    table: Mapping[str, Any],
    languages: Sequence[str],
    found: RuleChange,
) -> None:
    typed = {one: " ".join(fields.get(f"{key}_{one}", "").split()) for one in languages}
    wrong = next((one for one, text in typed.items() if len(text) > longest or not text.isprintable()), None)
    other = next((text for text in typed.values() if text), "")
    if wrong is not None:
        found.troubles[f"{key}_{wrong}"] = "long" if len(typed[wrong]) > longest else "signs"
    elif not other:
        found.keep(key, None, table.get(key), None)
    else:
        before = table.get(key)
        found.keep(key, name_value({one: text or other for one, text in typed.items()}, before), before, None)
