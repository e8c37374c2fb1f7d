"""Whether the sensors of this machine speak for its place: where the short names differ, nobody hears them.

Called by ``checks`` on a thread of the doctor, where the place has its file. The set-up lets a place choose its short
name after the sensors of this machine were given theirs by the installation.
"""

from __future__ import annotations

import tomllib

from vigie_gateway.doctor.findings import Finding
from vigie_gateway.doctor.pins import SENSORS_FILE
from vigie_gateway.install.machine import Machine

PART = "configuration"


def own_node_findings(machine: Machine, site: str) -> list[Finding]:
    """What is to be said of it; nothing where this machine measures nothing, or where ``pins`` tells why not.

    Args:
        machine: This one.
        site: Short name of the place.
    """
    try:
        kept = machine.read(SENSORS_FILE)
        said = None if kept is None else tomllib.loads(kept.decode()).get("site")
    except (PermissionError, ValueError):
        return []
    if said is None:
        return []
    if said == site:
        return [Finding(PART, "pass", f"{SENSORS_FILE}: the sensors of this machine speak for this place, {site}")]
    text = f'{SENSORS_FILE}: site = "{said}", but this place is "{site}": nobody hears the sensors of this machine'
    remedy = f'write site = "{site}" there, then: sudo systemctl restart vigie-sensors'
    return [Finding(PART, "fail", text, remedy)]
