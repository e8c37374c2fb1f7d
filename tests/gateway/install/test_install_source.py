"""What is installed from: a clone known by its digest, and a wheel made again from what it became."""

import hashlib
import zipfile
from base64 import urlsafe_b64encode
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest

from vigie_gateway.install.program import copy_of_clone
from vigie_gateway.install.source import SourceError, clone_source, pack_wheel, this_source

ROOT = Path(__file__).resolve().parents[3]
INFO = "vigie-1.2.dist-info"
INSTALLED = {
    "vigie_gateway/__init__.py": "code",
    "vigie_gateway/__pycache__/__init__.cpython-311.pyc": "compiled",
    f"{INFO}/METADATA": "Metadata-Version: 2.4\nName: vigie\nVersion: 1.2\n",
    f"{INFO}/INSTALLER": "pip\n",
    f"{INFO}/direct_url.json": "{}",
    "../../../bin/vigie-gateway": "#!/opt/somewhere/bin/python\n",
    "../../../share/vigie/systemd/vigie.target": "[Unit]\n",
}


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return copy_of_clone(ROOT, tmp_path / "clone")


@pytest.fixture
def installed(tmp_path: Path) -> Distribution:
    site = tmp_path / "lib" / "python3" / "site-packages"
    rows = []
    for name, text in INSTALLED.items():
        path = (site / name).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        digest = urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(text)}" if not name.endswith(".pyc") else f"{name},,")
    (site / INFO / "RECORD").write_text("\n".join([*rows, f"{INFO}/RECORD,,"]) + "\n")
    return PathDistribution(site / INFO)


def test_this_clone_ships_what_its_steps_copy() -> None:
    source = this_source()
    assert source.clone == ROOT
    assert b"ExecStart=/opt/vigie/bin/vigie-gateway run" in source.shipped("systemd/vigie-gateway.service")


def test_two_copies_of_a_clone_are_the_same_version_and_a_changed_one_is_another(clone: Path) -> None:
    before = clone_source(clone)
    assert before.id == clone_source(ROOT).id
    path = clone / "gateway" / "vigie_gateway" / "app.py"
    path.write_text(f"{path.read_text()}\n")
    assert clone_source(clone).id != before.id
    assert clone_source(clone).id.rpartition("-")[0] == before.id.rpartition("-")[0]


def test_what_runs_and_tests_leave_behind_makes_no_other_version(clone: Path) -> None:
    before = clone_source(clone).id
    for name in ("gateway/vigie_gateway/__pycache__/x.pyc", "dashboard/node_modules/x.js", "tests/test_x.py"):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("")
    assert clone_source(clone).id == before


def test_a_folder_that_is_no_clone_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no whole clone"):
        clone_source(tmp_path)


def test_a_wheel_is_made_again_without_what_pip_added(installed: Distribution, tmp_path: Path) -> None:
    with zipfile.ZipFile(pack_wheel(tmp_path, installed)) as wheel:
        held = {name: wheel.read(name).decode() for name in wheel.namelist()}
    record = held.pop(f"{INFO}/RECORD")
    assert held == {
        "vigie_gateway/__init__.py": "code",
        f"{INFO}/METADATA": INSTALLED[f"{INFO}/METADATA"],
        "vigie-1.2.data/data/share/vigie/systemd/vigie.target": "[Unit]\n",
    }
    assert {line.split(",")[0] for line in record.splitlines()} == {*held, f"{INFO}/RECORD"}


def test_no_wheel_is_made_of_what_was_changed_since(installed: Distribution, tmp_path: Path) -> None:
    (tmp_path / "share" / "vigie" / "systemd" / "vigie.target").write_text("[Unit]\nRequires=mine.service\n")
    with pytest.raises(SourceError, match=r"vigie\.target was changed since it was installed"):
        pack_wheel(tmp_path, installed)


def test_no_wheel_is_made_where_a_file_is_missing(installed: Distribution, tmp_path: Path) -> None:
    (tmp_path / "lib" / "python3" / "site-packages" / "vigie_gateway" / "__init__.py").unlink()
    with pytest.raises(SourceError, match="is missing from what was installed"):
        pack_wheel(tmp_path, installed)
