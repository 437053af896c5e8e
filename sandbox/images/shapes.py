"""Outlines: every shape is a union of polygons.

Geometry is positional, as in Pillow: x, y, then sizes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Point = tuple[float, float]
Polygon = list[Point]
Shape = list[Polygon]

_CIRCLE = tuple(
    (math.cos(math.radians(angle)), math.sin(math.radians(angle))) for angle in range(0, 360, 5)
)


def polygon(*points: Point) -> Shape:
    """Return the polygon through `points`."""
    return [list(points)]


def ellipse(x: float, y: float, rx: float, ry: float | None = None, turn: float = 0.0) -> Shape:
    """Return an ellipse around (x, y); `turn` in degrees."""
    if ry is None:
        ry = rx
    cos_turn, sin_turn = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return [
        [
            (x + rx * c * cos_turn - ry * s * sin_turn, y + rx * c * sin_turn + ry * s * cos_turn)
            for c, s in _CIRCLE
        ]
    ]


def dot(x: float, y: float, radius: float) -> Shape:
    """Return a small circle with few points."""
    return [[(x + radius * cos, y + radius * sin) for cos, sin in _CIRCLE[::6]]]


def pie(
    x: float, y: float, rx: float, ry: float, start: float, end: float, turn: float = 0.0
) -> Shape:
    """Return the sector of an ellipse from `start` to `end` (degrees, counterclockwise, y up)."""
    steps = max(6, int(abs(end - start) / 6))
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    points: Polygon = [(x, y)]
    for step in range(steps + 1):
        angle = math.radians(start + (end - start) * step / steps)
        dx, dy = rx * math.cos(angle), ry * math.sin(angle)
        points.append((x + dx * cos - dy * sin, y + dx * sin + dy * cos))
    return [points]


def segment(x: float, y: float, rx: float, ry: float, start: float, end: float) -> Shape:
    """Return the part of an ellipse beyond the chord between two angles."""
    return [pie(x, y, rx, ry, start, end)[0][1:]]


def box(x0: float, y0: float, x1: float, y1: float, radius: float = 0.0) -> Shape:
    """Return an upright rectangle, with corners of `radius`."""
    x0, x1 = min(x0, x1), max(x0, x1)
    y0, y1 = min(y0, y1), max(y0, y1)
    radius = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    if radius <= 0:
        return polygon((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    points: Polygon = []
    for cx, cy, start in (
        (x1 - radius, y1 - radius, 0),
        (x0 + radius, y1 - radius, 90),
        (x0 + radius, y0 + radius, 180),
        (x1 - radius, y0 + radius, 270),
    ):
        points += pie(cx, cy, radius, radius, start, start + 90)[0][1:]
    return [points]


def curve(points: Sequence[Point], *, closed: bool = False, steps: int = 10) -> Polygon:
    """Return a smooth line through `points` (Catmull-Rom)."""
    count = len(points)
    if count < 3:
        return list(points)
    around = [*points[-1:], *points, *points[:2]] if closed else [points[0], *points, points[-1]]
    line: Polygon = []
    for i in range(count if closed else count - 1):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = around[i : i + 4]
        for step in range(steps):
            t = step / steps
            line.append((_spline(ax, bx, cx, dx, t), _spline(ay, by, cy, dy, t)))
    if not closed:
        line.append(points[-1])
    return line


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))


def blob(*points: Point) -> Shape:
    """Return a smooth closed outline through `points`."""
    return [curve(points, closed=True)]


def outline(text: str, side: float = 1.0) -> Shape:
    """Return a smooth closed outline through points listed as "x y, x y"; side -1 mirrors it."""
    pairs = (pair.split() for pair in text.split(","))
    return blob(*((float(x) * side, float(y)) for x, y in pairs))


def stroke(points: Sequence[Point], width: float, *, tip: float | None = None) -> Shape:
    """Return a line of `width` with round ends, tapering to `tip` if given."""
    last = len(points) - 1
    end = width if tip is None else tip
    halves = [(width + (end - width) * i / max(1, last)) / 2 for i in range(last + 1)]
    shape: Shape = []
    for i in range(last):
        (x0, y0), (x1, y1) = points[i], points[i + 1]
        length = math.hypot(x1 - x0, y1 - y0)
        if length == 0:
            continue
        nx, ny = -(y1 - y0) / length, (x1 - x0) / length
        a, b = halves[i], halves[i + 1]
        shape.append(
            [
                (x0 + nx * a, y0 + ny * a),
                (x1 + nx * b, y1 + ny * b),
                (x1 - nx * b, y1 - ny * b),
                (x0 - nx * a, y0 - ny * a),
            ]
        )
    for (x, y), half in zip(points, halves, strict=True):
        shape += dot(x, y, half)
    return shape


def sweep(points: Sequence[Point], width: float, *, tip: float | None = None) -> Shape:
    """Return a smooth stroke through `points`."""
    return stroke(curve(points), width, tip=tip)


def star(x: float, y: float, radius: float, points: int = 5, inner: float = 0.42) -> Shape:
    """Return a star."""
    outline: Polygon = []
    for i in range(points * 2):
        reach = radius if i % 2 == 0 else radius * inner
        angle = math.pi / 2 + math.pi * i / points
        outline.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    return [outline]


def moved(shape: Shape, change: Callable[[float, float], Point]) -> Shape:
    """Return `shape` with every point transformed by `change`."""
    return [[change(x, y) for x, y in outline] for outline in shape]


def bounds(shape: Shape) -> tuple[float, float, float, float]:
    """Return the bounding box of `shape` as x0, y0, x1, y1."""
    xs = [x for outline in shape for x, _ in outline]
    ys = [y for outline in shape for _, y in outline]
    if not xs:
        return 0.0, 0.0, 0.0, 0.0
    return min(xs), min(ys), max(xs), max(ys)
