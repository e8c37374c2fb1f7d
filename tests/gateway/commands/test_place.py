"""``vigie-gateway place`` and ``setup-address``: the recipe out and in, and where a first administrator begins."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gateway.conftest import SAMPLE_SITE

from vigie_gateway import __main__
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.setup.address import SetupAddress
from vigie_gateway.setup.recipe import shared

SAMPLE = SAMPLE_SITE.read_text(encoding="utf-8")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Of a gateway that keeps everything in the test's folder, and has no place yet."""
    path = tmp_path / "gateway.toml"
    path.write_text(f'[store]\npath = "{tmp_path}/vigie.db"\n', encoding="utf-8")
    return path


def test_a_recipe_goes_out_of_one_place_and_into_another(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "site.toml").write_text(SAMPLE, encoding="utf-8")
    assert __main__.main(["place", "--config", str(config), "export"]) == 0
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(capsys.readouterr().out.replace("seats = 40", "seats = 44"), encoding="utf-8")
    assert __main__.main(["place", "--config", str(config), "import", str(recipe)]) == 0
    expected = shared(SAMPLE).replace("seats = 40", "seats = 44")
    assert (tmp_path / "site.toml").read_text(encoding="utf-8") == expected
    assert (tmp_path / "site.toml.before").read_text(encoding="utf-8") == SAMPLE


def test_a_wrong_recipe_is_told_and_not_taken_in(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(SAMPLE.replace("seats = 40", "seats = -4"), encoding="utf-8")
    assert __main__.main(["place", "--config", str(config), "import", str(recipe)]) == 78
    assert "rooms[0].seats is -4, expected a whole number, 0 or more" in capsys.readouterr().err
    assert not (tmp_path / "site.toml").exists()


def test_a_place_that_is_not_there_cannot_be_exported(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(["place", "--config", str(config), "export"]) == 78
    assert "site.toml:1: cannot be read: No such file or directory" in capsys.readouterr().err


def test_an_address_is_printed_whose_code_opens(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert __main__.main(["setup-address", "--config", str(config)]) == 0
    address = capsys.readouterr().out.strip()
    assert address.startswith("http://127.0.0.1:8080/setup/start/")
    accounts = Accounts(tmp_path / "accounts.db")
    assert SetupAddress(tmp_path, accounts).standing(address.rpartition("/")[2]) == "valid"
    accounts.close()


def test_where_there_is_an_administrator_no_address_is_printed(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = Accounts(tmp_path / "accounts.db")
    accounts.add_user("ada", Role.ADMIN, "a long enough password", "test", 0.0)
    accounts.close()
    assert __main__.main(["setup-address", "--config", str(config)]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", "there is an administrator (ada): sign in and open /setup\n")


@pytest.mark.parametrize(
    ("http", "address"),
    [
        ('host = "0.0.0.0"\nport = 81', "http://127.0.0.1:81/"),
        ('host = "192.168.1.5"', "http://192.168.1.5:8080/"),
        ('host = "::1"', "http://[::1]:8080/"),
        ('proxy = "127.0.0.1"\nnames = ["vigie.example.org"]', "https://vigie.example.org/"),
    ],
)
def test_the_address_is_one_that_a_browser_finds(
    config: Path, capsys: pytest.CaptureFixture[str], http: str, address: str
) -> None:
    config.write_text(config.read_text(encoding="utf-8") + f"[http]\n{http}\n", encoding="utf-8")
    assert __main__.main(["setup-address", "--config", str(config)]) == 0
    assert capsys.readouterr().out.startswith(f"{address}setup/start/")
