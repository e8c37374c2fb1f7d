"""``vigie-gateway user`` and ``token``, as typed on the gateway."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from vigie_contract.clock import SystemClock
from vigie_gateway.__main__ import main
from vigie_gateway.auth.accounts import Accounts

PASSWORD = "eight rooms, one lamp"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(f'[store]\npath = "{tmp_path}/vigie.db"\n', encoding="utf-8")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    return path


def test_an_account_is_made_listed_changed_and_removed(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "--config", str(config), "add", "lou", "concierge"]) == 0
    assert main(["user", "--config", str(config), "list"]) == 0
    assert capsys.readouterr().out.startswith("lou\tconcierge\tsince ")
    assert main(["user", "--config", str(config), "role", "lou", "organiser"]) == 0
    assert main(["user", "--config", str(config), "remove", "lou"]) == 0
    assert main(["user", "--config", str(config), "list"]) == 0
    assert capsys.readouterr().out == ""


def test_what_cannot_be_done_is_one_line_and_exit_1(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "--config", str(config), "add", "lou", "king"]) == 1
    assert main(["user", "--config", str(config), "remove", "sam"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "'king' is no role of an account: expected concierge, organiser, network, admin",
        "there is no account 'sam'",
    ]


def test_a_token_is_printed_once_and_works(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token", "--config", str(config), "add", "grafana", "--days", "2"]) == 0
    secret = capsys.readouterr().out.strip()
    accounts = Accounts(config.parent / "accounts.db")
    assert accounts.token(secret, SystemClock().now_ts()) is not None
    accounts.close()
    assert main(["token", "--config", str(config), "list"]) == 0
    assert secret not in capsys.readouterr().out
    assert main(["token", "--config", str(config), "add", "ever", "--days", "0"]) == 1
    assert main(["token", "--config", str(config), "remove", "grafana"]) == 0


def test_a_wrong_settings_file_is_exit_78(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text("nmae = 1\n", encoding="utf-8")
    assert main(["user", "--config", str(path), "list"]) == 78
    assert "nmae: unknown key" in capsys.readouterr().err


def test_a_screen_on_a_wall_is_let_in_by_its_code_and_a_wrong_code_is_one_line(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "--config", str(config), "screen", "hall", "hk7m 2pqx"]) == 0
    assert "HK7M-2PQX" in capsys.readouterr().out
    accounts, now_ts = Accounts(tmp_path / "accounts.db"), SystemClock().now_ts()
    assert accounts.claim_kiosk("HK7M2PQX", "its secret", now_ts)
    token = accounts.token("its secret", now_ts)
    accounts.close()
    assert token is not None
    assert (token.name, token.scope) == ("hall", "kiosk")
    assert main(["token", "--config", str(config), "screen", "hall", "HK7M"]) == 1
    assert main(["token", "--config", str(config), "screen", "hall", "HK7M-2PQR"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "'HK7M' is no code of a screen: expected the 8 letters and digits that it shows",
        "there is a token 'hall' already",
    ]


@pytest.mark.parametrize(("scope", "before", "after"), [("sessions", "/s/", ".ics"), ("alerts", "/a/", ".atom")])
def test_a_token_that_is_an_address_is_printed_as_one(
    config: Path, capsys: pytest.CaptureFixture[str], scope: str, before: str, after: str
) -> None:
    assert main(["token", "--config", str(config), "add", "outlook", "--scope", scope]) == 0
    path = capsys.readouterr().out.strip()
    secret = path.removeprefix(before).removesuffix(after)
    accounts = Accounts(config.parent / "accounts.db")
    token = accounts.token(secret, SystemClock().now_ts())
    accounts.close()
    assert token is not None
    assert (token.scope, path) == (scope, f"{before}{secret}{after}")
