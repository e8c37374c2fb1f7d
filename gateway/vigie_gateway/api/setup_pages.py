"""What every page of the set-up shows, and how it is answered. Used by ``setup`` and ``setup_files``.

``rules``, ``told`` and ``devices`` put their changes in place by it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from vigie_dashboard.setup_text import render_setup
from vigie_dashboard.setup_view import HeardChannel, SetupView
from vigie_dashboard.sheet_view import THIS_MACHINE
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.auth.accounts import AccountError
from vigie_gateway.place.problem import Problem, SiteError, format_problem
from vigie_gateway.setup import outlets, rooms
from vigie_gateway.setup.blueprint import STEPS, Blueprint
from vigie_gateway.setup.one_table import Made, SiteChange
from vigie_gateway.setup.recipe import RecipeError
from vigie_gateway.setup.site_file import SiteFileError
from vigie_gateway.setup.typed import Fields, rows_of

TABLES = {"plan": ("rooms",), "doors": ("doors",), "outlets": ("circuits", "outlets")}
"""By page: the tables of its form."""
_GOOD = {"", "applied", "imported"}
_BAD = {
    "changed": HTTPStatus.CONFLICT,
    "write": HTTPStatus.INSUFFICIENT_STORAGE,
    "draft": HTTPStatus.INSUFFICIENT_STORAGE,
    "read": HTTPStatus.INSUFFICIENT_STORAGE,
}
"""By notice; any other is a wrong entry."""


class SetupPages:
    """The answers."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._setup = gateway.setup

    def blueprint(self, request: Request) -> Blueprint | Response:
        """The place as it stands, or the page that says why it cannot be set up."""
        try:
            return self._setup.blueprint()
        except SiteFileError as error:
            return self.answer(request, "start", None, notice="read", said=[str(error)])
        except SiteError as error:
            said = [format_problem(problem) for problem in error.problems]
            return self.answer(request, "start", None, notice="unfit", said=said)

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
        """A page; to a form, with the status that its notice means: to look at a page again is no wrong entry."""
        session = principal_of(request).session
        site = self._gateway.site
        is_first = blueprint is not None and not blueprint.now.text
        view = SetupView(
            site_name=(blueprint.name() if blueprint is not None and is_first else None) or site.name,
            timezone=site.timezone,
            now_ts=self._gateway.clock.now_ts(),
            step=step,
            steps=_states(blueprint),
            csrf="" if session is None else session.csrf,
            file=str(self._setup.file.path),
            is_first=is_first,
            has_picture=self._setup.picture.is_there(),
            notice=notice,
            said=said or [],
            **more,
        )
        html = render_setup(view, chosen_language(request), chosen_theme(request))
        is_good = request.method == "GET" or notice in _GOOD
        return page(html, HTTPStatus.OK if is_good else _BAD.get(notice, HTTPStatus.UNPROCESSABLE_ENTITY))

    def step(
        self,
        request: Request,
        step: str,
        blueprint: Blueprint,
        *,
        notice: str = "",
        said: list[str] | None = None,
    ) -> Response:
        """The page of a step."""
        fields = blueprint.fields(step)
        troubles = blueprint.meant(step).troubles if blueprint.is_judged(step) else {}
        return self.answer(
            request,
            step,
            blueprint,
            notice=notice or ("changed" if blueprint.has_changed else "wrong" if troubles else ""),
            said=said,
            fields=fields,
            rows={prefix: rows_of(fields, prefix) for prefix in TABLES.get(step, ())},
            troubles=troubles,
            languages=blueprint.languages(),
            rooms=blueprint.rooms(),
            drawn=blueprint.drawn() if step in {"plan", "doors"} else (),
            circuits=outlets.circuit_names(blueprint.fields("outlets")),
            heard=self._heard() if step in {"doors", "outlets"} else [],
            grid=tuple(rooms.grid_of(blueprint.fields("plan"))),
        )

    def _heard(self) -> list[HeardChannel]:
        latest = self._gateway.store.latest()
        found = []
        for series in sorted(self._gateway.store.series(), key=lambda one: one.name):
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


def new_text(check: Callable[[str], list[Problem]], blueprint: Blueprint) -> tuple[str | None, str, list[str]]:
    """The file that would come of it.

    Returns:
        The text, None where none can be made; a notice, "" where it can be put in its place; and what the gateway says,
        a line each.
    """
    if blueprint.troubled():
        return None, "troubled", []
    try:
        text = blueprint.text()
    except RecipeError as error:
        return None, "uneditable", [str(error)]
    problems = [format_problem(problem) for problem in check(text)]
    return text, "problems" if problems else "", problems


def put_in_place(gateway: Gateway, request: Request, what: str) -> None:
    """Write down who changed what of the site file, and go on with what it says."""
    now_ts = gateway.clock.now_ts()
    with suppress(AccountError):  # the change is made: that it cannot be noted is no reason to say that it is not
        gateway.access.accounts.note(principal_of(request).name or THIS_MACHINE, what, now_ts)
    gateway.setup.read_again()


def put_change(
    gateway: Gateway, request: Request, change: SiteChange, made: Made, form: Fields, what: str
) -> Made | None:
    """Put what a form of one table made in place; what is in the way of that, None where it is done."""
    if made.site is None:
        return made
    if form.get("base") != change.now.digest:
        return replace(made, notice="changed")
    try:
        if change.put(made.text):
            put_in_place(gateway, request, what)
    except SiteFileError as error:
        return replace(made, notice=error.kind, said=[str(error)])
    return None


def go_to(request: Request, path: str, **query: str) -> Response:
    """On to another page, in the language and colours that were chosen."""
    carried = {key: request.query_params[key] for key in ("l", "theme") if key in request.query_params}
    asked = "&".join(f"{key}={value}" for key, value in {**carried, **query}.items() if value.isalnum())
    return RedirectResponse(f"{path}?{asked}" if asked else path, HTTPStatus.SEE_OTHER)


def _states(blueprint: Blueprint | None) -> list[tuple[str, str]]:
    if blueprint is None:
        return []
    troubled, states = blueprint.troubled(), []
    for step in STEPS:
        is_there = step in blueprint.draft.steps or bool(blueprint.begun_from.text)
        states.append((step, "open" if not is_there else "wrong" if step in troubled else "done"))
    return [*states, ("review", "open")]
