"""A machine in a folder, whose programs say what a test gives them: the lowest seam of what the doctor looks at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from vigie_gateway.install.machine import CommandError, Machine


class TalkingMachine(Machine):
    """Files below a folder; a program that was given no words is not installed.

    Attributes:
        words: What each command line prints; None: it ends with an error.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.words: dict[str, str | None] = {}

    def put(self, path: str, text: str) -> Path:
        target = self.at(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def run(
        self,
        command: Sequence[str],
        *,
        timeout_s: float = 60.0,
        environment: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> str:
        line = " ".join(command)
        if line not in self.words:
            raise CommandError(f"{command[0]} cannot be started: No such file or directory")
        said = self.words[line]
        if said is None:
            raise CommandError(f"{command[0]} ended with 1: Operation not permitted")
        return said


@pytest.fixture
def machine(tmp_path: Path) -> TalkingMachine:
    """One of which nothing is known."""
    return TalkingMachine(tmp_path / "root")
