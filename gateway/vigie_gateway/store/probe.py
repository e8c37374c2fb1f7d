"""Whether a folder takes a write, down to the disk: permissions say nothing of a card that went read-only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def probe_write(folder: Path) -> None:
    """Write a few bytes and wait for the disk; nothing is left behind.

    Raises:
        OSError: It does not.
    """
    with tempfile.TemporaryFile(dir=folder) as probe:
        probe.write(b"vigie")
        probe.flush()
        os.fsync(probe.fileno())
