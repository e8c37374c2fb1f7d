"""The floor plan as a drawing: from polygons and doors of the site file to SVG coordinates.

Pure geometry, any polygon, computed once per site and kept. ``board`` asks it for the drawing, and for the height of
the tide in a room: the share of the floor's *area* under the waterline is the share of the seats taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from vigie_dashboard.view import DoorView, Point

WIDTH = 1080.0
"""Drawing units across. The type sizes of the style sheet (50 for a figure, 20 for a name) are for this width."""
MAX_HEIGHT = 900.0
"""A tall building is drawn smaller rather than pushing the rest of the board off the screen."""
MARGIN = 8.0
"""Room for the outer wall's thickness."""
WALL_GAP_SHARE = 0.25
"""A stretch of the outline between two rooms is walled when shorter than this share of the side (or when it has a
door): a corridor's end. Higher: the open side of a courtyard gets a wall that is not there."""

Corners = tuple[Point, ...]
Edges = list[tuple[Point, Point]]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the drawing."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class PlanRoom:
    """A room of the drawing: its outline, its bounds, and the largest rectangle in it, where its words go."""

    id: str
    corners: Corners
    points: str
    bounds: Box
    words: Box


@dataclass(frozen=True, slots=True)
class Plan:
    """The drawing. The paths are SVG path data; a room that lies inside another one comes after it, to be on top."""

    width: float
    height: float
    rooms: dict[str, PlanRoom]
    outer_walls: str
    inner_walls: str
    door_gaps: str
    door_swings: str


@lru_cache(maxsize=8)
def plan_of(rooms: tuple[tuple[str, Corners], ...], doors: tuple[DoorView, ...]) -> Plan | None:
    """The drawing of these rooms (id and corners, in plan units) and doors; None when no room has a place on it."""
    placed = [(room, corners) for room, corners in rooms if len(corners) >= 3 and area(corners) > 0]  # noqa: PLR2004 - a polygon
    if not placed:
        return None
    bounds = bounds_of(tuple(point for _, corners in placed for point in corners))
    scale = min(WIDTH / bounds.width, MAX_HEIGHT / bounds.height)

    def put(point: Point) -> Point:
        return Point((point.x - bounds.x) * scale + MARGIN, (point.y - bounds.y) * scale + MARGIN)

    drawn = _rooms({room: tuple(put(point) for point in corners) for room, corners in placed})
    segments = [(put(door.start), put(door.end)) for door in doors]
    outline = Box(MARGIN, MARGIN, bounds.width * scale, bounds.height * scale)
    outer, inner = _walls(list(drawn.values()), outline, segments)
    return Plan(
        width=outline.width + 2 * MARGIN,
        height=outline.height + 2 * MARGIN,
        rooms=drawn,
        outer_walls=outer,
        inner_walls=inner,
        door_gaps="".join(f"M{pair(start)}L{pair(end)}" for start, end in segments),
        door_swings="".join(_swing(start, end, list(drawn.values()), outline) for start, end in segments),
    )


@lru_cache(maxsize=4096)
def tide_y(corners: Corners, share: float) -> float:
    """The height of the waterline with that share (0 to 1) of the polygon's area below it."""
    bounds = bounds_of(corners)
    high, low = bounds.y, bounds.y + bounds.height
    if share <= 0 or share >= 1:
        return low if share <= 0 else high
    whole = area(corners)
    for _ in range(20):  # halving 900 units so often leaves less than a thousandth
        middle = (high + low) / 2
        if area(_below(corners, middle)) > share * whole:
            high = middle
        else:
            low = middle
    return (high + low) / 2


def area(corners: Corners) -> float:
    """By the shoelace formula, in square units, whichever way round the corners go."""
    return abs(sum(a.x * b.y - b.x * a.y for a, b in _edges(corners))) / 2


def bounds_of(corners: Corners) -> Box:
    """The smallest rectangle around these points."""
    xs, ys = [point.x for point in corners], [point.y for point in corners]
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def is_inside(point: Point, corners: Corners) -> bool:
    """Whether the polygon contains the point (even-odd rule)."""
    return sum(x < point.x for x in _crossings(_edges(corners), point.y)) % 2 == 1


def largest_box(corners: Corners, holes: Iterable[Corners] = ()) -> Box:
    """A large upright rectangle inside the polygon and beside its holes, for words; the highest of those as good."""
    edges = [edge for outline in (corners, *holes) for edge in _edges(outline)]
    ys = sorted({a.y for a, _ in edges})
    if any(a.x != b.x and a.y != b.y for a, b in edges):
        top, bottom = ys[0], ys[-1]
        ys = sorted({*ys, *(top + (bottom - top) * step / 12 for step in range(1, 12))})
    best, best_score = bounds_of(corners), -1.0
    for index, top in enumerate(ys):
        for bottom in ys[index + 1 :]:
            for left, right in _clear_columns(edges, top, bottom):
                # Beyond this a box is large enough for every word: then the higher one is better.
                score = min(right - left, 330) * min(bottom - top, 190) - top / 100 - left / 1000
                if score > best_score:
                    best, best_score = Box(left, top, right - left, bottom - top), score
    return best


def pair(point: Point) -> str:
    """``x y`` as short as it can be in SVG."""
    return f"{number(point.x)} {number(point.y)}"


def number(value: float) -> str:
    """At most one decimal, none when it is zero."""
    return f"{value:.1f}".removesuffix(".0")


def _rooms(placed: dict[str, Corners]) -> dict[str, PlanRoom]:
    holes = {room: [other for other in placed.values() if _lies_in(other, corners)] for room, corners in placed.items()}
    depths = {room: sum(corners in found for found in holes.values()) for room, corners in placed.items()}
    return {room: _room(room, placed[room], holes[room]) for room in sorted(placed, key=lambda room: depths[room])}


def _room(room: str, corners: Corners, holes: list[Corners]) -> PlanRoom:
    points = " ".join(f"{number(point.x)},{number(point.y)}" for point in corners)
    return PlanRoom(room, corners, points, bounds_of(corners), largest_box(corners, holes))


def _lies_in(inner: Corners, outer: Corners) -> bool:
    """Whether it is a room within the other: a booth in a hall."""
    small, large = bounds_of(inner), bounds_of(outer)
    middle = Point(small.x + small.width / 2, small.y + small.height / 2)
    return (
        large.x <= small.x
        and large.y <= small.y
        and small.x + small.width <= large.x + large.width
        and small.y + small.height <= large.y + large.height
        and area(inner) < area(outer)
        and is_inside(middle, outer)
    )


def _edges(corners: Corners) -> Edges:
    return list(zip(corners, corners[1:] + corners[:1], strict=True))


def _below(corners: Corners, level: float) -> Corners:
    """The part of the polygon under a horizontal line (Sutherland and Hodgman's clipping, one plane)."""
    kept: list[Point] = []
    for a, b in _edges(corners):
        if a.y >= level:
            kept.append(a)
        if (a.y >= level) != (b.y >= level):
            kept.append(Point(a.x + (b.x - a.x) * (level - a.y) / (b.y - a.y), level))
    return tuple(kept)


def _crossings(edges: Edges, level: float) -> list[float]:
    return sorted(a.x + (b.x - a.x) * (level - a.y) / (b.y - a.y) for a, b in edges if (a.y > level) != (b.y > level))


def _clear_columns(edges: Edges, top: float, bottom: float) -> list[tuple[float, float]]:
    """Where every horizontal line between two heights lies inside.

    Edges are straight between the corners' heights, so that looking just beside each of these is enough.
    """
    margin = (bottom - top) * 1e-6
    levels = [top + margin, bottom - margin]
    for point, _ in edges:
        if top < point.y < bottom:
            levels += [point.y - margin, point.y + margin]
    clear: list[tuple[float, float]] = [(-math.inf, math.inf)]
    for level in levels:
        xs = _crossings(edges, level)
        spans = list(zip(xs[::2], xs[1::2], strict=False))
        clear = [(max(a, c), min(b, d)) for a, b in clear for c, d in spans if min(b, d) > max(a, c)]
    return clear


def _walls(rooms: list[PlanRoom], outline: Box, doors: list[tuple[Point, Point]]) -> tuple[str, str]:
    """The outer and the inner walls: outer are those along the outline of the whole."""
    outer: dict[str, None] = {}
    inner: dict[str, None] = {}
    on_sides: list[list[tuple[float, float]]] = [[], [], [], []]
    for room in rooms:
        for a, b in _edges(room.corners):
            side = _side(a, b, outline)
            first, last = sorted((a, b), key=lambda point: (point.x, point.y))
            (inner if side is None else outer)[f"M{pair(first)}L{pair(last)}"] = None
            if side is not None:
                on_sides[side].append((first.x, last.x) if side < 2 else (first.y, last.y))  # noqa: PLR2004 - 0, 1: level
    for side, spans in enumerate(on_sides):
        for start, end in _gaps(spans):
            a, b = _on_side(side, start, outline), _on_side(side, end, outline)
            length = outline.width if side < 2 else outline.height  # noqa: PLR2004 - as above
            has_door = any(_side(c, d, outline) == side and _between(a, b, c, d) for c, d in doors)
            if has_door or end - start < length * WALL_GAP_SHARE:
                outer[f"M{pair(a)}L{pair(b)}"] = None
    return "".join(outer), "".join(inner)


def _side(a: Point, b: Point, outline: Box) -> int | None:
    """Which side of the outline the segment lies on: 0 top, 1 bottom, 2 left, 3 right."""
    levels = (outline.y, outline.y + outline.height)
    columns = (outline.x, outline.x + outline.width)
    for side, level in enumerate(levels):
        if abs(a.y - level) < 1 and abs(b.y - level) < 1:
            return side
    for side, column in enumerate(columns):
        if abs(a.x - column) < 1 and abs(b.x - column) < 1:
            return side + 2
    return None


def _on_side(side: int, along: float, outline: Box) -> Point:
    if side < 2:  # noqa: PLR2004 - 0, 1: level
        return Point(along, outline.y + (outline.height if side == 1 else 0))
    return Point(outline.x + (outline.width if side == 3 else 0), along)  # noqa: PLR2004 - the right side


def _gaps(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The stretches between spans, not before the first nor after the last."""
    gaps = []
    reach: float | None = None
    for start, end in sorted(spans):
        if reach is not None and start - reach > 1:
            gaps.append((reach, start))
        reach = end if reach is None else max(reach, end)
    return gaps


def _between(a: Point, b: Point, c: Point, d: Point) -> bool:
    middle = Point((c.x + d.x) / 2, (c.y + d.y) / 2)
    return min(a.x, b.x) - 1 <= middle.x <= max(a.x, b.x) + 1 and min(a.y, b.y) - 1 <= middle.y <= max(a.y, b.y) + 1


def _swing(start: Point, end: Point, rooms: list[PlanRoom], outline: Box) -> str:
    """The leaf and the quarter circle that it sweeps: into a room (the smaller of two), else into the building."""
    dx, dy = end.x - start.x, end.y - start.y
    length = math.hypot(dx, dy)
    if length == 0:
        return ""
    sides = []
    for turn in (1.0, -1.0):
        probe = Point((start.x + end.x) / 2 - dy * turn / 2, (start.y + end.y) / 2 + dx * turn / 2)
        sizes = [area(room.corners) for room in rooms if is_inside(probe, room.corners)]
        if 0 < probe.x - outline.x < outline.width and 0 < probe.y - outline.y < outline.height:
            sizes.append(outline.width * outline.height)
        sides.append((min(sizes, default=math.inf), turn))
    turn = min(sides)[1]
    leaf = Point(start.x - dy * turn, start.y + dx * turn)
    radius = number(length)
    return f"M{pair(start)}L{pair(leaf)}A{radius} {radius} 0 0 {0 if turn > 0 else 1} {pair(end)}"
