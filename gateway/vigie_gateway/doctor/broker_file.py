"""The configuration that Mosquitto runs with: found, read with what it includes, and taken apart.

Called by the doctor and by ``nodes.admission``. ``judge`` (``broker_file_check``) says what is wrong with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

DEBIAN_FILE = Path("/etc/mosquitto/mosquitto.conf")
_PROC = Path("/proc")
MAX_INCLUDES = 100
"""Files of one configuration. mosquitto knows no nesting deeper than one folder; a folder that includes itself would
not end without it."""


class UnreadableError(Exception):
    """A file of the configuration cannot be read; one line for a person."""


@dataclass(frozen=True, slots=True)
class Line:
    """One setting as it stands in a file."""

    key: str
    value: str
    path: Path
    number: int

    def __str__(self) -> str:
        """Where it stands, for a person."""
        return f"{self.path}:{self.number}"


@dataclass(slots=True)
class Listener:
    """One listener: its own settings by key, the last of each.

    Attributes:
        port: As written; ``0`` with a path is a Unix socket.
        address: What it is bound to; None is every address of the machine.
        at: The line that opens it; None for the one that the broker opens when the file has none.
    """

    port: str
    address: str | None
    at: Line | None
    own: dict[str, Line] = field(default_factory=dict)

    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        address = self.address or ""
        return (
            address in {"localhost", "::1"}
            or address.startswith(("127.", "/"))
            or ("bind_interface" in self.own and self.own["bind_interface"].value == "lo")
        )

    def is_encrypted(self) -> bool:
        """Whether it speaks TLS."""
        return "psk_hint" in self.own or ("certfile" in self.own and "keyfile" in self.own)

    def __str__(self) -> str:
        """Its name, for a person."""
        where = "every address" if self.address is None else self.address
        return f"the listener {self.port} on {where}" + ("" if self.at is None else f" ({self.at})")


@dataclass(slots=True)
class BrokerFile:
    """A whole configuration, as the broker takes it: of a key that is repeated the last counts."""

    path: Path
    common: dict[str, Line]
    listeners: list[Listener]


OF_A_LISTENER = frozenset(
    {
        "bind_interface", "cafile", "capath", "certfile", "ciphers", "ciphers_tls1.3", "crlfile", "dhparamfile",
        "http_dir", "keyfile", "max_connections", "max_qos", "max_topic_alias", "mount_point", "protocol", "psk_hint",
        "require_certificate", "socket_domain", "tls_engine", "tls_engine_kpass_sha1", "tls_keyform", "tls_version",
        "use_identity_as_username", "use_subject_as_username", "use_username_as_clientid", "websockets_headers_size",
        "websockets_origin",
    }
)  # fmt: skip
"""Keys that count for the listener above them, or for the default one before any (mosquitto.conf(5))."""


def running_files(proc: Path = _PROC) -> list[Path]:
    """The files that running brokers were given with ``-c``, by process id."""
    return [path for _, path in running_brokers(proc)]


def running_brokers(proc: Path = _PROC) -> list[tuple[int, Path]]:
    """The brokers that run here: process id, and the file that each was given with ``-c``."""
    found = []
    for entry in sorted(proc.glob("[0-9]*/cmdline"), key=lambda path: int(path.parent.name)):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue  # it ended meanwhile, or is hidden from this user
        if words[0].rpartition(b"/")[2] != b"mosquitto":
            continue
        found += [
            (int(entry.parent.name), Path(value.decode(errors="replace")))
            for flag, value in itertools.pairwise(words)
            if flag in {b"-c", b"--config-file"} and value
        ]
    return found


def file_of_port(paths: Iterable[Path], port: int) -> Path | None:
    """Which of them listens on that port; None when none does, or none can be read."""
    for path in paths:
        try:
            if any(listener.port == str(port) for listener in read(path).listeners):
                return path
        except UnreadableError:
            continue
    return None


def read(path: Path) -> BrokerFile:
    """The configuration that begins in ``path``.

    Raises:
        UnreadableError: It, or a file that it includes, is not there or may not be read.
    """
    common: dict[str, Line] = {}
    default = Listener("1883", None, None)
    listeners: list[Listener] = []
    current = default
    for line in _lines(path, [0]):
        if line.key == "listener":
            port, _, address = line.value.partition(" ")
            current = Listener(port, address.strip() or None, line)
            listeners.append(current)
        elif line.key in {"port", "bind_address"}:
            # The older way to describe the default listener; what stands before any listener belongs to it.
            default.at = line
            default.port = line.value if line.key == "port" else default.port
            default.address = line.value if line.key == "bind_address" else default.address
        elif line.key in OF_A_LISTENER:
            current.own[line.key] = line
        else:
            common[line.key] = line
    if default.at is not None or default.own.keys() - {"use_username_as_clientid"}:
        # One setting of it is enough for the broker to open it, on every address.
        listeners.insert(0, default)
    elif not listeners:
        # Without any, mosquitto 2 opens one on the loopback, and lets everybody in there.
        listeners.append(Listener("1883", "127.0.0.1", None, default.own))
    return BrokerFile(path, common, listeners)


def _lines(path: Path, included: list[int]) -> Iterator[Line]:
    included[0] += 1
    if included[0] > MAX_INCLUDES:
        raise UnreadableError(f"{path}: more than {MAX_INCLUDES} files include each other")
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    for number, raw in enumerate(text.splitlines(), start=1):
        key, _, value = raw.strip().partition(" ")
        if not key or key.startswith("#"):
            continue
        line = Line(key, value.strip(), path, number)
        if key == "include_dir":
            yield from _folder(line, included)
        else:
            yield line


def _folder(line: Line, included: list[int]) -> Iterator[Line]:
    folder = Path(line.value)
    try:
        # Capitals first, as the broker does (mosquitto.conf(5)).
        names = sorted(path for path in folder.iterdir() if path.suffix == ".conf")
    except OSError as error:
        raise UnreadableError(f"{line}: include_dir {folder}: {error.strerror}") from error
    for path in names:
        yield from _lines(path, included)
