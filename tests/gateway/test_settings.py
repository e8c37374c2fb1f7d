"""gateway.toml: defaults that need no file, and every error with its file, line, key and value."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie_gateway import settings as settings_module
from vigie_gateway.settings import Settings, SettingsError, load_settings


def _problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    return caught.value.problems


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text("", encoding="utf-8")
    assert load_settings(path) == Settings()


def test_the_pages_are_served_on_this_machine_alone_by_default() -> None:
    assert Settings().http.host == "127.0.0.1"


@pytest.mark.parametrize("line", ['host = "vigie.lan"', 'names = ["Vigie.lan"]', 'names = ["http://vigie.lan"]'])
def test_an_address_to_listen_on_and_names_are_checked(tmp_path: Path, line: str) -> None:
    (problem,) = _problems(tmp_path, f"[http]\n{line}\n")
    assert "gateway.toml:2: http." in problem


def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = 'name = "Main Gateway"\n[broker]\nport = 70000\nhots = "x"\n'
    problems = _problems(tmp_path, text)
    assert len(problems) == 3
    assert any(":1: name = 'Main Gateway'" in problem for problem in problems)
    assert any(":3: broker.port = 70000" in problem for problem in problems)
    assert any(":4: broker.hots: unknown key" in problem for problem in problems)


def test_a_file_that_is_no_toml_names_its_line(tmp_path: Path) -> None:
    (problem,) = _problems(tmp_path, 'name = "main\n')
    assert "line 1" in problem


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.toml: No such file"):
        load_settings(tmp_path / "absent.toml")


def test_the_names_of_the_network_are_a_list(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text('[http]\nnames = ["vigie.lan", "vigie.example.org"]\n', encoding="utf-8")
    assert load_settings(path).http.names == ("vigie.lan", "vigie.example.org")


def test_a_place_without_a_file_gets_one_where_the_gateway_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "site.toml"
    monkeypatch.setattr(settings_module, "DEFAULT_SITE", there)
    assert Settings().site_path() == Path("/var/lib/vigie/site.toml")
    there.touch()
    assert Settings().site_path() == there
    assert Settings(site="/srv/place.toml").site_path() == Path("/srv/place.toml")


def test_devices_of_others_are_heard_as_another_user_than_own_nodes(tmp_path: Path) -> None:
    assert not Settings().devices.is_on
    (problem,) = _problems(tmp_path, '[devices]\nusername = "gateway"\nfamilies = ["tasmota"]\n')
    assert "expected devices.username to be another than broker.username" in problem
    (problem,) = _problems(tmp_path, '[devices]\nfamilies = ["sonoff"]\n')
    assert ":2: devices.families" in problem
