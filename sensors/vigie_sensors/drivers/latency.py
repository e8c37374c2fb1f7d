"""Round-trip times to the gateway, the provider and one place outside, probed all the time at a gentle pace.

Opening starts one thread a target; ``sample``, on the sensor's own thread, sums up the probes of the period that ends.
A period shorter than a minute is summed up over the last minute, so that there are enough probes for a percentile.
Where the radio saves power its sleep is what would be measured: ``{name}-power-save`` marks such a period.
"""

from __future__ import annotations

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.driver import Context, DriverError, DriverSpec, Option, SensorConfig
from vigie_sensors.interfaces import read_bytes
from vigie_sensors.iw import parse_power_save
from vigie_sensors.iw_tool import IwTool
from vigie_sensors.prober import Collected, Prober, Way
from vigie_sensors.probes import IcmpEcho, TcpConnect
from vigie_sensors.round_trips import summarise

GATEWAY_INTERVAL_S = 1.0
"""A probe a second is what shows spikes (draft-ietf-ippm-qoo warns below 1 Hz); 15 MB a day, on the local network."""
FAR_INTERVAL_S = 5.0
"""Beyond the gateway: 3 MB a day of the uplink, and a guest's manners towards hosts that are not ours."""
LEAST_WINDOW_S = 60.0
"""Lower leaves fewer than LEAST_PROBES probes at FAR_INTERVAL_S; higher shows trouble later."""
GATEWAY_PORTS = (53, 80, 443)
"""What home and office gateways answer on, if only with a refusal, where they drop pings."""
OUTSIDE_PORT = 443

_QUANTITIES = (("p50", "latency_p50"), ("p95", "latency_p95"), ("loss", "loss"), ("jitter", "jitter"))


def figures(collected: Collected) -> dict[str, tuple[float | None, str]]:
    """p50, p95, loss and jitter of one target, each a value or None with its reason."""
    if collected.reason:
        return {suffix: (None, collected.reason) for suffix, _ in _QUANTITIES}
    found = summarise(collected.round_trips_ms)
    return {
        "p50": (found.p50_ms, "failed"),
        "p95": (found.p95_ms, "failed"),
        "loss": (found.loss, "failed"),
        "jitter": (found.jitter_ms, "failed"),
    }


class LatencyDriver:
    """Owns the probers."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        self._name = config.name
        self._clock = context.clock
        interface = str(config.options["interface"])
        if interface and read_bytes(interface) is None:
            raise DriverError(f"interface {interface} is not there: see `ip link` for the names of this machine")
        self._iw = IwTool(context, interface) if interface else None
        self._window_s = max(LEAST_WINDOW_S, config.period_s / context.clock.speed)
        # A simulated day slower than the wall's probes slower too; a faster one does not probe faster.
        stretch = max(1.0, 1.0 / context.clock.speed)
        self._probers = {
            scope: Prober(f"{config.name} {scope}", ways, interval_s * stretch, interface)
            for scope, (ways, interval_s) in _targets(config).items()
        }
        for prober in self._probers.values():
            prober.start()

    def sample(self) -> list[Reading]:
        """The figures of each target over the window that ends now.

        Raises:
            DriverError: A thread has ended by itself, which it must not; opening again starts another.
        """
        ended = [scope for scope, prober in self._probers.items() if not prober.is_running]
        if ended:
            raise DriverError(f"the probes of {', '.join(ended)} ended by themselves", "failed")
        at_ts = self._clock.now_ts()
        readings = [
            Reading(f"{self._name}-{scope}-{suffix}", at_ts, value, reason if value is None else None)
            for scope, prober in self._probers.items()
            for suffix, (value, reason) in figures(prober.collect(self._window_s)).items()
        ]
        if self._iw is not None:
            readings.append(self._power_save(self._iw, at_ts))
        return readings

    def _power_save(self, iw: IwTool, at_ts: float) -> Reading:
        channel = f"{self._name}-power-save"
        try:
            return Reading(channel, at_ts, float(iw.read(parse_power_save, "get", "power_save")))
        except DriverError as error:
            # Without iw, or on a cable, the round trips are as good; only this mark is missing.
            return Reading(channel, at_ts, None, "absent" if error.reason == "absent" else "not-told")

    def close(self) -> None:
        """Stop the threads."""
        for prober in self._probers.values():
            prober.stop()


def parse_host(text: str, what: str = "outside") -> tuple[str, int]:
    """A ``host`` or ``host:port``; the port is for a TCP probe, OUTSIDE_PORT where none is given.

    Args:
        text: As in the file.
        what: The option that it stands in.

    Raises:
        ValueError: It is neither; one line.
    """
    host, colon, port = text.strip().partition(":")
    if not host or (colon and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536)):  # noqa: PLR2004 - TCP ports
        raise ValueError(f"{what}: {text!r:.120} is no target, expected a host name or IPv4 address, or host:port")
    return host, int(port) if colon else OUTSIDE_PORT


def _targets(config: SensorConfig) -> dict[str, tuple[list[Way], float]]:
    icmp = IcmpEcho()
    gateway = [Way("", icmp), *(Way("", TcpConnect(port)) for port in GATEWAY_PORTS)]
    targets = {"gateway": (gateway, GATEWAY_INTERVAL_S)}
    provider = [config.options["provider"]] if config.options["provider"] else []
    for scope, hosts in (("provider", provider), ("outside", config.options["outside"])):
        icmp = IcmpEcho()
        ways: list[Way] = []
        for host, port in (parse_host(text, scope) for text in hosts):
            ways += [Way(host, icmp), Way(host, TcpConnect(port))]
        if ways:
            targets[scope] = (ways, FAR_INTERVAL_S)
    return targets


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """Four channels a target, and the power-save mark when an interface is named; raises ValueError for a bad host."""
    period_s, room, label = config.period_s, config.room, config.label
    found = [
        Channel(f"{config.name}-{scope}-{suffix}", quantity, period_s, room, label)
        for scope in _targets(config)
        for suffix, quantity in _QUANTITIES
    ]
    if config.options["interface"]:
        found.append(Channel(f"{config.name}-power-save", "power_save", period_s, room, label))
    return tuple(found)


DRIVER = DriverSpec(
    name="latency",
    kind="wifi",
    text="Round-trip times to the gateway, the provider and one place outside: median, 95th percentile, loss, jitter",
    wiring=(
        "no wiring. ICMP needs no root where net.ipv4.ping_group_range holds the daemon's group, or CAP_NET_RAW; "
        "otherwise the time of a TCP connection is taken, and the log says so"
    ),
    options=(
        Option(
            "interface",
            "str",
            "probe through this interface, and mark periods in which its radio saves power; empty: the default route's",
            "",
        ),
        Option(
            "provider",
            "str",
            "the first router of the internet provider, as `traceroute` shows it behind the place's own gateway "
            "(host or host:port); empty: none",
            "",
        ),
        Option(
            "outside",
            "list[str]",
            "one place outside (host or host:port, the port for where ICMP is refused), further ones for when it "
            "does not answer. They see this place's address, so none is probed unless named here",
            [],
        ),
    ),
    period_s=60.0,
    channels=channels,
    open=LatencyDriver,
)
