"""``/api/v1/devices``: the devices of others that the bus knows of, and what they say, for programs of the admin.

Names and shapes here are promised: they change only with the number in the path.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter

from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.auth.roles import ADMIN_ONLY
from vigie_gateway.place.device_table import DeviceTable
from vigie_gateway.place.site import Site
from vigie_gateway.registry.approval import state_of, tables_of
from vigie_gateway.registry.registry import Known, Said


@dataclass(frozen=True, slots=True)
class EntityAnswer:
    """What a device says of one thing. ``quantity`` null: listed only, ``trouble`` says why; ``value`` null: unknown.

    ``heard_ts`` is when it last spoke afresh, ``changed_ts`` when it last said something else; null since the gateway
    started. ``is_retained``: all that is known is what the broker had kept, of no known age.
    """

    id: str
    label: str
    quantity: str | None
    value: float | None
    reason: str | None
    said: str
    heard_ts: float | None
    changed_ts: float | None
    is_retained: bool
    trouble: str | None
    detail: str
    template: str


@dataclass(frozen=True, slots=True)
class PlaceAnswer:
    """What a device was given, by the ids of ``site.toml``; null: not that. ``id`` begins the names of its channels."""

    id: str
    room: str | None
    outlet: str | None
    circuit: str | None
    door: str | None
    access_point: str | None


@dataclass(frozen=True, slots=True)
class DeviceAnswer:
    """One device, as it describes itself; ``is_online`` null: it never said.

    ``places`` are what it was given: none while it is pending, several of a strip of outlets.
    """

    family: str
    id: str
    name: str
    maker: str
    model: str
    software: str
    area: str
    state: Literal["pending", "approved", "changed"]
    first_ts: float
    heard_ts: float | None
    is_online: bool | None
    places: tuple[PlaceAnswer, ...]
    entities: tuple[EntityAnswer, ...]


def api_router(gateway: Gateway) -> APIRouter:
    """The routes of version 1."""
    routes = APIRouter(prefix="/api/v1", tags=["v1"], route_class=GuardedRoute)

    @routes.get("/devices", summary="Devices of others on the bus; empty where the gateway listens to none")
    @allowed(ADMIN_ONLY)
    def devices() -> list[DeviceAnswer]:
        return [] if gateway.devices is None else [_answer(one, gateway.site) for one in gateway.devices.devices()]

    return routes


def _answer(known: Known, site: Site) -> DeviceAnswer:
    one = known.device
    tables = tables_of(one.identity, site.devices)
    return DeviceAnswer(
        family=one.family,
        id=one.id,
        name=one.name,
        maker=one.maker,
        model=one.model,
        software=one.software,
        area=one.area,
        state=state_of(known, tables).value,
        first_ts=known.first_ts,
        heard_ts=known.heard_ts,
        is_online=known.is_online,
        places=tuple(_place(table) for table in tables),
        entities=tuple(_entity(said) for said in known.entities.values()),
    )


def _place(table: DeviceTable) -> PlaceAnswer:
    return PlaceAnswer(table.id, table.room, table.outlet, table.circuit, table.door, table.access_point)


def _entity(said: Said) -> EntityAnswer:
    one = said.entity
    return EntityAnswer(
        id=one.unique_id,
        label=one.label,
        quantity=one.quantity,
        value=said.value,
        reason=said.reason,
        said=said.said,
        heard_ts=said.heard_ts,
        changed_ts=said.changed_ts,
        is_retained=said.is_retained,
        trouble=one.trouble,
        detail=one.detail,
        template=one.template,
    )
