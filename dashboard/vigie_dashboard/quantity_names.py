"""What people call the quantities of ``vigie_contract``. Pure; called by the pages of histories and of health."""

from __future__ import annotations

from functools import lru_cache

from vigie_dashboard.language import Language, language_of


def quantity_name(quantity: str, language: Language) -> str:
    """In the reader's language; the word of the wire where it is none of ours (an older page, a newer node)."""
    return _names(language.code).get(quantity, quantity)


@lru_cache(maxsize=4)
def _names(code: str) -> dict[str, str]:
    gettext = language_of(code).gettext
    return {
        "people_in": gettext("People who came in"),
        "people_out": gettext("People who went out"),
        "occupied": gettext("Occupied"),
        "distance": gettext("Distance"),
        "people": gettext("People, by somebody's count"),
        "closed": gettext("Closed by hand"),
        "open": gettext("Door or window open"),
        "current": gettext("Current"),
        "apparent_power": gettext("Apparent power"),
        "voltage": gettext("Voltage"),
        "power": gettext("Active power"),
        "energy": gettext("Energy"),
        "subscribed_power": gettext("Subscribed power"),
        "in_use": gettext("Outlet in use"),
        "switched_on": gettext("Switched on"),
        "mains": gettext("Circuit has voltage"),
        "out_of_order": gettext("Outlet out of order"),
        "battery": gettext("Battery"),
        "temperature": gettext("Temperature"),
        "humidity": gettext("Humidity"),
        "carbon_dioxide": gettext("Carbon dioxide"),
        "illuminance": gettext("Illuminance"),
        "pressure": gettext("Air pressure"),
        "rssi": gettext("Signal strength"),
        "free_memory": gettext("Memory free on the node"),
        "starts": gettext("Starts of the node"),
        "start_cause": gettext("Why the node started"),
        "frequency": gettext("Channel frequency"),
        "tx_rate": gettext("Radio rate, sent"),
        "rx_rate": gettext("Radio rate, received"),
        "retry_ratio": gettext("Frames sent again"),
        "power_save": gettext("Radio asleep between beacons"),
        "access_point": gettext("Access point in use"),
        "stations": gettext("Devices connected"),
        "channel_utilisation": gettext("Channel busy"),
        "neighbours": gettext("Access points of others"),
        "latency_p50": gettext("Latency, median"),
        "latency_p95": gettext("Latency, 19 replies of 20 are faster"),
        "loss": gettext("Probes without a reply"),
        "jitter": gettext("Jitter"),
        "dns_time": gettext("Time of a name lookup"),
        "internet_access": gettext("Internet access"),
        "download": gettext("Download rate"),
        "upload": gettext("Upload rate"),
    }
