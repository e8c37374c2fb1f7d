"""What the battery-backed clock says, from the kernel's files of it. The only module that reads them."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path("/sys/class/rtc")


def read(folder: Path = FOLDER) -> float | None:
    """Epoch seconds by the first battery-backed clock that answers; None when none does.

    It is read in UTC, as Linux keeps it. One without a battery answers too: with 1970, or where it last stood, which
    its reader must judge.
    """
    try:
        clocks = sorted(folder.iterdir())
    except OSError:
        return None
    for clock in clocks:
        try:
            return float(int((clock / "since_epoch").read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return None
