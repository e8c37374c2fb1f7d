"""A file put in its place at once: whoever reads it, or comes after a power cut, finds the old or the new one whole."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int, group: str | None = None) -> None:
    """Put a file in its place at once, or leave it as it was; on disk when this returns.

    Args:
        path: Where.
        content: All of it.
        mode: Its rights, less what the umask takes; exactly these where a group is named.
        group: Whose group it is to be; None leaves that to the folder and to who asks.

    Raises:
        OSError: It cannot be written.
        LookupError: There is no such group.
    """
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode)
    if group is not None:
        shutil.chown(new, group=group)
        new.chmod(mode)
    with new.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
