"""A lamp or siren that the place already owns, switched by MQTT (Tasmota, Zigbee2MQTT, Shelly): needs no internet.

A lamp is a state and no message: it is lit while something fires of which a recipient wants to be told by it and that
nobody has in hand. The outbox has it said when a message is due, the alert thread when something changed, and the
housekeeping each minute, so that a lamp that had lost its own power is right again. The topic is what the administrator
wrote into ``notifiers.toml``, never one that was heard.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from vigie_gateway.notify.notices import Message, NotifierError

REPEAT_S = 55.0
"""Until a state is said again that has not changed. Lower is traffic for nothing; higher leaves a lamp that was
unplugged dark for longer."""
EXPIRES_S = 60
"""The broker forgets a command after so long: a lamp that comes back later is told anew. Lower loses it while a lamp
connects; higher lights it for what is over."""

Publish = Callable[[str, bytes, int], bool]
"""Topic, payload, seconds until it expires; whether it was sent."""


class MqttLamp:
    """One lamp. Any thread.

    Args:
        name: Its id in ``notifiers.toml``.
        topic: Where it takes commands.
        payloads: Off and on.
        publish: Gives a command to the broker.
        is_called: Whether a notifier of that name is to be lit now.
        monotonic: Real seconds.
    """

    kind = "lamp"
    is_local = True

    def __init__(
        self,
        name: str,
        topic: str,
        payloads: tuple[bytes, bytes],
        publish: Publish,
        is_called: Callable[[str], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self.name = name
        self._topic = topic
        self._payloads = payloads
        self._publish = publish
        self._is_called = is_called
        self._monotonic = monotonic
        self._lock = Lock()
        self._said: bool | None = None
        self._said_mono = 0.0

    def send(self, message: Message) -> None:  # noqa: ARG002 - it is lit for what fires, also what no message tells
        """Switch it as it is to be now.

        Raises:
            NotifierError: The gateway has no connection to the broker.
        """
        with self._lock:
            if not self._say(is_lit=self._is_called(self.name)):
                raise NotifierError("the gateway has no connection to the broker")

    def refresh(self) -> None:
        """Switch it where that is due; what does not get through is tried with the next call."""
        with self._lock:
            is_lit = self._is_called(self.name)
            if is_lit is not self._said or self._monotonic() - self._said_mono >= REPEAT_S:
                self._say(is_lit=is_lit)

    def _say(self, *, is_lit: bool) -> bool:
        if not self._publish(self._topic, self._payloads[is_lit], EXPIRES_S):
            self._said = None
            return False
        self._said, self._said_mono = is_lit, self._monotonic()
        return True
