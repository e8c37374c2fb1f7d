"""The time that the resolver takes to answer for one name.

``sample`` asks once, on the sensor's own thread. An answer from the resolver's cache is an answer too: this is what
a visitor's browser waits for before every new site.
"""

from __future__ import annotations

import ipaddress
import logging
from pathlib import Path

import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode

from vigie_contract.clock import SystemClock
from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.driver import Context, DriverError, DriverSpec, Option, SensorConfig

_log = logging.getLogger(__name__)
_REAL_TIME = SystemClock()

DEADLINE_S = 5.0
"""As the system's own resolver waits. Lower would fail on a slow uplink; higher holds the thread for longer."""
RESOLV_FILE = Path("/etc/resolv.conf")
DNS_PORT = 53


def parse_resolv(text: str) -> str | None:
    """The first name server of a resolv.conf(5), an IPv4 or IPv6 address; None when it names none."""
    for line in text.splitlines():
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver" and _is_address(words[1]):
            return words[1]
    return None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class DnsDriver:
    """Asks one name server for one name."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        self._channel = f"{config.name}-time"
        self._clock = context.clock
        self._lookup = str(config.options["lookup"])
        self._resolver = str(config.options["resolver"])
        self._port = int(config.options["port"])
        self._failure = ""

    def sample(self) -> list[Reading]:
        """One reading: milliseconds to the answer, or unknown when there was none.

        Raises:
            DriverError: The system names no resolver.
        """
        failure, time_ms = self._ask(self._resolver or _system_resolver())
        if failure != self._failure:
            _log.info("%s: %s", self._channel, failure or "the resolver answers")
            self._failure = failure
        return [Reading(self._channel, self._clock.now_ts(), time_ms, "failed" if time_ms is None else None)]

    def _ask(self, resolver: str) -> tuple[str, float | None]:
        """A failure in a few words and None, or "" and milliseconds."""
        # Cut off for UDP, a large answer is asked again over TCP; that time counts, since a browser waits for it too.
        query = dns.message.make_query(self._lookup, "A")
        started_mono = _REAL_TIME.now_mono()
        try:
            answer, _ = dns.query.udp_with_fallback(query, resolver, timeout=DEADLINE_S, port=self._port)
        except (dns.exception.DNSException, OSError, EOFError) as error:
            return f"{resolver} gives no answer ({error or type(error).__name__})", None
        time_ms = (_REAL_TIME.now_mono() - started_mono) * 1000
        if answer.rcode() != dns.rcode.NOERROR:
            return f"{resolver} answers {dns.rcode.to_text(answer.rcode())} for {self._lookup}", None
        return "", time_ms

    def close(self) -> None:
        """Nothing is held between samples."""


def _system_resolver() -> str:
    try:
        found = parse_resolv(RESOLV_FILE.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        found = None
    if found is None:
        raise DriverError(f"{RESOLV_FILE} names no name server; give the option resolver, or bring the network up")
    return found


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """One channel; raises ValueError naming a wrong option."""
    resolver, lookup = config.options["resolver"], config.options["lookup"]
    if resolver and not _is_address(resolver):
        raise ValueError(f"resolver: {resolver!r:.80} is no IP address")
    try:
        dns.name.from_text(lookup)
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(f"lookup: {lookup!r:.80} is no name that can be looked up ({error})") from error
    return (Channel(f"{config.name}-time", "dns_time", config.period_s, config.room, config.label),)


DRIVER = DriverSpec(
    name="dns",
    kind="wifi",
    text="How long the name server takes to answer",
    wiring="no wiring",
    options=(
        Option("lookup", "str", "a name that exists", "example.org"),
        Option("resolver", "str", "IP address of the name server; empty: the first one of /etc/resolv.conf", ""),
        Option("port", "int", "its port", DNS_PORT, low=1, high=65_535),
    ),
    period_s=60.0,
    channels=channels,
    open=DnsDriver,
)
