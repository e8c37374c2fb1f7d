"""The Pythons that a node's program runs on in tests: MicroPython as on a board, its WebAssembly build, and CPython.

The WebAssembly build is another compiler's work and another word length than Debian's, with no memory limit and no
sockets: it runs what decides, and nothing that speaks.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIRMWARE = ROOT / "firmware"
FETCHED = ROOT / ".vigie" / "micropython"
"""Where ``./run test`` unpacks Debian's."""
HEAP = "192k"
"""What a Pico W leaves to a program."""
WEBASSEMBLY = Path(__file__).parent / "webassembly"
"""What it is pinned to, and what runs it in node."""
FETCHED_WEBASSEMBLY = ROOT / ".vigie" / "micropython-webassembly"
FETCH_S = 60


def micropython() -> list[str]:
    """The command that starts MicroPython; skips where there is none."""
    for loader in sorted(FETCHED.glob("usr/lib/*/ld-linux-*")):
        program = FETCHED / "usr" / "bin" / "micropython"
        return [str(loader), "--library-path", str(loader.parent), str(program), "-X", f"heapsize={HEAP}"]
    found = shutil.which("micropython")
    if found is None:
        pytest.skip("MicroPython is not here, and could not be fetched: ./run test says why")
    return [found, "-X", f"heapsize={HEAP}"]


def webassembly() -> list[str]:
    """The command that starts MicroPython in node; fetched from npm when first asked for; skips where it cannot be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("there is no node here, or no npm")
    lock = WEBASSEMBLY / "package-lock.json"
    fetched = FETCHED_WEBASSEMBLY / lock.name
    if not fetched.exists() or fetched.read_bytes() != lock.read_bytes():
        _fetch_webassembly(npm)
    return [node, str(WEBASSEMBLY / "interpreter.mjs"), str(FETCHED_WEBASSEMBLY), str(FIRMWARE)]


def _fetch_webassembly(npm: str) -> None:
    """As its lock says, whose digests npm compares."""
    FETCHED_WEBASSEMBLY.parent.mkdir(exist_ok=True)
    # Beside it first: several tests at a time may fetch.
    with tempfile.TemporaryDirectory(dir=FETCHED_WEBASSEMBLY.parent) as name:
        part = Path(name) / "part"
        part.mkdir()
        for file in ("package.json", "package-lock.json"):
            shutil.copy(WEBASSEMBLY / file, part)
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        line = [npm, "ci", *options]
        done = subprocess.run(line, cwd=part, capture_output=True, text=True, timeout=FETCH_S, check=False)
        if done.returncode and "EINTEGRITY" in done.stderr:
            pytest.fail(f"what npm has is not what the lock says: {done.stderr.strip()[-300:]}")
        if done.returncode:
            pytest.skip(f"npm could not fetch MicroPython's WebAssembly build: {done.stderr.strip()[-300:]}")
        shutil.rmtree(FETCHED_WEBASSEMBLY, ignore_errors=True)
        try:
            part.rename(FETCHED_WEBASSEMBLY)
        except OSError:  # another was quicker
            if not (FETCHED_WEBASSEMBLY / "package-lock.json").exists():
                raise


def interpreter(name: str) -> list[str]:
    """The command of ``micropython``, ``webassembly`` or ``cpython``."""
    if name == "webassembly":
        return webassembly()
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
