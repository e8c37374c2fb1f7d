"""Whether the internet is open, behind a captive portal, or not there, by one small HTTP request a period.

``sample`` runs on the sensor's own thread. It only looks: it follows no redirect and never signs in.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from vigie_contract.messages import Channel
from vigie_contract.quantities import INTERNET_ACCESS
from vigie_contract.readings import Reading
from vigie_sensors.captive import NO_INTERNET, PORTAL, PortalApiError, judge_check, parse_portal_api
from vigie_sensors.driver import REQUIRED, Context, DriverSpec, Option, SensorConfig
from vigie_sensors.http_fetch import FetchError, check_url, fetch
from vigie_sensors.routes import read_default_route

_log = logging.getLogger(__name__)

DEADLINE_S = 10.0
"""For each request. Lower would call bad Wi-Fi no internet; higher holds the thread for longer."""
PERIOD_S = 20.0
"""Between two checks of some hundred bytes each. Lower asks somebody else's server for nothing; higher tells later that
the line is cut: people on the place's own network are to hear of it within a minute."""
CHECK_BYTES = 1_024
"""Of a page it is enough to know that there is one."""
API_BYTES = 65_536


class PortalDriver:
    """Asks the check URL and, where it is given, the network's captive-portal API."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        self._name = config.name
        self._clock = context.clock
        self._url = str(config.options["url"])
        self._api_url = str(config.options["capport_api"])
        self._last: float | None = None

    def sample(self) -> list[Reading]:
        """One reading: an index of INTERNET_ACCESS, or unknown when this machine has no way out itself."""
        value, why = self._judge()
        if value == NO_INTERNET and self._last != NO_INTERNET:
            # One request that got lost on bad Wi-Fi is no outage: two in a row are.
            value, why = self._judge()
        reason = None if value is not None else "inconclusive"
        if value != self._last:
            _log.info("%s: %s (%s)", self._name, "unknown" if value is None else INTERNET_ACCESS[int(value)], why)
            self._last = value
        return [Reading(self._name, self._clock.now_ts(), value, reason)]

    def _judge(self) -> tuple[float | None, str]:
        if self._api_url:
            told = self._ask_api()
            if told is not None:
                return PORTAL, told
        try:
            answer = fetch(self._url, DEADLINE_S, CHECK_BYTES)
        except FetchError as error:
            # Without a way out of this machine, the silence is its own and says nothing of the internet.
            return (NO_INTERNET if read_default_route() else None), str(error)
        return judge_check(answer), f"the check URL answered {answer.status}"

    def _ask_api(self) -> str | None:
        """In a few words where to sign in, when the API says that this client is captive; None otherwise."""
        try:
            answer = fetch(self._api_url, DEADLINE_S, API_BYTES, {"Accept": "application/captive+json"})
            api = parse_portal_api(answer.body)
        except (FetchError, PortalApiError) as error:
            _log.warning("%s: %s", self._name, error)
            return None
        if not api.is_captive:
            return None
        # Only the host: the rest of such a URL often holds a token of this client.
        host = _host_of(api.user_portal_url)
        return f"the network's API says captive, sign-in at {host}" if host else "the network's API says captive"

    def close(self) -> None:
        """Nothing is held between samples."""


def _host_of(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """One choice, named as the sensor; raises ValueError for a bad URL."""
    check_url(config.options["url"], ("http",))
    if config.options["capport_api"]:
        check_url(config.options["capport_api"], ("http", "https"), "capport_api")
    return (
        Channel(config.name, "internet_access", config.period_s, config.room, config.label, labels=INTERNET_ACCESS),
    )


DRIVER = DriverSpec(
    name="portal",
    kind="wifi",
    text="Whether the internet is open, behind a captive portal, or not there",
    wiring="no wiring",
    options=(
        Option(
            "url",
            "str",
            "an http:// URL that answers 204 with nothing, of your own or of an operator whom you choose to tell this "
            "place's address, such as http://connectivitycheck.gstatic.com/generate_204 (Google)",
            REQUIRED,
        ),
        Option(
            "capport_api",
            "str",
            "the network's captive-portal API (RFC 8908), as its DHCP option 114 announces it; empty: none",
            "",
        ),
    ),
    period_s=PERIOD_S,
    channels=channels,
    open=PortalDriver,
)
