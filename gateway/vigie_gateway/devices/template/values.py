"""Values that a template works on: those of JSON, and what is not there. Pure, bounded in steps and sizes.

Semantics are Jinja's with Home Assistant's additions, where both are defined for JSON's types; what Python would also
do (multiply a text, format with a width of a million) is an error instead.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any, Final

MAX_STEPS = 1_000
"""Operations in one evaluation. The longest template of the captures takes 20; lower refuses a loop over a list of a
hundred, higher lets one message cost milliseconds."""
MAX_TEXT_CHARACTERS = 4_096
"""Of any text on the way. Lower cuts what attributes hold; higher lets memory grow with each step."""
MAX_ITEMS = 256
"""Of any list on the way. Lower refuses real lists of a device (24 hours by quarter, as JSON); higher costs time."""
MAX_NUMBER = 1e18
"""Of any number on the way. Lower refuses counters of nanoseconds; higher lets whole numbers grow without end."""
MAX_NUMBER_CHARACTERS = 48
"""Of a number written as text. Lower refuses long fractions; higher costs time for nothing that a float could hold."""

_FORMAT = re.compile(r"%([-+0 ]?\d{0,2}(?:\.\d{1,2})?[dfiseg]|%)")
_BRACES = re.compile(r"\{(?::([-+<>^0 ]?\d{0,2}(?:\.\d{1,2})?[dfegs]?))?\}")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)


class Missing:
    """What a template names and the message does not hold; there is one, ``MISSING``."""

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()


class Space(dict[str, Any]):
    """What ``namespace()`` makes: names that outlive a loop, of plain values alone, so that nothing holds itself."""


class TemplateError(Exception):
    """The template asks for what is not understood, or more than is allowed; its text says which."""


class AbsentError(TemplateError):
    """The message does not hold what the template asks for: no measure, and no fault either."""


class Run:
    """One evaluation: the names it sees, and how much it may still do.

    Attributes:
        names: ``value``, the message as text; ``value_json``, the message as JSON, MISSING when it is none; and what
            the template sets.
        steps: How many it has left.
    """

    __slots__ = ("names", "steps")

    def __init__(self, value: str, value_json: Any, steps: int = MAX_STEPS) -> None:
        self.names: dict[str, Any] = {"value": value, "value_json": value_json}
        self.steps = min(steps, MAX_STEPS)

    def spend(self, on: Any = None) -> None:
        """Take a step, and more for what takes longer: a text's each 64 characters, a list's each item."""
        self.steps -= 1
        if isinstance(on, str):
            self.steps -= len(on) // 64
        elif isinstance(on, (list, tuple, dict)):
            self.steps -= len(on)
        if self.steps < 0:
            raise TemplateError("it takes too many steps")


def bounded(value: Any) -> Any:
    """The value when its size is allowed, and TemplateError otherwise."""
    if isinstance(value, str):
        if len(value) > MAX_TEXT_CHARACTERS:
            raise TemplateError("a text grows too long")
    elif isinstance(value, (list, tuple)):
        if len(value) > MAX_ITEMS:
            raise TemplateError("a list grows too long")
    elif isinstance(value, (int, float)) and not -MAX_NUMBER <= value <= MAX_NUMBER:  # also what is not a number
        raise TemplateError("a number grows too large")
    return value


def item_of(value: Any, key: Any) -> Any:
    """``value[key]`` or ``value.key``: of an object, list or text; MISSING where there is none."""
    if value is MISSING:
        raise AbsentError(f"{key!r} of something that is not there")
    if isinstance(value, dict):
        return value.get(key, MISSING) if isinstance(key, (str, int, float, bool)) else MISSING
    if isinstance(value, (list, tuple, str)) and isinstance(key, int) and not isinstance(key, bool):
        return value[key] if -len(value) <= key < len(value) else MISSING
    return MISSING


def text_of(value: Any) -> str:
    """As Jinja would write it."""
    if isinstance(value, str):
        return value
    if value is MISSING:
        return ""
    if isinstance(value, (dict, list, tuple)):
        size_of(value)
    return str(value)


def joined_texts(texts: list[str]) -> str:
    """The texts one after another; refused before they are put together where that would be too long."""
    if sum(map(len, texts)) > MAX_TEXT_CHARACTERS:
        raise TemplateError("a text grows too long")
    return "".join(texts)


def size_of(value: Any) -> int:
    """Roughly how many characters a value would be written with; TemplateError where that is too many.

    Asked of whatever a template puts together or compares: lists that hold each other twice, thirty deep, take no
    memory and for ever to walk through.
    """
    size = _size(value, MAX_TEXT_CHARACTERS)
    if size > MAX_TEXT_CHARACTERS:
        raise TemplateError("a list grows too long")
    return size


def _size(value: Any, room: int) -> int:
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, (dict, list, tuple)):
        return 1
    size = 2
    inner = (part for pair in value.items() for part in pair) if isinstance(value, dict) else iter(value)
    for one in inner:
        size += 1 + _size(one, room - size)
        if size > room:
            break
    return size


def is_true(value: Any) -> bool:
    """As ``if`` sees it."""
    return bool(value)


def number_in(value: Any) -> float | int | None:
    """The number that a value is or spells; None when it is neither. True is 1, as Home Assistant has it."""
    if isinstance(value, (bool, int, float)):
        number: float | int = value
    elif isinstance(value, str) and len(value) <= MAX_NUMBER_CHARACTERS and _NUMBER.fullmatch(value.strip()):
        number = float(value)
    else:
        return None
    return number if -MAX_NUMBER <= number <= MAX_NUMBER else None


def _number(value: Any) -> float | int:
    if value is MISSING:
        raise AbsentError("arithmetic with something that is not there")
    if not isinstance(value, (int, float)):
        raise TemplateError(f"arithmetic with {_kind(value)}")
    return value


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return "a text"
    return "an object" if isinstance(value, dict) else "a list"


def plus(left: Any, right: Any) -> Any:
    """Of numbers, texts or lists; never of two kinds."""
    if isinstance(left, str) and isinstance(right, str):
        return bounded(left + right)
    if isinstance(left, list) and isinstance(right, list):
        return bounded(left + right)
    return bounded(_number(left) + _number(right))


def _divided(how: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def divide(left: Any, right: Any) -> Any:
        if how is operator.mod and isinstance(left, str):
            return formatted(left, list(right) if isinstance(right, tuple) else [right])
        if _number(right) == 0:
            raise TemplateError("a division by zero")
        return bounded(how(_number(left), right))

    return divide


def power(left: Any, right: Any) -> Any:
    """Of numbers whose result stays in bounds: reckoned in floats, which cannot grow in length."""
    try:
        return bounded(float(_number(left)) ** float(_number(right)))
    except (OverflowError, ZeroDivisionError, TypeError) as error:
        raise TemplateError("a number grows too large") from error


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": plus,
    "sub": lambda left, right: bounded(_number(left) - _number(right)),
    "mul": lambda left, right: bounded(_number(left) * _number(right)),
    "div": _divided(operator.truediv),
    "floordiv": _divided(operator.floordiv),
    "mod": _divided(operator.mod),
    "pow": power,
}


_WHOLES = (list, tuple, dict)


def compared(how: str, left: Any, right: Any) -> bool:
    """One comparison of a chain; ``how`` is Jinja's word for it."""
    if isinstance(left, _WHOLES) or isinstance(right, _WHOLES):
        size_of(left), size_of(right)
    if how == "eq":
        return bool(left == right)
    if how == "ne":
        return bool(left != right)
    if how in {"in", "notin"}:
        return _is_in(left, right) is (how == "in")
    if MISSING in (left, right):
        raise AbsentError("a comparison with something that is not there")
    try:
        return bool(getattr(operator, how)(left, right))
    except TypeError as error:
        raise TemplateError(f"{_kind(left)} compared with {_kind(right)}") from error


def _is_in(left: Any, right: Any) -> bool:
    if right is MISSING:
        return False
    if isinstance(right, str):
        if not isinstance(left, str):
            raise TemplateError("something other than a text looked for in a text")
        return left in right
    if isinstance(right, dict):
        return left in right if isinstance(left, (str, int, float, bool, type(None))) else False
    if isinstance(right, (list, tuple)):
        return left in right
    raise TemplateError(f"something looked for in {_kind(right)}")


def formatted(text: str, values: list[Any]) -> str:
    """``text % values``, where widths have two digits at most and each value suits its letter."""
    left = list(values)

    def written(found: re.Match[str]) -> str:
        letter = found[1][-1]
        if letter == "%":
            return "%"
        if not left:
            raise TemplateError("a format with too few values")
        return _formatted("%" + found[1], left.pop(0), letter)

    outcome = _substituted(_FORMAT, written, text)
    if left or "%" in _FORMAT.sub("", text):
        raise TemplateError("a format that is not understood")
    return outcome


def _substituted(pattern: re.Pattern[str], written: Callable[[re.Match[str]], str], text: str) -> str:
    parts, at = [], 0
    for found in pattern.finditer(text):
        parts += [text[at : found.start()], written(found)]
        at = found.end()
        joined_texts(parts[-2:])
    return joined_texts([*parts, text[at:]])


def _formatted(spec: str, value: Any, letter: str) -> str:
    try:
        return spec % (text_of(value) if letter == "s" else _number(value))
    except (ValueError, OverflowError) as error:
        raise TemplateError("a format that does not suit its value") from error


def braces(text: str, values: list[Any]) -> str:
    """``text.format(*values)``, for plain ``{}`` and ``{:.2f}``; names, indexes and attributes are not understood."""
    left = list(values)

    def written(found: re.Match[str]) -> str:
        if not left:
            raise TemplateError("a format with too few values")
        value = left.pop(0)
        try:
            return format(_number(value), found[1]) if found[1] else text_of(value)
        except (ValueError, OverflowError) as error:
            raise TemplateError("a format that does not suit its value") from error

    outcome = _substituted(_BRACES, written, text)
    rest = _BRACES.sub("", text)
    if "{" in rest or "}" in rest:
        raise TemplateError("a format that is not understood")
    return outcome


def rounded(value: float, digits: int, how: str) -> float:
    """As Home Assistant's ``round``: ``common``, ``ceil``, ``floor`` or ``half``."""
    factor = 10.0**digits
    if how == "ceil":
        return math.ceil(value * factor) / factor
    if how == "floor":
        return math.floor(value * factor) / factor
    if how == "half":
        return round(value * 2) / 2
    return round(value, digits)
