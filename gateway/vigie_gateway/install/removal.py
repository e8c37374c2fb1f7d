"""The steps that take Vigie off a machine again; what was measured and configured stays unless asked otherwise.

Called by ``commands.uninstall``. The packages of the system stay too: others may need them.
"""

from __future__ import annotations

from vigie_gateway.install.actions import Absent, Line, NoUser, Refreshed, Step, Stopped
from vigie_gateway.install.steps import AVAHI, BROKER, GATEWAY, NAME, OPT, SENSORS, TARGET, UNITS

DATA = ("/var/lib/vigie", "/var/lib/vigie-sensors", "/etc/vigie")
BROKER_DATA = (
    "/etc/mosquitto/vigie.acl",
    "/etc/mosquitto/vigie.passwd",
    "/etc/mosquitto/certs/vigie.key",
    "/etc/mosquitto/certs/vigie.crt",
)
"""The access list among them: it may hold lines of the place's own. Nothing reads it without the configuration."""


def removal_steps(name: str, *, has_broker: bool, with_data: bool) -> list[Step]:
    """Everything, in order.

    Args:
        name: What the machine answered to in the network by our wish, else empty.
        has_broker: Mosquitto is installed here.
        with_data: Also what was measured and configured, and the users it belongs to.
    """
    found = [
        Step("the daemons stop", (Stopped(GATEWAY), Stopped(SENSORS), Stopped(TARGET)), refreshes=("systemd",)),
        Step(
            "units and what they need",
            tuple(
                Absent(path)
                for path in (
                    f"{UNITS}/{GATEWAY}.d",
                    f"{UNITS}/{SENSORS}.d",
                    f"{UNITS}/{TARGET}.wants",
                    "/etc/sysusers.d/vigie.conf",
                    "/etc/tmpfiles.d/vigie.conf",
                    "/etc/sysctl.d/90-vigie.conf",
                )
            ),
            refreshes=("systemd",),
        ),
        *(_broker() if has_broker else ()),
        *([Step("the name in the network", (Line(AVAHI, "server", "host-name", None),), (NAME,))] if name else []),
        Step("what runs takes notice", tuple(_notice(has_broker=has_broker, has_name=bool(name)))),
    ]
    if with_data:
        paths = (*DATA, "/run/vigie-sensors", *(BROKER_DATA if has_broker else ()))
        found.append(Step("what was measured and configured", tuple(Absent(path) for path in paths)))
        found.append(Step("users of the daemons", (NoUser("vigie-gateway"), NoUser("vigie-sensors"))))
    programs = (OPT, "/usr/local/bin/vigie-gateway", "/usr/local/bin/vigie-sensors")
    return [*found, Step("programs", tuple(Absent(path) for path in programs))]


def _broker() -> list[Step]:
    files = ("conf.d/vigie.conf", "conf.d/vigie-lan.conf")
    return [
        Step(
            "the broker as Debian has it",
            (*(Absent(f"/etc/mosquitto/{name}") for name in files), Absent(f"{UNITS}/{BROKER}.d/vigie.conf")),
            refreshes=("systemd", BROKER),
        )
    ]


def _notice(*, has_broker: bool, has_name: bool) -> list[Refreshed]:
    units = [*([BROKER] if has_broker else []), *([NAME] if has_name else [])]
    return [
        Refreshed("systemd", ("systemctl", "daemon-reload"), is_unit=False),
        *(Refreshed(unit, ("systemctl", "try-restart", unit), is_unit=False) for unit in units),
    ]
