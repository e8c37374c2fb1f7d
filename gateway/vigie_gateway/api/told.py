"""Who is told of alerts, in the browser: ``/alerts/told`` lists them and has a form for one of them.

Whoever reads alerts reads the list; the form is the administrator's. Notifiers are only named here: their addresses and
passwords stay in ``notifiers.toml``. As with a rule, nothing typed is lost, and no file of somebody else overwritten.
"""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from vigie_dashboard.told_page import PersonView, ToldPageView, render_told
from vigie_gateway.alerts.naming import Naming
from vigie_gateway.alerts.rule_list import views_of
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_form, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem
from vigie_gateway.api.rules import MOST_BYTES, MOST_FIELDS, NOTICE_STATUS, admin_csrf
from vigie_gateway.api.setup_pages import go_to, put_change
from vigie_gateway.auth.roles import ADMIN_ONLY, STAFF
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.place.alert_tables import recipients_of
from vigie_gateway.setup.one_table import SiteChange, table_of, with_table, without_table
from vigie_gateway.setup.told_form import fields_of, read_told
from vigie_gateway.setup.typed import Fields, new_id, sources_of


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description, and come before ``/alerts/{number}``."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    pages = _Pages(gateway)

    @routes.get("/alerts/told")
    @allowed(STAFF)
    def shown(request: Request, who: str | None = None) -> Response:
        return pages.shown(request, who)

    @routes.post("/alerts/told")
    @allowed(ADMIN_ONLY)
    async def take(request: Request) -> Response:
        form = await read_form(request, MOST_BYTES, MOST_FIELDS)
        check_form(principal_of(request), form.pop("csrf", ""))
        return await run_in_threadpool(pages.take, request, form)

    return routes


class _Pages:
    """The page and its form."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._file = gateway.setup.file

    def shown(self, request: Request, who: str | None) -> Response:
        """The list, with a form where one is asked for: of ``who``, or "" of somebody new."""
        change = self._change()
        done = request.query_params.get("done", "")
        notice = done if done in {"saved", "removed"} else ""
        if who is None or change.notice:
            return self._answer(request, change, None, {}, notice=notice)
        after_s = _after_s(change, who)
        return self._answer(request, change, who, fields_of(table_of(change.now, "told", who), after_s), notice=notice)

    def take(self, request: Request, form: Fields) -> Response:
        """Put what was typed in place, or take somebody off."""
        change, who = self._change(), form.get("who", "")
        table, after_s = table_of(change.now, "told", who), _after_s(change, who)
        if form.get("do") == "remove" and who:
            made, what = change.made(lambda now: without_table(now, "told", who)), f"{who} is told of alerts no more"
        else:
            rooms = [room.id for room in change.site.rooms]
            values, troubles = read_told(form, table, after_s, rooms)
            if troubles:
                return self._answer(request, change, who, form, notice="wrong", troubles=troubles)
            told_id = who or new_id(values["name"], sources_of(change.now.raw, "told"), "personne")
            made = change.made(lambda now: with_table(now, "told", told_id, values))
            what = f"who is told of alerts, {told_id}: {', '.join(sorted(values))}"
        trouble = put_change(self._gateway, request, change, made, form, what)
        if trouble is not None:
            return self._answer(request, self._change(), who, form, notice=trouble.notice, said=trouble.said)
        return go_to(request, "/alerts/told", done="removed" if form.get("do") == "remove" else "saved")

    def _change(self) -> SiteChange:
        return SiteChange.of(self._file, self._gateway.site)

    def _answer(
        self,
        request: Request,
        change: SiteChange,
        who: str | None,
        fields: Fields,
        *,
        notice: str = "",
        troubles: dict[str, str] | None = None,
        said: list[str] | None = None,
    ) -> Response:
        site, csrf = change.site, admin_csrf(request)
        here = self._gateway.roll.notifiers()
        people = recipients_of(site)
        elsewhere = dict.fromkeys(name for one in people for name in one.notifiers if name not in dict(here))
        notice = notice or change.notice
        view = ToldPageView(
            site_name=site.name,
            csrf=csrf,
            people=[_person(one, dict(here)) for one in people],
            who=who,
            base=change.now.digest,
            fields=fields,
            notifiers=[*here, *((name, "") for name in elsewhere)],
            rules=views_of(site, Naming(site, self._gateway.store.series())),
            rooms=[(room.id, room.name) for room in site.rooms],
            languages=site.languages,
            file=str(self._file.path),
            troubles=troubles or {},
            notice=notice,
            said=(said or change.said) if csrf else [],
        )
        html = render_told(view, chosen_language(request), chosen_theme(request))
        is_form = request.method == "POST"
        return page(html, NOTICE_STATUS.get(notice, HTTPStatus.OK) if is_form else HTTPStatus.OK)


def _after_s(change: SiteChange, who: str) -> float:
    """Of somebody who is told; 0 of somebody new."""
    found = next((one for one in change.site.told if one.id == who), None)
    if found is None and who:
        raise Problem(HTTPStatus.NOT_FOUND, f"nobody with the id {who[:40]!r} is told; /alerts/told lists them")
    return 0.0 if found is None else found.after


def _person(one: Recipient, here: dict[str, str]) -> PersonView:
    return PersonView(
        id=one.id,
        name=one.name,
        language=one.language,
        by=[(name, here.get(name, "")) for name in one.notifiers],
        rules=None if one.rules is None else sorted(one.rules),
        is_for_outages=one.is_for_outages,
        rooms=None if one.rooms is None else sorted(one.rooms),
        quiet=[(span.opens_min, span.closes_min) for span in one.quiet],
        is_quiet_when_closed=one.is_quiet_when_closed,
        lets_outages=one.lets_outages,
        after_s=one.after_s,
        wants_resolved=one.wants_resolved,
    )
