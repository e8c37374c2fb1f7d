"""The loop of a node: edges to sensors, sensors to the journal, journal to the link. ``main`` runs it."""

import sys

from vigie_node import VERSION, senml
from vigie_node.boards.board import Board
from vigie_node.config import Config
from vigie_node.health import CHANNELS, Health
from vigie_node.journal import Journal
from vigie_node.link import Link
from vigie_node.sensors import KINDS

ROUND_MS = 20
"""Of rest between two rounds. Lower takes current from a battery; higher lets edges wait, whose time is right all the
same."""
SPILL_EACH_MS = 10_000
TIME_EACH_MS = 3_600_000
"""Between two questions for the time. The clock of a board is off by some seconds a day."""
TIME_AGAIN_MS = 30_000


class Node:
    """One node, from its start to its end.

    Attributes:
        journal: What waits.
        link: The way out.
        updates: Who offers newer versions (None: nobody), and the PEM of whom to trust with it.
    """

    def __init__(self, board: Board, config: Config, boot: int) -> None:
        """Set it up; nothing is sent yet.

        Args:
            board: The hardware.
            config: What it is.
            boot: A number that rises with each start, modulo 65,536.
        """
        self._board, self._boot = board, boot
        now_ms = board.now_ms()
        self._config = config.sensors
        self._sensors = [KINDS[one.kind](one.options, now_ms) for one in config.sensors]
        self._due_ms = [now_ms + one.period_ms for one in config.sensors]
        self._by_pin: dict[int, list[int]] = {}
        channels = [channel for one in config.sensors for channel in one.channels()]
        self._first = []
        count = 0
        for index, one in enumerate(config.sensors):
            self._first.append(count)
            count += len(KINDS[one.kind].CHANNELS)
            for pin in KINDS[one.kind].PINS:
                number = int(str(one.options[pin]))
                self._by_pin.setdefault(number, []).append(index)
                is_active = board.watch(number, bool(one.options["active_low"]))
                self._sensors[index].edge(now_ms, number, is_active)
        self._health, self._health_first = Health(board, boot, now_ms), len(channels)
        channels += CHANNELS
        self.journal = Journal(board.folder + "/journal", board.random_id(12))
        about = senml.birth(software(board), board.random_id(16), channels)
        names = [(str(one["id"]), str(one["quantity"])) for one in channels]
        self.link = Link(config, self.journal, names, about, board, boot)
        self._time_host = config.time_host
        self.updates = (config.updates, config.authority.encode())
        self._spill_ms = now_ms
        self._time_ms = now_ms

    def step(self) -> None:
        """One round."""
        board = self._board
        board.feed()
        now_ms = board.now_ms()
        for at_ms, pin, is_active in board.edges():
            for index in self._by_pin.get(pin, ()):
                if self._sensors[index].edge(at_ms, pin, is_active):
                    self._due_ms[index] = now_ms
        for index, due_ms in enumerate(self._due_ms):
            if now_ms >= due_ms:
                self._say(index, now_ms)
                # In step with its period, unless the loop was held for longer than that.
                period_ms = self._config[index].period_ms
                self._due_ms[index] = due_ms + period_ms if now_ms < due_ms + period_ms else now_ms + period_ms
        for offset, value, reason in self._health.say(now_ms):
            self._keep(self._health_first + offset, value, reason, now_ms)
        if now_ms >= self._spill_ms:
            self.journal.spill_old(now_ms, board.wall_ms())
            self._spill_ms = now_ms + SPILL_EACH_MS
        self._follow_time(now_ms)
        self.link.step()

    def run(self) -> None:
        """Rounds for ever."""
        while True:
            self.step()
            self._board.sleep_ms(ROUND_MS)

    def close(self) -> None:
        """Keep what waits, and say good-bye."""
        self.journal.spill(self.journal.last + 1)
        self.link.close()

    def _say(self, index: int, now_ms: int) -> None:
        for offset, (value, reason) in enumerate(self._sensors[index].say(now_ms, self._board)):
            self._keep(self._first[index] + offset, value, reason, now_ms)

    def _keep(self, channel: int, value: float | None, reason: str, now_ms: int) -> None:
        wall_ms = self._board.wall_ms()
        at_ms = now_ms if wall_ms is None else wall_ms
        self.journal.add(channel, value, reason, at_ms, wall_ms is not None, self._boot)

    def _follow_time(self, now_ms: int) -> None:
        if now_ms < self._time_ms or not self._board.is_joined():
            return
        self._board.ask_time(self._time_host)
        self._time_ms = now_ms + (TIME_AGAIN_MS if self._board.wall_ms() is None else TIME_EACH_MS)


def software(board: Board) -> str:
    """For the health page: version, board, why it started and how much memory is free."""
    version = ".".join([str(part) for part in sys.implementation.version[:3]])
    text = "vigie-node " + VERSION + ", " + board.name + " " + version
    return (text + ", start: " + board.reset_cause() + ", " + str(board.free_bytes() // 1024) + " kB free")[:64]
