"""What ``main.py`` starts on a board, and tests as a process: the node of ``node.json``, or its set-up page.

What only some starts need is imported by them: all of it at once leaves no piece of RAM that the journal fits in.
"""

import gc
import os
import sys

import slots
from vigie_node.boards.board import Board
from vigie_node.config import Config, ConfigError
from vigie_node.files import replace
from vigie_node.node import ROUND_MS, Node

TRIAL_MS = 600_000
"""A copy on trial that no gateway has heard for so long starts again, and is given up after some starts. Lower gives up
what a broker's restart cut short; higher leaves the place without readings for longer."""


def boot_number(folder: str) -> int:
    """One more than at the last start, modulo 65,536: readings of another start have another monotonic clock."""
    path = folder + "/boot"
    try:
        with open(path) as file:
            number = (int(file.read()) + 1) % 65_536
    except (OSError, ValueError):
        number = 1
    replace(path, str(number).encode())
    return number


def make_node(board: Board) -> Node:
    """The node that ``node.json`` describes; raises OSError where there is none, ConfigError where it is wrong."""
    gc.collect()
    with open(board.folder + "/node.json") as file:
        config = Config(file.read())
    return Node(board, config, boot_number(board.folder))


class Life:
    """A node, what it does about its own version, and when it starts again."""

    def __init__(self, board: Board, node: Node, slot: str) -> None:
        """Begin; ``slot`` is the copy that runs."""
        self._board, self._node = board, node
        self._is_on_trial = slots.trial(board.folder)[0] == slot
        self._end_ms = board.now_ms() + TRIAL_MS
        self._is_heard = False
        updates, authority = node.updates
        self._authority = authority.decode()
        # Without an authority anybody could answer: then nobody is asked.
        self._updater = None
        if updates and authority:
            from vigie_node.update import Updater

            self._updater = Updater(board.folder, slot, updates[0], updates[1], board.tls(authority), board.feed)

    def step(self) -> None:
        """One round."""
        self._node.step()
        if not self._is_heard and self._node.link.is_heard():
            self._is_heard = True
            self._tell()
        if self._is_on_trial:
            self._judge()
        elif self._updater is not None and self._board.is_joined() and self._updater.step(self._board.now_ms()):
            self._restart()

    def _tell(self) -> None:
        if "enrolled" in os.listdir(self._board.folder or "/"):
            from vigie_node.enrolment import tell_enrolled

            tell_enrolled(self._board, self._authority)

    def _judge(self) -> None:
        if self._is_heard:
            slots.confirm(self._board.folder)
            self._is_on_trial = False
        elif self._board.now_ms() >= self._end_ms:
            self._restart()

    def _restart(self) -> None:
        self._node.close()
        self._board.restart()


def here() -> Board:
    """The board that this is."""
    if sys.platform == "rp2":
        from vigie_node.boards.rp2 import Rp2

        return Rp2()
    from vigie_node.boards.esp32 import Esp32

    return Esp32()


def run(slot: str) -> None:
    """For ever: the node, or the page that makes one of it where ``node.json`` is missing or wrong."""
    board = here()
    try:
        life = Life(board, make_node(board), slot)
    except (OSError, ConfigError) as error:
        from vigie_node.set_up import serve

        serve(board, str(error) if isinstance(error, ConfigError) else "")
        return
    while True:
        life.step()
        board.sleep_ms(ROUND_MS)
