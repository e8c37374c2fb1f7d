"""The gateway's own settings, ``gateway.toml``: what belongs to this machine and not to the place's recipe.

Read once by ``__main__`` before anything starts. Every key has a default, so that a Pi with a broker on the same
machine needs no file at all. The place itself is ``site.toml`` (``place.site``).
"""

from __future__ import annotations

import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from vigie_contract.toml_lines import line_of
from vigie_contract.topics import ID_PATTERN

DEFAULT_PATH = Path("/etc/vigie/gateway.toml")
DEFAULT_SITE = Path("/etc/vigie/site.toml")


class SettingsError(Exception):
    """A wrong ``gateway.toml``: ``problems`` holds a line for each thing that is wrong with it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class BrokerSettings(_Table):
    """Where the MQTT broker is, and who the gateway is there."""

    host: str = "127.0.0.1"
    port: int = Field(default=1883, ge=1, le=65_535)
    username: str = "gateway"
    password_file: str | None = None
    ca_file: str | None = None
    config_file: str | None = None
    """Mosquitto's own, for ``vigie-gateway doctor``: None looks where a running one was told to, then where Debian puts
    it."""


def _check_address(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError("expected an IP address") from None
    return text


Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$")]
"""A host name in lower case (RFC 1123 §2.1)."""


class HttpSettings(_Table):
    """Where the pages are served; beyond this machine, the public page alone is."""

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65_535)

    local_role: Literal["public", "concierge", "admin"] = "concierge"
    """What a browser or program on this machine may read without signing in; nothing may be changed so."""
    sign_in_without_tls: bool = False
    """Whether passwords may be typed where others on the network could read them."""
    proxy: Annotated[str, AfterValidator(_check_address)] | None = None
    """Address of a proxy whose forwarding headers are believed."""
    names: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    """Names that the place's network knows this machine by: a request for another is refused, so that no page elsewhere
    can have its own name lead here."""
    certificate_file: str | None = None
    """PEM, with what leads to its authority: the pages are then also served with HTTPS, on ``https_port``."""
    key_file: str | None = None
    https_port: int = Field(default=8443, ge=0, le=65_535)

    @model_validator(mode="after")
    def _has_both(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("expected certificate_file and key_file, both or neither")
        return self

    @field_validator("host")
    @classmethod
    def _is_address(cls, host: str) -> str:
        if host != "localhost":
            _check_address(host)
        return host


class StoreSettings(_Table):
    """Where history is kept, and how much a power cut may take."""

    path: str = "/var/lib/vigie/vigie.db"
    commit_interval_s: float = Field(default=10.0, ge=0.1, le=60)
    """What a power cut can take of what no journal holds any more: nothing, since nodes keep what is not
    acknowledged. Lower wears the card and wakes it more often; higher delays acknowledgements and keeps more on the
    nodes."""
    copies: str | None = None
    """The folder of the daily copies; None is ``backups`` beside the database."""
    copies_kept: int = Field(default=7, ge=0, le=366)
    """How many of them. Lower goes less far back; each takes as much as the database. 0 makes none."""
    ballast_mb: int = Field(default=16, ge=0, le=1024)
    """Room that is let go when the disk is full. Lower lasts shorter (16 MB are some days of a small place); higher
    takes it from the card for good. 0 keeps none."""

    def copies_folder(self) -> Path:
        """Where the daily copies are."""
        return Path(self.path).parent / "backups" if self.copies is None else Path(self.copies)


class InfluxdbSettings(_Table):
    """The place's InfluxDB (1.8, 2 or 3): ``url`` turns it on."""

    url: str | None = None
    org: str = ""
    bucket: str = Field(default="vigie", min_length=1)
    token_file: str | None = None
    ca_file: str | None = None
    database: str | None = None
    """Of InfluxQL; None is the bucket's own name, before its ``/`` on 1.8."""
    retention_policy: str | None = None
    """Of InfluxQL; None is what stands after the ``/`` of the bucket on 1.8, else the database's default."""
    write_timeout_s: float = Field(default=10.0, ge=1, le=60)
    """For one write. Lower gives up on bad Wi-Fi again and again; higher takes longer to see that nobody answers."""
    read_timeout_s: float = Field(default=3.0, ge=0.1, le=20)
    """For all that one history asks. Lower shows coarse curves; higher keeps who looks at one waiting."""

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
                raise ValueError("expected http://host:port or https://host:port, with a token_file for the secret")
        return url

    @property
    def database_name(self) -> str:
        """What InfluxQL calls the bucket."""
        return self.database or self.bucket.partition("/")[0]

    @property
    def policy_name(self) -> str | None:
        """The retention policy that InfluxQL is asked for; None for the default one."""
        return self.retention_policy or self.bucket.partition("/")[2] or None


class NotifySettings(_Table):
    """Where the ways of telling are."""

    file: str | None = None
    """None is ``notifier_file.DEFAULT_PATH`` where that is there, else no notifier."""


class HomeAssistantSettings(_Table):
    """What Home Assistant is told on the gateway's own broker: ``enabled`` turns it on."""

    enabled: bool = False
    language: Literal["fr", "en"] | None = None
    """Of the names; None is the place's first."""


Level = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")]
"""One level of a topic."""
DeviceFamily = Literal[
    "zigbee2mqtt", "shelly", "tasmota", "teleinfo", "openmqttgateway", "esphome", "mqtt-io"
]  # fmt: skip


class DevicesSettings(_Table):
    """Devices of others on the place's broker: ``discovery`` or ``families`` turn them on."""

    username: str = "gateway-devices"
    """Of the second connection; never the gateway's own, which one would throw out."""
    password_file: str | None = None
    discovery: Annotated[tuple[Level, ...], Field(strict=False, max_length=4)] = ()
    """First levels under which Home Assistant discovery is announced."""
    families: Annotated[tuple[DeviceFamily, ...], Field(strict=False)] = ()
    """Those whose own topics are read."""
    zigbee2mqtt: Annotated[tuple[Level, ...], Field(strict=False, min_length=1, max_length=4)] = ("zigbee2mqtt",)
    """First levels of Zigbee2MQTT's topics."""

    @property
    def is_on(self) -> bool:
        """Whether anything is listened to."""
        return bool(self.discovery or self.families)


class Settings(_Table):
    """All of ``gateway.toml``."""

    name: str = Field(default="main", pattern=f"^{ID_PATTERN}$")
    """This gateway's id in ``ack/{gateway}``; a place with two gateways gives them two names."""
    site: str | None = None
    """The place's file; None is /etc/vigie/site.toml where that is, else ``site.toml`` beside the database, where the
    set-up in the browser may write."""
    broker: BrokerSettings = BrokerSettings()
    http: HttpSettings = HttpSettings()
    store: StoreSettings = StoreSettings()
    influxdb: InfluxdbSettings = InfluxdbSettings()
    notify: NotifySettings = NotifySettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    devices: DevicesSettings = DevicesSettings()

    @model_validator(mode="after")
    def _has_two_users(self) -> Self:
        if self.devices.is_on and self.devices.username == self.broker.username:
            raise ValueError("expected devices.username to be another than broker.username: each throws the other out")
        return self

    def devices_broker(self) -> BrokerSettings:
        """Where devices of others are heard: the same broker, as another user."""
        mine = {"username": self.devices.username, "password_file": self.devices.password_file}
        return self.broker.model_copy(update=mine)

    def devices_path(self) -> Path:
        """The file of devices: beside the readings."""
        return Path(self.store.path).with_name("devices.db")

    def notifiers_path(self) -> Path | None:
        """The file of notifiers, as set; None: where it usually is."""
        return None if self.notify.file is None else Path(self.notify.file)

    def site_path(self) -> Path:
        """Where the place's file is, or will be."""
        if self.site is not None:
            return Path(self.site)
        return DEFAULT_SITE if DEFAULT_SITE.exists() else Path(self.store.path).with_name("site.toml")

    def accounts_path(self) -> Path:
        """The file of accounts: beside the readings."""
        return Path(self.store.path).with_name("accounts.db")


def load_settings(path: Path | None) -> Settings:
    """Read the settings.

    Args:
        path: The file. None takes DEFAULT_PATH when it is there and the defaults when it is not.

    Raises:
        SettingsError: The file is missing, is no TOML, or holds a wrong key or value: every problem at once.
    """
    if path is None:
        if not DEFAULT_PATH.exists():
            return Settings()
        path = DEFAULT_PATH
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise SettingsError([f"{path}: {error.strerror}"]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: {error}"]) from error
    try:
        return Settings.model_validate(document)
    except ValidationError as error:
        raise SettingsError([_problem(path, text, dict(found)) for found in error.errors()]) from error


def _problem(path: Path, text: str, found: dict[str, object]) -> str:
    location = found["loc"]
    keys = location if isinstance(location, tuple) else ()
    key = ".".join(str(part) for part in keys)
    message = str(found["msg"]).removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        return f"{path}:{line_of(text, keys)}: {key}: unknown key"
    return f"{path}:{line_of(text, keys)}: {key} = {found['input']!r}: {message}"
