"""Asks whether each coming session will fit, and keeps what it was told: nothing is reckoned when a page is looked at.

A thread of its own, for an answer takes a tenth of a second on a computer and a second on a Pi. It reads the sessions
that the calendars gave the board, and gives the board what came of them. Built by ``app``.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from vigie_contract.clock import Clock
from vigie_dashboard.notices import SessionView
from vigie_gateway.capacity.answer import Answer
from vigie_gateway.capacity.question import Question
from vigie_gateway.place.board import Board
from vigie_gateway.place.sessions import Agenda, SessionKey, key_of
from vigie_gateway.sessions.due import AHEAD_S, Checked, is_ahead, is_due, question_of
from vigie_gateway.sessions.forecast_log import ForecastLog
from vigie_gateway.sessions.outcome import Forecast, Outcome
from vigie_gateway.sessions.showing import shown
from vigie_gateway.store import StoreError

log = logging.getLogger(__name__)

ROUND_S = 1.0
"""Between two looks at what is due. Lower looks for nothing; higher is late in a simulated day that runs fast."""
LOOK_BACK_S = 60.0
"""Between two looks for sessions that are over. Lower reads the log for nothing; higher tells later."""
STOP_S = 5.0
"""How long an answer that is being made may hold up the end of the gateway; it reads the store until then."""


class SessionChecks:
    """The thread.

    Args:
        board: Has the sessions, and is given what came of them.
        clock: The time.
        answer: Whether a question about a session of the calendar fits; raises StoreError.
        outcome: What came of a session that is over; raises StoreError.
        log: Keeps both.
        on_change: Called when what the board shows may have changed.
    """

    def __init__(
        self,
        board: Board,
        clock: Clock,
        answer: Callable[[Question, SessionView], Answer],
        outcome: Callable[[Forecast], Outcome],
        log: ForecastLog,
        on_change: Callable[[], None],
    ) -> None:
        self._board = board
        self._clock = clock
        self._answer = answer
        self._outcome = outcome
        self._log = log
        self._looked_back_ts = -math.inf
        self._on_change = on_change
        self._activities = board.site.session_activities()
        self._rooms = {room.id for room in board.site.rooms if room.seats > 0}
        self._checked: dict[SessionKey, Checked] = {}
        self._agenda = Agenda()
        self._trouble: str | None = None
        self._failures = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, where there is a calendar."""
        if self._board.site.calendars:
            self._thread = threading.Thread(target=self._run, name="session-checks")
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def checked(self) -> Mapping[SessionKey, Checked]:
        """What was found of sessions that are not over; from any thread."""
        return self._checked

    def report(self) -> dict[str, Any]:
        """For ``/healthz``."""
        found = list(self._checked.values())
        return {
            "status": "pass" if self._trouble is None else "warn",
            "trouble": self._trouble,
            "sessions": len(found),
            "unchecked_sessions": sum(one.answer is None for one in found),
            "failures": self._failures,
        }

    def _run(self) -> None:
        while not self._stop.wait(ROUND_S):
            try:
                self.round()
            except Exception as error:  # this loop owns recovery: what failed is said, and tried again in its time
                log.exception("the sessions could not be checked")
                self._trouble = f"the sessions could not be checked: {type(error).__name__}"

    def round(self) -> None:
        """Ask what is due, forget what is over or was called off, and tell the board what is new."""
        now_ts = self._clock.now_ts()
        if not self._board.is_time_known:
            return  # which sessions are ahead is not known
        agenda = self._board.agenda
        is_new = self._has_news(agenda, now_ts)
        before, kept = self._checked, {}
        for session in agenda.sessions:
            if session.ends_ts <= now_ts or session.begins_ts > now_ts + AHEAD_S:
                continue
            if self._stop.is_set():
                return
            checked = before.get(key_of(session))
            if is_ahead(session, now_ts):
                question, why = question_of(session, self._activities, self._rooms)
                if is_new or is_due(session, checked, question, now_ts):
                    checked = self._ask(session, question, why, checked, now_ts)
            if checked is not None:
                kept[key_of(session)] = checked
        self._checked = kept
        if all(one.tried_ts is None for one in kept.values()):
            self._trouble = None
        self._look_back(agenda, now_ts)
        if kept != before:
            self._board.session_checks = {
                key_of(one): shown(one, kept[key_of(one)], self._board.site, self._activities)
                for one in agenda.sessions
                if key_of(one) in kept
            }
            self._on_change()

    def _has_news(self, agenda: Agenda, now_ts: float) -> bool:
        """Whether others take of the same line now, or a calendar cannot be read any more, or can again."""
        before, self._agenda = self._agenda, agenda
        if agenda is before:
            return False
        return _coming(agenda, now_ts) != _coming(before, now_ts)

    def _look_back(self, agenda: Agenda, now_ts: float) -> None:
        """Compare what was foretold of sessions that are over with what came; one that was called off is forgotten."""
        if 0 <= now_ts - self._looked_back_ts < LOOK_BACK_S or agenda.until_ts is None or agenda.stale:
            return
        self._looked_back_ts = now_ts
        took_place = {key_of(one) for one in agenda.sessions}
        try:
            for forecast in self._log.waiting(now_ts):
                if SessionKey(forecast.room, forecast.name, forecast.begins_ts, forecast.ends_ts) in took_place:
                    self._log.judge(forecast, self._outcome(forecast), now_ts)
                else:
                    self._log.forget(forecast)
        except StoreError as error:
            self._failures += 1
            self._trouble = f"what came of sessions cannot be told: {error}"

    def _keep(self, question: Question, answer: Answer, session: SessionView, before: Checked | None) -> None:
        """Keep what is foretold, where it is not what was kept before: each hour's answer would wear the card."""
        if (
            before is not None
            and before.answer is not None
            and before.question == question
            and (before.answer.verdict, before.answer.limiting) == (answer.verdict, answer.limiting)
        ):
            return
        self._log.keep(
            Forecast(
                session.room,
                session.name,
                session.begins_ts,
                session.ends_ts,
                question.people,
                question.activity,
                answer.verdict,
                answer.limiting,
                self._clock.now_ts(),
            )
        )

    def _ask(
        self, session: SessionView, question: Question | None, why: str, before: Checked | None, now_ts: float
    ) -> Checked:
        if question is None:
            return Checked(None, None, why, now_ts)
        try:
            answer = self._answer(question, session)
            self._keep(question, answer, session, before)
        except StoreError as error:
            self._failures += 1
            if self._trouble is None:
                log.warning("session of %s: not checked: %s", session.room, error)
            self._trouble = f"the readings cannot be read: {error}"
            if before is not None and before.question == question:
                return replace(before, tried_ts=now_ts)
            return Checked(question, None, "store", now_ts, now_ts)
        return Checked(question, answer, "", now_ts)


def _coming(agenda: Agenda, now_ts: float) -> tuple[list[SessionView], list[dict[str, str]]]:
    sessions = [one for one in agenda.sessions if one.begins_ts > now_ts]
    return sessions, [calendar.name for calendar in agenda.stale]
