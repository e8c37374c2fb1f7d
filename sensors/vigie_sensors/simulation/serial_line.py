"""A meter at the other end of a serial line: a pseudo-terminal that tells TIC frames, as a Linky does.

``historical_frame`` is pure. The line's thread writes a frame now and then; the driver opens the other end as it opens
a real port.
"""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import tty
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

FRAME_EVERY_S = 1.3
"""A historical frame at 1200 baud takes about so long; a faster day gets more of them, at most ten a second."""
_LEAST_PAUSE_S = 0.1
_FULL_BYTES = 2_048
"""Unread bytes from which on frames are left out, as a port with nobody reading loses them: a kernel buffer is 4 kB."""


def historical_frame(apparent_power_va: int, current_a: int, subscribed_a: int, energy_wh: int) -> bytes:
    """One frame of historical mode, base tariff, one phase (Enedis-NOI-CPT_54E, §5.3).

    Args:
        apparent_power_va: PAPP.
        current_a: IINST.
        subscribed_a: ISOUSC.
        energy_wh: BASE.
    """
    groups = (
        ("ADCO", "000000000000"), ("OPTARIF", "BASE"), ("ISOUSC", f"{subscribed_a:02}"), ("BASE", f"{energy_wh:09}"),
        ("PTEC", "TH.."), ("IINST", f"{current_a:03}"), ("IMAX", "090"), ("PAPP", f"{apparent_power_va:05}"),
        ("HHPHC", "A"), ("MOTDETAT", "000000"),
    )  # fmt: skip
    return b"\x02" + b"".join(_group(f"{label} {value}".encode()) for label, value in groups) + b"\x03"


def _group(text: bytes) -> bytes:
    return b"\n" + text + b" " + bytes([(sum(text) & 0x3F) + 0x20]) + b"\r"


class SerialLine:
    """One line.

    Attributes:
        device: The path that a driver opens: a link to the pseudo-terminal.
    """

    def __init__(self, device: Path, frame: Callable[[], bytes], speed: float) -> None:
        """Make the pseudo-terminal, so that it is there when the driver opens it.

        Args:
            device: Path of the link; its folder exists.
            frame: Gives the frame to tell now.
            speed: Of the day.
        """
        self.device = device
        self._frame = frame
        self._pause_s = max(_LEAST_PAUSE_S, FRAME_EVERY_S / speed)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        device.unlink(missing_ok=True)
        device.symlink_to(os.ttyname(self._slave))
        self._stop = Event()
        self._thread = Thread(target=self._run, name="simulated-meter", daemon=True)

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def stop(self) -> None:
        """Hang up."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        self.device.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            if self._unread_bytes() < _FULL_BYTES:
                os.write(self._master, self._frame())

    def _unread_bytes(self) -> int:
        found = fcntl.ioctl(self._slave, termios.FIONREAD, b"\0" * 4)
        return int(struct.unpack("i", found)[0])
