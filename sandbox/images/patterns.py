"""Patterns: the compositions on a test card, built on a grid of square modules."""

from __future__ import annotations

import itertools
import math
from random import Random

from PIL import Image

from sandbox.images import shapes
from sandbox.images.canvas import Canvas
from sandbox.images.palette import luminance
from sandbox.images.schemes import Scheme
from sandbox.images.shapes import Point, Shape


class Grid:
    """The picture half of a test card: columns and rows of square modules."""

    def __init__(self, *, columns: int, rows: int, size: tuple[int, int], scheme: Scheme) -> None:
        self.canvas = Canvas(Image.new("RGB", size, scheme.ground))
        self.columns, self.rows, self.scheme = columns, rows, scheme
        self.module = max(size[0] / columns, size[1] / rows)
        self.strong, self.other, *self.rest = scheme.figures

    def at(self, column: float, row: float) -> Point:
        """Return the pixel of a grid corner."""
        return column * self.module, row * self.module


def draw(grid: Grid, rng: Random) -> None:
    """Draw one of the patterns and mark the grid over it."""
    rng.choice((_arcs, _spiral, _mosaic, _burst))(grid, rng)
    _register(grid)


def _arcs(grid: Grid, rng: Random) -> None:
    """Draw arcs of growing width around a corner of the grid."""
    x, y = grid.at(rng.randint(1, grid.columns - 1), rng.randint(1, max(1, grid.rows - 1)))
    canvas = grid.canvas
    inward = math.degrees(math.atan2(y - canvas.height / 2, canvas.width / 2 - x))
    inner = wide = grid.module * 0.25
    colors = itertools.cycle((grid.strong, grid.other, *grid.rest))
    while inner < math.hypot(canvas.width, canvas.height):
        span = rng.choice((135.0, 180.0, 225.0))
        start = round(inward / 45) * 45 - span / 2 + rng.choice((-45, 0, 45))
        canvas.fill(_ring(x, y, inner, inner + wide, start, span), next(colors))
        inner += wide * 1.5
        wide *= 1.6
    canvas.fill(shapes.ellipse(x, y, grid.module * 0.125), grid.strong)


def _ring(x: float, y: float, inner: float, outer: float, start: float, span: float) -> Shape:
    return [[*_arc(x, y, outer, start, span), *_arc(x, y, inner, start, span)[::-1]]]


def _spiral(grid: Grid, rng: Random) -> None:
    """Slide the lower halves of rings by one ring, so that they join into one winding line."""
    canvas, bleeds = grid.canvas, rng.random() < 0.5
    wide = grid.module * rng.choice((0.25, 0.5) if bleeds or grid.rows > 2 else (0.25,))
    slide = rng.choice((-1, 1)) * wide
    x, y = grid.at(grid.columns / 2, grid.rows / 2)
    x -= slide / 2
    reach = math.hypot(*canvas.image.size) / 2 + wide if bleeds else canvas.short * 0.44
    most = int(reach / wide)
    for half, shift in ((180.0, slide), (0.0, 0.0)):
        for ring in range(most, 0, -1):
            odd = (most - ring) % 2
            tone = grid.scheme.ground if odd else grid.strong
            disc: Shape = [_arc(x + shift, y, ring * wide, half, 180)]
            canvas.fill(disc, tone if ring > 1 or odd else grid.other)


def _mosaic(grid: Grid, rng: Random) -> None:
    """Draw quarter discs, half discs, discs or bars, one per module."""
    cells = [(column, row) for row in range(grid.rows) for column in range(grid.columns)]
    empty = set(rng.sample(cells, len(cells) // 5))
    for column, row in cells:
        if (column, row) in empty:
            continue
        x, y = grid.at(column, row)
        back, front = rng.sample((grid.strong, grid.other, *grid.rest), 2)
        if rng.random() < 0.45:
            grid.canvas.fill(shapes.box(x, y, x + grid.module, y + grid.module), back)
        else:
            front = back
        grid.canvas.fill(_motif(x, y, grid.module, rng), front)


def _motif(x: float, y: float, size: float, rng: Random) -> Shape:
    kind, corner = rng.randrange(6), rng.randrange(4)
    cx, cy = x + size * (corner in (1, 2)), y + size * (corner in (2, 3))
    start = {0: -90, 1: 180, 2: 90, 3: 0}[corner]
    if kind <= 1:
        return [[(cx, cy), *_arc(cx, cy, size, start, 90)]]
    if kind == 2:
        low = corner % 2
        return [_arc(x + size / 2, y + size * low, size / 2, 0 if low else 180, 180)]
    if kind == 3:
        return shapes.ellipse(x + size / 2, y + size / 2, size * rng.choice((0.25, 0.5)))
    if kind == 4:
        bars: Shape = []
        for bar in range(4):
            bars += shapes.box(x, y + size * bar / 4, x + size, y + size * (bar + 0.5) / 4)
        return bars
    return shapes.polygon((cx, cy), (cx, 2 * y + size - cy), (2 * x + size - cx, cy))


def _arc(x: float, y: float, radius: float, start: float, span: float) -> list[Point]:
    angles = [math.radians(start + span * step / 60) for step in range(61)]
    return [(x + radius * math.cos(a), y - radius * math.sin(a)) for a in angles]


def _burst(grid: Grid, rng: Random) -> None:
    """Draw bars from wide to narrow, inverted inside a disc."""
    canvas = grid.canvas
    bars: Shape = []
    at, wide = 0.0, grid.module * 0.5
    across = rng.random() < 0.6
    length = canvas.width if across else canvas.height
    while at < length:
        bars += (
            shapes.box(at, -9, at + wide, canvas.height + 9)
            if across
            else shapes.box(-9, at, canvas.width + 9, at + wide)
        )
        at += wide * 2
        wide = max(wide * 0.84, grid.module * 0.03)
    column = rng.choice((grid.columns / 2, grid.columns / 2, grid.columns - 1))
    x, y = grid.at(column, grid.rows / 2)
    disc = shapes.ellipse(x, y, canvas.short * 0.39)
    canvas.fill(bars, grid.strong)
    canvas.fill(disc, grid.other)
    canvas.fill(bars, grid.scheme.ground, clip=disc)


def _register(grid: Grid) -> None:
    """Mark the corners of the grid with fine crosses."""
    canvas = grid.canvas
    reach, half = grid.module * 0.045, max(0.35, grid.module * 0.004)
    for row in range(1, grid.rows):
        for column in range(1, grid.columns):
            x, y = grid.at(column, row)
            cross = shapes.box(x - reach, y - half, x + reach, y + half)
            cross += shapes.box(x - half, y - reach, x + half, y + reach)
            near = canvas.image.getpixel(
                (min(canvas.width - 1, int(x)), min(canvas.height - 1, int(y)))
            )
            dark = isinstance(near, tuple) and luminance(near) < 140  # type: ignore[arg-type]
            canvas.fill(cross, (255, 255, 255) if dark else (0, 0, 0), alpha=0.75)
