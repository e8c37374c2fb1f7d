"""What Lighthouse thinks of the pages, on the sample place lived in: a line a page.

It comes from npm when it is asked for the first time, into ``.vigie/lighthouse``, which git ignores; nothing of it is
shipped. It calculates how a page would load on a phone with a mobile network from how it loaded here, so that a
machine with other work to do makes every page look slow: the baseline is Lighthouse's own index of this machine in the
same run.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.bench import load
from tests.end_to_end.place_lived_in import lived_in

VERSION = "12.8.2"
"""The last that runs on Node 20, which Debian has; 13 wants Node 22.19."""
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".vigie" / "lighthouse"
PAGES = ("/", "/board", "/history", "/history/salle", "/health", "/sign-in", "/kiosk", "/accessibilite")
CATEGORIES = ("performance", "accessibility", "best-practices")
RUNS = 3
"""Of each page, for its median. Fewer show what else the machine did; each takes a quarter of a minute."""
FETCH_S, RUN_S = 300, 180
CHROME_FLAGS = "--headless=new --no-sandbox --disable-background-networking --disable-component-update"


def main() -> None:
    """Print the lines; without npm or Chromium, say so and print none."""
    chromium, npm = shutil.which("chromium"), _build_hook().find_npm()
    if chromium is None or npm is None:
        print(f"lighthouse: there is no {'Chromium' if chromium is None else 'npm'} here", file=sys.stderr)
        return
    if not _fetch(npm):
        return
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as name, lived_in(Path(name)) as place:
        for path in PAGES:
            reports = [_report(npm, chromium, f"{place.address}{path}") for _ in range(RUNS)]
            scores = {
                category.replace("-", "_"): round(statistics.median(_score(each, category) for each in reports))
                for category in CATEGORIES
            }
            load.print_line(
                name="lighthouse",
                page=path,
                **scores,
                below=sorted({title for each in reports for title in _below(each)}),
                baseline_index=round(statistics.median(each["environment"]["benchmarkIndex"] for each in reports)),
            )


def _build_hook() -> ModuleType:
    """What finds npm for the pages' own assets: not in a package, since it runs before there is one."""
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "dashboard" / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _fetch(npm: list[str]) -> bool:
    """Have Lighthouse in its folder; whether it is there."""
    program = FOLDER / "node_modules" / "lighthouse" / "package.json"
    if program.exists() and json.loads(program.read_text(encoding="utf-8"))["version"] == VERSION:
        return True
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    done = subprocess.run(
        [*npm, "install", *options, f"lighthouse@{VERSION}"],
        cwd=FOLDER, capture_output=True, text=True, timeout=FETCH_S, check=False,
    )  # fmt: skip
    if done.returncode:
        print(f"lighthouse: npm could not fetch it: {done.stderr.strip()[-300:]}", file=sys.stderr)
    return done.returncode == 0


def _report(npm: list[str], chromium: str, url: str) -> dict[str, Any]:
    options = [
        "--quiet",
        "--output=json",
        f"--chrome-flags={CHROME_FLAGS}",
        f"--only-categories={','.join(CATEGORIES)}",
    ]
    done = subprocess.run(
        [*npm, "exec", "--", "lighthouse", url, *options],
        cwd=FOLDER, env={**os.environ, "CHROME_PATH": chromium},
        capture_output=True, text=True, timeout=RUN_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"lighthouse failed on {url}: {done.stderr.strip()[-500:]}")
    report: dict[str, Any] = json.loads(done.stdout)
    if "runtimeError" in report:
        raise RuntimeError(f"lighthouse failed on {url}: {report['runtimeError']['message']}")
    return report


def _score(report: dict[str, Any], category: str) -> float:
    """From 0 to 100."""
    return 100 * float(report["categories"][category]["score"])


def _below(report: dict[str, Any]) -> list[str]:
    """What counts and is not perfect: name, score, and what was measured."""
    weighed = {
        audit["id"]
        for category in CATEGORIES
        for audit in report["categories"][category]["auditRefs"]
        if audit["weight"]
    }
    return [
        f"{id_} {audit.get('displayValue', '')}".strip()
        for id_, audit in report["audits"].items()
        if id_ in weighed and audit["score"] is not None and audit["score"] < 1
    ]
