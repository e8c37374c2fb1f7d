"""The whole of an enrolment, in order: nothing is spent before it can surely be kept. Called by ``__main__``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from vigie_contract.enrolment import Address, Credential, read_invitation
from vigie_contract.errors import ContractError
from vigie_sensors.config import BrokerConfig, ConfigError, SensorsConfig, load_config
from vigie_sensors.enrolment.asking import AskingError, ask_authority, ask_credential, tell
from vigie_sensors.enrolment.keeping import PASSWORD_MODE, PUBLIC_MODE, Places, check_writable, keep
from vigie_sensors.enrolment.round_trip import HEARD_WITHIN_S, try_broker
from vigie_sensors.enrolment.sensors_file import SensorsFileError, with_broker
from vigie_sensors.publisher import software
from vigie_sensors.registry import Registry

DEFAULT_GATEWAYS = ("main",)
"""As ``config`` has it: need not be written."""
_SAMPLE = Credential("site", "node", "x" * 16, "ca", (Address("vigie.local", 8883),), ("main",))
"""What a credential looks like, to try the file with before a code is spent."""


class EnrolmentError(Exception):
    """This node was not let in; one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: who this node is now, its broker, and why it is not heard (empty when it is)."""

    site: str
    node: str
    broker: Address
    trouble: str


def enrol(
    typed: str, places: Places, registry: Registry, say: Callable[[str], None], within_s: float = HEARD_WITHIN_S
) -> Outcome:
    """Get the credential, keep it, try it.

    Args:
        typed: The code, with its host where it is not vigie.local.
        places: Of the files.
        registry: The drivers there are.
        say: Is told each step.
        within_s: How long to wait for a gateway's acknowledgement.

    Raises:
        EnrolmentError: With nothing changed here, also where the sensors.toml that is there is wrong; where the code is
            spent, the sentence says so.
    """
    try:
        invitation = read_invitation(typed)
        check_writable(places)
        _read_back(places, _SAMPLE, registry, secret=None)
        ca = ask_authority(invitation)
        say(f"{invitation.host} knows the code: its authority is trusted")
        credential = ask_credential(invitation, ca, software())
    except ContractError as error:
        raise EnrolmentError(error.detail) from error
    except (AskingError, SensorsFileError) as error:
        raise EnrolmentError(str(error)) from error
    except OSError as error:
        raise EnrolmentError(f"{error.filename}: {error.strerror}: nothing was asked; with sudo?") from error
    say(f"this is node {credential.node} of site {credential.site}; trying its broker")
    _keep(places, credential, credential.brokers[0])
    broker, trouble = _try(places, credential, registry, within_s)
    if broker != credential.brokers[0]:
        _keep(places, credential, broker)
    try:
        tell(invitation, ca, is_heard=not trouble, detail=trouble)
    except AskingError as error:
        say(f"the gateway's command could not be told: {error}")
    return Outcome(credential.site, credential.node, broker, trouble)


def _written(places: Places, credential: Credential, broker: Address, password: Path, ca: Path) -> str:
    """The new sensors.toml, with the files that it names."""
    text = places.config.read_text(encoding="utf-8") if places.config.exists() else ""
    top: dict[str, object] = {"site": credential.site, "node": credential.node}
    if credential.gateways != DEFAULT_GATEWAYS or "gateways" in text:
        top["gateways"] = list(credential.gateways)
    table = {"host": broker.host, "port": broker.port, "ca_file": str(ca), "password_file": str(password)}
    try:
        return with_broker(text, top, table)
    except SensorsFileError as error:
        raise SensorsFileError(f"{places.config} {error}") from error


def _read_back(places: Places, credential: Credential, registry: Registry, secret: Path | None) -> SensorsConfig:
    """What the daemon will make of the new file, whose files this process may not see where systemd hands them over.

    Raises:
        EnrolmentError: It cannot be used.
    """
    trial = places.config.with_name(f".{places.config.name}.trial")
    try:
        named = trial if secret is None else secret, trial if secret is None else places.ca
        keep(trial, _written(places, credential, credential.brokers[0], *named), PUBLIC_MODE)
        return load_config(trial, registry)
    except ConfigError as error:
        raise EnrolmentError(str(error).replace(str(trial), str(places.config))) from error
    finally:
        trial.unlink(missing_ok=True)


def _keep(places: Places, credential: Credential, broker: Address) -> None:
    """All files, that which names the others last."""
    try:
        keep(places.password, f"{credential.password}\n", PASSWORD_MODE)
        keep(places.ca, credential.ca, PUBLIC_MODE)
        keep(places.config, _written(places, credential, broker, places.handed, places.ca), PUBLIC_MODE)
    except (OSError, SensorsFileError) as error:
        raise EnrolmentError(
            f"the credential could not be kept ({error}): the code is spent, ask for another"
        ) from error


def _try(places: Places, credential: Credential, registry: Registry, within_s: float) -> tuple[Address, str]:
    """The first way to the broker on which this node is heard, else the first at all; and why it is not heard."""
    config = _read_back(places, credential, registry, places.password)
    tried = []
    for address in credential.brokers:
        found = try_broker(_by(config, places, address), within_s)
        if found.is_reached:  # another address of the same broker would say the same
            return address, found.trouble
        tried.append(found.trouble)
    return credential.brokers[0], "; ".join(tried)


def _by(config: SensorsConfig, places: Places, address: Address) -> SensorsConfig:
    """The node at that address, with the file of its password that this process can read."""
    return replace(config, broker=BrokerConfig(address.host, address.port, config.node, places.password, places.ca))
