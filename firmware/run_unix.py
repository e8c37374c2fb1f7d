"""A node as a process of this machine: ``micropython run_unix.py FOLDER``, with ``node.json`` in it. For tests."""

import sys

sys.path.insert(0, sys.path[0] or ".")
from vigie_node.boards.unix import Unix
from vigie_node.main import Life, make_node
from vigie_node.node import ROUND_MS

board = Unix(sys.argv[1])
node = make_node(board)
print("ready", flush=True) if sys.implementation.name == "cpython" else print("ready")
life = Life(board, node, "a")
while not board.is_ended:
    life.step()
    board.sleep_ms(ROUND_MS)
node.close()
