"""``vigie-gateway check`` looks at ``notifiers.toml`` too."""

from __future__ import annotations

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
