"""``notifiers.toml``: the ways of telling that this machine has, with their passwords. Read before anything starts.

Beside ``gateway.toml`` and not in it, nor in the place's recipe: it is the one file here that is nothing but secrets. A
wrong value is never repeated in an error.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from vigie_contract.toml_lines import line_of
from vigie_contract.topics import ID_PATTERN
from vigie_gateway.notify.notifier import Notifier
from vigie_gateway.notify.notifiers.apprise_service import AppriseService, AppriseUrlError
from vigie_gateway.notify.notifiers.email import Email, MailServer
from vigie_gateway.notify.notifiers.mqtt_lamp import Commands

DEFAULT_PATH = Path("/etc/vigie/notifiers.toml")
RESERVED = frozenset({"screen"})
"""Names of notifiers that every place has, without any settings here."""
PORTS = {"starttls": 587, "tls": 465, "none": 25}
"""Where mail is handed in, by ``security`` (RFC 8314, RFC 6409)."""

_Address = Annotated[str, Field(pattern=r"^[^\s@<>,;:]{1,64}@[A-Za-z0-9.-]{1,253}$")]


class NotifierFileError(Exception):
    """A wrong ``notifiers.toml``: ``problems`` holds a line for each thing that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)


class _Notifier(_Table):
    local: bool = False
    """Whether it works while the place has no internet."""
    loopback: bool = False
    """Whether it may be on this machine."""
    ca_file: str | None = None
    """PEM of the authority that signed the server's certificate; None: those that every system trusts."""

    @field_validator("ca_file")
    @classmethod
    def _is_there(cls, path: str | None) -> str | None:
        if path is not None and not Path(path).is_file():
            raise ValueError("expected a file that is there")
        return path


class UrlTable(_Notifier):
    """``url`` of Apprise."""

    url: SecretStr


class EmailTable(_Notifier):
    """``kind = "email"``."""

    kind: Literal["email"]
    server: str = Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$")
    port: int | None = Field(default=None, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: _Address = Field(alias="from")
    to: Annotated[tuple[_Address, ...], Field(strict=False)]

    @model_validator(mode="after")
    def _can_be_sent_safely(self) -> EmailTable:
        if not self.to:
            raise ValueError("expected an address in `to`")
        if (self.user is None) != (self.password is None):
            raise ValueError("expected `user` and `password` together, or neither")
        if self.security == "none" and self.password is not None:
            raise ValueError('expected `security` "starttls" or "tls": others could read the password')
        return self


class LampTable(_Table):
    """``kind = "mqtt"``: a lamp or siren on the gateway's own broker."""

    kind: Literal["mqtt"]
    topic: str = Field(pattern=r"^[^+#$\x00-\x1f\x7f][^+#\x00-\x1f\x7f]{0,199}$")
    on: str = Field(max_length=1_000)
    off: str = Field(max_length=1_000)
    unknown: str | None = Field(default=None, max_length=1_000)
    """What it is told when the gateway stops; None: ``off``."""
    siren: bool = False
    """Whether it is heard: then it is silent in the quiet hours of those that it is for."""

    @field_validator("topic")
    @classmethod
    def _is_another_devices(cls, topic: str) -> str:
        if topic.partition("/")[0] == "vigie":
            raise ValueError("expected the topic of a device, not one of Vigie's own")
        return topic

    def commands(self) -> Commands:
        """As the lamp takes them."""
        unknown = self.off if self.unknown is None else self.unknown
        return Commands(self.topic, self.on.encode(), self.off.encode(), unknown.encode(), self.siren)


class HeartbeatTable(_Table):
    """``[heartbeat]``: an outside dead man's switch."""

    url: SecretStr
    every_s: float = Field(default=60.0, ge=10, le=3_600, strict=False)
    """Lower is a burden to whoever serves it; higher lets the gateway be dead for longer before anybody knows."""
    loopback: bool = False

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: SecretStr) -> SecretStr:
        parts = urlsplit(url.get_secret_value())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("expected http:// or https://")
        return url


@dataclass(frozen=True, slots=True)
class NotifierFile:
    """What the file says.

    Attributes:
        notifiers: Ready to send, in the file's order.
        lamps: By its name, what is switched by the broker, which each place connects to anew.
        heartbeat: None: nobody outside watches.
    """

    notifiers: tuple[Notifier, ...] = ()
    lamps: Mapping[str, LampTable] = field(default_factory=dict)
    heartbeat: HeartbeatTable | None = None


NO_NOTIFIERS = NotifierFile()
"""Of a machine without the file."""


def read_notifiers(path: Path | None, now_ts: Callable[[], float]) -> NotifierFile:
    """Read the file, and load what its notifiers need.

    Args:
        path: The file. None takes DEFAULT_PATH where it is, and has no notifier where it is not.
        now_ts: What time it is.

    Raises:
        NotifierFileError: Every problem at once: file, line, key and what was expected, without the value.
    """
    if path is None:
        if not DEFAULT_PATH.exists():
            return NO_NOTIFIERS
        path = DEFAULT_PATH
    return _Reader(path, now_ts).read()


_T = TypeVar("_T", bound=BaseModel)


class _Reader:
    """Reads one file once."""

    def __init__(self, path: Path, now_ts: Callable[[], float]) -> None:
        self._path = path
        self._now_ts = now_ts
        self._problems: list[str] = []
        self._text = ""
        self._lamps: dict[str, LampTable] = {}

    def read(self) -> NotifierFile:
        document = self._document()
        for key in document.keys() - {"notifiers", "heartbeat"}:
            self._wrong((key,), "unknown table: expected [notifiers.NAME] or [heartbeat]")
        found = [self._notifier(name, table) for name, table in self._tables(document, "notifiers").items()]
        heartbeat = None
        if "heartbeat" in document:
            heartbeat = self._checked(HeartbeatTable, ("heartbeat",), document["heartbeat"])
        if self._problems:
            raise NotifierFileError(self._problems)
        return NotifierFile(tuple(one for one in found if one is not None), self._lamps, heartbeat)

    def _document(self) -> Mapping[str, Any]:
        try:
            mode = stat.S_IMODE(self._path.stat().st_mode)
            self._text = self._path.read_text(encoding="utf-8")
            document = tomllib.loads(self._text)
        except OSError as error:
            raise NotifierFileError([f"{self._path}: {error.strerror}"]) from error
        except UnicodeDecodeError as error:
            raise NotifierFileError([f"{self._path}: no UTF-8"]) from error
        except tomllib.TOMLDecodeError as error:
            where = re.search(r"\(at .*\)$", str(error))  # what stands before it may be a piece of a password
            raise NotifierFileError([f"{self._path}: no TOML {where[0] if where else ''}".rstrip()]) from None
        if mode & stat.S_IRWXO:
            text = f"mode {mode:o} lets everybody on this machine at its passwords: sudo chmod o= {self._path}"
            raise NotifierFileError([f"{self._path}: {text}"])
        return document

    def _tables(self, document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        tables = document.get(key, {})
        if not isinstance(tables, dict):
            self._wrong((key,), "expected tables [notifiers.NAME]")
            return {}
        return tables

    def _notifier(self, name: str, table: object) -> Notifier | None:
        path = ("notifiers", name)
        if not re.fullmatch(ID_PATTERN, name):
            self._wrong(path, "expected a name of 1 to 32 characters of a-z, 0-9 and -")
        elif name in RESERVED:
            self._wrong(path, "every place has one of this name: expected another")
        elif not isinstance(table, dict):
            self._wrong(path, "expected a table")
        elif "url" in table:
            return self._service(name, self._checked(UrlTable, path, table))
        elif table.get("kind") == "email":
            return self._email(name, self._checked(EmailTable, path, table))
        elif table.get("kind") == "mqtt":
            lamp = self._checked(LampTable, path, table)
            if lamp is not None:
                self._lamps[name] = lamp
        else:
            self._wrong(path, 'expected `url`, `kind = "email"` or `kind = "mqtt"`')
        return None

    def _service(self, name: str, table: UrlTable | None) -> Notifier | None:
        if table is None:
            return None
        try:
            return AppriseService(
                name,
                table.url.get_secret_value(),
                ca_file=table.ca_file,
                is_local=table.local,
                may_be_here=table.loopback,
            )
        except AppriseUrlError as error:
            self._wrong(("notifiers", name, "url"), str(error))
            return None

    def _email(self, name: str, table: EmailTable | None) -> Notifier | None:
        if table is None:
            return None
        password = None if table.password is None else table.password.get_secret_value()
        port = PORTS[table.security] if table.port is None else table.port
        server = MailServer(table.server, port, table.security, table.user, password, table.ca_file)
        return Email(
            name,
            server,
            table.sender,
            table.to,
            self._now_ts,
            is_local=table.local,
            may_be_here=table.loopback,
        )

    def _checked(self, kind: type[_T], path: tuple[str, ...], table: object) -> _T | None:
        try:
            return kind.model_validate(table)
        except ValidationError as error:
            for found in error.errors(include_input=False, include_url=False):
                text = str(found["msg"]).removeprefix("Value error, ")
                self._wrong((*path, *found["loc"]), "unknown key" if found["type"] == "extra_forbidden" else text)
            return None

    def _wrong(self, path: tuple[str | int, ...], text: str) -> None:
        key = ".".join(str(part) for part in path)
        self._problems.append(f"{self._path}:{line_of(self._text, path)}: {key}: {text}")
