"""The picture of a floor plan to trace over: kept beside the store, for the set-up's own page and nothing else.

Called by ``api.setup`` on request threads. It is never opened here: what it is is told by its first bytes alone.
"""

from __future__ import annotations

from pathlib import Path

from vigie_gateway.files import replace_file

FILE_NAME = "setup-picture"
MOST_BYTES = 5 * 1024 * 1024
"""Lower refuses a photo of a telephone; higher lets one take a Pi's memory while it is sent."""


class PictureError(Exception):
    """This is no picture that is taken, or it cannot be kept; one line for a person."""


class Picture:
    """The picture, if there is one."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def is_there(self) -> bool:
        """Whether one was sent."""
        return self._path.is_file()

    def read(self) -> tuple[bytes, str] | None:
        """Its bytes and media type; None when there is none."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        kind = kind_of(content)
        return None if kind is None else (content, kind)

    def keep(self, content: bytes) -> None:
        """Take this one in place of the one that there is. Raises PictureError."""
        if len(content) > MOST_BYTES or kind_of(content) is None:
            raise PictureError("a picture is expected: PNG, JPEG or WebP, 5 MB at most")
        try:
            replace_file(self._path, content, 0o600)
        except OSError as error:
            raise PictureError(f"{self._path}: the picture cannot be kept: {error.strerror}") from error

    def drop(self) -> None:
        """Take it away."""
        self._path.unlink(missing_ok=True)


def kind_of(content: bytes) -> str | None:
    """The media type by the first bytes (WHATWG MIME Sniffing §6.1); None for what is no such picture."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content[:4] == b"RIFF" and content[8:14] == b"WEBPVP":
        return "image/webp"
    return None
