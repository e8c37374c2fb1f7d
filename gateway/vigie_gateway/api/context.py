"""What the handlers use of the running gateway: built once by ``app``, read by every request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from vigie_contract.clock import Clock
from vigie_dashboard.notices import SessionView
from vigie_dashboard.view import BoardView
from vigie_gateway.alerts.desk import Desk as AlertDesk
from vigie_gateway.auth.access import Access
from vigie_gateway.capacity.answer import Answer
from vigie_gateway.capacity.check import check
from vigie_gateway.capacity.judgement import Verdict
from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import Rehearsal
from vigie_gateway.health import Health
from vigie_gateway.ingest.desk import Desk
from vigie_gateway.live import Live
from vigie_gateway.notify.roll import Roll
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import Site
from vigie_gateway.registry.registry import Registry
from vigie_gateway.rehearsals.rehearsals import Rehearsals
from vigie_gateway.sessions.forecast_log import ForecastLog
from vigie_gateway.setup.place_setup import PlaceSetup
from vigie_gateway.store import Store
from vigie_gateway.store.influxdb.older import OlderReadings
from vigie_gateway.supply.supplies import Supplies


@dataclass(frozen=True, slots=True)
class Gateway:
    """The parts that answer requests."""

    site: Site
    clock: Clock
    store: Store
    board: Board
    live: Live
    health: Health
    access: Access
    vouch: Callable[[], object]
    """Takes a person's word that the clock is right; raises RefusedError, WordError or StoreError."""
    setup: PlaceSetup
    older: OlderReadings | None = None
    """Where single readings are that retention took away here; None where there is no such place."""
    desk: Desk = field(kw_only=True)
    rehearsals: Rehearsals = field(kw_only=True)
    supplies: Supplies = field(kw_only=True)
    forecasts: ForecastLog = field(kw_only=True)
    alerts: AlertDesk = field(kw_only=True)
    roll: Roll = field(kw_only=True)
    devices: Registry | None = field(kw_only=True, default=None)
    """Devices of others; None where the gateway listens to none."""

    def answer(
        self, question: Question, *, session: SessionView | None = None, rehearsal: Rehearsal | None = None
    ) -> Answer:
        """Whether a session fits, by what was measured here. For worker threads.

        Args:
            question: In which ``supplies.problems`` finds nothing wrong.
            session: The one that it is about, where a calendar has it already: it is in nobody's way then.
            rehearsal: What one held; None for the latest that counts for such a session.

        Raises:
            KeyError: The place has no such room.
            ValueError: The question cannot be answered.
            StoreError: The store cannot be read.
        """
        held = rehearsal or self.rehearsals.evidence(question.room, question.starts_ts, question.ends_ts)
        supply = self.supplies.at(question, session=session, rehearsal=held)
        answer = check(question, supply, self.site.session_activities())
        if answer.verdict is not Verdict.GO:
            supply = self.supplies.with_alternatives(supply, question, session)
            answer = check(question, supply, self.site.session_activities())
        return answer

    def board_view(self) -> BoardView:
        """The board now."""
        return self.board.view(self.clock.now_ts())
