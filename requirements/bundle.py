"""Gathers all that an installation without internet takes: ``./run bundle FOLDER``. On a computer that has internet.

FOLDER then holds the wheels of everything in ``run.txt`` for each machine that Vigie runs on, Vigie's own wheel, and
the files that name them by their digests: ``requirements.txt`` (``install --bundle`` takes it before the clone's own),
``vigie.txt`` for a machine without a clone, ``SHA256SUMS`` for whoever carries it. They come last: without them it is
no bundle. Fails where a machine would lack a wheel, and names which.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parents[1]
PINS = ROOT / "requirements" / "run.txt"

GLIBC_NEWEST = 36
"""The 2.36 of Debian 12, the oldest system that Vigie is installed on. Higher takes wheels that do not load there."""
GLIBC_OLDEST = 17
"""The oldest that wheels still name (manylinux2014). Higher would pass over wheels that do run."""
PIP_S = 1_800.0
"""As the installation itself: a thin line takes ten minutes for the 100 MB."""


class BundleError(Exception):
    """pip failed for another reason than that a wheel is not there; its own words."""


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of machine.

    Attributes:
        python: Its version, as ``3.13``.
        machine: As ``uname -m`` says it.
    """

    python: str
    machine: str

    def __str__(self) -> str:
        return f"Python {self.python} on {self.machine}"

    def environment(self) -> dict[str, str]:
        """What a marker asks, answered for that machine: pip itself answers for the one that it runs on."""
        return {
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "platform_machine": self.machine,
            "platform_system": "Linux",
            "sys_platform": "linux",
            "os_name": "posix",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }

    def options(self) -> list[str]:
        """pip's, to choose wheels for it."""
        found = ["--python-version", self.python, "--implementation", "cp"]
        platforms = [f"manylinux_2_{minor}" for minor in range(GLIBC_OLDEST, GLIBC_NEWEST + 1)]
        for platform in [*platforms, "manylinux2014", "linux"]:
            found += ["--platform", f"{platform}_{self.machine}"]
        return found


TARGETS = [Target(python, machine) for machine in ("aarch64", "x86_64") for python in ("3.11", "3.13")]
"""Debian 12 and 13, on a Pi and on a PC."""


def pins_for(target: Target, pins: str) -> dict[str, str]:
    """The requirements that a machine has, each with its hashes and without its marker, by name."""
    found: dict[str, str] = {}
    for block in re.split(r"\n(?=\S)", pins.replace("\\\n", " ").strip()):
        requirement, *hashes = re.split(r"\s+(?=--hash=)", block.strip())
        pinned, _, marker = requirement.partition(";")
        if not marker.strip() or Marker(marker.strip()).evaluate(dict(target.environment())):
            found[pinned.partition("==")[0].strip()] = " ".join([pinned.strip(), *hashes])
    return found


def _pip(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PIP_S)


def fetch(target: Target, folder: Path, pins: str) -> list[str]:
    """Bring a machine's wheels.

    Args:
        target: The machine.
        folder: Where to.
        pins: As ``run.txt``.

    Returns:
        The requirements that have no wheel for it; empty where all came.

    Raises:
        BundleError: pip failed otherwise: no network, a digest that is another.
    """
    left = pins_for(target, pins)
    missing: list[str] = []
    options = ("--require-hashes", "--no-deps", "--only-binary", ":all:", *target.options(), "-d", str(folder))
    with tempfile.TemporaryDirectory(prefix="vigie-bundle-") as aside:
        path = Path(aside) / "requirements.txt"
        while left:
            path.write_text("\n".join(left.values()), encoding="utf-8")
            done = _pip("download", "-q", *options, "-r", str(path))
            if done.returncode == 0:
                break
            none = re.search(r"No matching distribution found for ([\w.-]+)", done.stderr)
            if none is None or none[1] not in left or not _is_known(none[1]):
                raise BundleError(f"{target}: {_last_lines(done.stderr)}")
            missing.append(left.pop(none[1]).partition(" ")[0])
    return missing


def _is_known(name: str) -> bool:
    """Whether the index has the package at all: of an index that cannot be reached pip says the same as of a lack."""
    return _pip("index", "versions", name).returncode == 0


def _last_lines(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith("WARNING")]
    return " / ".join(lines[-3:]) or "pip said nothing"


def build_own(folder: Path) -> Path:
    """Vigie's own wheel, of this clone. Raises BundleError."""
    done = _pip("wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT))
    made = list(folder.glob("vigie-*.whl"))
    if done.returncode != 0 or len(made) != 1:
        raise BundleError(f"Vigie's own wheel could not be built: {_last_lines(done.stderr)}")
    return made[0]


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_names(folder: Path, own: Path, pins: str) -> None:
    """The three files that say what the bundle holds, by digest."""
    (folder / "requirements.txt").write_text(pins, encoding="utf-8")
    version = own.name.split("-")[1]
    (folder / "vigie.txt").write_text(f"vigie=={version} --hash=sha256:{digest_of(own)}\n", encoding="utf-8")
    names = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = "".join(f"{digest_of(path)}  {path.name}\n" for path in names)
    (folder / "SHA256SUMS").write_text(lines, encoding="utf-8")


def missing_wheels(folder: Path, pins: str) -> Iterator[str]:
    """Bring every machine's wheels; a line for each that has none."""
    for target in TARGETS:
        print(f"• {target}", file=sys.stderr)
        for requirement in fetch(target, folder, pins):
            yield f"{requirement} has no wheel for {target}"


def bundle(folder: Path) -> int:
    """Make it; 0 where it is whole."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        print(f"vigie: {folder} is not an empty folder: name another", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    pins = PINS.read_text(encoding="utf-8")
    if _say(missing_wheels(folder, pins)):
        print("vigie: the bundle is not whole, and was not finished", file=sys.stderr)
        return 1
    print("• Vigie's own wheel", file=sys.stderr)
    write_names(folder, build_own(folder), pins)
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{folder}: {len(list(folder.glob('*.whl')))} wheels, {size / 1e6:.0f} MB. To see that it arrived whole:")
    print("  sha256sum --quiet --check SHA256SUMS")
    return 0


def check() -> int:
    """Ask only; 0 where every machine has every wheel."""
    with tempfile.TemporaryDirectory(prefix="vigie-bundle-") as aside:
        found = _say(missing_wheels(Path(aside), PINS.read_text(encoding="utf-8")))
    if not found:
        print("every dependency has a wheel for " + ", ".join(map(str, TARGETS)))
        print("(but lgpio, which is not asked for from Python 3.13 on: the system's python3-lgpio serves there)")
    return 1 if found else 0


def _say(lines: Iterator[str]) -> int:
    """Print each as it comes, since a machine's wheels take long; how many."""
    count = 0
    for line in lines:
        print(f"vigie: {line}", file=sys.stderr)
        count += 1
    return count


def main(arguments: list[str]) -> int:
    """The command line; 69 where the wheels cannot be asked for."""
    parser = argparse.ArgumentParser(prog="./run bundle", description="All that an installation without internet takes")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folder", nargs="?", type=Path, help="an empty one, or one that is to be made")
    what.add_argument("--check", action="store_true", help="only ask whether every machine has every wheel")
    options = parser.parse_args(arguments)
    try:
        return check() if options.check else bundle(options.folder)
    except BundleError as error:
        print(f"vigie: {error}", file=sys.stderr)
        return 69


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
