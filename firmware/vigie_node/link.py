"""From the journal to the gateways: joins the Wi-Fi, connects to the broker, sends, and forgets what is acknowledged.

Called by ``node`` in each round; it waits for nothing but the making of a connection. Rules: docs/protocol.md, "Rules
of the node".
"""

import json

from vigie_node import senml
from vigie_node.boards.board import Board
from vigie_node.config import Config
from vigie_node.journal import Journal
from vigie_node.mqtt import Client, MqttError

WINDOW = 200
"""Readings sent ahead of their acknowledgement. Lower waits for the gateway's commits; higher sends more again after
a loss."""
STALL_MS = 30_000
"""Without an acknowledgement that moves, after which it goes back: three commits of a gateway. Lower sends twice what
a busy gateway has; higher waits longer after a lost pack."""
AGAIN_MS = 2_000
"""Between two times of going back because a gateway says so. Lower sends the same several times while answers to what
is on its way come in; higher waits longer at each lost pack."""
LEAST_BACK_OFF_MS, MOST_BACK_OFF_MS = 1_000, 60_000
"""Between two tries to connect, doubled each time. A lower end hammers a broker that restarts; a higher one stays
away for long."""
JOIN_MS = 20_000
"""For one Wi-Fi, before the next of the list is tried. Lower gives up on a slow access point."""
KEEPALIVE_S = 30
"""The broker tells that the node is gone 45 s after its last word. Lower takes bad Wi-Fi for it; higher tells late."""
UNDATED_MS = 600_000
"""How long readings of before a restart wait for the time to be told. Lower gives them up while a slow NTP server
comes; higher keeps what is measured now from being sent."""


class Link:
    """The way out.

    Attributes:
        trouble: Why there is no connection now; "" while there is.
        connections: Made since the start.
    """

    def __init__(
        self,
        config: Config,
        journal: Journal,
        channels: list[tuple[str, str]],
        about: str,
        board: Board,
        boot: int,
    ) -> None:
        """Begin unconnected.

        Args:
            config: Whom to speak with.
            journal: What to send.
            channels: (id, quantity), by the index that records have.
            about: The birth.
            board: For the Wi-Fi and the time.
            boot: Of this start.
        """
        self._config, self._journal, self._channels = config, journal, channels
        self._about, self._board, self._boot = about, board, boot
        self._root = "vigie/1/" + config.site + "/" + config.node + "/"
        self._tls = board.tls(config.authority.encode()) if config.authority else None
        self._client: Client | None = None
        self._next, self._begun = 0, journal.last + 1
        self._stored: dict[str, int] = {}
        self._try_ms, self._back_off_ms, self._which = 0, LEAST_BACK_OFF_MS, 0
        self._join_ms: int | None = None
        self._network = -1
        self._moved_ms = self._pinged_ms = self._back_ms = 0
        self.trouble = "starting"
        self.connections = 0

    def step(self) -> None:
        """One round."""
        now_ms = self._board.now_ms()
        if not self._is_joined(now_ms):
            return
        try:
            if self._client is None:
                if now_ms < self._try_ms:
                    return
                self._connect()
            self._hear(now_ms)
            self._go_on(now_ms)
        except MqttError as error:
            self._lose(str(error), now_ms)

    def is_heard(self) -> bool:
        """Whether a gateway has stored something that was measured since the start."""
        return any([upto >= self._begun for upto in self._stored.values()])

    def close(self) -> None:
        """Say good-bye, and end it."""
        if self._client is not None:
            try:
                self._client.publish(self._root + "status", b"offline", True)
            except MqttError:
                pass
            self._client.disconnect()
            self._client = None

    def _is_joined(self, now_ms: int) -> bool:
        if self._board.is_joined():
            self._join_ms = None
            return True
        if self._client is not None:
            self._lose("no Wi-Fi", now_ms)
        if self._config.wifi and (self._join_ms is None or now_ms - self._join_ms > JOIN_MS):
            self._network = (self._network + 1) % len(self._config.wifi)
            self._board.join(*self._config.wifi[self._network])
            self._join_ms = now_ms
        self.trouble = "no Wi-Fi"
        return False

    def _connect(self) -> None:
        host, port = self._config.brokers[self._which]
        config, root = self._config, self._root
        client = Client(
            host, port, config.node, config.password, root + "status", KEEPALIVE_S, self._tls, self._board.feed
        )
        self._client = client
        for gateway in config.gateways:
            client.subscribe(root + "ack/" + gateway)
        client.publish(root + "about", self._about.encode(), True)
        client.publish(root + "status", b"online", True)
        self._next = self._journal.floor
        self._moved_ms = self._pinged_ms = self._board.now_ms()
        self._back_off_ms = LEAST_BACK_OFF_MS
        self.trouble = ""
        self.connections += 1

    def _lose(self, why: str, now_ms: int) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        self.trouble = why
        self._which = (self._which + 1) % len(self._config.brokers)
        # Spread by the node's id, so that a place whose broker is back is not called by all at once.
        spread_ms = hash(self._config.node + str(now_ms)) % (self._back_off_ms // 2)
        self._try_ms = self._board.now_ms() + self._back_off_ms // 2 + spread_ms
        self._back_off_ms = min(2 * self._back_off_ms, MOST_BACK_OFF_MS)

    def _hear(self, now_ms: int) -> None:
        client = self._client
        assert client is not None
        for topic, payload in client.received():
            gateway = topic[len(self._root) + 4 :]
            if topic[: len(self._root) + 4] == self._root + "ack/" and gateway in self._config.gateways:
                self._acknowledged(gateway, payload, now_ms)
        if now_ms - self._pinged_ms > KEEPALIVE_S * 500:
            client.ping()
            self._pinged_ms = now_ms

    def _acknowledged(self, gateway: str, payload: bytes, now_ms: int) -> None:
        try:
            found = json.loads(payload)
            journal, upto = found["journal"], found["upto"]
        except (ValueError, KeyError, TypeError):
            return
        if journal != self._journal.id or not isinstance(upto, int):
            return
        if upto != self._stored.get(gateway):
            self._moved_ms = now_ms
        elif upto + 1 < self._next and now_ms - self._back_ms > AGAIN_MS:
            # It names the same number again though more was sent: what came was not next in line.
            self._next, self._back_ms = max(upto + 1, self._journal.floor), now_ms
        self._stored[gateway] = upto
        if len(self._stored) == len(self._config.gateways):
            self._journal.forget(min(self._stored.values()))
        self._next = max(self._next, self._journal.floor)

    def _go_on(self, now_ms: int) -> None:
        """Send the next pack, if there is one and the window has room."""
        journal = self._journal
        if self._next > journal.floor and now_ms - self._moved_ms > STALL_MS:
            self._next, self._moved_ms = journal.floor, now_ms
        first = journal.after(self._next)
        if first > journal.last or first - journal.floor >= WINDOW:
            return
        if first not in (self._next, journal.floor):
            return  # behind a hole: the gateway takes what lies beyond once the floor is there
        texts = self._texts(first, now_ms)
        if texts:
            base = self._config.site + "/" + self._config.node + "/"
            payload = senml.pack(base, journal.id, first, journal.floor, journal.last, texts)
            assert self._client is not None
            self._client.publish(self._root + "data", payload.encode())
            self._next = first + len(texts)

    def _texts(self, first: int, now_ms: int) -> list[str]:
        """Records that follow each other from that one on, as text."""
        journal, number = self._journal, first
        texts: list[str] = []
        while len(texts) < senml.PACK_RECORDS and number <= journal.last:
            record = journal.at(number)
            age_ms = None if record is None else self._age_ms(record.at_ms, record.is_dated, record.boot, now_ms)
            if record is None or age_ms is None:
                is_in_time = record is not None and record.is_dated and now_ms < UNDATED_MS
                if number == first and not is_in_time and record is not None:
                    journal.let_go(number)
                break
            name, quantity = self._channels[record.channel]
            texts.append(senml.record(name, quantity, record.value, record.reason, age_ms))
            number += 1
        return texts

    def _age_ms(self, at_ms: int, is_dated: bool, boot: int, now_ms: int) -> int | None:
        """How long ago; None where nobody can say."""
        if is_dated:
            wall_ms = self._board.wall_ms()
            return None if wall_ms is None else max(0, wall_ms - at_ms)
        return max(0, now_ms - at_ms) if boot == self._boot else None
