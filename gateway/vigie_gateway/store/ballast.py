"""A file that only takes room: let go when the disk is full, so that commits go on until somebody makes room.

The writer thread frees it when SQLite says that the disk is full; ``upkeep`` makes it again on its own thread.
"""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

log = logging.getLogger(__name__)

SLACK = 2
"""It is made again when so many times its size is free. Lower fills the disk again with the very room that was just
made; higher leaves a small card without it for longer."""


class Ballast:
    """The file beside the database. ``free``: writer thread; ``keep``: any."""

    def __init__(self, database: Path, size_bytes: int) -> None:
        self._path = database.with_name(f"{database.name}.ballast")
        self.size_bytes = size_bytes

    def is_kept(self) -> bool:
        """Whether it is there, whole."""
        try:
            return self._path.stat().st_size >= self.size_bytes
        except OSError:
            return False

    def free(self) -> bool:
        """Let it go; whether that made room."""
        try:
            self._path.unlink()
        except OSError:
            return False
        log.error("the disk is full: %s was deleted to make %d MB of room", self._path, self.size_bytes >> 20)
        return True

    def keep(self) -> bool:
        """Make it when it is not there and there is room for it; whether it is there now.

        Nothing is written to the card but where the room lies.
        """
        if self.size_bytes == 0 or self.is_kept():
            return self.size_bytes > 0
        made = self._path.with_name(f"{self._path.name}.new")
        try:
            if shutil.disk_usage(self._path.parent).free < SLACK * self.size_bytes:
                return False
            opened = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(opened, 0, self.size_bytes)
            finally:
                os.close(opened)
            made.rename(self._path)
        except OSError as error:
            log.warning("%s could not be made: %s", self._path, error.strerror)
            made.unlink(missing_ok=True)
            return False
        return True
