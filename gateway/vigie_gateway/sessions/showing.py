"""What was found of a session, as the pages show it. Pure; called on the checks' thread, once for each new finding."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from vigie_dashboard.check_view import CheckView
from vigie_dashboard.notices import SessionCheck, SessionView
from vigie_gateway.capacity.activities import Activities
from vigie_gateway.capacity.question import Question
from vigie_gateway.place.check_answer import answer_view
from vigie_gateway.place.check_form import OWN, query_of, read_typed
from vigie_gateway.place.site import Site
from vigie_gateway.sessions.due import Checked

NOT_CHECKED = "not-checked"
LONGEST_ASKED_S = 86_400.0
"""Of a session that the page's form can say: its hours are of one day."""


def shown(session: SessionView, checked: Checked, site: Site, activities: Activities) -> SessionCheck:
    """The values for the pages; everything that they may say of it in any language."""
    query = _query(session, checked.question, activities, site.zone())
    if checked.question is None or checked.answer is None:
        return SessionCheck(NOT_CHECKED, checked.why, checked.at_ts, None, query)
    asked = read_typed(query, site, activities, (), checked.at_ts)
    page = CheckView(
        site.name,
        site.timezone,
        checked.at_ts,
        asked.form,
        query,
        answer_view(checked.question, checked.answer, site, activities),
    )
    return SessionCheck(checked.answer.verdict, "", checked.at_ts, page, query, checked.tried_ts is not None)


def _query(session: SessionView, question: Question | None, activities: Activities, zone: ZoneInfo) -> dict[str, str]:
    """Parameters of the page that asks the same, as far as they are known; empty where its form cannot say them."""
    begins, ends = (
        datetime.fromtimestamp(at_ts, UTC).astimezone(zone) for at_ts in (session.begins_ts, session.ends_ts)
    )
    is_until_midnight = (ends.hour, ends.minute) == (0, 0) and session.ends_ts - session.begins_ts <= LONGEST_ASKED_S
    if session.is_all_day or (begins.date() != ends.date() and not is_until_midnight):
        return {}  # the form asks for hours of one day
    if question is not None:
        return {**query_of(question, activities, zone), OWN: "1"}
    query = {
        "room": session.room,
        "date": f"{begins:%Y-%m-%d}",
        "from": f"{begins:%H:%M}",
        "to": f"{ends:%H:%M}",
        OWN: "1",
    }
    if session.people is not None:
        query["people"] = str(session.people)
    if session.activity is not None:
        query["activity"] = session.activity
    return query
