"""Words that a template may use: filters, tests, functions and methods. Pure; looked up by ``syntax``.

Each takes the value it is applied to and its arguments, all of JSON's types or MISSING. What a name means is
Home Assistant's where it changed Jinja's. To add one, write it here: ``syntax`` refuses whatever stands in no table.
"""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable
from typing import Any

from vigie_gateway.devices.template.values import (
    MAX_ITEMS,
    MAX_TEXT_CHARACTERS,
    MISSING,
    AbsentError,
    Space,
    TemplateError,
    bounded,
    braces,
    compared,
    formatted,
    item_of,
    joined_texts,
    number_in,
    rounded,
    text_of,
)

Word = Callable[..., Any]

_NO_DEFAULT = object()
MAX_DIGITS = 12
"""Of ``round``. Lower rounds what tells microseconds; higher is beyond what a float holds."""


def _float(value: Any, default: Any = _NO_DEFAULT) -> Any:
    number = number_in(value)
    if number is not None:
        return float(number)
    return _fallen_back(value, default)


def _int(value: Any, default: Any = _NO_DEFAULT, base: Any = 10) -> Any:
    if base != 10 and isinstance(value, str) and isinstance(base, int):  # noqa: PLR2004 - the base that people count in
        try:
            return bounded(int(value[:32], base))
        except ValueError:
            return _fallen_back(value, default)
    number = number_in(value)
    return int(number) if number is not None else _fallen_back(value, default)


def _fallen_back(value: Any, default: Any) -> Any:
    if default is not _NO_DEFAULT:
        return default
    if value is MISSING:
        raise AbsentError("a number of something that is not there")
    raise TemplateError("what should be a number is none")


def _round(value: Any, precision: Any = 0, method: Any = "common", default: Any = _NO_DEFAULT) -> Any:
    number = number_in(value)
    if number is None:
        return _fallen_back(value, default)
    if not isinstance(precision, int) or not -MAX_DIGITS <= precision <= MAX_DIGITS:
        raise TemplateError("round with digits that are no small number")
    outcome = rounded(float(number), precision, str(method))
    return int(outcome) if method in {"ceil", "floor"} and precision == 0 else outcome


def _default(value: Any, default: Any = "", boolean: Any = False) -> Any:
    return default if value is MISSING or (boolean and not value) else value


def _is_defined(value: Any) -> Any:
    # Home Assistant's own filter: the message is ignored where the key is not there.
    if value is MISSING:
        raise AbsentError("the message does not hold it")
    return value


def _iif(value: Any, yes: Any = True, no: Any = False, none: Any = _NO_DEFAULT) -> Any:
    if value is None and none is not _NO_DEFAULT:
        return none
    return yes if value else no


def _abs(value: Any) -> Any:
    return abs(_required(value))


def _required(value: Any) -> float | int:
    number = number_in(value)
    if number is None:
        return float(_fallen_back(value, _NO_DEFAULT))
    return number


def _scaled(how: Callable[[float, float], float]) -> Word:
    def scale(value: Any, amount: Any, default: Any = _NO_DEFAULT) -> Any:
        left, right = number_in(value), number_in(amount)
        if left is None or right is None:
            return _fallen_back(value, default)
        return bounded(how(float(left), float(right)))

    return scale


def _bits(how: Callable[[int, int], int]) -> Word:
    def combine(value: Any, other: Any) -> Any:
        if not isinstance(value, int) or not isinstance(other, int):
            raise TemplateError("bits of what is no whole number")
        return how(value, other)

    return combine


def _items(value: Any) -> list[Any]:
    if value is MISSING:
        return []
    if isinstance(value, (list, tuple, dict, str)):
        found = list(value)[: MAX_ITEMS + 1]
        bounded(found)
        return found
    raise TemplateError("a list of what is none")


def _gathered(how: Callable[[list[float]], float]) -> Word:
    def gather(*values: Any) -> Any:
        found = _items(values[0]) if len(values) == 1 else list(values)
        if not found:
            raise AbsentError("a list that holds nothing")
        return bounded(how([_required(one) for one in found]))

    return gather


def _namespace(**named: Any) -> Space:
    if any(isinstance(one, (list, tuple, dict)) for one in named.values()):
        raise TemplateError("a namespace holds plain values")
    return Space(named)


def _part(value: Any, path: Any) -> Any:
    for name in text_of(path).split("."):
        value = MISSING if value is MISSING else item_of(value, int(name) if name.isdigit() else name)
    return value


def _map(value: Any, word: Any = None, *given: Any, attribute: Any = None, default: Any = MISSING) -> list[Any]:
    if attribute is not None:
        found = [_part(one, attribute) for one in _items(value)]
        return [default if one is MISSING else one for one in found]
    if not isinstance(word, str) or word not in MAPPED:
        raise TemplateError("map by what is not understood")
    return [FILTERS[word](one, *given) for one in _items(value)]


def _chosen(*, wanted: bool) -> Word:
    def choose(value: Any, path: Any, test: Any = None, *given: Any) -> list[Any]:
        return [one for one in _items(value) if _passes(_part(one, path), test, given) is wanted]

    return choose


def _passes(value: Any, test: Any, given: tuple[Any, ...]) -> bool:
    if test is None:
        return bool(value)
    if test in COMPARISONS and len(given) == 1:
        return compared(COMPARISONS[test], value, given[0])
    if not isinstance(test, str) or test not in TESTS:
        raise TemplateError("a choice by what is not understood")
    return bool(TESTS[test](value, *given))


def _reckoned(how: Callable[[float], float]) -> Word:
    def reckon(value: Any, *given: Any) -> Any:
        number = number_in(value)
        if number is None or number <= 0:
            return _fallen_back(value, given[-1] if given else _NO_DEFAULT)
        return how(float(number))

    return reckon


def _sum(value: Any) -> float:
    return math.fsum(_required(one) for one in _items(value))


def _first(value: Any) -> Any:
    found = _items(value)
    return found[0] if found else MISSING


def _last(value: Any) -> Any:
    found = _items(value)
    return found[-1] if found else MISSING


def _length(value: Any) -> int:
    if value is MISSING:
        return 0
    if not isinstance(value, (list, tuple, dict, str)):
        raise TemplateError("the length of what has none")
    return len(value)


def _join(value: Any, between: Any = "") -> str:
    return joined_texts([one for found in _items(value) for one in (text_of(between), text_of(found))][1:])


def _sort(value: Any, reverse: Any = False) -> list[Any]:
    found = _items(value)
    if any(isinstance(one, (list, tuple, dict)) for one in found):
        raise TemplateError("sort of what cannot be compared")
    try:
        return sorted(found, reverse=bool(reverse))
    except TypeError as error:
        raise TemplateError("sort of what cannot be compared") from error


def _to_json(value: Any) -> str:
    if value is MISSING:
        raise AbsentError("JSON of something that is not there")
    text_of(value)  # refuses what would be too long before it is written
    return str(bounded(json.dumps(value)))


def _from_json(value: Any, default: Any = _NO_DEFAULT) -> Any:
    try:
        return json.loads(text_of(bounded(value)), parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return _fallen_back(value, default)


def _replace(value: Any, old: Any, new: Any) -> str:
    text, old, new = text_of(value), text_of(old), text_of(new)
    if text.count(old) * len(new) > MAX_TEXT_CHARACTERS:
        raise TemplateError("a text grows too long")
    return str(bounded(text.replace(old, new)))


def _split(value: Any, between: Any = None, at_most: Any = -1) -> list[str]:
    if between == "" or not isinstance(at_most, int):
        raise TemplateError("split by nothing")
    found = text_of(value).split(None if between is None else text_of(between), at_most)
    return list(bounded(found))


def _text(how: Callable[[str], Any]) -> Word:
    def change(value: Any) -> Any:
        return bounded(how(text_of(bounded(value))))

    return change


def _strip(how: Callable[..., str]) -> Word:
    def strip(value: Any, characters: Any = None) -> str:
        return how(text_of(value), None if characters is None else text_of(characters))

    return strip


def _get(value: Any, key: Any, default: Any = None) -> Any:
    if value is MISSING:
        raise AbsentError(f"{key!r} of something that is not there")
    if not isinstance(value, dict):
        raise TemplateError("get of what is no object")
    found = item_of(value, key)
    return default if found is MISSING else found


def _of_object(how: Callable[[dict[Any, Any]], Any]) -> Word:
    def parts(value: Any) -> list[Any]:
        if value is MISSING:
            raise AbsentError("parts of something that is not there")
        if not isinstance(value, dict):
            raise TemplateError("parts of what is no object")
        return list(bounded(list(how(value))))

    return parts


def _range(*bounds: Any) -> list[int]:
    if (
        not bounds
        or not all(isinstance(one, int) and abs(one) <= MAX_ITEMS * 256 for one in bounds)
        or bounds[2:] == (0,)
    ):
        raise TemplateError("a range that is none")
    counted = range(*bounds)
    if len(counted) > MAX_ITEMS:
        raise TemplateError("a list grows too long")
    return list(counted)


def _is_number(value: Any) -> bool:
    return not isinstance(value, bool) and number_in(value) is not None


def _bool(value: Any, default: Any = _NO_DEFAULT) -> Any:
    if isinstance(value, bool):
        return value
    word = text_of(value).strip().lower()
    if word in {"1", "1.0", "true", "yes", "on", "enable"}:
        return True
    if word in {"0", "0.0", "false", "no", "off", "disable"}:
        return False
    return _fallen_back(value, default)


MAPPED = frozenset({"abs", "bool", "float", "int", "lower", "round", "string", "trim", "upper"})
"""Filters that ``map`` may name: those whose work is that of one step."""

COMPARISONS = {
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "eq": "eq",
    "equalto": "eq",
    "ne": "ne",
    "lt": "lt",
    "lessthan": "lt",
    "le": "le",
    "gt": "gt",
    "greaterthan": "gt",
    "ge": "ge",
    "in": "in",
}
"""Tests that compare with one value, by the name after ``is`` or in ``selectattr``."""

FILTERS: dict[str, Word] = {
    "abs": _abs,
    "add": _scaled(lambda left, right: left + right),
    "average": _gathered(statistics.fmean),
    "bitwise_and": _bits(lambda left, right: left & right),
    "bitwise_or": _bits(lambda left, right: left | right),
    "bitwise_xor": _bits(lambda left, right: left ^ right),
    "bool": _bool,
    "capitalize": _text(str.capitalize),
    "count": _length,
    "d": _default,
    "default": _default,
    "first": _first,
    "float": _float,
    "format": lambda value, *values: formatted(text_of(value), list(values)),
    "from_json": _from_json,
    "iif": _iif,
    "int": _int,
    "is_defined": _is_defined,
    "is_number": _is_number,
    "join": _join,
    "last": _last,
    "length": _length,
    "list": _items,
    "lower": _text(str.lower),
    "map": _map,
    "max": _gathered(max),
    "median": _gathered(statistics.median),
    "min": _gathered(min),
    "multiply": _scaled(lambda left, right: left * right),
    "rejectattr": _chosen(wanted=False),
    "replace": _replace,
    "round": _round,
    "selectattr": _chosen(wanted=True),
    "sort": _sort,
    "split": _split,
    "sqrt": _reckoned(math.sqrt),
    "string": text_of,
    "sum": _sum,
    "title": _text(str.title),
    "to_json": _to_json,
    "tojson": _to_json,
    "trim": _strip(str.strip),
    "upper": _text(str.upper),
}
"""By the name after ``|``."""

_SEQUENCES = (list, tuple, str, dict)

TESTS: dict[str, Word] = {
    "boolean": lambda value: isinstance(value, bool),
    "defined": lambda value: value is not MISSING,
    "undefined": lambda value: value is MISSING,
    "none": lambda value: value is None,
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, float),
    "is_number": _is_number,
    "mapping": lambda value: isinstance(value, dict),
    "sequence": lambda value: isinstance(value, _SEQUENCES),
    "iterable": lambda value: isinstance(value, _SEQUENCES),
    "list": lambda value: isinstance(value, list),
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "odd": lambda value: _required(value) % 2 == 1,
    "even": lambda value: _required(value) % 2 == 0,
}
"""By the name after ``is``, beside COMPARISONS."""

FUNCTIONS: dict[str, Word] = {
    "abs": _abs,
    "average": _gathered(statistics.fmean),
    "bool": _bool,
    "float": _float,
    "iif": _iif,
    "int": _int,
    "is_number": _is_number,
    "max": _gathered(max),
    "median": _gathered(statistics.median),
    "min": _gathered(min),
    "namespace": _namespace,
    "range": _range,
    "round": _round,
    "sqrt": _reckoned(math.sqrt),
}
"""By name, where it is called. None looks at a clock or at other entities."""

_TEXT_METHODS: dict[str, Word] = {
    "capitalize": _text(str.capitalize),
    "endswith": lambda value, end: text_of(value).endswith(text_of(end)),
    "format": lambda value, *values: braces(text_of(value), list(values)),
    "isdigit": lambda value: text_of(value).isdigit(),
    "isnumeric": lambda value: text_of(value).isnumeric(),
    "lower": _text(str.lower),
    "lstrip": _strip(str.lstrip),
    "replace": _replace,
    "rstrip": _strip(str.rstrip),
    "split": _split,
    "startswith": lambda value, start: text_of(value).startswith(text_of(start)),
    "strip": _strip(str.strip),
    "title": _text(str.title),
    "upper": _text(str.upper),
}


def _of_text(word: Word) -> Word:
    def method(value: Any, *given: Any) -> Any:
        if value is MISSING:
            raise AbsentError("a method of something that is not there")
        if not isinstance(value, str):
            raise TemplateError("a text's method of what is none")
        return word(value, *given)

    return method


METHODS: dict[str, Word] = {
    **{name: _of_text(word) for name, word in _TEXT_METHODS.items()},
    "get": _get,
    "items": _of_object(lambda value: [list(pair) for pair in value.items()]),
    "keys": _of_object(lambda value: value.keys()),
    "values": _of_object(lambda value: value.values()),
}
"""By name, where it is called after a dot: of a text, except the four of an object."""
