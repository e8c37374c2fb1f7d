"""``vigie-gateway check`` looks at ``notifiers.toml`` too."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.gateway.conftest import SAMPLE_SITE

from vigie_gateway.__main__ import main


def test_check_names_the_notifiers_and_what_is_wrong_with_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notifiers, settings = tmp_path / "notifiers.toml", tmp_path / "gateway.toml"
    settings.write_text(f'[notify]\nfile = "{notifiers}"\n', encoding="utf-8")
    arguments = ["check", "--config", str(settings), "--site", str(SAMPLE_SITE)]
    notifiers.write_text('[notifiers.phones]\nurl = "ntfys://ntfy.example.lan/canary"\n', encoding="utf-8")
    notifiers.chmod(0o600)
    assert main(arguments) == 0
    assert "notifiers: nothing wrong (phones)" in capsys.readouterr().out
    notifiers.write_text('[notifiers.phones]\nurl = "dbus://canary"\n', encoding="utf-8")
    assert main(arguments) == 78
    told = capsys.readouterr().err
    assert f"{notifiers}:2: notifiers.phones.url: dbus:// is not taken" in told
    assert "canary" not in told


def test_a_gateway_does_not_start_on_a_wrong_file_and_ends_with_78(tmp_path: Path) -> None:
    notifiers, settings = tmp_path / "notifiers.toml", tmp_path / "gateway.toml"
    settings.write_text(f'[store]\npath = "{tmp_path}/vigie.db"\n[notify]\nfile = "{notifiers}"\n', encoding="utf-8")
    notifiers.write_text("[heartbeat]\nurl = 'canary'\n", encoding="utf-8")
    notifiers.chmod(0o600)
    ended = subprocess.run(
        [sys.executable, "-m", "vigie_gateway", "run", "--config", str(settings), "--site", str(SAMPLE_SITE)],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert ended.returncode == 78
    assert ended.stderr == f"{notifiers}:2: heartbeat.url: expected http:// or https://\n"
