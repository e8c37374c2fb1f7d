"""``/devices``: devices of others that the bus knows of, and the form that gives one of them its place.

The administrator's alone. As with a rule, nothing typed is lost, and no file of somebody else overwritten. What a
device calls itself is text: a page addresses it by a digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from vigie_dashboard.device_view import DeviceFormView, DevicesView, DeviceView
from vigie_dashboard.devices_page import render_devices
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_form, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem
from vigie_gateway.api.rules import MOST_BYTES, MOST_FIELDS, NOTICE_STATUS, admin_csrf
from vigie_gateway.api.setup_pages import go_to, put_change
from vigie_gateway.auth.roles import ADMIN_ONLY
from vigie_gateway.devices.measures import Entity
from vigie_gateway.place.device_table import DeviceTable
from vigie_gateway.registry.approval import tables_of
from vigie_gateway.registry.registry import Known
from vigie_gateway.registry.showing import device_views, digest_of
from vigie_gateway.setup.device_form import Read, fields_of, measure_field, measures_of, places_of, read_device
from vigie_gateway.setup.one_table import SiteChange, with_tables, without_table
from vigie_gateway.setup.typed import Fields
from vigie_gateway.store import BY_HAND

_DONE = frozenset({"saved", "removed"})


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    pages = _Pages(gateway)

    @routes.get("/devices")
    @allowed(ADMIN_ONLY)
    def shown(request: Request, which: str | None = None, table: str = "") -> Response:
        return pages.shown(request, which, table)

    @routes.post("/devices")
    @allowed(ADMIN_ONLY)
    async def take(request: Request) -> Response:
        form = await read_form(request, MOST_BYTES, MOST_FIELDS)
        check_form(principal_of(request), form.pop("csrf", ""))
        return await run_in_threadpool(pages.take, request, form)

    return routes


@dataclass(frozen=True, slots=True)
class _One:
    """A device whose form is asked for.

    Attributes:
        view: As it is shown.
        known: As the registry has it; None while it is away.
        table: That is changed; None for a new one.
        measures: That can be taken.
        places: That it can be given.
    """

    view: DeviceView
    known: Known | None
    table: DeviceTable | None
    measures: Sequence[Entity]
    places: Sequence[tuple[str, str, Mapping[str, str], Mapping[str, str]]]


class _Pages:
    """The page and its form."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._file = gateway.setup.file

    def shown(self, request: Request, which: str | None, table: str) -> Response:
        """The list; or one device with its form, where that is asked for."""
        change = self._change()
        done = request.query_params.get("done", "")
        notice = done if done in _DONE else ""
        if which is None or change.notice:
            return self._answer(request, change, None, {}, notice=notice)
        one = self._one(change, which, table)
        return self._answer(request, change, one, fields_of(one.known, one.table, one.measures, one.places))

    def take(self, request: Request, form: Fields) -> Response:
        """Give a device its place, or take it out of the place."""
        change = self._change()
        if change.notice:
            return self._answer(request, change, None, {})
        one = self._one(change, form.get("which", ""), form.get("table", ""))
        if form.get("do") == "remove" and one.table is not None:
            name = one.table.id
            made, what = change.made(lambda now: without_table(now, "devices", name)), f"device {name} taken out"
        else:
            taken = {series.node for series in self._gateway.store.series() if series.node != BY_HAND}
            taken |= {node.id for node in change.site.nodes} | {device.id for device in change.site.devices}
            read = read_device(form, one.view.identity, one.table, one.measures, change.site, taken)
            if read.troubles:
                return self._answer(request, change, one, form, notice="wrong", troubles=read.troubles)
            made = change.made(lambda now: with_tables(now, _tables(read)))
            what = f"device {read.table} ({one.view.identity}): {', '.join(sorted(read.values))}"
        trouble = put_change(self._gateway, request, change, made, form, what)
        if trouble is not None:
            return self._answer(request, self._change(), one, form, notice=trouble.notice, said=trouble.said)
        return go_to(request, "/devices", done="removed" if form.get("do") == "remove" else "saved")

    def _change(self) -> SiteChange:
        return SiteChange.of(self._file, self._gateway.site)

    def _known(self) -> list[Known]:
        return [] if self._gateway.devices is None else self._gateway.devices.devices()

    def _one(self, change: SiteChange, which: str, table_id: str) -> _One:
        known = {digest_of(one.device.identity): one for one in self._known()}.get(which)
        views = device_views([] if known is None else [known], change.site)
        view = next((one for one in views if one.digest == which), None)
        if view is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"no device has the digest {which[:20]!r}; /devices lists them")
        tables = tables_of(view.identity, change.site.devices)
        table = next((one for one in tables if one.id == table_id), None)
        if table is None and table_id:
            raise Problem(HTTPStatus.NOT_FOUND, f"that device has no table {table_id[:40]!r}; /devices lists them")
        measures = measures_of(known, table, [one for one in tables if one is not table])
        places = places_of(change.site, table, {str(one.quantity) for one in measures})
        return _One(view, known, table, measures, places)

    def _answer(
        self,
        request: Request,
        change: SiteChange,
        one: _One | None,
        fields: Fields,
        *,
        notice: str = "",
        troubles: dict[str, str] | None = None,
        said: list[str] | None = None,
    ) -> Response:
        site = change.site
        notice = notice or change.notice
        view = DevicesView(
            site_name=site.name,
            timezone=site.timezone,
            now_ts=self._gateway.clock.now_ts(),
            is_listening=self._gateway.devices is not None,
            devices=device_views(self._known(), site) if one is None else [one.view],
            form=None if one is None else _form(one, change),
            fields=fields,
            csrf=admin_csrf(request),
            base=change.now.digest,
            file=str(self._file.path),
            troubles=troubles or {},
            notice=notice,
            said=said or change.said,
        )
        html = render_devices(view, chosen_language(request), chosen_theme(request))
        is_form = request.method == "POST"
        return page(html, NOTICE_STATUS.get(notice, HTTPStatus.OK) if is_form else HTTPStatus.OK)


def _form(one: _One, change: SiteChange) -> DeviceFormView:
    told = {} if one.known is None else {said.entity.key: said for said in one.known.entities.values()}
    return DeviceFormView(
        device=one.view,
        table="" if one.table is None else one.table.id,
        places=one.places,
        circuits=[(circuit.id, circuit.name) for circuit in change.site.circuits],
        rooms=[(room.id, room.name) for room in change.site.rooms],
        measures=[
            (measure_field(entity.key), entity.label, str(entity.quantity) if entity.key in told else "")
            for entity in one.measures
        ],
    )


def _tables(read: Read) -> dict[str, tuple[str, dict[str, Any]]]:
    tables = {"devices": (read.table, read.values)}
    if read.outlet is not None:
        tables["outlets"] = str(read.outlet["id"]), read.outlet
    return tables
