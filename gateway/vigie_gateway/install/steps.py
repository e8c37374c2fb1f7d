"""The steps of an installation, as values: what the machine shall be, in the order in which it is made so.

Called by ``commands.install`` and ``commands.upgrade``. Nothing is read here but what the version ships.
"""

from __future__ import annotations

from collections.abc import Iterable

from vigie_gateway.install.actions import (
    Certificates,
    Enabled,
    File,
    Folder,
    Line,
    Link,
    Owned,
    Packages,
    Password,
    Refreshed,
    Step,
    Users,
    Version,
)
from vigie_gateway.install.source import Source
from vigie_gateway.install.wishes import Kind, Wishes

OPT = "/opt/vigie"
CURRENT = f"{OPT}/current"
PREVIOUS = f"{OPT}/previous"
UNITS = "/etc/systemd/system"
CREDENTIALS = "/etc/vigie/credentials"
BROKER_PASSWORDS = "/etc/mosquitto/vigie.passwd"
DEVICES_USER, DEVICES_PASSWORD = "gateway-devices", "/etc/vigie/gateway-devices.password"
AVAHI = "/etc/avahi/avahi-daemon.conf"
GATEWAY, SENSORS, BROKER, NAME = (
    f"{name}.service" for name in ("vigie-gateway", "vigie-sensors", "mosquitto", "avahi-daemon")
)
TARGET = "vigie.target"

GATEWAY_TOML = """\
# This gateway: docs/configuration.md (/opt/vigie/docs) has every key. What is not here has its default.

[broker]
password_file = "/run/credentials/vigie-gateway.service/broker-password"

# Devices of others are heard once `discovery` or `families` stands here: /opt/vigie/docs/devices.md.
[devices]
password_file = "/etc/vigie/gateway-devices.password"
"""
HTTP_TABLE = """
# The pages, in the place's network too: /opt/vigie/docs/https.md.
[http]
host = "0.0.0.0"
names = ["{name}.local"]
certificate_file = "/etc/vigie/https/vigie.crt"
key_file = "/etc/vigie/https/vigie.key"
"""
SENSORS_TOML = """\
# What this Pi measures: docs/configuration.md and docs/drivers.md (/opt/vigie/docs) have every key and driver.
# `site` is the place's short name, as typed when it is set up in the browser.
site = "{site}"
node = "{node}"

[broker]
host = "127.0.0.1"
password_file = "/run/credentials/vigie-sensors.service/broker-password"

# The two that need no wire. Further ones: vigie-sensors list.
[[sensors]]
name = "rtt"
driver = "latency"

[[sensors]]
name = "dns"
driver = "dns"
"""


def version_folder(source: Source) -> str:
    """Where a version's programs are."""
    return f"{OPT}/versions/{source.id}"


def packages(wishes: Wishes, kind: Kind) -> tuple[str, ...]:
    """What the system must bring."""
    names = ["python3-venv", "iw", "avahi-daemon", "libnss-mdns"]
    if wishes.is_gateway:
        names.append("mosquitto")
    if kind.is_raspberry:
        names.append("python3-lgpio")
    return tuple(names)


def install_steps(wishes: Wishes, kind: Kind, source: Source, *, is_enrolled: bool) -> list[Step]:
    """Everything, in order.

    Args:
        wishes: What was asked for.
        kind: What the machine is.
        source: What is installed.
        is_enrolled: Whether a machine that only measures knows its gateway yet; its daemon is started only then.
    """
    return [
        *beside(wishes, kind, source),
        *places_of_programs(version_folder(source)),
        *system_files(source, is_gateway=wishes.is_gateway, name=wishes.name),
        *(_broker(wishes) if wishes.is_gateway else ()),
        *(_pages(wishes, source) if wishes.is_gateway and wishes.has_https else ()),
        *_configuration(wishes),
        *(_name(wishes) if wishes.is_gateway and wishes.name else ()),
        *running(is_gateway=wishes.is_gateway, is_measuring=wishes.is_gateway or is_enrolled),
    ]


def beside(wishes: Wishes, kind: Kind, source: Source) -> list[Step]:
    """What a version needs before it can run, beside the one that does."""
    return [_system_packages(wishes, kind), _programs(wishes, kind, source)]


def _system_packages(wishes: Wishes, kind: Kind) -> Step:
    return Step(
        "packages of the system",
        (Packages(packages(wishes, kind)),),
        remedy="is the network there? sudo apt-get update says more",
    )


def _programs(wishes: Wishes, kind: Kind, source: Source) -> Step:
    """The programs of a version, beside those that run."""
    version = Version(source, version_folder(source), sees_system=kind.is_raspberry, bundle=wishes.bundle)
    return Step(
        f"programs of version {source.id}",
        (Folder(OPT), Folder(f"{OPT}/versions"), version),
        remedy="what cannot be fetched: is the network there? Without one: docs/install.md, Without internet",
    )


def places_of_programs(folder: str) -> list[Step]:
    """Let what the units start be the version in a folder."""
    links = (
        Link(CURRENT, folder.removeprefix(f"{OPT}/")),
        Link(f"{OPT}/bin", "current/bin"),
        Link(f"{OPT}/docs", "current/share/vigie/docs"),
        Link("/usr/local/bin/vigie-gateway", f"{OPT}/bin/vigie-gateway"),
        Link("/usr/local/bin/vigie-sensors", f"{OPT}/bin/vigie-sensors"),
    )
    return [Step("this version is the one that runs", links, refreshes=(GATEWAY, SENSORS))]


def system_files(source: Source, *, is_gateway: bool, name: str = "") -> list[Step]:
    """Users, folders, units and the broker's configuration, as a version ships them.

    Args:
        source: The version.
        is_gateway: Else it has no broker.
        name: What the machine answers to in the network, before ``.local``; empty: by its own name alone.
    """

    def shipped(path: str, name: str, mode: int = 0o644, group: str = "root") -> File:
        return File(path, source.shipped(f"systemd/{name}"), mode, group, is_rights=name.endswith(".acl"))

    users = shipped("/etc/sysusers.d/vigie.conf", "sysusers.d/vigie.conf")
    services = (GATEWAY, SENSORS) if is_gateway else (SENSORS,)
    found = [
        Step("users of the daemons", (users, Users(("vigie-gateway", "vigie-sensors"), users.path))),
        Step(
            "folders of configuration and passwords",
            (
                shipped("/etc/tmpfiles.d/vigie.conf", "tmpfiles.d/vigie.conf"),
                Folder("/etc/vigie"),
                Folder(CREDENTIALS, 0o700),
            ),
        ),
        Step(
            "leave to ping without privileges",
            (shipped("/etc/sysctl.d/90-vigie.conf", "sysctl.d/vigie.conf"),),
            refreshes=("kernel",),
        ),
        Step(
            "units",
            tuple(shipped(f"{UNITS}/{unit}", unit) for unit in (TARGET, *services)),
            refreshes=("systemd", *services),
        ),
    ]
    if is_gateway:
        files = (
            shipped("/etc/mosquitto/conf.d/vigie.conf", "mosquitto/vigie.conf"),
            shipped("/etc/mosquitto/vigie.acl", "mosquitto/vigie.acl", 0o640, "mosquitto"),
        )
        lan = shipped("/etc/mosquitto/conf.d/vigie-lan.conf", "mosquitto/vigie-lan.conf")
        drop_in = shipped(f"{UNITS}/{BROKER}.d/vigie.conf", "mosquitto.service.d/vigie.conf")
        found += [
            Step("the broker's configuration: who may say and hear what", files, (BROKER,)),
            _password_for_devices(),
            Step(
                "the broker for nodes elsewhere in the place: encrypted, port 8883",
                (Certificates(f"{name}.local" if name else ""), lan),
                refreshes=(BROKER,),
            ),
            Step("the broker's unit: never as root, closed", (drop_in,), ("systemd", BROKER)),
        ]
    return found


def _password_for_devices() -> Step:
    """Of the gateway's second user, so that devices of others need one line more; no upgrade lacks it."""
    known = File(BROKER_PASSWORDS, b"", 0o640, "mosquitto", is_kept=True)
    password = Password(DEVICES_USER, DEVICES_PASSWORD, BROKER_PASSWORDS, 0o640, "vigie-gateway")
    return Step("a password at the broker for hearing devices of others", (known, password), refreshes=(BROKER,))


def _broker(wishes: Wishes) -> Iterable[Step]:
    yield Step(
        "passwords at the broker, which nobody has to know",
        (
            Password("gateway", f"{CREDENTIALS}/gateway", BROKER_PASSWORDS),
            Password(wishes.node, f"{CREDENTIALS}/sensors", BROKER_PASSWORDS),
        ),
        refreshes=(BROKER, GATEWAY, SENSORS),
    )
    yield Step(
        "what the broker wrote so far is its own",
        (Owned("/var/log/mosquitto", "mosquitto"), Owned("/var/lib/mosquitto", "mosquitto")),
        refreshes=(BROKER,),
    )


def _pages(wishes: Wishes, source: Source) -> Iterable[Step]:
    drop_in = File(f"{UNITS}/{GATEWAY}.d/pages.conf", source.shipped("systemd/optional/pages.conf"))
    certificate = Certificates(f"{wishes.name}.local" if wishes.name else "", for_pages=True)
    yield Step(
        "HTTPS for the pages, in the place's network",
        (certificate, drop_in),
        refreshes=("systemd", GATEWAY),
    )


def _configuration(wishes: Wishes) -> Iterable[Step]:
    if wishes.is_gateway:
        sensors = SENSORS_TOML.format(site=wishes.site, node=wishes.node).encode()
        gateway = GATEWAY_TOML + (HTTP_TABLE.format(name=wishes.name or "vigie") if wishes.has_https else "")
        files = (
            File("/etc/vigie/gateway.toml", gateway.encode(), is_kept=True),
            File("/etc/vigie/sensors.toml", sensors, is_kept=True),
        )
        yield Step("a first configuration; yours stays as it is", files, refreshes=(GATEWAY, SENSORS))


def _name(wishes: Wishes) -> Iterable[Step]:
    name = Line(AVAHI, "server", "host-name", wishes.name)
    yield Step(f"the name {wishes.name}.local in the network", (name,), refreshes=(NAME,))


def running(*, is_gateway: bool, is_measuring: bool) -> list[Step]:
    """What runs, and takes notice of what changed."""
    found: list[Refreshed | Enabled] = [
        Refreshed("systemd", ("systemctl", "daemon-reload"), is_unit=False),
        Refreshed("kernel", ("systemctl", "restart", "systemd-sysctl.service"), is_unit=False),
        Enabled((TARGET,), "multi-user.target"),
    ]
    daemons = [*((GATEWAY,) if is_gateway else ()), *((SENSORS,) if is_measuring else ())]
    if daemons:
        found.append(Enabled(tuple(daemons), TARGET))
    units = (*((BROKER, NAME) if is_gateway else ()), *daemons)
    found += (Refreshed(unit, ("systemctl", "restart", unit)) for unit in units)
    return [
        Step(
            "everything runs, and starts with the machine",
            tuple(found),
            remedy="journalctl -u vigie-gateway -u vigie-sensors -u mosquitto -n 20 says why",
        )
    ]
