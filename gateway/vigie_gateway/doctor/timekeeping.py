"""Whether the gateway believes this machine's clock: while it does not, nothing is stored."""

from __future__ import annotations

from pathlib import Path

from vigie_gateway.clock.belief import Belief, Witness
from vigie_gateway.clock.vouching import Vouching
from vigie_gateway.clock.word import WordError
from vigie_gateway.doctor.findings import AS_ROOT, Finding
from vigie_gateway.store import StoreError

_NTP = "timedatectl timesync-status says which NTP server was asked"


def clock_findings(database: Path) -> list[Finding]:
    """What a gateway with that database believes."""
    try:
        return [judge(Vouching(database).belief())]
    except (StoreError, WordError, PermissionError) as error:
        return [Finding("clock", "warn", f"the clock was not looked at: {error}", AS_ROOT)]


def judge(belief: Belief) -> Finding:
    """What is to be said of it."""
    if not belief.is_known:
        text = f"nothing is stored, since the clock is not known to be right: {belief.why}"
        remedy = f"{_NTP}; where there is none: sudo /opt/vigie/bin/vigie-gateway clock set"
        return Finding("clock", "fail", text, remedy)
    if belief.is_held and belief.witness is Witness.NTP:
        return Finding("clock", "warn", f"no NTP server has answered for hours: {belief.why}", _NTP)
    return Finding("clock", "pass", f"the clock is believed: {belief.why}")
