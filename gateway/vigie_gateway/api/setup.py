"""Set-up in the browser: pages for the place, its plan, doors and outlets, and putting it all in place. For the admin.

Plain forms: what was typed is kept before it is looked at, so that no wrong entry, reload or power cut loses it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from vigie_dashboard.setup_text import board_names, render_setup
from vigie_dashboard.setup_view import HeardChannel, SetupView
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_form, principal_of
from vigie_gateway.api.history import page
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.auth.roles import ADMIN_ONLY
from vigie_gateway.place.problem import SiteError, format_problem
from vigie_gateway.setup import doors, outlets, rooms
from vigie_gateway.setup.blueprint import STEPS, Blueprint
from vigie_gateway.setup.draft import DraftError
from vigie_gateway.setup.recipe import RecipeError
from vigie_gateway.setup.site_file import SiteFileError
from vigie_gateway.setup.typed import MOST_ROWS, Fields, rows_of, with_rows

MOST_BYTES = 512 * 1024
"""Of a page's form: MOST_ROWS rows of long names fit. Lower refuses a large place; higher lets a form fill memory."""
MOST_FIELDS = 12 * MOST_ROWS
"""The same, in fields."""
_TABLES = {"plan": ("rooms",), "doors": ("doors",), "outlets": ("circuits", "outlets")}
_REMOVE = {
    "plan": {"remove": "rooms"},
    "doors": {"remove": "doors"},
    "outlets": {"remove-circuit": "circuits", "remove-outlet": "outlets"},
}
"""By page: the button, and the table whose row it takes away."""
_ANSWERS = {
    "": HTTPStatus.OK,
    "applied": HTTPStatus.OK,
    "imported": HTTPStatus.OK,
    "kept": HTTPStatus.OK,
    "changed": HTTPStatus.CONFLICT,
    "write": HTTPStatus.INSUFFICIENT_STORAGE,
    "draft": HTTPStatus.INSUFFICIENT_STORAGE,
    "read": HTTPStatus.INSUFFICIENT_STORAGE,
}
"""By notice; any other is a wrong entry."""


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    pages = _Pages(gateway)
    routes.add_api_route("/setup", pages.start, methods=["GET"])
    for step in STEPS:
        routes.add_api_route(f"/setup/{step}", pages.shows(step), methods=["GET"])
        routes.add_api_route(f"/setup/{step}", pages.takes(step), methods=["POST"])
    routes.add_api_route("/setup/review", pages.review, methods=["GET"])
    routes.add_api_route("/setup/review", pages.finish, methods=["POST"])
    return routes


class SetupPages:
    """What every page of the set-up shows."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._setup = gateway.setup

    def answer(
        self,
        request: Request,
        step: str,
        blueprint: Blueprint | None,
        *,
        notice: str = "",
        said: list[str] | None = None,
        **more: Any,
    ) -> Response:
        """A page, with the status that its notice means."""
        session = principal_of(request).session
        site = self._gateway.site
        view = SetupView(
            site_name=site.name if site.rooms or blueprint is None or blueprint.now.text else {},
            timezone=site.timezone,
            now_ts=self._gateway.clock.now_ts(),
            step=step,
            steps=_states(blueprint),
            csrf="" if session is None else session.csrf,
            file=str(self._setup.file.path),
            is_first=blueprint is not None and not blueprint.now.text,
            has_picture=self._setup.picture.is_there(),
            notice=notice,
            said=said or [],
            **more,
        )
        html = render_setup(view, chosen_language(request), chosen_theme(request))
        return page(html, _ANSWERS.get(notice, HTTPStatus.UNPROCESSABLE_ENTITY))

    def blueprint(self, request: Request) -> Blueprint | Response:
        """The place as it stands, or the page that says why it cannot be set up."""
        try:
            return self._setup.blueprint()
        except SiteFileError as error:
            return self.answer(request, "start", None, notice="read", said=[str(error)])
        except SiteError as error:
            said = [format_problem(problem) for problem in error.problems]
            return self.answer(request, "start", None, notice="unfit", said=said)


class _Pages(SetupPages):
    """The pages and their forms."""

    @allowed(ADMIN_ONLY)
    def start(self, request: Request) -> Response:
        blueprint = self.blueprint(request)
        return blueprint if isinstance(blueprint, Response) else self.answer(request, "start", blueprint)

    def shows(self, step: str) -> Callable[..., Response]:
        @allowed(ADMIN_ONLY)
        def show(request: Request) -> Response:
            blueprint = self.blueprint(request)
            if isinstance(blueprint, Response):
                return blueprint
            is_sent = blueprint.draft.steps.get(step, {}).get("do") == "save"
            return self._step(request, step, blueprint, is_judged=is_sent, is_answer=False)

        return show

    def takes(self, step: str) -> Callable[..., Any]:
        @allowed(ADMIN_ONLY)
        async def take(request: Request) -> Response:
            form = await read_form(request, MOST_BYTES, MOST_FIELDS)
            check_form(principal_of(request), form.pop("csrf", ""))
            return await run_in_threadpool(self._take, request, step, form)

        return take

    def _take(self, request: Request, step: str, form: Fields) -> Response:
        before = self.blueprint(request)
        if isinstance(before, Response):
            return before
        fields = _changed(step, form, board_names(before.languages()))
        is_full = any(len(rows_of(fields, prefix)) >= MOST_ROWS for prefix in _TABLES.get(step, ()))
        try:
            self._setup.draft.keep(step, fields, before.now.digest)
        except DraftError as error:
            shown = Blueprint(before.now, before.draft)
            shown.draft.steps[step] = fields
            return self._step(request, step, shown, is_judged=True, is_answer=True, notice="draft", said=[str(error)])
        blueprint = self._setup.blueprint()
        is_saved = fields["do"] == "save"
        if is_full or (is_saved and blueprint.meant(step).troubles):
            return self._step(
                request, step, blueprint, is_judged=is_saved, is_answer=True, notice="full" if is_full else "wrong"
            )
        following = (*STEPS, "review")[STEPS.index(step) + 1] if is_saved else step
        return _sent_on(request, f"/setup/{following}")

    def _step(
        self,
        request: Request,
        step: str,
        blueprint: Blueprint,
        *,
        is_judged: bool,
        is_answer: bool,
        notice: str = "",
        said: list[str] | None = None,
    ) -> Response:
        fields = blueprint.fields(step)
        troubles = blueprint.meant(step).troubles if is_judged else {}
        if not notice and blueprint.has_changed:
            notice = "changed"
        answer = self.answer(
            request,
            step,
            blueprint,
            notice=notice or ("wrong" if troubles else ""),
            said=said,
            fields=fields,
            rows={prefix: rows_of(fields, prefix) for prefix in _TABLES.get(step, ())},
            troubles=troubles,
            languages=blueprint.languages(),
            rooms=blueprint.rooms(),
            drawn=blueprint.drawn() if step in {"plan", "doors"} else (),
            circuits=outlets.circuit_names(blueprint.fields("outlets")),
            heard=self._heard() if step in {"doors", "outlets"} else [],
            grid=tuple(rooms.grid_of(blueprint.fields("plan"))),
        )
        if not is_answer:  # to look at a page again is no wrong entry
            answer.status_code = HTTPStatus.OK
        return answer

    def _heard(self) -> list[HeardChannel]:
        store = self._gateway.store
        latest = store.latest()
        found = []
        for series in sorted(store.series(), key=lambda one: one.name):
            sample = latest.get(series.id)
            found.append(
                HeardChannel(
                    name=series.name,
                    label=series.channel.label or "",
                    quantity=series.channel.quantity,
                    value=None if sample is None else sample.value,
                    at_ts=None if sample is None else sample.at_ts,
                )
            )
        return found

    @allowed(ADMIN_ONLY)
    def review(self, request: Request) -> Response:
        blueprint = self.blueprint(request)
        if isinstance(blueprint, Response):
            return blueprint
        return self._review(request, blueprint, request.query_params.get("done", ""))

    def _review(self, request: Request, blueprint: Blueprint, notice: str, said: list[str] | None = None) -> Response:
        if blueprint.has_changed and notice != "write":
            notice = "changed"
        text, problems = new_text(self._setup.file.check, blueprint)
        if problems and not said:
            notice, said = "problems" if notice != "changed" else notice, problems
        changes = _changes(blueprint.now.text, text) if text is not None else []
        notice = notice if notice in {"changed", "write", "problems", "applied", "imported", "draft"} else ""
        answer = self.answer(request, "review", blueprint, notice=notice, said=said, changes=changes)
        if request.method == "GET":
            answer.status_code = HTTPStatus.OK
        return answer

    @allowed(ADMIN_ONLY)
    async def finish(self, request: Request) -> Response:
        form = await read_form(request)
        check_form(principal_of(request), form.get("csrf", ""))
        return await run_in_threadpool(self._finish, request, form.get("do", ""))

    def _finish(self, request: Request, do: str) -> Response:
        blueprint = self.blueprint(request)
        if do == "drop":
            self._setup.draft.drop()
            return _sent_on(request, "/setup")
        if isinstance(blueprint, Response):
            return blueprint
        text, problems = new_text(self._setup.file.check, blueprint)
        if do != "apply" or text is None or problems:
            return self._review(request, blueprint, "problems", problems)
        try:
            self._setup.file.replace(text, blueprint.draft.base or blueprint.now.digest)
        except SiteFileError as error:
            return self._review(request, blueprint, error.kind, [str(error)])
        self._setup.draft.drop()
        self._setup.read_again()
        return _sent_on(request, "/setup/review", done="applied")


def new_text(check: Callable[[str], list[Any]], blueprint: Blueprint) -> tuple[str | None, list[str]]:
    """The file that would come of it, None where none can be made, and what is wrong with it, a line each."""
    troubled = blueprint.troubled()
    if troubled:
        return None, [
            f"{step}: {name}: {word}" for step in troubled for name, word in blueprint.meant(step).troubles.items()
        ]
    try:
        text = blueprint.text()
    except RecipeError as error:
        return None, [str(error)]
    return text, [format_problem(problem) for problem in check(text)]


def _changed(step: str, form: Fields, names: dict[str, str]) -> Fields:
    """The fields as typed, with the row that a button adds or takes away; ``do`` says which button it was."""
    fields = {key: text for key, text in form.items() if key not in {"do", "add", *_REMOVE.get(step, {})}}
    do = "save"
    for button, prefix in _REMOVE.get(step, {}).items():
        number = form.get(button, "")
        if number.isascii() and number.isdigit():
            fields = with_rows(
                fields, prefix, [row for at, row in enumerate(rows_of(fields, prefix)) if at != int(number)]
            )
            do = "remove"
    fields = rooms.with_ids(fields) if step == "plan" else outlets.with_ids(fields) if step == "outlets" else fields
    match form.get("add"):
        case "room" if step == "plan":
            fields, do = rooms.add_room(fields), "add"
        case "door" if step == "doors":
            fields, do = doors.add_door(fields), "add"
        case "circuit" if step == "outlets":
            fields, do = outlets.add_circuit(fields), "add"
        case "outlet" if step == "outlets":
            fields, do = outlets.add_outlet(fields, names), "add"
    for prefix in _TABLES.get(step, ()):
        fields = with_rows(fields, prefix, rows_of(fields, prefix))
    return {**fields, "do": do}


def _states(blueprint: Blueprint | None) -> list[tuple[str, str]]:
    if blueprint is None:
        return []
    troubled = blueprint.troubled()
    return [
        *(
            (
                step,
                "wrong"
                if step in troubled and step in blueprint.draft.steps
                else "done"
                if _is_done(step, blueprint)
                else "open",
            )
            for step in STEPS
        ),
        ("review", "open"),
    ]


def _is_done(step: str, blueprint: Blueprint) -> bool:
    return step in blueprint.draft.steps or bool(blueprint.now.text)


def _changes(before: str, after: str) -> list[tuple[str, str]]:
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=2)
    return [(line[0], line[1:]) for line in lines if not line.startswith(("---", "+++"))]


def _sent_on(request: Request, path: str, **query: str) -> Response:
    carried = {key: request.query_params[key] for key in ("l", "theme") if key in request.query_params}
    asked = "&".join(f"{key}={value}" for key, value in {**carried, **query}.items() if value.isalnum())
    return RedirectResponse(f"{path}?{asked}" if asked else path, HTTPStatus.SEE_OTHER)
