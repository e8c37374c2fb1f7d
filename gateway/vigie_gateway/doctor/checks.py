"""Every check of the doctor, in order: what each looks at, put together for one installation."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from vigie_contract.clock import SystemClock
from vigie_gateway.certificates.kept import AUTHORITY_FOLDER
from vigie_gateway.doctor import (
    broker_file,
    broker_file_check,
    broker_live,
    card,
    certificates,
    influxdb,
    installation,
    own_node,
    pins,
    ports,
    power,
    running,
    storage,
    telling,
    timekeeping,
    upgrade,
    versions,
    wifi,
)
from vigie_gateway.doctor.broker_file import BrokerFile
from vigie_gateway.doctor.checkup import Check
from vigie_gateway.doctor.findings import AS_ROOT, Finding
from vigie_gateway.doctor.firewall import find_firewall
from vigie_gateway.install.machine import Machine
from vigie_gateway.place.problem import SiteError
from vigie_gateway.place.site import load_site
from vigie_gateway.settings import BrokerSettings, Settings
from vigie_gateway.store.copies import DailyCopies


@dataclass(frozen=True, slots=True)
class Installation:
    """What is looked at.

    Attributes:
        settings: As loaded; the defaults where the file is wrong.
        site: The place's file.
        broker_config: Mosquitto's file as given on the command line; None to find it.
        machine: Whose kernel, supply, card and firewall are looked at.
    """

    settings: Settings
    site: Path
    broker_config: Path | None
    machine: Machine = field(default_factory=Machine)


def checks_of(it: Installation) -> list[Check]:
    """The checks, in the order in which they run."""
    settings = it.settings
    running_gateway = _once(lambda: _ask(settings))
    return [
        Check("configuration", lambda: installation.site_findings(it.site)),
        Check("configuration", lambda: installation.password_findings(settings)),
        Check("configuration", lambda: _own_node_findings(it)),
        Check("programs", installation.program_findings),
        Check("programs", lambda: _version_findings(running_gateway())),
        Check("broker", lambda: _file_findings(it)),
        Check("broker", lambda: broker_live.stranger_findings(settings.broker)),
        Check("broker", lambda: _live_findings(it, running_gateway())),
        Check("certificates", lambda: _certificate_findings(it)),
        Check("gateway", lambda: _gateway_findings(running_gateway())),
        Check("store", lambda: storage.folder_findings(Path(settings.store.path))),
        Check("store", lambda: storage.database_findings(Path(settings.store.path))),
        Check("store", lambda: _copy_findings(settings)),
        Check("influxdb", lambda: _influxdb_findings(it)),
        Check("clock", lambda: timekeeping.clock_findings(Path(settings.store.path))),
        Check("alerts", lambda: telling.telling_findings(settings, it.site)),
        Check("upgrade", lambda: upgrade.upgrade_findings(it.machine)),
        Check("power", lambda: power.power_findings(it.machine)),
        Check("card", lambda: _card_findings(it)),
        Check("wifi", lambda: wifi.wifi_findings(it.machine)),
        Check("pins", lambda: pins.pin_findings(it.machine)),
        Check("network", lambda: _port_findings(it)),
    ]


def _once(ask: Callable[[], running.Answer]) -> Callable[[], running.Answer]:
    answers: list[running.Answer] = []

    def asked() -> running.Answer:
        if not answers:
            answers.append(ask())
        return answers[0]

    return asked


def _own_node_findings(it: Installation) -> list[Finding]:
    try:
        return own_node.own_node_findings(it.machine, load_site(it.site).id)
    except SiteError:
        return []  # told by the check of that file


def _influxdb_findings(it: Installation) -> list[Finding]:
    try:
        return influxdb.influxdb_findings(it.settings.influxdb, load_site(it.site).id)
    except SiteError:
        return []  # told by the check of that file


def _ask(settings: Settings) -> running.Answer:
    try:
        return running.ask(settings.http)
    except (running.NoGatewayError, running.UntoldError) as error:
        return error


def _gateway_findings(answer: running.Answer) -> list[Finding]:
    if isinstance(answer, running.NoGatewayError):
        remedy = "sudo systemctl start vigie-gateway; journalctl -u vigie-gateway says why it ended"
        return [Finding("gateway", "warn", str(answer), remedy)]
    if isinstance(answer, running.UntoldError):
        return [Finding("gateway", "warn", str(answer), "systemctl status vigie-gateway")]
    return running.judge(answer)


def _version_findings(answer: running.Answer) -> list[Finding]:
    if isinstance(answer, running.NoGatewayError | running.UntoldError):
        return []  # told by the check of the running gateway
    return versions.version_findings(answer, version("vigie"))


def _copy_findings(settings: Settings) -> list[Finding]:
    copies = DailyCopies(settings.store.copies_folder(), settings.store.copies_kept)
    return storage.copy_findings(copies, datetime.fromtimestamp(SystemClock().now_ts()).astimezone().date())


def _card_findings(it: Installation) -> list[Finding]:
    store = it.settings.store
    return card.card_findings(it.machine, Path(store.path).parent, store.commit_interval_s)


def _read_broker_file(it: Installation) -> BrokerFile | Finding:
    given = it.broker_config or (Path(it.settings.broker.config_file) if it.settings.broker.config_file else None)
    if given is None and not _is_here(it.settings.broker):
        host = it.settings.broker.host
        text = f"the broker is on {host}: its configuration was not looked at"
        return Finding("broker", "warn", text, f"on {host}: vigie-gateway doctor --broker-config FILE")
    running_file = broker_file.file_of_port(broker_file.running_files(), it.settings.broker.port)
    path = given or running_file or broker_file.DEBIAN_FILE
    try:
        return broker_file.read(path)
    except broker_file.UnreadableError as error:
        return Finding("broker", "warn", f"the broker's configuration was not looked at: {error}", "use sudo")


def _file_findings(it: Installation) -> list[Finding]:
    found = _read_broker_file(it)
    if isinstance(found, Finding):
        return [found]
    try:
        rights = certificates.rights_findings(found, load_site(it.site).id)
    except SiteError:
        rights = []  # told by the check of that file
    return broker_file_check.judge(found) + rights


def _certificate_findings(it: Installation) -> list[Finding]:
    now_ts, http = SystemClock().now_ts(), it.settings.http
    file = _read_broker_file(it)
    # What could not be read of the broker is told by its own check.
    found = [] if isinstance(file, Finding) else certificates.broker_findings(file, AUTHORITY_FOLDER, now_ts)
    if http.certificate_file is not None and http.key_file is not None:
        found += certificates.page_findings(Path(http.certificate_file), Path(http.key_file), now_ts)
    return found + certificates.sign_in_findings(http)


def _port_findings(it: Installation) -> list[Finding]:
    file = _read_broker_file(it)
    broker = None if isinstance(file, Finding) else file  # what could not be read is told by the broker's own check
    plain = [] if broker is None else [one for one in broker.listeners if not one.is_encrypted()]
    has_mdns = it.machine.at("/etc/avahi/avahi-daemon.conf").exists()
    return ports.port_findings(
        ports.opened_ports(it.settings.http, broker, has_mdns=has_mdns),
        [int(one.port) for one in plain if one.port.isdecimal() and one.port != "0"],
        ports.listening(it.machine),
        find_firewall(it.machine),
    )


def _is_here(settings: BrokerSettings) -> bool:
    try:
        return settings.host == "localhost" or ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        return False


def _live_findings(it: Installation, answer: running.Answer) -> list[Finding]:
    if isinstance(answer, running.UntoldError):
        return []  # a gateway may well run: to connect in its name would throw it out
    if not isinstance(answer, running.NoGatewayError):
        told = broker_live.told_by_gateway(answer)
        return [] if told is None else broker_live.judge(told)
    if not broker_live.is_there(it.settings.broker):
        return []  # told above
    try:
        site = load_site(it.site).id
    except SiteError:
        return []  # told by the check of that file
    try:
        return broker_live.judge(broker_live.told_by_broker(it.settings.broker, site))
    except OSError:
        text = "not tried as the gateway: its password cannot be read"
        return [Finding("broker", "warn", text, AS_ROOT)]
