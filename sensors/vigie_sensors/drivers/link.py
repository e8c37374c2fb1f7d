"""The node's own Wi-Fi link, from ``iw``: signal, rates, retries, power save, and which access point it is on.

``sample`` runs on the sensor's own thread, once a period. What the radio does not tell is unknown: the Raspberry Pi's
onboard radio tells no retries.
"""

from __future__ import annotations

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.access_points import access_points_option, names_by_bssid
from vigie_sensors.driver import Context, DriverSpec, Option, SensorConfig
from vigie_sensors.iw import Link, Station, parse_info, parse_link, parse_power_save, parse_station_dump
from vigie_sensors.iw_tool import IwTool

_FIGURES = (
    ("rssi", "rssi"),
    ("frequency", "frequency"),
    ("tx-rate", "tx_rate"),
    ("rx-rate", "rx_rate"),
    ("retry-ratio", "retry_ratio"),
)
"""The channels that need an association with the site: suffix and quantity."""


def retry_ratio(before: Station | None, now: Station | None) -> tuple[float | None, str]:
    """The share of the transmissions between two station dumps that were repetitions.

    Args:
        before: The dump of the last sample; None at the start or after another association.
        now: The dump of this sample.

    Returns:
        Retries over packets and retries, 0 to 1; or None with the reason why it is unknown.
    """
    if now is None or now.tx_packets is None or now.tx_retries is None:
        return None, "not-told"
    if before is None or before.bssid != now.bssid or before.tx_packets is None or before.tx_retries is None:
        return None, "starting"
    packets = now.tx_packets - before.tx_packets
    retries = now.tx_retries - before.tx_retries
    if packets < 0 or retries < 0:
        return None, "counter-back"
    if packets + retries == 0:
        return None, "starting"  # nothing was sent, so there is no share of it
    return retries / (packets + retries), ""


class LinkDriver:
    """Reads one wireless interface."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        self._name = config.name
        self._clock = context.clock
        self._iw = IwTool(context, config.options["interface"])
        self._access_points = tuple(config.options["access_points"])
        self._names = names_by_bssid(config.options["access_points"])
        self._before: Station | None = None

    def sample(self) -> list[Reading]:
        """Every channel of the link, as it is now.

        Raises:
            DriverError: iw is not installed, or the interface is gone.
        """
        link = self._iw.read(parse_link, "link")
        at_ts = self._clock.now_ts()
        is_saving = self._iw.read_or_none(parse_power_save, "get", "power_save")
        readings = [self._reading("power-save", at_ts, None if is_saving is None else float(is_saving))]
        if link is None or (self._names and link.bssid not in self._names):
            self._before = None
            return readings + self._not_associated(at_ts)
        return readings + self._associated(link, at_ts)

    def _associated(self, link: Link, at_ts: float) -> list[Reading]:
        dump = self._iw.read_or_none(parse_station_dump, "station", "dump") or []
        station = next((found for found in dump if found.bssid == link.bssid), None)
        ratio, reason = retry_ratio(self._before, station)
        self._before = station
        frequency_mhz = link.frequency_mhz
        if frequency_mhz is None:
            _, frequency_mhz = self._iw.read_or_none(parse_info, "info") or (None, None)
        rssi_dbm = station.rssi_dbm if link.rssi_dbm is None and station else link.rssi_dbm
        readings = [
            self._reading("rssi", at_ts, rssi_dbm),
            self._reading("frequency", at_ts, frequency_mhz),
            self._reading("tx-rate", at_ts, link.tx_rate_bps),
            self._reading("rx-rate", at_ts, link.rx_rate_bps),
            self._reading("retry-ratio", at_ts, ratio, reason),
        ]
        if self._access_points:
            index = self._access_points.index(self._names[link.bssid])
            readings.append(self._reading("ap", at_ts, float(index)))
        return readings

    def _not_associated(self, at_ts: float) -> list[Reading]:
        suffixes = [suffix for suffix, _ in _FIGURES] + (["ap"] if self._access_points else [])
        return [self._reading(suffix, at_ts, None, "not-associated") for suffix in suffixes]

    def _reading(self, suffix: str, at_ts: float, value: float | None, reason: str = "not-told") -> Reading:
        return Reading(f"{self._name}-{suffix}", at_ts, value, reason if value is None else None)

    def close(self) -> None:
        """Nothing is held between samples."""


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """The channels of one interface; ``{name}-ap`` only when access points are given."""
    suffixes = (*_FIGURES, ("power-save", "power_save"))
    found = [
        Channel(f"{config.name}-{suffix}", quantity, config.period_s, config.room, config.label)
        for suffix, quantity in suffixes
    ]
    names = tuple(config.options["access_points"])
    names_by_bssid(config.options["access_points"])
    if names:
        found.append(
            Channel(f"{config.name}-ap", "access_point", config.period_s, config.room, config.label, labels=names)
        )
    return tuple(found)


DRIVER = DriverSpec(
    name="link",
    kind="wifi",
    text="The node's own Wi-Fi link: signal, bit rates, retries, power save and the access point it is on",
    wiring=(
        "no wiring: the onboard radio or a USB one, associated with the place's network; needs the package iw. "
        "The onboard radio of a Raspberry Pi tells no retries; a USB stick with a MediaTek radio does"
    ),
    options=(
        Option("interface", "str", "the wireless interface, as `iw dev` prints it", "wlan0"),
        access_points_option({}),
    ),
    period_s=15.0,
    channels=channels,
    open=LinkDriver,
)
