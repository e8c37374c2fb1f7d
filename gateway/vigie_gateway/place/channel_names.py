"""What channels are called: by the label that their node gives, else by what the place has them for. Pure.

Called by ``alerts.naming``, and by the pages of histories and of health, on any thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from vigie_dashboard.channel_words import channel_of, outlet_channel
from vigie_dashboard.language import language_of
from vigie_gateway.place.site import Outlets, Site
from vigie_gateway.store import Series

Names = Mapping[str, str]
"""By language."""


def channel_names(site: Site, series: Sequence[Series]) -> dict[str, Names]:
    """By ``node.channel``, what each is called in the languages of the place.

    Those of a room that would be called the same have their id beside it.
    """
    outlets, things = _outlets(site), _things(site)
    found: dict[str, Names] = {}
    for one in series:
        label, quantity = one.channel.label, one.channel.quantity
        outlet, thing = outlets.get(one.name), things.get(one.name, {})
        if label:
            found[one.name] = dict.fromkeys(site.languages, label)
        elif outlet is not None:
            found[one.name] = {code: outlet_channel(quantity, outlet, language_of(code)) for code in site.languages}
        else:
            # Nothing else would say where it is.
            where = thing or (dict.fromkeys(site.languages, one.node) if one.channel.room is None else {})
            found[one.name] = {code: channel_of(quantity, where, language_of(code)) for code in site.languages}
    alike = Counter((one.channel.room, *found[one.name].values()) for one in series)
    for one in series:
        names = found[one.name]
        if not one.channel.label and alike[one.channel.room, *names.values()] > 1:
            found[one.name] = {code: f"{name} ({one.name})" for code, name in names.items()}
    return found


def _outlets(site: Site) -> dict[str, str]:
    """By channel, the number of its outlet in its row, or the id where those of the row are not numbered."""
    numbers = {outlet.id: _number(group, outlet.id) for group in site.outlets for outlet in group.outlets()}
    return {
        channel: numbers[outlet.id]
        for outlet in site.all_outlets()
        for channel in (outlet.in_use, outlet.power, outlet.switched_on)
        if channel is not None
    }


def _number(group: Outlets, outlet: str) -> str:
    return outlet if group.count is None else outlet.rpartition("-")[2]


def _things(site: Site) -> dict[str, Names]:
    """By channel, the name of the circuit, access point, line or device that it tells of."""
    found: dict[str, Names] = {}
    for device in site.devices:
        if device.name is not None:
            _add(found, device.name, (f"{device.id}.{one.channel}" for one in device.measures))
            _add(found, device.name, device.channels().values())
    for circuit in site.circuits:
        _add(found, circuit.name, (circuit.power, circuit.mains, circuit.subscribed))
    for point in site.access_points:
        _add(found, point.name, (point.stations, point.utilisation))
    for line in site.uplinks:
        _add(found, line.name, (line.download, line.upload, line.portal, line.dns))
    return found


def _add(found: dict[str, Names], name: Names, channels: Iterable[str | None]) -> None:
    found.update((channel, name) for channel in channels if channel is not None)
