"""What is installed: this clone, or the wheel that this program came from. Read, never changed.

Called by ``commands.install`` and ``commands.upgrade``; ``program`` builds from it.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

PACKAGED = ("contract", "sensors", "dashboard", "gateway", "systemd", "docs", "requirements/run.txt", "pyproject.toml")
"""What of a clone ends up on the machine, and therefore makes another version of it."""
LEFT_OUT = {"__pycache__", "node_modules", "vendor", "output"}
NOT_OF_THE_WHEEL = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json"}
"""What pip writes beside what a wheel brings."""
SHARE = "share/vigie"
"""Where a wheel puts what is no Python, below the environment that it is installed in."""


class SourceError(Exception):
    """Neither a clone nor a whole wheel; one line for a person."""


@dataclass(frozen=True, slots=True)
class Source:
    """Something to install from.

    Attributes:
        id: The version, and eight digits of the digest of all that is installed.
        share: Where ``systemd/``, ``docs/`` and ``requirements/`` are.
        clone: None for a wheel.
    """

    id: str
    share: Path
    clone: Path | None

    def shipped(self, name: str) -> bytes:
        """The content of a file that is no Python. Raises SourceError."""
        try:
            return (self.share / name).read_bytes()
        except OSError as error:
            raise SourceError(f"{self.share / name} cannot be read: {error.strerror}") from error


def this_source() -> Source:
    """Where this program itself came from. Raises SourceError."""
    clone = Path(__file__).resolve().parents[3]
    if (clone / "pyproject.toml").is_file() and (clone / "systemd").is_dir():
        return clone_source(clone)
    try:
        installed = distribution("vigie")
    except PackageNotFoundError as error:
        raise SourceError("this is neither a clone of Vigie nor installed from its wheel") from error
    share = Path(sysconfig.get_path("data")) / SHARE
    digest = hashlib.sha256("\n".join(sorted(_record_lines(installed))).encode()).hexdigest()
    return Source(f"{installed.version}-{digest[:8]}", share, None)


def clone_source(clone: Path) -> Source:
    """A clone, by the digest of what it would install. Raises SourceError."""
    digest = hashlib.sha256()
    try:
        for path in _clone_files(clone):
            digest.update(f"{path.relative_to(clone)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        project = tomllib.loads((clone / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except (OSError, ValueError, KeyError) as error:
        raise SourceError(f"{clone} is no whole clone of Vigie: {error}") from error
    return Source(f"{project['version']}-{digest.hexdigest()[:8]}", clone, clone)


def _clone_files(clone: Path) -> list[Path]:
    found: list[Path] = []
    for name in PACKAGED:
        path = clone / name
        found += [path] if path.is_file() else (each for each in path.rglob("*") if each.is_file())
    return sorted(path for path in found if not LEFT_OUT & set(path.relative_to(clone).parts))


def _record_lines(installed: Distribution) -> Iterator[str]:
    for file in installed.files or ():
        if _name_in_wheel(installed, str(file)) is not None and file.hash is not None:
            yield f"{file} {file.hash.value}"


def _name_in_wheel(installed: Distribution, name: str) -> str | None:
    """Where a wheel keeps what is installed under a name; None for what pip made beside it."""
    path = Path(name)
    if path.suffix == ".pyc" or (path.parts[0].endswith(".dist-info") and path.name in NOT_OF_THE_WHEEL):
        return None
    if path.parts[0] != "..":
        return name
    _, found, below = name.partition(f"/{SHARE}/")
    return f"vigie-{installed.version}.data/data/{SHARE}/{below}" if found else None


def pack_wheel(folder: Path, installed: Distribution | None = None) -> Path:
    """Make the wheel again that something was installed from, each file checked against its digest.

    Args:
        folder: Where to.
        installed: None is this program.

    Raises:
        SourceError: A file is missing or was changed since.
    """
    installed = installed or distribution("vigie")
    target = folder / f"vigie-{installed.version}-py3-none-any.whl"
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in installed.files or ():
            name = _name_in_wheel(installed, str(file))
            if name is None:
                continue
            path = Path(str(file.locate()))
            try:
                content = path.read_bytes()
            except OSError as error:
                raise SourceError(f"{path} is missing from what was installed: {error.strerror}") from error
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            if file.hash is None or digest != file.hash.value:
                raise SourceError(
                    f"{path} was changed since it was installed: install the wheel again, then start again"
                )
            archive.writestr(name, content)
            rows.writerow((name, f"sha256={digest}", len(content)))
        name = f"vigie-{installed.version}.dist-info/RECORD"
        rows.writerow((name, "", ""))
        archive.writestr(name, record.getvalue())
    return target
