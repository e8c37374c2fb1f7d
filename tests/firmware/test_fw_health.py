"""How a board itself fares is told as readings that a gateway takes."""

from __future__ import annotations

import pytest

from vigie_contract.messages import decode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.senml import decode_pack
from vigie_node import health, senml
from vigie_node.boards.board import Board


class Fares(Board):
    """A board that fares so."""

    def __init__(self, rssi_dbm: int | None, free_bytes: int, cause: str) -> None:
        self._told = (rssi_dbm, free_bytes, cause)

    def rssi_dbm(self) -> int | None:
        return self._told[0]

    def free_bytes(self) -> int:
        return self._told[1]

    def reset_cause(self) -> str:
        return self._told[2]


def told(board: Board, at_ms: int = 0) -> dict[str, float | str | None]:
    """What a gateway reads of it, by channel: the value, or why it is unknown."""
    birth = decode_birth(senml.birth("vigie-node 1", "boot", health.CHANNELS).encode())
    quantities = {channel.id: QUANTITIES[channel.quantity] for channel in birth.channels}
    said = health.Health(board, 7, 0).say(at_ms)
    records = [
        senml.record(birth.channels[index].id, birth.channels[index].quantity, value, reason, 0)
        for index, value, reason in said
    ]
    payload = senml.pack("lieu/pico-1/", "j", 1, 1, len(records), records).encode()
    pack = decode_pack(payload, "lieu", "pico-1", quantities, 1e9)
    return {reading.channel: reading.reason or reading.value for reading in pack.readings}


def test_signal_memory_starts_and_their_cause_are_readings() -> None:
    assert told(Fares(-61, 81_000, "watchdog")) == {
        "rssi": -61.0,
        "free-memory": 81_000.0,
        "starts": 7.0,
        "start-cause": float(health.CAUSES.index("watchdog")),
    }


def test_what_a_board_cannot_tell_is_unknown_and_no_zero() -> None:
    found = told(Fares(None, 0, "sunspots"))
    assert (found["rssi"], found["free-memory"]) == ("not-told", "not-told")
    assert found["start-cause"] == health.CAUSES.index("unknown")


@pytest.mark.parametrize(
    ("at_ms", "due"), [(0, [0, 1, 2, 3]), (59_999, []), (60_000, [0, 1]), (3_600_000, [0, 1, 2, 3])]
)
def test_what_only_a_start_changes_is_told_each_hour_and_the_rest_each_minute(at_ms: int, due: list[int]) -> None:
    one = health.Health(Fares(-61, 81_000, "power"), 7, 0)
    one.say(0)
    assert [index for index, _, _ in (one if at_ms else health.Health(Fares(-61, 1, "power"), 7, 0)).say(at_ms)] == due
