"""A lamp or siren that the place already owns, switched by MQTT (Tasmota, Zigbee2MQTT, Shelly): needs no internet.

A lamp is a state and no message: it is lit while something fires of which a recipient wants to be told by it and that
nobody has in hand. The outbox has it said when a message is due; the alert thread looks after each round whether
something changed, and says it again each minute, so that a lamp that had lost its own power is right again. The topic
is what the administrator wrote into ``notifiers.toml``, never one that was heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from vigie_dashboard.fault_words import fault
from vigie_gateway.notify.notices import Message, NotifierError

REPEAT_S = 55.0
"""Until a state is said again that has not changed. Lower is traffic for nothing; higher leaves a lamp that was
unplugged dark for longer."""
EXPIRES_S = 60
"""The broker forgets a command after so long: a lamp that comes back later is told anew. Lower loses it while a lamp
connects; higher lights it for what is over."""

FAREWELL_S = 2.0
"""How long a stop waits for the broker to have it. Lower may leave a lamp lit; higher holds a stop up."""
ANSWER_S = 5.0
"""How long a message waits for the broker's answer. Lower fails on a busy machine; higher holds up the thread."""


class Publication(Protocol):
    """What is needed of ``ingest.bus.Publication``."""

    def is_answered(self, timeout_s: float = 0.0) -> bool:
        """Whether the broker has answered, waiting at most so long."""

    def refusal(self) -> str | None:
        """Of one that is answered, what the broker says against it."""

    def is_heard(self) -> bool:
        """Of one that is answered, whether anybody has subscribed to it."""


class Say(Protocol):
    """Gives a command to the broker, which forgets it after so long; None without a connection."""

    def __call__(self, topic: str, payload: bytes, expires_s: int, /) -> Publication | None:
        """As above."""


@dataclass(frozen=True, slots=True)
class Commands:
    """What a lamp understands.

    Attributes:
        topic: Where it takes commands.
        on: The payload that lights it.
        off: The payload that darkens it.
        unknown: What it shows when the gateway stops: nobody knows then what is wrong.
        is_heard: Whether it makes a noise: silent in the quiet hours of those that it is for.
    """

    topic: str
    on: bytes
    off: bytes
    unknown: bytes
    is_heard: bool = False


class MqttLamp:
    """One lamp. Any thread.

    Args:
        name: Its id in ``notifiers.toml``.
        commands: What it understands.
        say: Gives a command to the broker.
        is_called: Whether a notifier of that name is to be lit now, seen or heard.
        monotonic: Real seconds.

    Attributes:
        trouble: Why it does not do what it is told, for a person; None while all is well.
        is_tried: Whether the broker has answered since the start: before it, nobody knows.
    """

    kind = "lamp"
    is_local = True

    def __init__(
        self,
        name: str,
        commands: Commands,
        say: Say,
        is_called: Callable[[str, bool], bool],
        monotonic: Callable[[], float],
    ) -> None:
        self.name = name
        self._commands = commands
        self._say = say
        self._is_called = is_called
        self._monotonic = monotonic
        self._lock = Lock()
        self._publication: Publication | None = None
        self._said: bool | None = None
        self._said_mono = 0.0
        self._is_over = False
        self.is_tried = False
        self.trouble: str | None = None

    def send(self, message: Message) -> None:  # noqa: ARG002 - it is lit for what fires, also what no message tells
        """Switch it as it is to be now, and wait until the broker has passed it on.

        Raises:
            NotifierError: The broker is away or silent, does not let the gateway write there, or no lamp listens.
        """
        with self._lock:
            publication = self._switch(is_lit=self._is_lit())
        if publication is None:
            raise NotifierError(fault("no-broker"))
        if not publication.is_answered(ANSWER_S):
            raise NotifierError(fault("broker-silent"))
        self._judge(publication)
        if self.trouble is not None:
            raise NotifierError(self.trouble)

    def refresh(self) -> None:
        """Switch it where that is due, without waiting; what does not get through is tried with the next call."""
        with self._lock:
            if self._publication is not None and self._publication.is_answered():
                self._judge(self._publication)
                self._publication = None
            is_lit = self._is_lit()
            is_due = is_lit is not self._said or self._monotonic() - self._said_mono >= REPEAT_S
            if is_due and not self._is_over:
                self._switch(is_lit=is_lit)

    def stop(self) -> None:
        """Have it show that the gateway has stopped; for good."""
        with self._lock:
            self._is_over = True
            publication = self._say(self._commands.topic, self._commands.unknown, EXPIRES_S)
        if publication is not None:
            publication.is_answered(FAREWELL_S)

    def _is_lit(self) -> bool:
        return self._is_called(self.name, self._commands.is_heard)

    def _switch(self, *, is_lit: bool) -> Publication | None:
        commands = self._commands
        self._publication = self._say(commands.topic, commands.on if is_lit else commands.off, EXPIRES_S)
        self._said = None if self._publication is None else is_lit
        self._said_mono = self._monotonic()
        return self._publication

    def _judge(self, publication: Publication) -> None:
        topic, refusal = self._commands.topic, publication.refusal()
        self.trouble = None
        if refusal is not None:
            self.trouble = fault("lamp-refused", topic=topic, why=refusal)
        elif not publication.is_heard():
            self.trouble = fault("lamp-unheard", topic=topic)
        self.is_tried = True
