"""What the gateways last said of their alerts, and whether that still counts.

Built by the daemon. Publishers hand in what they hear, on their own threads; the lamps and buzzers of the node ask, on
theirs. Unknown is not "all is well": what is too old, or was never said, is unknown.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from vigie_contract.alerts import SEVERITIES, TRUST_S, Firing, decode_alerts
from vigie_contract.clock import Clock


class ToldAlerts:
    """Of all gateways that the node's configuration names; of none, all is unknown.

    Args:
        gateways: Their ids: nobody else is believed.
        clock: Real time, also in a simulated day: it is about the network.
    """

    def __init__(self, gateways: Sequence[str], clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._said: dict[str, tuple[Firing | None, float | None]] = dict.fromkeys(gateways, (None, None))
        self._followers: list[threading.Event] = []

    def follow(self, woken: threading.Event) -> None:
        """Set an event whenever something is said."""
        with self._lock:
            self._followers.append(woken)

    def leave(self, woken: threading.Event) -> None:
        """Set it no more."""
        with self._lock:
            self._followers.remove(woken)

    def take(self, gateway: str, payload: bytes) -> None:
        """Heed what a gateway says; raises ContractError. Whoever is not named in the configuration is not heeded."""
        firing = decode_alerts(payload)
        with self._lock:
            if gateway not in self._said:
                return
            self._said[gateway] = (firing, self._clock.now_mono())
            for woken in self._followers:
                woken.set()

    @property
    def is_heard(self) -> bool:
        """Whether a gateway has ever said anything."""
        return any(at_mono is not None for _, at_mono in self._said.values())

    def is_called(self, least: str) -> bool | None:
        """Whether an alert fires that nobody has in hand, at least so bad (a word of SEVERITIES).

        None: no gateway says so, and one of them, or the only one, does not know or was not heard for TRUST_S.
        """
        severities = list(SEVERITIES)[: list(SEVERITIES).index(least) + 1]
        now_mono = self._clock.now_mono()
        with self._lock:
            said = [
                None if at_mono is None or now_mono - at_mono > TRUST_S else firing
                for firing, at_mono in self._said.values()
            ]
        if any(firing.count(severity) for firing in said if firing is not None for severity in severities):
            return True
        return None if not said or None in said else False
