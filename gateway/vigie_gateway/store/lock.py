"""One process at a time has a store open to write: a lock beside the file, which ends with its process."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from vigie_gateway.store import InUseError, StoreError


class StoreLock:
    """Held until ``release``; ``gateway`` takes it for as long as it runs, ``restore`` while it works."""

    def __init__(self, database: Path) -> None:
        """Take it.

        Raises:
            InUseError: Another process holds it.
            StoreError: The folder is not there or cannot be written.
        """
        path = database.with_name(f"{database.name}.lock")
        try:
            self._opened = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise StoreError(
                f"{database}: could not be opened: its lock file cannot be made ({error.strerror}): does its folder"
                " exist, and may this user write there?"
            ) from error
        try:
            fcntl.flock(self._opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._opened)
            raise InUseError(f"{database}: another vigie-gateway has it open: stop that one first") from error

    def release(self) -> None:
        """Let it go; twice is fine."""
        if self._opened >= 0:
            os.close(self._opened)
            self._opened = -1
