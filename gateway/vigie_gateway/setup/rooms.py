"""The page of the plan: rooms, their names, seats and rectangles. Pure; see ``typed``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from vigie_gateway.place.entries import LANGUAGES
from vigie_gateway.setup.typed import (
    Entry,
    Fields,
    Meant,
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

GRID_WIDTH, GRID_HEIGHT = 48, 30
"""Of a plan that is begun: a square of it is what one likes, some 50 cm in most places. Smaller leaves no room for
booths; larger makes rooms hard to catch with a finger."""
STEPS_ACROSS = 48
"""Steps that a plan has across where the file has one in centimetres: the drawing moves rooms by whole steps."""
_SIDES = ("x", "y", "width", "height")


class Grid(NamedTuple):
    """The plan's size in the file's units, and by how many of them a drawing moves things."""

    width: float
    height: float
    step: float


def fields_of(raw: Mapping[str, Any], languages: Sequence[str]) -> Fields:
    """The page's fields as the file has them."""
    width, height = _size(raw)
    fields = {"plan-width": written(width), "plan-height": written(height)}
    rows = []
    for room in tables_of(raw, "rooms"):
        names = spread(room.get("name"), languages)
        box = _box(room)
        rows.append(
            {
                "id": written(room.get("id")),
                **{f"name_{one}": names.get(one, "") for one in languages},
                "seats": written(room.get("seats")),
                **{
                    side: written(None if box is None else value)
                    for side, value in zip(_SIDES, box or _SIDES, strict=True)
                },
            }
        )
    return with_rows(fields, "rooms", rows)


def add_room(fields: Fields) -> Fields:
    """The fields with an empty room more, drawn in the first free corner of the plan."""
    rows = rows_of(fields, "rooms")
    grid = grid_of(fields)
    width, height = grid.step * 8, grid.step * 6
    row = {
        "id": "",
        **{f"name_{one}": "" for one in LANGUAGES},
        "seats": "",
        "width": written(width),
        "height": written(height),
    }
    row["x"], row["y"] = (written(side) for side in _free_corner(rows, grid, width, height))
    return with_rows(fields, "rooms", [*rows, row])


def grid_of(fields: Mapping[str, str]) -> Grid:
    """The grid on which rooms are drawn; that of a new plan where none was typed that can be."""
    width, height = (read_number(fields.get(f"plan-{side}", "")) for side in ("width", "height"))
    if width is None or height is None or width <= 0 or height <= 0:
        return Grid(GRID_WIDTH, GRID_HEIGHT, 1)
    rough = max(width, height) / STEPS_ACROSS
    steps = [step for power in range(7) for step in (1 * 10**power, 2 * 10**power, 5 * 10**power)]
    return Grid(width, height, max(step for step in steps if step <= max(rough, 1)))


def read_rooms(fields: Mapping[str, str], raw: Mapping[str, Any], languages: Sequence[str]) -> Meant:
    """What the page says."""
    meant = Meant()
    plan = [read_number(fields.get(f"plan-{side}", "")) for side in ("width", "height")]
    for side, value in zip(("width", "height"), plan, strict=True):
        if value is None or value <= 0:
            meant.troubles[f"plan-{side}"] = "plan-size"
    if not meant.troubles:
        meant.keys["plan",] = plan
    sources, tables = sources_of(raw, "rooms"), tables_of(raw, "rooms")
    rows = rows_of(fields, "rooms")
    ids = room_ids(rows)
    for number, (row, room_id) in enumerate(zip(rows, ids, strict=True)):
        source = sources.get(room_id)
        before = {} if source is None else tables[source]
        values, troubles = _read_room(row, before, languages, None if meant.troubles.get("plan-width") else plan)
        meant.troubles |= {f"rooms-{number}-{key}": word for key, word in troubles.items()}
        meant.sections.setdefault("rooms", []).append(Entry(source, {"id": room_id, **values}))
    meant.sections.setdefault("rooms", [])
    return meant


def room_ids(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The id of each row: its own, or one made of its name."""
    taken = {row["id"] for row in rows if is_own_id(row.get("id"))}
    ids: list[str] = []
    for row in rows:
        room_id = row.get("id", "")
        if not is_own_id(room_id) or room_id in ids:
            name = next((row[f"name_{one}"] for one in LANGUAGES if row.get(f"name_{one}", "").strip()), "")
            room_id = new_id(name, taken, "room")
            taken.add(room_id)
        ids.append(room_id)
    return ids


def with_ids(fields: Fields) -> Fields:
    """The fields with an id for each room that has a name: once given, a room keeps it."""
    rows = rows_of(fields, "rooms")
    ids = room_ids(rows)
    named = [any(row.get(f"name_{one}", "").strip() for one in LANGUAGES) for row in rows]
    return with_rows(
        fields,
        "rooms",
        [
            {**row, "id": one if is_named else row.get("id", "")}
            for row, one, is_named in zip(rows, ids, named, strict=True)
        ],
    )


def room_names(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """Id and a name of each room, for the choices of other pages."""
    rows = rows_of(fields, "rooms")
    names = (next((row[f"name_{one}"] for one in LANGUAGES if row.get(f"name_{one}", "").strip()), "") for row in rows)
    return [(one, name or one) for one, name in zip(room_ids(rows), names, strict=True)]


def drawn_rooms(fields: Mapping[str, str], raw: Mapping[str, Any]) -> list[tuple[str, list[tuple[float, float]]]]:
    """Id and corners of each room that has a place on the plan, as far as what was typed says one."""
    sources, tables = sources_of(raw, "rooms"), tables_of(raw, "rooms")
    rows = rows_of(fields, "rooms")
    found = []
    for row, room_id in zip(rows, room_ids(rows), strict=True):
        box, wrong = _read_box(row, None)
        if box is None or wrong:
            continue
        source = sources.get(room_id)
        x, y, width, height = box
        rectangle = [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]
        before = {} if source is None else tables[source]
        corners = {**before, **_shape(box, before)}.get("corners") or rectangle
        found.append((room_id, [(corner[0], corner[1]) for corner in corners]))
    return found


def _read_room(
    row: Mapping[str, str], before: Mapping[str, Any], languages: Sequence[str], plan: Sequence[float | None] | None
) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    troubles: dict[str, str] = {}
    names, trouble = read_name(row, "name", languages)
    if trouble is not None:
        troubles[f"name_{languages[0]}"] = trouble
    else:
        values["name"] = name_value(names, before.get("name"))
    seats = read_count(row.get("seats", ""))
    if seats is None or seats > 100_000:  # noqa: PLR2004 - as place.entries bounds it
        troubles["seats"] = "seats"
    else:
        values["seats"] = seats
    box, wrong = _read_box(row, plan)
    troubles |= wrong
    if not wrong:
        values |= _shape(box, before)
    return values, troubles


def _read_box(
    row: Mapping[str, str], plan: Sequence[float | None] | None
) -> tuple[tuple[float, ...] | None, dict[str, str]]:
    if not any(row.get(side, "").strip() for side in _SIDES):
        return None, {}
    numbers = [read_number(row.get(side, "")) for side in _SIDES]
    wrong = {side: "number" for side, value in zip(_SIDES, numbers, strict=True) if value is None}
    x, y, width, height = (0 if value is None else value for value in numbers)
    for side, value in (("width", width), ("height", height)):
        if side not in wrong and value <= 0:
            wrong[side] = "above-zero"
    if not wrong and plan is not None:
        for start, side, most in (("x", "width", plan[0]), ("y", "height", plan[1])):
            from_, length = (x, width) if start == "x" else (y, height)
            if from_ < 0:
                wrong[start] = "off-plan"
            elif most is not None and from_ + length > most:
                wrong[side] = "off-plan"
    return (x, y, width, height), wrong


def _shape(box: tuple[float, ...] | None, before: Mapping[str, Any]) -> dict[str, Any]:
    """``rect``, or the corners of a room that has some, stretched into the box."""
    if box is None:
        return {"rect": None, "corners": None} if "rect" in before or "corners" in before else {}
    was = _box(before)
    if was == box:
        return {}
    if was is None or "corners" not in before:
        return {"rect": list(box), "corners": None} if "corners" in before else {"rect": list(box)}
    corners = [
        [box[axis] + (corner[axis] - was[axis]) * box[axis + 2] / was[axis + 2] for axis in (0, 1)]
        for corner in before["corners"]
    ]
    return {"corners": [[_tidy(value) for value in corner] for corner in corners]}


def _tidy(value: float) -> float:
    return int(value) if value == int(value) else round(value, 3)


def _box(room: Mapping[str, Any]) -> tuple[float, float, float, float] | None:
    """The rectangle of a room, or that around its corners; None when it has no place on the plan."""
    rect, corners = room.get("rect"), room.get("corners")
    if isinstance(rect, list) and len(rect) == len(_SIDES):
        x, y, width, height = rect
        return x, y, width, height
    if isinstance(corners, list) and corners:
        xs, ys = [corner[0] for corner in corners], [corner[1] for corner in corners]
        return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    return None


def _size(raw: Mapping[str, Any]) -> tuple[float, float]:
    """The plan's size; around the rooms where the file does not say."""
    plan = raw.get("plan")
    if isinstance(plan, list) and len(plan) == 2:  # noqa: PLR2004 - width and height
        return plan[0], plan[1]
    boxes = [box for room in tables_of(raw, "rooms") if (box := _box(room)) is not None]
    if not boxes:
        return GRID_WIDTH, GRID_HEIGHT
    return max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)


def _free_corner(rows: Sequence[Mapping[str, str]], grid: Grid, width: float, height: float) -> tuple[float, float]:
    boxes = [
        tuple(0 if value is None else value for value in (read_number(row.get(side, "")) for side in _SIDES))
        for row in rows
    ]
    for y in range(int((grid.height - height) / grid.step) + 1):
        for x in range(int((grid.width - width) / grid.step) + 1):
            left, top = x * grid.step, y * grid.step
            if not any(
                left < bx + bw and bx < left + width and top < by + bh and by < top + height for bx, by, bw, bh in boxes
            ):
                return left, top
    return 0, 0
