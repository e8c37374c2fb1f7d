"""What was found of a session, as the pages show it. Pure; called on the checks' thread, once for each new finding."""

from __future__ import annotations

from vigie_dashboard.check_view import CheckView
from vigie_dashboard.notices import SessionCheck, SessionView
from vigie_gateway.capacity.activities import Activities
from vigie_gateway.place.check_answer import answer_view
from vigie_gateway.place.check_form import is_of_one_day, query_of_session, read_typed
from vigie_gateway.place.site import Site
from vigie_gateway.sessions.due import Checked

NOT_CHECKED = "not-checked"


def shown(session: SessionView, checked: Checked, site: Site, activities: Activities) -> SessionCheck:
    """The values for the pages; everything that they may say of it in any language."""
    zone = site.zone()
    can_ask = not session.is_all_day and checked.why != "no-seats" and is_of_one_day(session, zone)
    query = query_of_session(session, zone) if can_ask else {}
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
