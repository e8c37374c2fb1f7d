"""What an emulated Pi is made of: QEMU, Debian's arm64 kernel and Python, and the pinned wheels.

Fetched once by apt and pip into ``.vigie/emulated-pi`` (60 MB, ten seconds or more) and unpacked there, nothing is
installed; remove the folder to have newer ones.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from requirements.bundle import PINS, BundleError, Target, fetch

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".vigie" / "emulated-pi"
RELEASE = "bookworm"
PYTHON = "3.11"
"""The release's own: the one that its Python packages and the wheels are made for."""
EMULATOR = ("qemu-system-arm", "device-tree-compiler")
GUEST = (
    *(f"{part}{PYTHON}{kind}" for part, kind in (("python", "-minimal"), ("libpython", "-minimal"))),
    *(f"{part}{PYTHON}{kind}" for part, kind in (("python", ""), ("libpython", "-stdlib"))),
    *("libc6", "libgcc-s1", "libbz2-1.0", "liblzma5", "zlib1g", "libcrypt1", "libssl3", "libexpat1", "libffi8"),
    *("libsqlite3-0", "libuuid1", "busybox-static"),
)
"""Python with the libraries that its modules load, and a shell: no more, since all of it lies in the Pi's memory."""
WHEELS = ("colorzero", "gpiozero", "lgpio", "paho-mqtt")
"""What the sensors load for pins: the less, the sooner the Pi has started."""


class PartsError(Exception):
    """Something could not be fetched; what said so."""


def run(command: Sequence[str | Path], cwd: Path | None = None) -> str:
    """What it printed; raises PartsError with its last words when it fails."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PartsError(f"{command[0]}: {error}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["without a word"]
        raise PartsError(f"{command[0]} ended with {done.returncode}: {said[-1]:.200}")
    return done.stdout


def parts() -> Path:
    """The folder with ``emulator``, ``guest`` and ``wheels``; fetched when it is not there.

    Raises:
        PartsError: apt or pip could not bring them.
    """
    if KEPT.is_dir():
        return KEPT
    part = KEPT.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    _unpack(_own_apt(part / "apt-emulator"), [*EMULATOR], part / "emulator", with_what_they_need=True)
    apt = _arm64_apt(part / "apt-guest")
    depends = run(["apt-cache", *apt, "depends", "linux-image-cloud-arm64"])
    kernel = re.findall(r"Depends: (linux-image-\S+)", depends)
    if not kernel:
        raise PartsError("apt knows no package linux-image-cloud-arm64")
    _unpack(apt, [kernel[0], *GUEST], part / "guest")
    _unpack_wheels(part / "wheels", "\n".join(_pins()))
    for folder in part.glob("apt-*"):
        shutil.rmtree(folder)
    part.rename(KEPT)
    return KEPT


def _own_apt(folder: Path) -> list[str]:
    """Options of apt for this machine's own packages, with an empty cache: what it holds would not be named."""
    (folder / "cache" / "archives" / "partial").mkdir(parents=True)
    return [f"-oDir::Cache::archives={folder / 'cache' / 'archives'}", "-oDebug::NoLocking=1"]


def _arm64_apt(folder: Path) -> list[str]:
    """Options of apt for a machine that is not this one: its lists and states are its own."""
    targets = run(["apt-get", "indextargets", "--format", "$(SITE) $(ORIGIN) $(COMPONENT)"])
    mirror = re.search(r"^(\S+) Debian main$", targets, re.MULTILINE)
    if mirror is None:
        raise PartsError("apt has no Debian mirror")
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    signed = "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]"
    (folder / "sources.list").write_text(f"deb {signed} {mirror[1]} {RELEASE} main\n")
    options = ["-oAPT::Architecture=arm64", "-oAPT::Architectures=arm64", "-oDir::Etc::sourceparts=-"]
    options += [f"-oDir::Etc::sourcelist={folder / 'sources.list'}", f"-oDir::State::lists={folder / 'lists'}"]
    options += [f"-oDir::State::status={folder / 'status'}", f"-oDir::Cache={folder / 'cache'}"]
    options += ["-oDebug::NoLocking=1"]
    run(["apt-get", *options, "update"])
    return options


def _unpack(apt: Sequence[str], packages: Sequence[str], tree: Path, *, with_what_they_need: bool = False) -> None:
    """Download packages, and all that this machine lacks of what they depend on when asked; unpack them into a tree."""
    wanted = set(packages)
    if with_what_they_need:
        planned = run(["apt-get", *apt, "install", "--print-uris", "-y", "--no-install-recommends", *packages])
        wanted |= set(re.findall(r"^'\S+' ([a-z0-9.+-]+)_", planned, re.MULTILINE))
    tree.mkdir()
    archives = tree.parent / f"{tree.name}-archives"
    archives.mkdir()
    run(["apt-get", *apt, "download", *sorted(wanted)], cwd=archives)
    for archive in archives.glob("*.deb"):
        run(["dpkg-deb", "--extract", archive, tree])
    shutil.rmtree(archives)


def gateway_parts() -> Path:
    """The folder with ``emulator``, which runs one arm64 program as if it were this machine's, and all ``wheels``.

    Raises:
        PartsError: As ``parts``.
    """
    kept = KEPT.with_name("emulated-gateway")
    if not kept.is_dir():
        part = kept.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        _unpack([], ["qemu-user-static"], part / "emulator")
        _unpack_wheels(part / "wheels", PINS.read_text())
        part.rename(kept)
    return kept


def _unpack_wheels(tree: Path, pins: str) -> None:
    """The pinned versions, by their hashes, as a place installs them on a Pi."""
    archives = tree.with_name("wheels-archives")
    archives.mkdir(parents=True)
    try:
        missing = fetch(Target(PYTHON, "aarch64"), archives, pins)
    except BundleError as error:
        raise PartsError(str(error)) from error
    if missing:
        raise PartsError(f"no arm64 wheel of {', '.join(missing)}")
    for wheel in archives.glob("*.whl"):
        unzip(wheel, tree)
    shutil.rmtree(archives)


def unzip(wheel: Path, tree: Path) -> None:
    """A wheel's files into a folder of them."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tree)


def _pins() -> Iterator[str]:
    for block in re.split(r"\n(?=\S)", PINS.read_text()):
        if block.partition("==")[0] in WHEELS:
            yield block
