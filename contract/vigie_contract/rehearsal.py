"""How a rehearsal goes and what it costs: the numbers that whoever asks for one and whoever runs it must agree on.

Pure. The node's ``rehearsal.course`` follows them; the gateway tells a person the cost before anything is sent.
"""

from __future__ import annotations

HEADROOM = 1.3
"""Tried first. Lower would call a line comfortable that has nothing to spare when one more person joins; higher loads
a line, and the people on it, for nothing."""
WINDOW_S = 3.0
"""A rate must hold for so long. Lower takes the burst that a shaper lets through for the rate; higher costs bytes."""
RAMP_S = 5.5
"""For the headroom: a slow start on a long path takes two seconds, and then comes the window. Lower would call a
satellite line too slow; higher pushes into a line that is full already."""
SETTLE_S = 1.5
"""For so long the queue that the push made drains. Lower would count it as the demand's own delay; higher costs."""
DEMAND_S = 5.0
"""The second look: settled, a window and two seconds of grace."""
IDLE_S = 1.5
"""Nothing is sent: the round trips of the idle line. Lower finds one slow answer and takes it for the line's own."""
LONGEST_S = RAMP_S + SETTLE_S + DEMAND_S + 1.0
"""The phases and the ticks that they are late; a bound that only a machine too busy to look comes to."""
OVERHEAD = 1.1
"""Bytes on the line for each byte of content: 66 of headers on 1448, an answer of 66 to each two, what is sent again.
Lower promises a cost that is then exceeded; higher refuses what the budget would have held."""


def usual_bytes(download_bps: float, upload_bps: float) -> int:
    """What a rehearsal of a demand moves where the line holds it and three tenths more, both ways together."""
    return _bytes(download_bps, upload_bps, HEADROOM * WINDOW_S)


def most_bytes(download_bps: float, upload_bps: float) -> int:
    """The most that it moves, both ways together: where the line holds the demand, about a third of this."""
    return _bytes(download_bps, upload_bps, HEADROOM * RAMP_S + SETTLE_S + DEMAND_S)


def _bytes(download_bps: float, upload_bps: float, seconds: float) -> int:
    return round((download_bps + upload_bps) / 8 * seconds * OVERHEAD)
