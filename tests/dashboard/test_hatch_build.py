"""The build takes exactly what is pinned, from any registry, and goes on without npm."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

DASHBOARD = Path(__file__).parents[2] / "dashboard"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The build hook, writing into a folder of the test."""
    spec = importlib.util.spec_from_file_location("vigie_hatch_build", DASHBOARD / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENDOR", tmp_path / "vendor")
    return module


def test_each_package_is_pinned_by_hash_and_names_no_registry() -> None:
    lock = json.loads((DASHBOARD / "package-lock.json").read_text(encoding="utf-8"))
    wanted = json.loads((DASHBOARD / "package.json").read_text(encoding="utf-8"))["dependencies"]
    packages = {name.removeprefix("node_modules/"): of for name, of in lock["packages"].items() if name}
    assert set(packages) == set(wanted) == {"uplot", "lucide-static"}
    for name, package in packages.items():
        assert package["version"] == wanted[name]
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package


def test_without_npm_the_build_goes_on_with_a_warning(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hook, "find_npm", lambda: None)
    assert hook.build() is False
    assert "no npm" in capsys.readouterr().err


def test_an_npm_that_fails_is_a_warning(
    hook: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hook, "find_npm", lambda: ["false"])
    assert hook.build() is False
    assert "npm ci failed" in capsys.readouterr().err
    assert not hook.VENDOR.exists()


def test_the_licences_stand_beside_what_was_taken(hook: ModuleType, tmp_path: Path) -> None:
    modules = tmp_path / "node_modules"
    (modules / "uplot/dist").mkdir(parents=True)
    (modules / "lucide-static/icons").mkdir(parents=True)
    for name in ("uplot/dist/uPlot.iife.min.js", "uplot/dist/uPlot.min.css", "uplot/LICENSE", "lucide-static/LICENSE"):
        (modules / name).write_text(name, encoding="utf-8")
    for icon in hook.ICONS.values():
        (modules / f"lucide-static/icons/{icon}.svg").write_text('<svg><path d="M0 0"/></svg>', encoding="utf-8")
    hook.collect(modules)
    assert {path.name for path in hook.VENDOR.iterdir()} == {
        "uplot.js", "uplot.css", "uplot.LICENSE.txt", "lucide-static.LICENSE.txt", "icons.svg", "BUILT_FROM",
    }  # fmt: skip
    assert hook.is_built()


@pytest.mark.parametrize("inside", ["<script>1</script>", '<image href="x"/>', "<style>a</style>"])
def test_an_icon_with_more_than_shapes_is_refused(hook: ModuleType, tmp_path: Path, inside: str) -> None:
    file = tmp_path / "icon.svg"
    file.write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>', encoding="utf-8")
    with pytest.raises(ValueError, match="not a plain shape"):
        hook.symbol("x", file)


def test_attributes_that_run_or_load_do_not_come_along(hook: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "icon.svg"
    file.write_text('<svg><path d="M0 0" onload="x" style="a" fill="url(x)"/></svg>', encoding="utf-8")
    assert hook.symbol("x", file) == '<symbol id="i-x" viewBox="0 0 24 24"><path d="M0 0"/></symbol>'
