"""What people read says what the program does."""

from __future__ import annotations

from pathlib import Path

import pytest

from vigie_dashboard.view import WIFI_REASONS
from vigie_gateway.place import wifi
from vigie_gateway.place.alert_tables import AlertsTable, RuleTable, ToldTable
from vigie_gateway.place.demand import ActivityTable, EquipmentTable
from vigie_gateway.place.device_table import DeviceMeasure, DeviceTable
from vigie_gateway.place.node_table import NodeTable
from vigie_gateway.place.site import (
    AccessPoint,
    Calendar,
    Circuit,
    Door,
    HoursTable,
    Motion,
    Outlets,
    Room,
    Site,
    Uplink,
    Visitors,
    WifiProbe,
)
from vigie_gateway.place.table import Table

DOCS = Path(__file__).parents[3] / "docs"
SECTIONS: dict[str, type[Table]] = {
    "## site.toml": Site,
    "### [hours]": HoursTable,
    "### [visitors]": Visitors,
    "### [[rooms]]": Room,
    "### [[doors]]": Door,
    "### [[motion]]": Motion,
    "### [[outlets]]": Outlets,
    "### [[circuits]]": Circuit,
    "### [[access_points]]": AccessPoint,
    "### [[wifi]]": WifiProbe,
    "### [[uplinks]]": Uplink,
    "### [[nodes]]": NodeTable,
    "### [[devices]]": DeviceTable,
    "#### measures of [[devices]]": DeviceMeasure,
    "### [[calendars]]": Calendar,
    "### [[activities]]": ActivityTable,
    "### [[equipment]]": EquipmentTable,
    "### [alerts]": AlertsTable,
    "### [[rules]]": RuleTable,
    "### [[told]]": ToldTable,
}


def _section(heading: str) -> str:
    text = (DOCS / "configuration.md").read_text()
    begin = text.index(f"{heading}\n") + len(heading)
    end = text.find("\n#", begin)
    return text[begin:end]


@pytest.mark.parametrize(("heading", "table"), SECTIONS.items())
def test_every_key_of_the_site_file_is_explained_under_its_table(heading: str, table: type[Table]) -> None:
    section = _section(heading)
    keys = {field.alias or name for name, field in table.model_fields.items()}
    if table is Site:
        keys -= {title.strip("#[] ") for title in SECTIONS}  # each has a heading of its own
    told = {line.split("`")[1] for line in section.splitlines() if line.startswith("| `")}
    assert told == keys


def test_the_wifi_page_names_every_number_and_reason_of_the_rules() -> None:
    text = (DOCS / "wifi-fit.md").read_text()
    for requirement in (wifi.VIDEO_CALL, wifi.WEB):
        for perfect, unacceptable in requirement.latency_ms.values():
            assert f"| {perfect:g} ms | {unacceptable:g} ms |" in text
        assert f"| {requirement.loss[0]:.0%} | {requirement.loss[1]:.0%} |".replace("%", " %") in text
    for number in (wifi.WEAK_RSSI_DBM, wifi.LOST_RSSI_DBM):
        assert f"below {number:g} dBm" in text
    for share in (wifi.BUSY_UTILISATION, wifi.JAMMED_UTILISATION):
        assert f"above {100 * share:g} %" in text
    for reason in set(WIFI_REASONS) - {"no-sensor", "silent", "starting"}:
        assert f"`{reason}`" in text
