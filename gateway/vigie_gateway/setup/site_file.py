"""The site file on disk: read with its digest, checked as the gateway checks it, replaced at once.

Called by ``api.setup`` on request threads. The file that was there before is kept beside the new one.
"""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie_gateway.files import replace_file
from vigie_gateway.place.problem import Problem
from vigie_gateway.place.site import read_site

KEPT_SUFFIX = ".before"
"""Of the copy of what a new file replaced: ``site.toml.before``."""
MOST_BYTES = 512 * 1024
"""Of a site file that is taken in: the sample's ten rooms take 8 kB. Higher lets a page read for long."""


class SiteFileError(Exception):
    """The file cannot be read or put in its place; one line for a person that names it.

    Attributes:
        kind: ``changed`` where somebody else wrote it meanwhile, ``read`` or ``write``.
    """

    def __init__(self, message: str, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class SiteText:
    """The file as it is now.

    Attributes:
        text: "" where there is none.
        digest: Tells one content from another; "" where there is none.
        raw: Parsed; empty where there is none, or it is no TOML.
    """

    text: str
    digest: str
    raw: dict[str, Any]


class SiteFile:
    """The place's file, whether it is there yet or not."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> SiteText:
        """The file now. Raises SiteFileError."""
        try:
            text = self.path.read_bytes().decode()
        except FileNotFoundError:
            return SiteText("", "", {})
        except (OSError, UnicodeDecodeError) as error:
            raise SiteFileError(f"{self.path}: cannot be read: {error}", "read") from error
        return site_text(text)

    def check(self, text: str) -> list[Problem]:
        """What would be wrong with this text as the place's file; empty when it can be put in its place."""
        return read_site(str(self.path), text)[1]

    def replace(self, text: str, base: str) -> None:
        """Put a checked text in the file's place, and keep the one that was there.

        Raises:
            SiteFileError: The file is not what ``base`` says any more, or cannot be written; nothing was changed.
        """
        before = self.read()
        if before.digest != base:
            raise SiteFileError(f"{self.path} was changed by somebody else since this was begun", "changed")
        try:
            if before.text:
                replace_file(self.path.with_name(self.path.name + KEPT_SUFFIX), before.text.encode(), 0o640)
            replace_file(self.path, text.encode(), 0o640)
        except OSError as error:
            raise SiteFileError(f"{self.path}: cannot be written: {error.strerror}", "write") from error


def site_text(text: str) -> SiteText:
    """The text of a site file, taken apart."""
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raw = {}
    return SiteText(text, hashlib.sha256(text.encode()).hexdigest() if text else "", raw)
