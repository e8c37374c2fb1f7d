"""The site's own access points: the ``access_points`` option of the ``link`` and ``scan`` drivers, checked.

Pure, called when the daemon reads its configuration. A BSSID is compared and never leaves the node.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vigie_contract.topics import is_id
from vigie_sensors.driver import Option

_BSSID = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")

ACCESS_POINTS_TEXT = (
    'the site\'s own access points, name = "BSSID" as in site.toml; several radios of one, separated by commas: '
    '{ hall = "02:00:5e:00:00:01, 02:00:5e:00:00:02" }'
)


def access_points_option(default: Any) -> Option:
    """The option, as both drivers declare it."""
    return Option("access_points", "table", ACCESS_POINTS_TEXT, default)


def own_bssids(table: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The BSSIDs of each access point, lower case, in the order of the table.

    Raises:
        ValueError: A name is no identifier, or a BSSID is not six hexadecimal bytes, or is given twice; one line.
    """
    found: dict[str, tuple[str, ...]] = {}
    seen: set[str] = set()
    for name, listed in table.items():
        if not is_id(name):
            raise ValueError(f"access_points: {name!r} is no identifier, expected 1 to 32 of a-z, 0-9 and -")
        bssids = tuple(part.strip().lower() for part in listed.split(","))
        for bssid in bssids:
            if _BSSID.fullmatch(bssid) is None:
                raise ValueError(f"access_points: {name} is {listed!r}, expected BSSIDs like 02:00:5e:00:00:01")
            if bssid in seen:
                raise ValueError(f"access_points: {bssid} is given twice")
            seen.add(bssid)
        found[name] = bssids
    return found


def names_by_bssid(table: Mapping[str, str]) -> dict[str, str]:
    """The access point's name of each BSSID; raises ValueError like ``own_bssids``."""
    return {bssid: name for name, bssids in own_bssids(table).items() for bssid in bssids}
