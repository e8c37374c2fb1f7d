"""What a board starts, and a process of a test: reads ``node.json`` and runs the node."""

from vigie_node.boards.board import Board
from vigie_node.config import Config
from vigie_node.files import replace
from vigie_node.node import Node


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
    with open(board.folder + "/node.json") as file:
        config = Config(file.read())
    return Node(board, config, boot_number(board.folder))
