"""The Pythons that a node's program runs on in tests: MicroPython as on a board, and CPython."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
FETCHED = ROOT / ".vigie" / "micropython"
"""Where ``./run test`` unpacks Debian's."""
HEAP = "192k"
"""What a Pico W leaves to a program."""


def micropython() -> list[str]:
    """The command that starts MicroPython; skips where there is none."""
    for loader in sorted(FETCHED.glob("usr/lib/*/ld-linux-*")):
        program = FETCHED / "usr" / "bin" / "micropython"
        return [str(loader), "--library-path", str(loader.parent), str(program), "-X", f"heapsize={HEAP}"]
    found = shutil.which("micropython")
    if found is None:
        pytest.skip("MicroPython is not here, and could not be fetched: ./run test says why")
    return [found, "-X", f"heapsize={HEAP}"]


def interpreter(name: str) -> list[str]:
    """The command of ``micropython`` or ``cpython``."""
    return micropython() if name == "micropython" else [sys.executable]


def run_there(name: str, code: str, given: str = "") -> str:
    """What a piece of code prints there, with the firmware to import from; raises on an error."""
    prelude = f"import sys\nsys.path.insert(0, {str(FIRMWARE)!r})\n"
    done = subprocess.run(
        [*interpreter(name), "-c", prelude + code],
        input=given,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout
