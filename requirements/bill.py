"""Writes what a place runs as a bill of materials, and asks whether an advisory names some of it.

``./run sbom FILE`` writes CycloneDX, of the pins in ``run.txt``: what a bundle and an installation hold, not what this
computer happens to have. ``./run audit`` asks pip-audit for the same pins. That nothing was asked is never a success.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from requirements.bundle import PINS, ROOT, TARGETS, pins_for

SPEC_VERSION = "1.6"
"""Of CycloneDX. Lower has no place for a licence's acknowledgement; higher is read by few tools yet."""
AUDIT_S = 600.0
"""A minute for a hundred packages on a thin line. Lower ends it in the middle; higher hides a line that is dead."""

EX_UNAVAILABLE = 69
"""The advisories could not be asked for all that is pinned."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an audit ended with.

    Attributes:
        code: The exit code: 0 everything was asked for and nothing found, 1 something found, 69 not audited.
        lines: For a person.
    """

    code: int
    lines: list[str]


def all_pins() -> dict[str, str]:
    """Every requirement of any machine, without its marker, by name: ``paho-mqtt==2.1.0 --hash=...``."""
    pins = PINS.read_text(encoding="utf-8")
    return {name: line for target in TARGETS for name, line in pins_for(target, pins).items()}


def write_bill(target: Path) -> int:
    """Write it; the exit code of cyclonedx-py."""
    with tempfile.TemporaryDirectory(prefix="vigie-bill-") as aside:
        path = Path(aside) / "requirements.txt"
        path.write_text("\n".join(all_pins().values()), encoding="utf-8")
        options = ("--output-reproducible", "--sv", SPEC_VERSION, "--pyproject", str(ROOT / "pyproject.toml"))
        command = [sys.executable, "-m", "cyclonedx_py", "requirements", *options, "-o", str(target), str(path)]
        # The index that this computer asks is its own affair: a bill names packages, not where one person got them.
        quiet = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        quiet["PYTHONWARNINGS"] = "ignore::UserWarning"  # pins tell no tree of who needs whom, and it says so each time
        code = subprocess.run(command, check=False, env=quiet).returncode
    if code == 0:
        components = json.loads(target.read_text(encoding="utf-8"))["components"]
        print(f"{target}: {len(components)} components, each with its digests")
    return code


def verdict(code: int, out: str, err: str, wanted: int) -> Verdict:
    """What pip-audit's answer means.

    Args:
        code: Its exit code: 0 also where it left packages out, 1 for a finding and for any failure.
        out: Its JSON, or nothing where it failed.
        err: Its words.
        wanted: How many packages had to be asked for.
    """
    try:
        told = json.loads(out)["dependencies"]
        asked = [package for package in told if "vulns" in package]
        found = [(package, each) for package in asked for each in package["vulns"]]
        lines = [
            f"{package['name']} {package['version']}: {each['id']}, "
            f"fixed in {', '.join(each['fix_versions']) or 'no version yet'}"
            for package, each in found
        ]
    except (ValueError, KeyError, TypeError):
        why = [line for line in err.splitlines() if line.strip()]
        return Verdict(EX_UNAVAILABLE, [f"not audited: {why[-1] if why else 'pip-audit said nothing'}"])
    if found:
        return Verdict(1, lines)
    if code != 0 or len(asked) < wanted:
        return Verdict(EX_UNAVAILABLE, [f"not audited: {len(asked)} of {wanted} packages could be asked for"])
    return Verdict(0, [f"{len(asked)} packages, no advisory names one of them"])


def audit() -> int:
    """Ask; see ``Verdict`` for the exit code."""
    pins = all_pins()
    with tempfile.TemporaryDirectory(prefix="vigie-audit-") as aside:
        path = Path(aside) / "requirements.txt"
        path.write_text("\n".join(pins.values()), encoding="utf-8")
        options = ("--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json")
        command = [sys.executable, "-m", "pip_audit", *options, "-r", str(path)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=AUDIT_S)
            found = verdict(done.returncode, done.stdout, done.stderr, len(pins))
        except subprocess.TimeoutExpired:
            found = Verdict(EX_UNAVAILABLE, [f"not audited: no answer within {AUDIT_S:g} s"])
    for line in found.lines:
        print(f"vigie: {line}" if found.code else line, file=sys.stderr if found.code else sys.stdout)
    return found.code


def main(arguments: list[str]) -> int:
    """The command line."""
    match arguments:
        case ["sbom", name] if not name.startswith("-"):
            return write_bill(Path(name))
        case ["audit"]:
            return audit()
    print("usage: ./run sbom FILE | ./run audit", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
