"""Rules of alerts in the browser: ``/alerts/rules``, and a page for each with its form and *Try on history*.

Whoever reads alerts reads them; to change or try one is the administrator's. A plain form: what is wrong is told at its
field with all that was typed, and a site file that somebody else wrote meanwhile is not overwritten.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from vigie_contract.quantities import QUANTITIES
from vigie_dashboard.rule_view import RulePageView, RulesView, TrialView
from vigie_dashboard.rules_page import render_rule, render_rules
from vigie_gateway.alerts.attempts import SPANS_D, AttemptError, Attempts
from vigie_gateway.alerts.naming import Naming
from vigie_gateway.alerts.rule_list import all_rules, standard_of, subjects_of, trial_view, view_of, views_of
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_form, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem
from vigie_gateway.api.setup_pages import go_to, put_change
from vigie_gateway.auth.roles import ADMIN_ONLY, STAFF, Role
from vigie_gateway.place.site import Site
from vigie_gateway.place.wiring import Wiring
from vigie_gateway.setup.one_table import SiteChange, table_of, with_table, without_table
from vigie_gateway.setup.rule_form import RuleSource, fields_of, has_level, read_new, read_rule
from vigie_gateway.setup.typed import Fields, new_id
from vigie_gateway.store import Series, StoreError

MOST_BYTES = 64 * 1024
"""Of the form: a rule about a thousand channels fits. Higher lets a form fill memory."""
MOST_FIELDS = 2_000
"""The same, in fields."""
NOTICE_STATUS = {
    "wrong": HTTPStatus.UNPROCESSABLE_ENTITY,
    "problems": HTTPStatus.UNPROCESSABLE_ENTITY,
    "uneditable": HTTPStatus.CONFLICT,
    "changed": HTTPStatus.CONFLICT,
    "write": HTTPStatus.INSUFFICIENT_STORAGE,
}
"""By what stands in the way of a form; any other is none."""
TRIAL_STATUS = {"busy": HTTPStatus.SERVICE_UNAVAILABLE, "store": HTTPStatus.SERVICE_UNAVAILABLE}


def router(gateway: Gateway, attempts: Attempts) -> APIRouter:
    """The routes; they stay out of the API's description, and come before ``/alerts/{number}``."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    pages = _Pages(gateway, attempts)

    @routes.get("/alerts/rules")
    @allowed(STAFF)
    def listed(request: Request) -> Response:
        return pages.listed(request)

    @routes.post("/alerts/rules")
    @allowed(ADMIN_ONLY)
    async def add(request: Request) -> Response:
        form = await read_form(request)
        check_form(principal_of(request), form.pop("csrf", ""))
        return await run_in_threadpool(pages.add, request, form)

    @routes.get("/alerts/rules/{rule_id}")
    @allowed(STAFF)
    def one(request: Request, rule_id: str) -> Response:
        return pages.one(request, rule_id)

    @routes.post("/alerts/rules/{rule_id}")
    @allowed(ADMIN_ONLY)
    async def take(request: Request, rule_id: str) -> Response:
        form = await read_form(request, MOST_BYTES, MOST_FIELDS)
        check_form(principal_of(request), form.pop("csrf", ""))
        return await run_in_threadpool(pages.take, request, rule_id, form)

    return routes


class _Pages:
    """The pages and the form."""

    def __init__(self, gateway: Gateway, attempts: Attempts) -> None:
        self._gateway = gateway
        self._file = gateway.setup.file
        self._attempts = attempts

    def listed(self, request: Request) -> Response:
        """All of them, as they hold now."""
        notice = "removed" if request.query_params.get("done") == "removed" else ""
        return self._list(request, self._change(), {}, notice=notice)

    def add(self, request: Request, form: Fields) -> Response:
        """Put a new rule about a channel in the file, off, and go to its page."""
        change = self._change()
        read = read_new(form, {one.name for one in self._gateway.store.series()})
        if read.troubles:
            return self._list(request, change, form, notice="wrong", troubles=read.troubles)
        rule_id = new_id(read.values["name"], all_rules(change.site), "mesure")
        made = change.made(lambda now: with_table(now, "rules", rule_id, read.values))
        trouble = put_change(self._gateway, request, change, made, form, f"alert rule {rule_id} added")
        if trouble is not None:
            return self._list(request, change, form, notice=trouble.notice, said=trouble.said)
        return go_to(request, f"/alerts/rules/{rule_id}", done="added")

    def one(self, request: Request, rule_id: str) -> Response:
        """One of them, as the site file has it now."""
        change = self._change()
        source = _source(change, rule_id)
        done = request.query_params.get("done", "")
        notice = done if done in {"saved", "added"} else ""
        return self._answer(request, change, source, fields_of(source, change.site.languages), notice=notice)

    def take(self, request: Request, rule_id: str, form: Fields) -> Response:
        """Try what was typed on history, or put it in place."""
        change = self._change()
        source = _source(change, rule_id)
        if form.get("do") == "remove" and source.rule.is_own:
            made = change.made(lambda now: without_table(now, "rules", rule_id))
            trouble = put_change(self._gateway, request, change, made, form, f"alert rule {rule_id} taken away")
            if trouble is None:
                return go_to(request, "/alerts/rules", done="removed")
            return self._answer(request, self._change(), source, form, notice=trouble.notice, said=trouble.said)
        read = read_rule(form, source, change.site.languages)
        if read.troubles:
            return self._answer(request, change, source, form, notice="wrong", troubles=read.troubles)
        made = change.made(lambda now: with_table(now, "rules", rule_id, read.values))
        if form.get("do") == "try" and made.site is not None:
            return self._answer(request, change, source, form, trial=self._tried(made.site, rule_id, _days(form)))
        trouble = put_change(
            self._gateway, request, change, made, form, f"alert rule {rule_id}: {', '.join(sorted(read.values))}"
        )
        if trouble is not None:
            return self._answer(request, self._change(), source, form, notice=trouble.notice, said=trouble.said)
        return go_to(request, f"/alerts/rules/{rule_id}", done="saved")

    def _change(self) -> SiteChange:
        return SiteChange.of(self._file, self._gateway.site)

    def _naming(self, site: Site) -> Naming:
        return Naming(site, self._gateway.store.series())

    def _tried(self, site: Site, rule_id: str, days: int) -> TrialView:
        rule, _ = all_rules(site)[rule_id]
        now_ts = self._gateway.clock.now_ts()
        nothing = TrialView(days, now_ts - days * 86_400.0, now_ts)
        try:
            trial = self._attempts.run(site, rule, days, now_ts)
        except AttemptError as error:
            return replace(nothing, trouble=error.kind)
        except StoreError:
            return replace(nothing, trouble="store")
        return trial_view(trial, days, self._naming(site), Wiring(site), self._gateway.store.series())

    def _list(
        self,
        request: Request,
        change: SiteChange,
        fields: Fields,
        *,
        notice: str = "",
        troubles: dict[str, str] | None = None,
        said: list[str] | None = None,
    ) -> Response:
        running, csrf, series = self._gateway.site, admin_csrf(request), self._gateway.store.series()
        notice = notice or change.notice
        view = RulesView(
            site_name=running.name,
            rules=views_of(running, Naming(running, series)),
            csrf=csrf,
            base=change.now.digest,
            channels=[(one.name, one.channel.label or "", unit_of(one)) for one in series] if csrf else [],
            fields=fields,
            troubles=troubles or {},
            notice=notice,
            said=(said or change.said) if csrf else [],
        )
        html = render_rules(view, chosen_language(request), chosen_theme(request))
        is_form = request.method == "POST"
        return page(html, NOTICE_STATUS.get(notice, HTTPStatus.OK) if is_form else HTTPStatus.OK)

    def _answer(
        self,
        request: Request,
        change: SiteChange,
        source: RuleSource,
        fields: Fields,
        *,
        notice: str = "",
        troubles: dict[str, str] | None = None,
        said: list[str] | None = None,
        trial: TrialView | None = None,
    ) -> Response:
        site, rule, csrf = change.site, source.rule, admin_csrf(request)
        naming = self._naming(site)
        notice = notice or change.notice
        view = RulePageView(
            site_name=site.name,
            timezone=site.timezone,
            now_ts=self._gateway.clock.now_ts(),
            csrf=csrf,
            rule=view_of(rule, source.absent_s, bool(source.table.keys() - {"id"}), naming),
            languages=site.languages,
            subjects=[] if "channel" in source.table else subjects_of(rule, site, self._gateway.store.series(), naming),
            base=change.now.digest,
            fields=fields,
            file=str(self._file.path),
            spans_d=SPANS_D,
            has_level=has_level(rule.signal),
            days=_days(fields),
            troubles=troubles or {},
            notice=notice,
            said=(said or change.said) if csrf else [],
            trial=trial,
        )
        status = TRIAL_STATUS.get(trial.trouble, HTTPStatus.OK) if trial is not None else HTTPStatus.OK
        is_form = request.method == "POST"
        html = render_rule(view, chosen_language(request), chosen_theme(request))
        return page(html, NOTICE_STATUS.get(notice, status) if is_form else status)


def unit_of(series: Series) -> str:
    """In which its values are; "" where this version does not know its quantity."""
    quantity = QUANTITIES.get(series.channel.quantity)
    return "" if quantity is None else quantity.unit


def admin_csrf(request: Request) -> str:
    """With which an administrator's forms are sent; "" for anybody else, who only reads."""
    principal = principal_of(request)
    is_admin = principal.role is Role.ADMIN and principal.session is not None
    return principal.csrf if is_admin else ""


def _source(change: SiteChange, rule_id: str) -> RuleSource:
    found = all_rules(change.site).get(rule_id)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"no rule has the id {rule_id[:40]!r}; /alerts/rules lists them")
    rule, absent_s = found
    return RuleSource(rule, standard_of(rule), table_of(change.now, "rules", rule_id), absent_s)


def _days(fields: Fields) -> int:
    return next((days for days in SPANS_D if fields.get("days") == str(days)), 7)
