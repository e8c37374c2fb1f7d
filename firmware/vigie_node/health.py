"""How the node itself fares: its signal, its memory and its starts. Made and asked by ``node``, beside its sensors."""

from vigie_node.boards.board import Board

CAUSES = ("power", "watchdog", "software", "pin", "unknown")
"""What ``Board.reset_cause`` says, in the order of the birth; new words are added at the end."""
OFTEN_MS, RARELY_MS = 60_000, 3_600_000
"""Between two readings of what changes, and of what only a start changes. Lower fills the journal."""

CHANNELS: list[dict[str, object]] = [
    {"id": "rssi", "quantity": "rssi", "period_s": OFTEN_MS / 1000},
    {"id": "free-memory", "quantity": "free_memory", "period_s": OFTEN_MS / 1000},
    {"id": "starts", "quantity": "starts", "period_s": RARELY_MS / 1000},
    {"id": "start-cause", "quantity": "start_cause", "period_s": RARELY_MS / 1000, "labels": CAUSES},
]


class Health:
    """Of one node, since one start."""

    def __init__(self, board: Board, boot: int, now_ms: int) -> None:
        """Begin; ``boot`` is the number of this start."""
        self._board, self._boot = board, boot
        self._often_ms = self._rarely_ms = now_ms

    def say(self, now_ms: int) -> list[tuple[int, float | None, str]]:
        """What is due now: (index in CHANNELS, value, why it is unknown)."""
        found: list[tuple[int, float | None, str]] = []
        if now_ms >= self._often_ms:
            self._often_ms = now_ms + OFTEN_MS
            rssi_dbm, free_bytes = self._board.rssi_dbm(), self._board.free_bytes()
            found.append((0, rssi_dbm, "" if rssi_dbm is not None else "not-told"))
            found.append((1, free_bytes or None, "" if free_bytes else "not-told"))
        if now_ms >= self._rarely_ms:
            self._rarely_ms = now_ms + RARELY_MS
            cause = self._board.reset_cause()
            found.append((2, self._boot, ""))
            found.append((3, CAUSES.index(cause if cause in CAUSES else "unknown"), ""))
        return found
