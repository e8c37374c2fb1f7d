"""What a check of ``vigie-gateway doctor`` found, as every part of Vigie says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["pass", "unknown", "warn", "fail"]
PARTS = {
    "configuration": "Configuration",
    "programs": "Programs",
    "broker": "Broker",
    "certificates": "Certificates",
    "gateway": "Running gateway",
    "store": "Store",
    "clock": "Clock",
    "alerts": "Alerts",
    "influxdb": "InfluxDB",
    "upgrade": "Installation and upgrade",
    "power": "Power",
    "card": "Card",
    "wifi": "Wi-Fi",
    "pins": "Pins",
    "network": "Ports and firewall",
}
"""The parts in the order in which they are told, with their headings."""

AS_ROOT = "start the doctor again with sudo"
"""The remedy where this user may not look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one part of this installation.

    Attributes:
        part: What it is about, a key of PARTS.
        status: ``fail``: readings are lost, refused or open to strangers, or will be. ``warn``: works, but not as it
            should, or could not be looked at. ``unknown``: this machine cannot tell, which is not the same as well.
        text: What was found and what was expected, one sentence that names the file, key and value.
        remedy: What to do, one sentence or the command to type; empty when nothing is to be done.
    """

    part: str
    status: Status
    text: str
    remedy: str = ""
