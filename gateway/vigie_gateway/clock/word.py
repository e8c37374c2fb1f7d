"""What was said of the clock, kept beside the database: written by ``clock set`` and by the watch, read by both.

One small JSON file, replaced whole and synced: at most a few writes a boot. It holds for its own boot only; a restart
of the gateway in an outage of the uplink finds there that the clock was right.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from vigie_gateway.clock.belief import Witness, Word

FILE_NAME = "clock.json"
BOOT_VARIABLE = "VIGIE_BOOT"
"""Environment: the boot's id, from systemd (``%b``), whose ``ProcSubset=pid`` hides the kernel's own file."""
_BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")
MAX_BYTES = 1_000
"""Of the file: what is longer is not ours. It is under 200."""


class WordError(Exception):
    """The word cannot be read or kept; one line for a person."""


def path_beside(database: Path) -> Path:
    """Where the word of a gateway with that database is."""
    return database.with_name(FILE_NAME)


def boot_id() -> str:
    """The kernel's id of this boot, without dashes.

    Raises:
        WordError: Neither systemd nor the kernel tells it.
    """
    given = os.environ.get(BOOT_VARIABLE)
    try:
        return (given or _BOOT_FILE.read_text(encoding="ascii")).strip().replace("-", "")
    except OSError as error:
        raise WordError(
            f"{_BOOT_FILE} cannot be read ({error.strerror}): set {BOOT_VARIABLE} to this boot's id"
        ) from error


def read(path: Path) -> Word | None:
    """The word; None when none was ever given.

    Raises:
        WordError: The file is there and is not a word.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WordError(f"{path} cannot be read: {error.strerror}") from error
    try:
        return _word(json.loads(content))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise WordError(f"{path} is not what `vigie-gateway clock set` writes: delete it and vouch again") from error


def _word(found: Any) -> Word:
    at_ts, at_mono = float(found["at_ts"]), float(found["at_mono"])
    if not (math.isfinite(at_ts) and math.isfinite(at_mono)):
        raise ValueError("not finite")
    return Word(Witness(found["witness"]), str(found["boot"]), at_ts, at_mono, found["is_forced"] is True)


def write(path: Path, word: Word) -> None:
    """Keep the word in place of the last.

    Raises:
        WordError: It is not on the disk.
    """
    draft = path.with_name(f"{path.name}.new")
    try:
        draft.unlink(missing_ok=True)
        # Root writes into a folder of the gateway's user, who must not be able to lead it elsewhere, and who reads it.
        made = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        with os.fdopen(made, "w", encoding="ascii") as file:
            json.dump(word._asdict(), file)
            file.flush()
            os.fchmod(made, 0o644)
            os.fsync(made)
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise WordError(f"{path} cannot be written: {error.strerror}") from error
