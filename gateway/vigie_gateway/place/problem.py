"""What is wrong in ``site.toml``: one problem, and the sentence that tells it to a person.

Pure. Made by ``site`` and ``references`` while the gateway starts or checks; printed by the command line.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from vigie_contract.toml_lines import line_of

KeyPath = tuple[str | int, ...]

_MAX_VALUE_CHARACTERS = 60
"""Of a value that is shown. Less hides a channel's name, more wraps in a terminal."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to put right.

    Attributes:
        file: The file's name as it was given.
        line: From 1; 1 when the file could not be read at all.
        column: From 1, of a syntax error; else None.
        key: Where, ``rooms[2].seats``; empty for the file as a whole. Tables of an array count from 0.
        value: What was found, as it would be written; None when nothing was there.
        expected: What would be right, or what happened.
    """

    file: str
    line: int
    column: int | None
    key: str
    value: str | None
    expected: str


class SiteError(Exception):
    """The site file is wrong; nothing starts with it.

    Attributes:
        problems: All of them, in order of lines; at least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(format_problem(problem) for problem in problems))
        self.problems = tuple(problems)


def format_problem(problem: Problem) -> str:
    """One line: ``site.toml:12: rooms[2].seats is -3, expected a whole number, 0 or more``."""
    where = f"{problem.file}:{problem.line}"
    if problem.column is not None:
        where += f":{problem.column}"
    if not problem.key:
        return f"{where}: {problem.expected}"
    if problem.value is None:
        return f"{where}: {problem.key}: expected {problem.expected}"
    return f"{where}: {problem.key} is {problem.value}, expected {problem.expected}"


class Collector:
    """Gathers the problems of one file, each with its line."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._found: list[tuple[KeyPath, Problem]] = []

    def add(self, path: KeyPath, value: Any, expected: str) -> None:
        """Note a problem at ``path``; ``value`` None when nothing is there."""
        shown = None if value is None else write_value(value)
        # An array of tables stands at its first header.
        is_array = isinstance(value, list) and bool(value) and isinstance(value[0], dict)
        line = line_of(self._text, (*path, 0) if is_array else path)
        self._found.append((path, Problem(self._file, line, None, write_path(path), shown, expected)))

    def problems(self) -> list[Problem]:
        """In order of lines; one for each place, the first that was noted."""
        first: dict[KeyPath, Problem] = {}
        for path, problem in self._found:
            first.setdefault(path, problem)
        return sorted(first.values(), key=lambda problem: problem.line)


_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def write_path(path: KeyPath) -> str:
    """``("rooms", 2, "seats")`` as ``rooms[2].seats``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            key = part if _BARE_KEY.fullmatch(part) else json.dumps(part, ensure_ascii=False)
            text += f".{key}" if text else key
    return text


def write_value(value: Any) -> str:
    """As TOML would write it, cut where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= _MAX_VALUE_CHARACTERS else text[: _MAX_VALUE_CHARACTERS - 1] + "…"


def suggest(word: str, known: Collection[str]) -> str | None:
    """The known word that is nearest to a misspelt one; None when none is near."""
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return near[0] if near else None


def one_of(word: str, known: Collection[str], what: str) -> str:
    """``a room (did you mean "salle"?)``, or the list of what is known."""
    near = suggest(word, known)
    if near is not None:
        return f'{what} (did you mean "{near}"?)'
    if not known:
        return f"{what}, but the file has none"
    return f"{what}: {', '.join(sorted(known))}"
