"""Mosquitto as a supervised child: for the demo, the tests and a place that has no broker of its own.

It listens on the loopback only, knows its users by random passwords, and lets a node write nowhere but on its own
topics. Nothing relies on what it keeps: a journal is acknowledged by the gateway, after its commit, not by the broker.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import shutil
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

from vigie_contract import PROTOCOL_VERSION
from vigie_contract.topics import check_id
from vigie_gateway.broker_settings import configuration_lines
from vigie_gateway.broker_users import digest_line
from vigie_gateway.child import Child

log = logging.getLogger(__name__)

HOME_ASSISTANT_USER = "homeassistant"
"""The user that hears what the gateway tells Home Assistant."""
DEVICES_USER = "gateway-devices"
"""The user that hears devices of others, and says nothing."""
GATEWAY_USER = "gateway"
"""The user that reads and writes every topic of the site; every other user is a node of that name."""
INSTALL_COMMAND = "sudo apt-get install -y mosquitto"
START_S = 5.0
"""How long a broker may take to answer; it takes 10 ms here. Lower fails on a Pi Zero that is busy starting."""
_LOOPBACK = "127.0.0.1"


class BrokerError(Exception):
    """The broker cannot run here; the message says what to type."""


def find_mosquitto() -> Path | None:
    """The broker's program; None when it is not installed.

    Debian puts it in /usr/sbin, which the PATH of an ordinary user lacks.
    """
    found = shutil.which("mosquitto", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")
    return Path(found) if found is not None else None


def free_port() -> int:
    """A TCP port of the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        return int(probe.getsockname()[1])


def make_passwords(users: Iterable[str]) -> dict[str, str]:
    """A new random password of 192 bits for each user."""
    return {user: secrets.token_urlsafe(24) for user in users}


class Mosquitto:
    """One broker.

    Attributes:
        directory: Its configuration, passwords and log, mode 0700.
        port: TCP port on 127.0.0.1.
    """

    def __init__(self, directory: Path, site: str, users: Mapping[str, str], port: int = 0) -> None:
        """Describe a broker; nothing runs or is written yet.

        Args:
            directory: Made when absent; what it held of an earlier broker is written anew.
            site: The site's id: topics of others are refused.
            users: Password by user. ``gateway`` reads and writes all of the site, any other is the node of that id.
            port: TCP port on 127.0.0.1; 0 takes a free one.

        Raises:
            ContractError: The site or a user is no id (a user named ``+`` would match every topic).
        """
        check_id(site, "site")
        for user in users:
            check_id(user, "broker user")
        self.directory = directory
        self.port = port or free_port()
        self._is_port_given = port != 0
        self._site = site
        self._users = dict(users)
        self._child: Child | None = None

    def password(self, user: str) -> str:
        """The password of a user; KeyError when there is no such user."""
        return self._users[user]

    def password_file(self, user: str) -> Path:
        """A file of mode 0600 that holds the user's password alone; it exists after ``start``."""
        return self.directory / "passwords" / self._known(user)

    @property
    def pid(self) -> int | None:
        """Of the broker's process; None while it is not running."""
        return self._child.pid if self._child is not None else None

    def start(self) -> None:
        """Write the configuration, start the broker, and return when it answers.

        Raises:
            BrokerError: It is not installed, the port is in use, or it refuses to run; one sentence with what to type.
        """
        program = find_mosquitto()
        if program is None:
            raise BrokerError(f"the MQTT broker Mosquitto is not installed; type: {INSTALL_COMMAND}")
        if not self._is_port_given and _is_taken(self.port):
            self.port = free_port()
        if _is_taken(self.port):
            raise BrokerError(
                f"port {self.port} of {_LOOPBACK}, meant for the MQTT broker, is in use; "
                f"to see by what, type: ss -ltnp 'sport = :{self.port}'"
            )
        self._write()
        self._child = Child(
            "broker", [program, "-c", self.directory / "mosquitto.conf"], self.directory / "mosquitto.log"
        )
        try:
            self._child.start()
        except OSError as error:
            raise BrokerError(f"{program} could not be started: {error.strerror}") from error
        self._wait_until_it_answers()

    def stop(self) -> None:
        """End the broker's process; safe to call twice."""
        if self._child is not None:
            self._child.stop()

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it."""
        self.stop()

    def _known(self, user: str) -> str:
        if user not in self._users:
            raise KeyError(user)
        return user

    def _write(self) -> None:
        for directory in (self.directory, self.directory / "passwords"):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)
        _write_private(self.directory / "users", "".join(f"{digest_line(*user)}\n" for user in self._users.items()))
        _write_private(self.directory / "acl", access_rules(self._site))
        _write_private(self.directory / "mosquitto.conf", self._configuration())
        for user, password in self._users.items():
            _write_private(self.password_file(user), password)

    def _configuration(self) -> str:
        lines = [
            "# Written anew at every start of the broker.",
            f"listener {self.port} {_LOOPBACK}",
            f"password_file {self.directory.resolve() / 'users'}",
            f"acl_file {self.directory.resolve() / 'acl'}",
            *configuration_lines(),
            "set_tcp_nodelay true",
            "connection_messages false",
            "log_dest stdout",
            "log_timestamp_format %Y-%m-%dT%H:%M:%S",
            *(f"log_type {kind}" for kind in ("error", "warning", "notice")),
        ]
        if os.geteuid() == 0:
            lines += [
                "# Started by root, the broker would become the user mosquitto, who cannot read this directory.",
                "user root",
            ]
        return "\n".join(lines) + "\n"

    def _wait_until_it_answers(self) -> None:
        assert self._child is not None  # noqa: S101 - called by start alone
        deadline_mono = time.monotonic() + START_S
        while time.monotonic() < deadline_mono:
            if _answers(self.port):
                return
            if self._child.last_code is not None:
                break
            time.sleep(0.005)
        self.stop()
        said = " / ".join(line.partition(": ")[2] or line for line in self._child.log_tail(3)) or "nothing"
        raise BrokerError(
            f"the MQTT broker did not come up on port {self.port}; its last words: {said}; "
            f"to try it by hand, type: mosquitto -v -c {self.directory / 'mosquitto.conf'}"
        )


def access_rules(site: str) -> str:
    """The broker's ACL file: the gateway has the whole site, a node (``%u``) its own topics, each in one direction.

    A node cannot pose as another, nor acknowledge or command in the gateway's place; nobody leaves the site's topics
    but for Home Assistant's.
    """
    root = f"vigie/{PROTOCOL_VERSION}/{check_id(site, 'site')}"
    return "\n".join(
        (
            f"user {GATEWAY_USER}",
            f"topic readwrite {root}/#",
            "topic write homeassistant/device/+/config",
            "topic read homeassistant/status",
            "topic read $SYS/broker/#",
            "",
            f"user {DEVICES_USER}",
            "topic deny vigie/#",
            "topic read #",
            "",
            f"user {HOME_ASSISTANT_USER}",
            f"topic read {root}/+/alerts",
            f"topic read {root}/+/place/#",
            "topic read homeassistant/#",
            "topic write homeassistant/status",
            "",
            *(f"pattern write {root}/%u/{leaf}" for leaf in ("about", "status", "data", "done")),
            *(f"pattern read {root}/%u/{leaf}" for leaf in ("ack/+", "do")),
            f"pattern read {root}/+/alerts",
            "",
        )
    )


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        # As the broker itself does: connections that linger after an earlier broker do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return True
    return False


# An MQTT 3.1.1 CONNECT without user name, client id "?", and the CONNACK "not authorised" that it must get.
_ANONYMOUS_CONNECT = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x05\x00\x01?"
NOT_AUTHORISED = b"\x20\x02\x00\x05"


def stranger_answer(host: str, port: int, timeout_s: float, ca_file: str | None = None) -> bytes:
    """What a broker answers to a client without a name: NOT_AUTHORISED, as it must be told; throws nobody out.

    Raises:
        OSError: Nothing answers there, or its certificate is not of that authority.
    """
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(socket.create_connection((host, port), timeout_s))
        if ca_file is not None:
            encrypted = ssl.create_default_context(cafile=ca_file)
            connection = stack.enter_context(encrypted.wrap_socket(connection, server_hostname=host))
        connection.sendall(_ANONYMOUS_CONNECT)
        return connection.recv(len(NOT_AUTHORISED))


def _answers(port: int) -> bool:
    """Whether an MQTT broker is there, and refuses a stranger as it was told to."""
    try:
        return stranger_answer(_LOOPBACK, port, 1) == NOT_AUTHORISED
    except OSError:
        return False
