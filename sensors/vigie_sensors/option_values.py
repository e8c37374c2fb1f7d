"""What a value of ``sensors.toml`` may be, by its option, and how a person is told. Pure; called by ``config``."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection
from typing import Any

from vigie_sensors.driver import Option

_LARGEST = 1e15
"""TOML's integers have no end here, floats have: beyond this a number is no option's, bound or not."""


def blank(option: Option) -> Any:
    """Stands for a value that has been complained about, so that the rest of the file is still checked."""
    return {"str": "", "int": 1, "float": 1.0, "bool": False, "list[str]": [], "table": {}}[option.type]


def is_valid(value: Any, option: Option, *, is_free_table: bool = False) -> bool:
    """Whether the option takes the value; a free table may hold anything."""
    match option.type:
        case "int" | "float":
            return _is_number(value, option)
        case "str":
            return type(value) is str and bool(value or option.default == "") and _is_chosen([value], option)
        case "bool":
            return type(value) is bool
        case "list[str]":
            return (
                type(value) is list and all(type(word) is str and word for word in value) and _is_chosen(value, option)
            )
        case "table":
            return type(value) is dict and (is_free_table or all(type(word) is str for word in value.values()))
        case _:
            raise ValueError(f"option {option.name} is of the unknown type {option.type}")


def _is_number(value: Any, option: Option) -> bool:
    if type(value) is not int and (option.type == "int" or type(value) is not float or not math.isfinite(value)):
        return False
    if abs(value) > _LARGEST:
        return False
    return (option.low is None or value >= option.low) and (option.high is None or value <= option.high)


def _is_chosen(words: list[str], option: Option) -> bool:
    return not option.choices or all(word in option.choices for word in words)


_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "list[str]": "a list of texts",
    "table": "a table",
}


def expectation(option: Option) -> str:
    """What an option takes, for a person: ``a whole number from 0 to 27``."""
    if option.choices:
        return f"{'one' if option.type == 'str' else 'some'} of {', '.join(option.choices)}"
    said = _TYPES[option.type]
    if option.low is not None and option.high is not None:
        said += f" from {option.low:g} to {option.high:g}"
    elif option.low is not None:
        said += f" of at least {option.low:g}"
    elif option.high is not None:
        said += f" of at most {option.high:g}"
    return f"{said} {option.unit}".rstrip()


def nearest(word: Any, known: Collection[str]) -> str | None:
    """What was perhaps meant; None when no known word is like it."""
    near = difflib.get_close_matches(word, known, n=1) if isinstance(word, str) else []
    return f"perhaps {near[0]}" if near else None


def shown(value: Any) -> str:
    """A value as a person would type it, cut short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value:.60}"'
    return f"{value!s:.80}"
