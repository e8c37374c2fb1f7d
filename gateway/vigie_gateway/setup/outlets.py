"""The page of the outlets and of the circuits that feed them. Pure; see ``typed``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from vigie_gateway.place.entries import LANGUAGES
from vigie_gateway.setup.typed import (
    Entry,
    Fields,
    Meant,
    is_channel,
    is_own_id,
    name_value,
    new_id,
    read_count,
    read_name,
    read_number,
    rows_of,
    sources_of,
    spread,
    tables_of,
    with_rows,
    written,
)

_METERS = ("in_use", "power")


def fields_of(raw: Mapping[str, Any], languages: Sequence[str]) -> Fields:
    """The page's fields as the file has them."""
    circuits = []
    for circuit in tables_of(raw, "circuits"):
        names = spread(circuit.get("name"), languages)
        circuits.append(
            {
                "id": written(circuit.get("id")),
                **{f"name_{one}": names.get(one, "") for one in languages},
                "parent": written(circuit.get("parent")),
                "max_current_a": written(circuit.get("max_current_a")),
                "power": written(circuit.get("power")),
            }
        )
    outlets = []
    for number, group in enumerate(tables_of(raw, "outlets")):
        ids = group.get("ids")
        outlets.append(
            {
                "source": str(number),
                "ids": " ".join(map(str, ids)) if isinstance(ids, list) else written(group.get("id")),
                "count": written(group.get("count")),
                "room": written(group.get("room")),
                "circuit": written(group.get("circuit")),
                **{key: written(group.get(key)) for key in _METERS},
            }
        )
    return with_rows(with_rows({}, "circuits", circuits), "outlets", outlets)


def add_circuit(fields: Fields) -> Fields:
    """The fields with an empty circuit more."""
    row = dict.fromkeys(("id", *(f"name_{one}" for one in LANGUAGES), "parent", "max_current_a", "power"), "")
    return with_rows(fields, "circuits", [*rows_of(fields, "circuits"), row])


def add_outlet(fields: Fields, board_names: Mapping[str, str]) -> Fields:
    """The fields with an outlet more, in the room and on the circuit of the one before.

    Args:
        fields: Of the page.
        board_names: What to call the first circuit, by language, where there is none: an outlet hangs on one.
    """
    if not rows_of(fields, "circuits"):
        fields = add_circuit(fields)
        fields |= {f"circuits-0-name_{one}": name for one, name in board_names.items()}
        fields = with_ids(fields)
    rows, circuits = rows_of(fields, "outlets"), rows_of(fields, "circuits")
    before = rows[-1] if rows else {"room": "", "circuit": circuits[0].get("id", "")}
    empty = dict.fromkeys(("source", "count", *_METERS), "")
    row = empty | {"ids": _next_id(rows), "room": before.get("room", ""), "circuit": before.get("circuit", "")}
    return with_rows(fields, "outlets", [*rows, row])


def with_ids(fields: Fields) -> Fields:
    """The fields with an id for each circuit that has a name."""
    rows = rows_of(fields, "circuits")
    ids = circuit_ids(rows)
    named = [any(row.get(f"name_{one}", "").strip() for one in LANGUAGES) for row in rows]
    return with_rows(
        fields,
        "circuits",
        [
            {**row, "id": one if is_named else row.get("id", "")}
            for row, one, is_named in zip(rows, ids, named, strict=True)
        ],
    )


def circuit_ids(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The id of each row: its own, or one made of its name."""
    taken = {row["id"] for row in rows if is_own_id(row.get("id"))}
    ids: list[str] = []
    for row in rows:
        circuit = row.get("id", "")
        if not is_own_id(circuit) or circuit in ids:
            name = next((row[f"name_{one}"] for one in LANGUAGES if row.get(f"name_{one}", "").strip()), "")
            circuit = new_id(name, taken, "circuit")
            taken.add(circuit)
        ids.append(circuit)
    return ids


def circuit_names(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """Id and a name of each circuit, for the choices of outlets."""
    rows = rows_of(fields, "circuits")
    names = (next((row[f"name_{one}"] for one in LANGUAGES if row.get(f"name_{one}", "").strip()), "") for row in rows)
    return [(one, name or one) for one, name in zip(circuit_ids(rows), names, strict=True)]


def read_outlets(
    fields: Mapping[str, str], raw: Mapping[str, Any], rooms: Collection[str], languages: Sequence[str]
) -> Meant:
    """What the page says."""
    meant = Meant()
    _read_circuits(fields, raw, languages, meant)
    circuits = {str(entry.values["id"]) for entry in meant.sections["circuits"]}
    tables = tables_of(raw, "outlets")
    entries: list[Entry] = []
    seen: set[str] = set()
    heard = {entry.values["power"] for entry in meant.sections["circuits"] if entry.values.get("power")}
    for number, row in enumerate(rows_of(fields, "outlets")):
        source = read_count(row.get("source", ""))
        if source is not None and (source >= len(tables) or any(entry.source == source for entry in entries)):
            source = None
        values, ids, troubles = _read_outlet(row, rooms, circuits)
        if not troubles and seen & set(ids):
            troubles["ids"] = "outlet-twice"
        seen |= set(ids)
        channels = [values[key].replace("{id}", one) for key in _METERS if values[key] for one in ids]
        if not troubles and (heard & set(channels) or len(set(channels)) < len(channels)):
            troubles["power" if values["power"] else "in_use"] = "meter-twice"
        heard |= set(channels)
        before = {} if source is None else tables[source]
        if "ids" in before and values["count"] is None:  # one alone may be in a list too
            values |= {"id": None, "ids": ids}
        values = {key: value for key, value in values.items() if value is not None or key in before}
        meant.troubles |= {f"outlets-{number}-{key}": word for key, word in troubles.items()}
        entries.append(Entry(source, values))
    meant.sections["outlets"] = entries
    return meant


def _read_circuits(fields: Mapping[str, str], raw: Mapping[str, Any], languages: Sequence[str], meant: Meant) -> None:
    sources, tables, rows = sources_of(raw, "circuits"), tables_of(raw, "circuits"), rows_of(fields, "circuits")
    ids = circuit_ids(rows)
    entries = meant.sections.setdefault("circuits", [])
    heard: set[str] = set()
    for number, (row, circuit) in enumerate(zip(rows, ids, strict=True)):
        source = sources.get(circuit)
        before = {} if source is None else tables[source]
        values: dict[str, Any] = {"id": circuit}
        troubles: dict[str, str] = {}
        names, trouble = read_name(row, "name", languages)
        if trouble is not None:
            troubles[f"name_{languages[0]}"] = trouble
        else:
            values["name"] = name_value(names, before.get("name"))
        parent = row.get("parent", "")
        if parent and (parent not in ids or _is_below(parent, circuit, rows, ids)):
            troubles["parent"] = "parent"
        current_a = read_number(row["max_current_a"]) if row.get("max_current_a", "").strip() else None
        if row.get("max_current_a", "").strip() and (current_a is None or current_a <= 0):
            troubles["max_current_a"] = "above-zero"
        power = row.get("power", "").strip()
        if power and not is_channel(power):
            troubles["power"] = "channel"
        elif power and power in heard:
            troubles["power"] = "meter-twice"
        heard.add(power)
        given = {"parent": parent or None, "max_current_a": current_a, "power": power or None}
        values |= {key: value for key, value in given.items() if value is not None or key in before}
        meant.troubles |= {f"circuits-{number}-{key}": word for key, word in troubles.items()}
        entries.append(Entry(source, values))


def _is_below(circuit: str, above: str, rows: Sequence[Mapping[str, str]], ids: Sequence[str]) -> bool:
    parents = {one: row.get("parent", "") for one, row in zip(ids, rows, strict=True)}
    for _ in ids:
        if circuit == above:
            return True
        circuit = parents.get(circuit, "")
    return circuit == above


def _read_outlet(
    row: Mapping[str, str], rooms: Collection[str], circuits: Collection[str]
) -> tuple[dict[str, Any], list[str], dict[str, str]]:
    troubles: dict[str, str] = {}
    ids = row.get("ids", "").replace(",", " ").replace(";", " ").lower().split()
    count = None
    if not ids or not all(is_own_id(one) for one in ids) or len(set(ids)) < len(ids):
        troubles["ids"] = "outlet-ids"
    if row.get("count", "").strip():
        count = read_count(row["count"])
        if count is None or not 1 <= count <= 1_000 or len(ids) != 1:  # noqa: PLR2004 - as place.entries bounds it
            troubles["count"] = "outlet-count"
            count = None
    if row.get("room") not in rooms:
        troubles["room"] = "room"
    if row.get("circuit") not in circuits:
        troubles["circuit"] = "circuit"
    numbered = [f"{ids[0]}-{number}" for number in range(1, count + 1)] if count and ids else ids
    values: dict[str, Any] = {
        "room": row.get("room", ""),
        "circuit": row.get("circuit", ""),
        "id": ids[0] if len(ids) == 1 else None,
        "ids": ids if len(ids) > 1 else None,
        "count": count,
    }
    for key in _METERS:
        channel = row.get(key, "").strip()
        values[key] = channel or None
        if channel and not is_channel(channel.replace("{id}", "id", 1)):
            troubles[key] = "channel"
        elif channel and len(numbered) > 1 and "{id}" not in channel:
            troubles[key] = "id-in-channel"
    return values, numbered, troubles


def _next_id(rows: Sequence[Mapping[str, str]]) -> str:
    taken = {one for row in rows for one in row.get("ids", "").split()}
    return next(f"p{number:02d}" for number in range(1, len(taken) + 2) if f"p{number:02d}" not in taken)
