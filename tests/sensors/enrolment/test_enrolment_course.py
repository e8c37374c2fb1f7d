"""Nothing is asked before it is known that the answer can be kept, and a refused code changes no file."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie_sensors.__main__ import main
from vigie_sensors.enrolment.keeping import usual_places

NOWHERE = "K7QM-2XRD-9VTB-4HNW@127.0.0.1:1"


def test_a_refusal_is_one_sentence_and_leaves_the_files_as_they_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sensors.toml"
    path.write_text('site = "a"\nnode = "b"\n[broker]\nhost = "c"\n[[sensors]]\nname = "rtt"\ndriver = "latency"\n')
    before = path.read_bytes()
    assert main(["--config", str(path), "enrol", NOWHERE]) == 1
    assert capsys.readouterr().err.startswith("nobody waits for a node at 127.0.0.1:1: ")
    assert {found.name: found.read_bytes() for found in tmp_path.iterdir()} == {"sensors.toml": before}


@pytest.mark.parametrize(
    ("typed", "text", "said"),
    [
        ("K7QM", "", "'K7QM' is no code, expected 16 letters and digits in fours"),
        (NOWHERE, "site = ", "is no valid TOML"),
        (NOWHERE, '[[sensors]]\nname = "rtt"\ndriver = "none"\n', "driver"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], typed: str, text: str, said: str
) -> None:
    path = tmp_path / "sensors.toml"
    path.write_text(text)
    assert main(["--config", str(path), "enrol", typed]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "nobody waits" not in told
    assert ".trial" not in told


def test_an_installed_node_keeps_its_password_where_systemd_alone_reads_it() -> None:
    places = usual_places(Path("/etc/vigie/sensors.toml"))
    assert places.password == Path("/etc/vigie/credentials/sensors")
    unit = (Path(__file__).parents[3] / "systemd" / "vigie-sensors.service").read_text()
    assert f"LoadCredential={places.handed.name}:{places.password}" in unit
    assert places.handed.parent == Path("/run/credentials/vigie-sensors.service")
