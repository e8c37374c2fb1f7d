"""What the command line does when the person before it has had enough."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vigie_sensors import __main__ as command_line

CONFIG = """
site = "lieu"
node = "pi-1"
[broker]
host = "127.0.0.1"
[[sensors]]
name = "thing"
driver = "dns"
"""


def test_ctrl_c_ends_a_try_without_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> int:
        raise KeyboardInterrupt

    config = tmp_path / "sensors.toml"
    config.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setattr(command_line, "_once", interrupted)
    assert command_line.main(["--config", str(config), "once", "thing"]) == command_line.EX_INTERRUPTED


def test_a_reader_that_stops_reading_the_list_gets_no_traceback() -> None:
    listing = subprocess.Popen(
        [sys.executable, "-m", "vigie_sensors", "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert listing.stdout is not None
    assert listing.stderr is not None
    listing.stdout.close()
    with listing.stderr:
        assert listing.stderr.read() == b""
    listing.wait()
