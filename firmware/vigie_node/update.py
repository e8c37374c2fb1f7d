"""Fetches a newer version of this program beside the one that runs, one file a step. Called by ``main`` in each round.

The place's machine offers ``/firmware/manifest.json`` (``firmware/release.py`` writes it) over TLS with the
certificate of the place's authority, the only one that is trusted. Nothing of the copy that runs is touched; only when
every file was read back from the flash and is what the manifest says, the other copy is proposed for a trial
(``slots``).
"""

import binascii
import hashlib
import json
import os

import slots
from vigie_node import VERSION
from vigie_node.http import HttpError, ask

TYPE_CHECKING = False
if TYPE_CHECKING:  # MicroPython has neither, and reads no annotation
    from collections.abc import Callable
    from typing import Any

EACH_MS = 3_600_000
"""Between two looks for a newer version. Lower asks for nothing; higher lets a node be behind for longer."""
MOST_FILE_BYTES = 65_536
MOST_FILES = 64
"""Bounds of a manifest: all of it must fit beside the copy that runs, on a flash of 800 kB."""


class UpdateError(Exception):
    """It cannot be installed; one line says why, and nothing that runs has changed."""


class Manifest:
    """What a version consists of.

    Attributes:
        version: Its name.
        files: (path below the copy's folder, SHA-256 in hex), in order.
    """

    def __init__(self, text: "str | bytes") -> None:
        """Read it; raises UpdateError."""
        try:
            found = json.loads(text)
            self.version = str(found["version"])
            self.files = sorted([(str(path), str(digest)) for path, digest in found["files"].items()])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UpdateError("the manifest is none: expected version and files")
        if not 0 < len(self.version) <= 32 or not 0 < len(self.files) <= MOST_FILES:
            raise UpdateError("the manifest has no version, or not 1 to " + str(MOST_FILES) + " files")
        for path, _ in self.files:
            # A path of the manifest becomes one of the flash: it may not leave its copy's folder.
            if not all([_is_name(part) for part in path.split("/")]):
                raise UpdateError("the manifest names " + repr(path)[:60])


class Copy:
    """The copy that does not run, while it is filled."""

    def __init__(self, folder: str, running: str, manifest: Manifest) -> None:
        """Begin, or go on where a power cut came: what is there already and right is kept.

        Args:
            folder: Of both copies, without a slash at its end.
            running: The slot that runs; it is not touched.
            manifest: What the other is to be.
        """
        self.folder = folder
        self.slot = slots.SLOTS[1 - slots.SLOTS.index(running)]
        self.manifest = manifest
        self._root = folder + "/" + self.slot
        if slots.trial(folder)[0] == self.slot:
            slots.forget(folder + "/trial")  # it will not be whole for a while
        wanted = dict(manifest.files)
        for path in _files(self._root, ""):
            if path not in wanted or digest_of(self._root + "/" + path) != wanted[path]:
                os.remove(self._root + "/" + path)
        held = _files(self._root, "")
        self.missing = [path for path, _ in manifest.files if path not in held]

    def add(self, path: str, fill: "Callable[[Callable[[bytes], object]], object]") -> None:
        """Write one of ``missing``; ``fill`` is called with what takes its pieces. Raises UpdateError."""
        parts = (self.slot + "/" + path).split("/")[:-1]
        for count in range(1, len(parts) + 1):
            _make_folder(self.folder + "/" + "/".join(parts[:count]))
        with open(self._root + "/" + path, "wb") as file:
            fill(file.write)
        found = digest_of(self._root + "/" + path)
        if found != dict(self.manifest.files)[path]:
            raise UpdateError(path + " is not what the manifest says: SHA-256 " + found[:16])
        self.missing.remove(path)

    def propose(self) -> None:
        """Have it tried at the next start: everything is read back once more. Raises UpdateError."""
        for path, digest in self.manifest.files:
            if digest_of(self._root + "/" + path) != digest:
                raise UpdateError(path + " is not what the manifest says")
        slots.replace(self._root + "/version", self.manifest.version)
        slots.propose(self.folder, self.slot)


class Updater:
    """Looks for a newer version, and fetches it.

    Attributes:
        trouble: Why the last look or fetch failed; empty when it did not.
    """

    def __init__(
        self, folder: str, running: str, host: str, port: int, tls: "Any", feed: "Callable[[], object] | None" = None
    ) -> None:
        """Begin; the first look is after a round.

        Args:
            folder: Of both copies.
            running: The slot that runs.
            host: Who offers versions.
            port: Of TCP.
            tls: A context that trusts the place's authority alone; None only where a test offers them.
            feed: Feeds the watchdog while a file is fetched.
        """
        self.trouble = ""
        self._folder, self._running = folder, running
        self._host, self._port, self._tls, self._feed = host, port, tls, feed
        self._due_ms = 0
        self._copy: "Copy | None" = None

    def step(self, now_ms: int) -> bool:
        """Fetch the next piece of what is to be had; True when the node is to start again."""
        # While the copy that runs is itself on trial, the other is what a roll-back needs.
        if now_ms < self._due_ms or slots.trial(self._folder)[0]:
            return False
        try:
            return self._go_on(now_ms)
        except (HttpError, UpdateError, OSError) as error:
            self.trouble = str(error)
            self._copy = None
            self._due_ms = now_ms + EACH_MS
            return False

    def _go_on(self, now_ms: int) -> bool:
        copy = self._copy
        if copy is None:
            manifest = Manifest(self._fetch("manifest.json", None))
            self.trouble = ""
            if manifest.version in (VERSION, slots.read(self._folder + "/refused")):
                self._due_ms = now_ms + EACH_MS
            else:
                self._copy = Copy(self._folder, self._running, manifest)
            return False
        if copy.missing:
            path = copy.missing[0]
            copy.add(path, lambda write: self._fetch(copy.manifest.version + "/" + path, write))
            return False
        copy.propose()
        return True

    def _fetch(self, path: str, to: "Callable[[bytes], object] | None") -> bytes:
        status, body = ask(
            self._host,
            self._port,
            "GET",
            "/firmware/" + path,
            tls=self._tls,
            to=to,
            feed=self._feed,
            most=MOST_FILE_BYTES,
        )
        if status != 200:
            raise UpdateError("/firmware/" + path + ": status " + str(status))
        return body


def digest_of(path: str) -> str:
    """SHA-256 of a file, in hex; empty where there is none."""
    digest = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            while True:
                piece = file.read(512)
                if not piece:
                    return binascii.hexlify(digest.digest()).decode()
                digest.update(piece)
    except OSError:
        return ""


def _is_name(part: str) -> bool:
    return (
        0 < len(part) <= 32
        and part[0] != "."
        and all([sign.isalpha() or sign.isdigit() or sign in "_.-" for sign in part])
    )


def _files(root: str, below: str) -> "list[str]":
    """Every file there, by its path from ``root``."""
    found = []
    try:
        names = os.listdir(root + "/" + below if below else root)
    except OSError:
        return []
    for name in sorted(names):
        path = below + "/" + name if below else name
        if os.stat(root + "/" + path)[0] & 0x4000:
            found += _files(root, path)
        else:
            found.append(path)
    return found


def _make_folder(path: str) -> None:
    try:
        os.mkdir(path)
    except OSError as error:
        if error.args[0] != 17:  # EEXIST
            raise
