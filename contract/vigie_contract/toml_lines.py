"""Where a key stands in a TOML file, so that an error can name its line.

``tomllib`` reads values but forgets lines. Both daemons' configuration readers ask here when they have an error to
tell; a file that tomllib refused names its line itself. Who edits a file asks here where its tables begin.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple

_NEWLINE = re.compile(r"\r?\n")
_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*=")


def line_of(text: str, path: tuple[str | int, ...]) -> int:
    """The line, from 1, of the key at ``path``; of its nearest parent where the key itself is not there.

    Args:
        text: The file, valid TOML.
        path: Keys and, for arrays of tables, indices: ``("rooms", 2, "seats")``.
    """
    lines = _lines(text)
    for length in range(len(path), 0, -1):
        found = lines.get(path[:length])
        if found is not None:
            return found
    return 1


class Header(NamedTuple):
    """A table's header: its line, from 1; the keys of its path; whether it is ``[[one of many]]``."""

    line: int
    path: tuple[str, ...]
    is_array: bool


def headers_of(text: str) -> list[Header]:
    """Every table header of the file, valid TOML, in its order."""
    return [
        Header(number, tuple(_keys(match[2])), match[1] == "[[")
        for number, match in _statements(text)
        if match.re is _HEADER
    ]


def _lines(text: str) -> dict[tuple[str | int, ...], int]:
    found: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str | int, ...], int] = {}
    table: tuple[str | int, ...] = ()
    for number, match in _statements(text):
        if match.re is _HEADER:
            table = _resolve(_keys(match[2]), match[1] == "[[", counts)
            found.setdefault(table, number)
            continue
        path = table
        for part in _keys(match[1]):
            path = (*path, part)
            found.setdefault(path, number)
    return found


def _statements(text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """The line, from 1, and the match of each header and of each key, whose value may go over several lines."""
    open_value: list[str] = []
    # Not splitlines(): it also breaks at U+2028 and its like, which TOML allows within a string.
    for number, line in enumerate(_NEWLINE.split(text), start=1):
        if open_value:
            open_value.append(line)
            if _is_complete(open_value):
                open_value = []
            continue
        match = _HEADER.match(line) or _KEY.match(line)
        if match is None:
            continue
        yield number, match
        if match.re is _KEY and not _is_complete([line]):
            open_value = [line]


def _resolve(keys: list[str], is_array: bool, counts: dict[tuple[str | int, ...], int]) -> tuple[str | int, ...]:
    path: tuple[str | int, ...] = ()
    for position, key in enumerate(keys):
        path = (*path, key)
        if is_array and position == len(keys) - 1:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = (*path, counts[path] - 1)
    return path


def _keys(dotted: str) -> list[str]:
    parts = re.findall(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'", dotted)
    return [part.strip("\"'") for part in parts]


def _is_complete(lines: list[str]) -> bool:
    try:
        tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return False
    return True
