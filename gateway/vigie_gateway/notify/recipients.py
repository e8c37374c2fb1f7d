"""Who asked to be told: of what, by which notifiers, and when not. Pure values.

Made from ``[[told]]`` of the site file by ``place.alert_tables``; read by ``plan``. Addresses and secrets are no part
of them: they stand with the notifiers of this machine.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from vigie_dashboard.notices import Severity
from vigie_gateway.place.hours import Span


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person, a group or a device.

    Attributes:
        id: Of ``[[told]]``.
        name: As the place calls them.
        language: ``fr`` or ``en``.
        notifiers: Names of the machine's notifiers; each of them is told.
        rules: Ids of the rules they asked for, without ``.absent``; None for any.
        is_for_outages: Only alerts of the severity "outage" are told.
        rooms: Only alerts about these rooms, or about no room; None for any.
        quiet: Hours of each local day in which they are not told.
        is_quiet_when_closed: Nor outside the opening hours of the place.
        lets_outages: In quiet hours outages are told all the same.
        after_s: Told only of what nobody has acknowledged for so long since it fired; 0: at once.
        wants_resolved: Told also when it is over.
    """

    id: str
    name: str
    language: str
    notifiers: tuple[str, ...]
    rules: frozenset[str] | None = None
    is_for_outages: bool = False
    rooms: frozenset[str] | None = None
    quiet: tuple[Span, ...] = ()
    is_quiet_when_closed: bool = False
    lets_outages: bool = True
    after_s: float = 0.0
    wants_resolved: bool = True

    def wants(self, rule: str, severity: Severity, rooms: Collection[str]) -> bool:
        """Whether an alert is for them: of that rule, so bad, about those rooms (empty: the whole place)."""
        if self.rules is not None and rule.removesuffix(".absent") not in self.rules:
            return False
        if self.is_for_outages and severity is not Severity.OUTAGE:
            return False
        return self.rooms is None or not rooms or not self.rooms.isdisjoint(rooms)
