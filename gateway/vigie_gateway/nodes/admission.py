"""The users of the broker that runs on this machine: one is let in, or put out and gone when that is said.

Called by the commands ``node`` and ``certificates`` and by the door (``enrolment``), as root. The broker reads its
password file and certificates again on SIGHUP and hangs up on whoever has no right any more (Mosquitto 2); neither is
taken on trust.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vigie_contract import topics
from vigie_gateway.doctor import broker_file
from vigie_gateway.doctor.broker_file import BrokerFile, Listener, UnreadableError
from vigie_gateway.files import replace_file
from vigie_gateway.nodes import rights
from vigie_gateway.nodes.mqtt_try import is_let_in
from vigie_gateway.nodes.password_file import PasswordFile, PasswordFileError, new_password
from vigie_gateway.settings import BrokerSettings

TAKES_S = 5.0
"""How long a broker may take to read its files again; it looks for the signal every 0.1 s. Lower fails on a busy Pi
Zero."""
LOOK_AGAIN_S = 0.05


class AdmissionError(Exception):
    """The broker's users cannot be changed; one line for a person."""


@dataclass(frozen=True, slots=True)
class Broker:
    """What its configuration says.

    Attributes:
        config: Its first file.
        passwords: Its users.
        rights: Its access list; None when a plugin has them.
        port: Of the listener on the loopback, without TLS.
        lan_port: Of the listener for nodes elsewhere, with TLS; None when there is none.
        certificate: Of that listener.
        key: The same's key.
    """

    config: Path
    passwords: PasswordFile
    rights: Path | None
    port: int
    lan_port: int | None
    certificate: Path | None
    key: Path | None


def find_broker(settings: BrokerSettings) -> Broker:
    """The broker of this gateway; raises AdmissionError when it is not here, or not configured as ours are."""
    running = broker_file.file_of_port(broker_file.running_files(), settings.port)
    path = Path(settings.config_file) if settings.config_file else running or broker_file.DEBIAN_FILE
    try:
        found = broker_file.read(path)
    except UnreadableError as error:
        raise AdmissionError(f"the broker's configuration cannot be read: {error}; as root, on its machine?") from error
    return broker_of(found)


def broker_of(found: BrokerFile) -> Broker:
    """The same from a configuration that was read."""
    passwords, access = found.common.get("password_file"), found.common.get("acl_file")
    local = next((one for one in found.listeners if one.is_local() and not one.is_encrypted()), None)
    if passwords is None or local is None or not local.port.isdigit():
        raise AdmissionError(
            f"{found.path}: no password_file, or no listener on the loopback: take systemd/mosquitto/vigie.conf"
        )
    lan = next((one for one in found.listeners if one.is_encrypted() and "certfile" in one.own), None)
    return Broker(
        found.path,
        PasswordFile(Path(passwords.value)),
        None if access is None else Path(access.value),
        int(local.port),
        int(lan.port) if lan is not None else None,
        _file(lan, "certfile"),
        _file(lan, "keyfile"),
    )


def _file(listener: Listener | None, key: str) -> Path | None:
    return None if listener is None else Path(listener.own[key].value)


def reload_broker(broker: Broker) -> bool:
    """Have it read its files again; False when none of that configuration runs."""
    processes = [process for process, path in broker_file.running_brokers() if path == broker.config]
    for process in processes:
        os.kill(process, signal.SIGHUP)
    return bool(processes)


def nodes_of(broker: Broker) -> tuple[str, ...]:
    """Users who are nodes: those without rights of their own, as Home Assistant and recorders have.

    Raises:
        AdmissionError: The access list cannot be read.
        PasswordFileError: The same of the users.
    """
    named = _named_users(broker)
    return tuple(user for user in broker.passwords.users() if user not in named)


def has_rights_of_its_own(broker: Broker, name: str) -> bool:
    """Whether the access list names that user, so that a node called so could do more than a node may.

    Raises:
        AdmissionError: The access list cannot be read.
    """
    return name in _named_users(broker)


def _named_users(broker: Broker) -> frozenset[str]:
    if broker.rights is None:
        return frozenset()
    try:
        return rights.named_users(broker.rights.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise AdmissionError(f"{broker.rights} cannot be read: {why}; as root?") from error


def bind_rights(broker: Broker, site: str) -> bool:
    """Let nodes speak in this site alone; whether that was not so yet. The broker has to read it then.

    Raises:
        AdmissionError: The access list cannot be read or written.
    """
    if broker.rights is None:
        return False
    try:
        was = broker.rights.stat()
        before = broker.rights.read_text(encoding="utf-8")
        after = rights.bound(before, site)
        if after == before:
            return False
        replace_file(broker.rights, after.encode(), was.st_mode & 0o777, broker.rights.group())
    except (OSError, UnicodeDecodeError, LookupError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise AdmissionError(f"{broker.rights} cannot be changed: {why}; as root?") from error
    return True


def let_in(broker: Broker, node: str, password: str) -> None:
    """Give a node its password, and wait until the broker takes it.

    Raises:
        AdmissionError: It does not; the node's line is then as it was before.
        ContractError: The name is no id.
    """
    _check_runs(broker)
    try:
        before = broker.passwords.line_of(node)
        broker.passwords.put(node, password)
        reload_broker(broker)
        if _comes_true(lambda: is_let_in(broker.port, node, password)):
            return
        if before is None:
            broker.passwords.remove(node)
    except PasswordFileError as error:
        raise AdmissionError(str(error)) from error
    raise AdmissionError(f"the broker does not take the password of {node}: journalctl -u mosquitto says why")


def put_out(broker: Broker, site: str, node: str) -> bool:
    """End a node's right and its connection; False when it had none.

    Its line is given a password that nobody has, with which its connection is taken over: that the broker takes it
    shows that the old one holds no more, and that nobody is connected by it. Then the line goes.

    Raises:
        AdmissionError: The file cannot be written, or the broker does not do as it is told; the old password is
            void then too from the broker's next start on.
    """
    last_word = new_password()
    try:
        if broker.passwords.line_of(node) is None:
            return False
        broker.passwords.put(node, last_word)
        if not reload_broker(broker):
            broker.passwords.remove(node)
            return True  # nothing runs: nobody is connected
        # Both: an "offline" that the broker keeps would be told to each gateway that starts.
        said = (topics.about(site, node), topics.status(site, node))
        if not _comes_true(lambda: is_let_in(broker.port, node, last_word, said)):
            raise AdmissionError(
                f"{node} has no password any more, but the broker did not read that: sudo systemctl restart mosquitto"
            )
        broker.passwords.remove(node)
        reload_broker(broker)
        if not _comes_true(lambda: not is_let_in(broker.port, node, last_word)):
            raise AdmissionError("the broker does not read its password file again: sudo systemctl restart mosquitto")
    except PasswordFileError as error:
        raise AdmissionError(str(error)) from error
    return True


def _check_runs(broker: Broker) -> None:
    if not any(path == broker.config for _, path in broker_file.running_brokers()):
        raise AdmissionError(f"no broker runs with {broker.config}: sudo systemctl start mosquitto")


def _comes_true(asked: Callable[[], bool]) -> bool:
    """Whether it is so within TAKES_S; a broker that does not answer is asked again too."""
    until_mono = time.monotonic() + TAKES_S
    while True:
        try:
            if asked():
                return True
        except OSError:
            pass
        if time.monotonic() >= until_mono:
            return False
        time.sleep(LOOK_AGAIN_S)
