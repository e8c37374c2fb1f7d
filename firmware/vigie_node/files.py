"""Files that are there whole, or as they were: the flash may lose power at any time. Called by whoever keeps one."""

import os


def replace(path: str, data: bytes) -> None:
    """Whole, or not at all: littlefs, as every POSIX system, renames atomically."""
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.rename(path + ".new", path)
