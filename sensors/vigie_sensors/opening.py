"""Where a journal goes on when it is opened: after a close, a crash, a power cut, or in another machine.

Called by the journal, in the transaction that opens its file on the card.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from vigie_sensors.card_file import CardFile, State
from vigie_sensors.machine import fingerprints
from vigie_sensors.young import Row, read_young

_log = logging.getLogger(__name__)


class Opening(NamedTuple):
    """What the journal begins with.

    Attributes:
        journal: Its id.
        last: The greatest number that may have been given.
        floor: The least number held; ``last + 1`` when none is.
        pending: Readings that are not on the card, in sequence up to ``last``.
        session: Of the young file that they are in; a new one's when there is none.
        machine: Fingerprints to remember, separated by blanks.
    """

    journal: str
    last: int
    floor: int
    pending: list[Row]
    session: str
    machine: str


def go_on(
    card: CardFile, young: Path | None, boot: str, machine: Sequence[str], fill: Callable[[int, int], list[Row]]
) -> Opening:
    """Find out what is held and which number comes next.

    Args:
        card: In a transaction.
        young: Folder of the young file; None when there is none to go on with.
        boot: The kernel's boot id.
        machine: What identifies this machine; empty when nothing does.
        fill: Makes unknowns of no channel, for the numbers from the first to the last given to it.
    """
    state = card.state() or State(secrets.token_hex(8), 0, False, 0, "", "")
    known, here = frozenset(state.machine.split()), fingerprints(state.journal, machine)
    is_elsewhere = bool(known and here) and known.isdisjoint(here)
    least = card.least()
    found = Opening(
        state.journal,
        state.last,
        state.last + 1 if least is None else least,
        [],
        secrets.token_hex(8),
        " ".join(sorted(here)) or state.machine,
    )
    if state.is_open:
        resumed = _with_young(found, state, young, boot)
        if resumed is not None:
            found = resumed
        elif not is_elsewhere:
            found = _past_used_numbers(found, state.reserved, fill)
    return _under_new_id(found, card, machine) if is_elsewhere else found


def young_path(folder: Path, journal: str) -> Path:
    """Of the young file: journals of several nodes may share a folder."""
    return folder / f"{journal}.young"


def _with_young(found: Opening, state: State, young: Path | None, boot: str) -> Opening | None:
    """Go on with what a process that did not close left in memory; None when that is gone."""
    kept = read_young(young_path(young, state.journal), state.session, boot) if young and state.session else None
    if kept is None:
        return None
    head, rows = kept
    pending = [row for row in rows if row[0] > state.last]
    last = pending[-1][0] if pending else max(state.last, head.last)
    # Below the head's floor all was acknowledged, also what the card was not told to delete yet.
    return found._replace(last=last, floor=max(found.floor, head.floor), pending=pending, session=state.session)


def _past_used_numbers(found: Opening, reserved: int, fill: Callable[[int, int], list[Row]]) -> Opening:
    """Leave out every number that may have been given since the card was last written to.

    With nothing held below them they are let go, which the gateway records as a gap. Else they are filled: a gateway
    that still lacks what is held would take a floor above it for its loss.
    """
    last = max(found.last, reserved)
    if found.floor > found.last:
        return found._replace(last=last, floor=last + 1)
    return found._replace(last=last, pending=fill(found.last + 1, last))


def _under_new_id(found: Opening, card: CardFile, machine: Sequence[str]) -> Opening:
    """The card is in another machine than before, where the first, or a copy, may go on under the old id.

    What was not acknowledged goes on under a new one, with new numbers. If the other machine sends it too, or a
    gateway had it already, history holds the same value at the same time twice: it weighs nothing in an average over
    time, and a counter does not rise by it.
    """
    card.append(found.pending)
    card.delete_below(found.floor)
    last = card.renumber()
    card.write_cursors(dict.fromkeys(card.cursors(), 0))
    journal = secrets.token_hex(8)
    _log.warning(
        "the card of journal %s is in another machine now: it goes on as journal %s, with %d readings",
        found.journal,
        journal,
        last,
    )
    machine_text = " ".join(sorted(fingerprints(journal, machine)))
    return Opening(journal, last, 1, [], secrets.token_hex(8), machine_text)
