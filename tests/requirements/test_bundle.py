"""A bundle has every wheel of every machine, installs Vigie without an index, and what was changed is refused."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from requirements import bundle
from vigie_gateway.install.actions import Version
from vigie_gateway.install.machine import CommandError, Machine
from vigie_gateway.install.program import build
from vigie_gateway.install.source import this_source

PINS = bundle.PINS.read_text(encoding="utf-8")
THIS = bundle.Target(f"{sys.version_info.major}.{sys.version_info.minor}", os.uname().machine)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle, from the index that pip is set up with."""
    folder = tmp_path_factory.mktemp("bundle") / "vigie"
    try:
        made = bundle.bundle(folder)
    except bundle.BundleError as error:
        pytest.skip(f"wheels cannot be asked for here: {error}")
    assert made == 0
    return folder


def test_only_a_pi_below_python_3_13_takes_lgpio_from_the_index() -> None:
    taking = [str(target) for target in bundle.TARGETS if "lgpio" in bundle.pins_for(target, PINS)]
    assert taking == ["Python 3.11 on aarch64"]


@pytest.mark.parametrize("target", bundle.TARGETS, ids=str)
def test_every_requirement_of_a_machine_keeps_its_hashes_and_loses_its_marker(target: bundle.Target) -> None:
    found = bundle.pins_for(target, PINS)
    assert {"paho-mqtt", "fastapi", "gpiozero"} <= set(found)
    assert all(" --hash=sha256:" in line and ";" not in line for line in found.values())


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("mine")
    assert bundle.main([str(tmp_path)]) == 2
    assert "is not an empty folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.skipif(str(THIS) not in map(str, bundle.TARGETS), reason="no bundle is made for this Python")
def test_a_bundle_installs_vigie_without_an_index_and_a_changed_wheel_is_refused(whole: Path, tmp_path: Path) -> None:
    version = Version(this_source(), "/opt/vigie-tried", sees_system=False, bundle=whole)
    shares: list[float] = []
    build(version, Machine(tmp_path), shares.append)
    assert shares[-1] == 1.0
    changed = tmp_path / "changed"
    shutil.copytree(whole, changed)
    with next(changed.glob("paho_mqtt*.whl")).open("ab") as wheel:
        wheel.write(b"\0")
    version = Version(this_source(), "/opt/vigie-tried", sees_system=False, bundle=changed)
    with pytest.raises(CommandError, match=r"DO NOT MATCH THE HASHES[\s\S]*paho-mqtt"):
        build(version, Machine(tmp_path), shares.append)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_every_dependency_has_a_wheel_for_every_machine(whole: Path) -> None:
    """``bundle`` ends with 0 only then; and what it names by digest is all that there is."""
    listed = {line.split()[1] for line in (whole / "SHA256SUMS").read_text().splitlines()}
    assert listed == {path.name for path in whole.iterdir()} - {"SHA256SUMS"}
    assert any("aarch64" in name and "lgpio" in name for name in listed)
    subprocess.run(["sha256sum", "--quiet", "--check", "SHA256SUMS"], cwd=whole, check=True)


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_bundle_alone_brings_the_installer_to_a_machine_without_a_clone(whole: Path, tmp_path: Path) -> None:
    """The very lines of docs/install.md."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "first"], check=True)
    options = ("--no-index", "--find-links", ".", "--no-deps", "--require-hashes", "-r", "vigie.txt")
    guide = (bundle.ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    assert f"pip install {' '.join(options)}\n" in guide
    subprocess.run([str(tmp_path / "first/bin/pip"), "install", "-q", *options], cwd=whole, check=True)
    program = str(tmp_path / "first/bin/vigie-gateway")
    said = subprocess.run(
        [program, "install", "--dry-run", "--bundle", str(whole)], capture_output=True, text=True, check=False
    )
    assert f"what it needs from {whole}" in said.stdout, said.stderr


@pytest.mark.long
def test_a_machine_that_would_lack_a_wheel_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = tmp_path / "cp311-only" / "lampe-1.0-cp311-cp311-manylinux2014_x86_64.whl"
    wheel.parent.mkdir()
    wheel.write_bytes(b"read by nobody: it is for another machine")
    pins = tmp_path / "run.txt"
    pins.write_text(f"lampe==1.0 \\\n    --hash=sha256:{bundle.digest_of(wheel)}\n")
    monkeypatch.setattr(bundle, "PINS", pins)
    monkeypatch.setattr(bundle, "TARGETS", [bundle.Target("3.13", "aarch64")])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel.parent))
    assert bundle.main([str(tmp_path / "made")]) == 1
    assert "lampe==1.0 has no wheel for Python 3.13 on aarch64" in capsys.readouterr().err
