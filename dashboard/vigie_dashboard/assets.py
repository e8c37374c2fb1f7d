"""The files that pages load, under names that carry their content.

The gateway serves what ``asset`` finds at ``/static/{name}``, to be cached for a year: a changed file has another name.
Everything is read once, into memory, at first use; no path is ever made from what a browser asks for.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
"""What is served, by ending; other files of the folder are not."""

_DIGEST_CHARACTERS = 10
"""Fewer: two versions of a file could share a name. More: bytes in every page."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: ``gzip`` is None where that would not be smaller; ``etag`` is quoted already."""

    body: bytes
    gzip: bytes | None
    content_type: str
    etag: str


def asset(name: str) -> Asset | None:
    """The file of exactly that name, None when there is none."""
    return _by_name().get(name)


def asset_url(path: str) -> str | None:
    """Where a page finds ``path`` (``live.js``, ``vendor/uplot.js``); None when it was not built or is not there."""
    name = _names().get(path)
    return None if name is None else f"/static/{name}"


def inline_icons() -> str:
    """The ``<symbol>`` elements taken from npm, to stand in a page; empty where they were not built."""
    sprite = resources.files(__package__) / "static" / "vendor" / "icons.svg"
    if not sprite.is_file():
        return ""
    text = sprite.read_text(encoding="utf-8")
    return text[text.index(">") + 1 : text.rindex("</svg>")]


@lru_cache(maxsize=1)
def _files() -> dict[str, bytes]:
    found: dict[str, bytes] = {}

    def walk(folder: Traversable, prefix: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                walk(entry, f"{prefix}{entry.name}/")
            elif "." + entry.name.rpartition(".")[2] in _TYPES:
                found[prefix + entry.name] = entry.read_bytes()

    walk(resources.files(__package__) / "static", "")
    return found


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    names = {}
    for path, body in _files().items():
        stem, _, ending = path.replace("/", "-").rpartition(".")
        names[path] = f"{stem}-{hashlib.sha256(body).hexdigest()[:_DIGEST_CHARACTERS]}.{ending}"
    return names


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Asset]:
    return {name: _made(path, _files()[path]) for path, name in _names().items()}


def _made(path: str, body: bytes) -> Asset:
    packed = gzip.compress(body, compresslevel=9, mtime=0)
    return Asset(
        body=body,
        gzip=packed if len(packed) < len(body) else None,
        content_type=_TYPES["." + path.rpartition(".")[2]],
        etag=f'"{hashlib.sha256(body).hexdigest()[:32]}"',
    )
