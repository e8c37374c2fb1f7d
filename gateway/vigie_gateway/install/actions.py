"""What can be wanted of a machine: each a value that says how the machine shall be, not how it gets there.

Made by ``steps``; ``examination`` says whether the machine is so already, ``execution`` makes it so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from vigie_gateway.install.source import Source


@dataclass(frozen=True, slots=True)
class Packages:
    """Packages of the system that are installed."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"apt-get install {' '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class File:
    """A file with this content.

    Attributes:
        path: On the machine.
        content: The whole of it.
        mode: Of its permissions.
        group: Its owner is root.
        is_kept: It is a person's: one that is there stays as it is.
        is_rights: It is the broker's access list, in which ``node add`` may have written the site's name, and a person
            the place's own lines: both stay.
    """

    path: str
    content: bytes = field(repr=False)
    mode: int = 0o644
    group: str = "root"
    is_kept: bool = False
    is_rights: bool = False

    def __str__(self) -> str:
        return f"write {self.path} (mode {self.mode:04o}, group {self.group})"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder."""

    path: str
    mode: int = 0o755
    group: str = "root"

    def __str__(self) -> str:
        return f"make the folder {self.path} (mode {self.mode:04o}, group {self.group})"


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link; put in its place at once, so that there is never none."""

    path: str
    target: str

    def __str__(self) -> str:
        return f"let {self.path} lead to {self.target}"


@dataclass(frozen=True, slots=True)
class Absent:
    """A file, link or folder that is not there."""

    path: str

    def __str__(self) -> str:
        return f"delete {self.path}"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file of the system's own, in one of its sections.

    Attributes:
        path: Of the file, in the manner of an ini file.
        section: Where the line belongs.
        key: What the line sets.
        value: None: not set.
    """

    path: str
    section: str
    key: str
    value: str | None

    def __str__(self) -> str:
        if self.value is None:
            return f"take {self.key} out of [{self.section}] of {self.path}"
        return f"set {self.key}={self.value} in [{self.section}] of {self.path}"


@dataclass(frozen=True, slots=True)
class Users:
    """Users of the system, which systemd-sysusers makes from a file."""

    names: tuple[str, ...]
    file: str

    def __str__(self) -> str:
        return f"make the users {', '.join(self.names)}"


@dataclass(frozen=True, slots=True)
class NoUser:
    """A user of the system who is not there."""

    name: str

    def __str__(self) -> str:
        return f"delete the user {self.name}"


@dataclass(frozen=True, slots=True)
class Owned:
    """A folder whose content belongs to a user."""

    path: str
    user: str

    def __str__(self) -> str:
        return f"give {self.path} to {self.user}"


@dataclass(frozen=True, slots=True)
class Password:
    """A random password of a user of the broker: the broker knows its digest, systemd hands it to the daemon.

    Attributes:
        user: At the broker.
        file: Where the password is.
        broker_file: Where its digest is, a line for each user.
        mode: Of the file; its owner is root.
        group: Who may read it beside root, where the mode lets it.
    """

    user: str
    file: str
    broker_file: str
    mode: int = 0o600
    group: str = "root"

    def __str__(self) -> str:
        return f"make a random password for {self.user} in {self.file}"


@dataclass(frozen=True, slots=True)
class Certificates:
    """The place's authority and the broker's certificate, which the installed version makes.

    Attributes:
        name: What the machine answers to, beside what it is called by itself; empty for nothing more.
        for_pages: Also one for the pages.
    """

    name: str
    for_pages: bool = False

    @property
    def command(self) -> tuple[str, ...]:
        """What makes them, or only says so with ``--dry-run``."""
        further = ("--name", self.name) if self.name else ()
        return ("/opt/vigie/bin/vigie-gateway", "certificates", *further, *(("--https",) if self.for_pages else ()))

    def __str__(self) -> str:
        if self.for_pages:
            return "make the pages' certificate by this place's own authority"
        return "make this place's own authority, and the broker's certificate by it"


@dataclass(frozen=True, slots=True)
class Version:
    """A version's programs in a folder of their own, beside those that run."""

    source: Source
    folder: str
    sees_system: bool
    bundle: Path | None = None

    def __str__(self) -> str:
        where = "the registry that pip is set up with" if self.bundle is None else str(self.bundle)
        return f"install Vigie {self.source.id} into {self.folder}, what it needs from {where}, each by its hash"


@dataclass(frozen=True, slots=True)
class Enabled:
    """Units that start with the machine.

    Attributes:
        units: Their names.
        target: What wants them.
    """

    units: tuple[str, ...]
    target: str

    def __str__(self) -> str:
        return f"let {', '.join(self.units)} start with {self.target}"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Something that must take notice where a step changed what it reads: a running unit, systemd, the kernel.

    Attributes:
        name: The unit, or what steps call it by.
        command: What makes it take notice.
        is_unit: It must also run.
    """

    name: str
    command: tuple[str, ...]
    is_unit: bool = True

    def __str__(self) -> str:
        return " ".join(self.command)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A unit that neither runs nor starts with the machine."""

    unit: str

    def __str__(self) -> str:
        return f"stop {self.unit}, and start it no more"


Action = (
    Packages
    | File
    | Folder
    | Link
    | Absent
    | Line
    | Users
    | NoUser
    | Owned
    | Password
    | Certificates
    | Version
    | Enabled
    | Refreshed
    | Stopped
)


@dataclass(frozen=True, slots=True)
class Step:
    """Some actions that belong together.

    Attributes:
        does: What for, as a person is told.
        actions: In the order in which they are done.
        refreshes: The names of Refreshed that must follow where any of this was done.
        remedy: What to do when it cannot be done.
    """

    does: str
    actions: tuple[Action, ...]
    refreshes: tuple[str, ...] = ()
    remedy: str = ""
