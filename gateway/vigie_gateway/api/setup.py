"""Set-up in the browser: pages for the place, its plan, doors and outlets, and putting it all in place. For the admin.

Plain forms: what was typed is kept before it is looked at, so that no wrong entry, reload or power cut loses it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from vigie_dashboard.setup_text import board_names
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_form, principal_of
from vigie_gateway.api.setup_pages import TABLES, SetupPages, go_to, new_text, put_in_place
from vigie_gateway.auth.roles import ADMIN_ONLY
from vigie_gateway.setup import doors, outlets, rooms
from vigie_gateway.setup.blueprint import STEPS, Blueprint
from vigie_gateway.setup.draft import DraftError
from vigie_gateway.setup.site_file import SiteFileError
from vigie_gateway.setup.typed import MOST_ROWS, Fields, rows_of, with_rows

MOST_BYTES = 512 * 1024
"""Of a page's form: MOST_ROWS rows of long names fit. Lower refuses a large place; higher lets a form fill memory."""
MOST_FIELDS = 12 * MOST_ROWS
"""The same, in fields."""
_REMOVE = {
    "plan": {"remove": "rooms"},
    "doors": {"remove": "doors"},
    "outlets": {"remove-circuit": "circuits", "remove-outlet": "outlets"},
}
"""By page: the button, and the table whose row it takes away."""


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
            return blueprint if isinstance(blueprint, Response) else self.step(request, step, blueprint)

        return show

    def takes(self, step: str) -> Callable[..., Any]:
        @allowed(ADMIN_ONLY)
        async def take(request: Request) -> Response:
            form = await read_form(request, MOST_BYTES, MOST_FIELDS)
            check_form(principal_of(request), form.pop("csrf", ""))
            return await run_in_threadpool(self._take, request, step, form)

        return take

    def _take(self, request: Request, step: str, form: Fields) -> Response:
        blueprint = self.blueprint(request)
        if isinstance(blueprint, Response):
            return blueprint
        fields = _changed(step, form, board_names(blueprint.languages()))
        blueprint.draft.steps[step] = fields
        try:
            self._setup.draft.keep(step, fields, blueprint.now.digest)
        except DraftError as error:
            return self.step(request, step, blueprint, notice="draft", said=[str(error)])
        if any(len(rows_of(fields, prefix)) >= MOST_ROWS for prefix in TABLES.get(step, ())):
            return self.step(request, step, blueprint, notice="full")
        if fields["do"] != "save":
            return go_to(request, f"/setup/{step}")
        if blueprint.meant(step).troubles:
            return self.step(request, step, blueprint)
        if step == "place" and not blueprint.now.text:
            self._setup.read_again()  # from now on its nodes are heard by their site's name
        return go_to(request, f"/setup/{(*STEPS, 'review')[STEPS.index(step) + 1]}")

    @allowed(ADMIN_ONLY)
    def review(self, request: Request) -> Response:
        blueprint = self.blueprint(request)
        if isinstance(blueprint, Response):
            return blueprint
        return self._review(request, blueprint, request.query_params.get("done", ""), [])

    def _review(self, request: Request, blueprint: Blueprint, notice: str, said: list[str]) -> Response:
        text, trouble, problems = new_text(self._setup.file.check, blueprint)
        if trouble:
            notice, said = trouble, problems
        elif blueprint.has_changed:
            notice = "changed"
        elif notice not in {"write", "applied", "imported"}:
            notice = ""
        changes = _changes(blueprint.now.text, text) if text is not None else []
        return self.answer(request, "review", blueprint, notice=notice, said=said, changes=changes)

    @allowed(ADMIN_ONLY)
    async def finish(self, request: Request) -> Response:
        form = await read_form(request)
        check_form(principal_of(request), form.get("csrf", ""))
        return await run_in_threadpool(self._finish, request, form.get("do", ""))

    def _finish(self, request: Request, do: str) -> Response:
        if do == "drop":
            self._setup.draft.drop()
            return go_to(request, "/setup")
        blueprint = self.blueprint(request)
        if isinstance(blueprint, Response):
            return blueprint
        text, trouble, _ = new_text(self._setup.file.check, blueprint)
        if do != "apply" or text is None or trouble:
            return self._review(request, blueprint, trouble, [])
        base = blueprint.draft.base
        try:
            self._setup.file.replace(text, blueprint.now.digest if base is None else base)
        except SiteFileError as error:
            return self._review(request, blueprint, error.kind, [str(error)])
        self._setup.draft.drop()
        put_in_place(self._gateway, request, "site file changed by the set-up")
        return go_to(request, "/setup/review", done="applied")


def _changed(step: str, form: Fields, names: dict[str, str]) -> Fields:
    """The fields as typed, with the row that a button adds or takes away; ``do`` says which kind of button it was."""
    buttons = _REMOVE.get(step, {})
    fields = {key: text for key, text in form.items() if key not in {"do", "add", *buttons}}
    do = "save"
    for button, prefix in buttons.items():
        if button in form:
            rows = rows_of(fields, prefix)
            fields = with_rows(fields, prefix, [row for at, row in enumerate(rows) if str(at) != form[button]])
            do = "remove"
    match step:
        case "plan":
            fields = rooms.with_ids(fields)
        case "outlets":
            fields = outlets.with_ids(fields)
    match step, form.get("add"):
        case "plan", "room":
            fields, do = rooms.add_room(fields), "add"
        case "doors", "door":
            fields, do = doors.add_door(fields), "add"
        case "outlets", "circuit":
            fields, do = outlets.add_circuit(fields), "add"
        case "outlets", "outlet":
            fields, do = outlets.add_outlet(fields, names), "add"
    for prefix in TABLES.get(step, ()):
        fields = with_rows(fields, prefix, rows_of(fields, prefix))
    return {**fields, "do": do}


def _changes(before: str, after: str) -> list[tuple[str, str]]:
    """The lines that go and come, with two more around them: ``-``, ``+`` or a space, and the line."""
    had, has = (text.rstrip("\n").split("\n") if text else [] for text in (before, after))
    lines = difflib.unified_diff(had, has, lineterm="", n=2)
    return [(line[0], line[1:]) for line in lines if not line.startswith(("---", "+++", "@@"))]
