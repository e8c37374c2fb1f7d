"""The broker itself: does it answer, does it refuse strangers, does it know the gateway, what has it dropped?

While a gateway runs it is asked instead of connecting as the gateway: a broker throws the elder of two clients of one
name out.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from vigie_contract.clock import SystemClock
from vigie_gateway.broker import NOT_AUTHORISED, stranger_answer
from vigie_gateway.doctor.findings import Finding
from vigie_gateway.doctor.running import Report
from vigie_gateway.ingest.bus import Bus
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.settings import BrokerSettings

ANSWER_S = 5.0
"""What the broker may take to answer. Lower calls a far one away; higher keeps a person waiting."""
SLOW_S = 1.0
"""A round trip above this makes the board late. Lower warns of ordinary Wi-Fi."""
_CONNACK_BYTES = 4
_START = "sudo systemctl start mosquitto; journalctl -u mosquitto says why it ended"


@dataclass(frozen=True, slots=True)
class Told:
    """What the broker told the gateway; None is not known."""

    trouble: str | None
    version: str | None
    round_trip_s: float | None
    dropped: int | None


def is_there(settings: BrokerSettings) -> bool:
    """Whether something listens at the broker's address."""
    try:
        socket.create_connection((settings.host, settings.port), ANSWER_S).close()
    except OSError:
        return False
    return True


def stranger_findings(settings: BrokerSettings) -> list[Finding]:
    """Whether it answers, how fast, and that it lets nobody in without a password."""
    where = f"{settings.host}:{settings.port}"
    began_mono = time.monotonic()
    try:
        answer = stranger_answer(settings.host, settings.port, ANSWER_S, settings.ca_file)
    except OSError as error:
        return [Finding("broker", "fail", f"no broker answers at {where} ({error.strerror or error})", _START)]
    took_s = time.monotonic() - began_mono
    if answer == NOT_AUTHORISED:
        text = f"the broker at {where} refuses strangers, in {took_s * 1000:.0f} ms"
        return [Finding("broker", "warn" if took_s > SLOW_S else "pass", text)]
    if len(answer) == _CONNACK_BYTES and answer[0] == NOT_AUTHORISED[0] and answer[3] == 0:
        text = f"the broker at {where} lets in whoever comes, without a password"
        return [Finding("broker", "fail", text, "write `allow_anonymous false` and a password_file")]
    text = f"what listens at {where} answers {answer!r}, expected an MQTT broker's refusal"
    return [Finding("broker", "fail", text, f"see what it is: sudo ss -ltnp 'sport = :{settings.port}'")]


def told_by_gateway(report: Report) -> Told | None:
    """From the health report of the gateway that runs; None when it does not tell."""
    part = report["parts"].get("broker")
    if not isinstance(part, dict):
        return None
    return Told(
        part.get("trouble") if part.get("status") == "fail" else None,
        part.get("version"),
        part.get("round_trip_s"),
        part.get("dropped_messages"),
    )


def told_by_broker(settings: BrokerSettings, site: str) -> Told:
    """From the broker, as the gateway; only where no gateway runs.

    Raises:
        OSError: The password file or the certificate authority's cannot be read.
    """
    bus = Bus(settings, site, SystemClock(), Refusals())
    nothing_yet = {None, bus.trouble}
    bus.start()
    try:
        _wait(lambda: bus.round_trip_s is not None or bus.trouble not in nothing_yet)
        if bus.is_connected:
            _wait(lambda: bus.drops.total is not None and bus.broker_version is not None)
        return Told(bus.trouble, bus.broker_version, bus.round_trip_s, bus.drops.total)
    finally:
        bus.stop()


def judge(told: Told) -> list[Finding]:
    """What is to be said of it."""
    if told.trouble is not None:
        remedy = "compare [broker] username and password_file with the broker's: docs/install.md, Passwords"
        return [Finding("broker", "fail", told.trouble, remedy)]
    found = []
    if told.round_trip_s is None:
        found.append(Finding("broker", "warn", "the broker has not answered the gateway's subscription yet"))
    else:
        text = f"{told.version or 'the broker'} answers the gateway in {told.round_trip_s * 1000:.0f} ms"
        found.append(Finding("broker", "warn" if told.round_trip_s > SLOW_S else "pass", text))
    if told.dropped is None and told.version is not None:
        # It may be read, as the version shows: Mosquitto keeps the number for a minute after it changed, and no longer.
        text = "the broker tells of no message that it dropped lately: it does so for a minute after each"
        found.append(Finding("broker", "pass", text))
    elif told.dropped is None:
        text = "the broker does not tell what it dropped ($SYS/broker/publish/messages/dropped)"
        found.append(Finding("broker", "warn", text, "let the user gateway read $SYS/broker/# in the acl_file"))
    elif told.dropped:
        text = f"the broker has dropped {told.dropped} messages since it started, expected 0"
        remedy = "see the caps on its queues above, and what was slow: journalctl -u vigie-gateway"
        found.append(Finding("broker", "warn", text, remedy))
    return found


def _wait(is_so: Callable[[], bool]) -> None:
    deadline_mono = time.monotonic() + ANSWER_S
    while not is_so() and time.monotonic() < deadline_mono:
        time.sleep(0.01)
