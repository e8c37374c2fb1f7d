"""Devices of others as the page of devices shows them. Pure; called by ``api.devices`` on request threads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from vigie_contract.quantities import QUANTITIES
from vigie_dashboard.device_view import ChangeView, DeviceView, EntityView, GivenView, Names
from vigie_gateway.place.device_table import DeviceTable
from vigie_gateway.place.site import Site
from vigie_gateway.registry.approval import Approved, State, changes_of, state_of, tables_of
from vigie_gateway.registry.registry import Known, Said

ABSENT = "absent"
"""The state of a device that was given a place and was not heard of since the gateway started."""
_DIGEST_CHARACTERS = 16
_ORDER = (State.PENDING.value, State.CHANGED.value, ABSENT, State.APPROVED.value)


def digest_of(identity: str) -> str:
    """By which a page's address names a device: what it calls itself stays out of addresses."""
    return hashlib.sha256(identity.encode()).hexdigest()[:_DIGEST_CHARACTERS]


def device_views(known: Iterable[Known], site: Site) -> list[DeviceView]:
    """All that are known and all that were given a place: pending ones first, the newest of them at the top."""
    views = [_view(one, tables_of(one.device.identity, site.devices), site) for one in known]
    heard = {view.identity for view in views}
    away = dict.fromkeys(table.device for table in site.devices if table.device not in heard)
    views += [_absent(identity, tables_of(identity, site.devices), site) for identity in away]
    return sorted(views, key=lambda view: (_ORDER.index(view.state), -(view.first_ts or 0.0), view.identity))


def _view(known: Known, tables: Sequence[DeviceTable], site: Site) -> DeviceView:
    device, approved = known.device, Approved(tables)
    return DeviceView(
        digest=digest_of(device.identity),
        identity=device.identity,
        name=device.name,
        maker=device.maker,
        model=device.model,
        software=device.software,
        area=device.area,
        state=state_of(known, tables).value,
        first_ts=known.first_ts,
        heard_ts=known.heard_ts,
        is_online=known.is_online,
        entities=[_entity(said) for said in known.entities.values()],
        given=_given(tables, site),
        changes=[
            ChangeView(one.measure.channel, one.measure.quantity, one.measure.unit, one.quantity, one.unit)
            for one in changes_of(known, tables)
        ],
        has_more=any(
            said.entity.quantity is not None and approved.of(unique_id) is None
            for unique_id, said in known.entities.items()
        ),
    )


def _absent(identity: str, tables: Sequence[DeviceTable], site: Site) -> DeviceView:
    given = _given(tables, site)
    return DeviceView(
        digest_of(identity), identity, "", "", "", "", "", ABSENT, None, None, None, (), given, (), has_more=False
    )


def _entity(said: Said) -> EntityView:
    entity = said.entity
    quantity = QUANTITIES.get(entity.quantity or "")
    return EntityView(
        label=entity.label,
        quantity=entity.quantity,
        unit="" if quantity is None else quantity.unit,
        value=said.value,
        reason=said.reason,
        said=said.said,
        heard_ts=said.heard_ts,
        changed_ts=said.changed_ts,
        is_retained=said.is_retained,
        trouble=entity.trouble,
        detail=entity.detail,
        template=entity.template if entity.trouble == "template" else "",
    )


def _given(tables: Iterable[DeviceTable], site: Site) -> list[GivenView]:
    return [GivenView(table.id, table.name or {}, list(_about(table, site))) for table in tables]


def _about(table: DeviceTable, site: Site) -> Iterable[tuple[str, Names]]:
    names: dict[str, dict[str, Names]] = {
        "room": {one.id: one.name for one in site.rooms},
        "circuit": {one.id: one.name for one in site.circuits},
        "access_point": {one.id: one.name for one in site.access_points},
    }
    room = {"room": table.room} if table.room is not None else {}
    if table.outlet is not None and not room:
        room = {"room": next((one.room for one in site.all_outlets() if one.id == table.outlet), "")}
    for kind, name in (table.about() | room).items():
        yield kind, names.get(kind, {}).get(name, dict.fromkeys(site.languages, name))
