"""Where InfluxDB is, and what InfluxQL calls its bucket."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie_gateway.settings import InfluxdbSettings, Settings, SettingsError, load_settings


@pytest.mark.parametrize(
    ("given", "database", "policy"),
    [
        ({"bucket": "vigie"}, "vigie", None),
        ({"bucket": "vigie/autogen"}, "vigie", "autogen"),
        ({"bucket": "place", "database": "vigie", "retention_policy": "year"}, "vigie", "year"),
    ],
)
def test_influxql_knows_the_bucket_by_its_name_or_as_told(
    given: dict[str, str], database: str, policy: str | None
) -> None:
    settings = InfluxdbSettings.model_validate(given)
    assert (settings.database_name, settings.policy_name) == (database, policy)


@pytest.mark.parametrize("url", ["influx:8086", "ftp://influx", "http://", "http://me:secret@influx", "http://i/?q=1"])
def test_an_address_that_is_none_is_named_with_its_line(tmp_path: Path, url: str) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text(f'[influxdb]\nbucket = "vigie"\nurl = "{url}"\n')
    with pytest.raises(SettingsError) as raised:
        load_settings(path)
    (problem,) = raised.value.problems
    assert problem.startswith(f"{path}:3: influxdb.url")
    assert "expected http://host:port" in problem


def test_no_influxdb_is_the_default() -> None:
    assert Settings().influxdb.url is None
