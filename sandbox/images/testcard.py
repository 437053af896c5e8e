"""The test card for a prompt that the engine cannot draw, and the caption for an edit it cannot do.

Half of a card is an abstract picture in the prompt's colors, the other half is type: SANDBOX on
top, the prompt as the headline, and its size, ratio and seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

from PIL import Image

from sandbox.images import patterns, schemes, shapes
from sandbox.images.canvas import Canvas
from sandbox.images.palette import Color, mix
from sandbox.images.patterns import Grid
from sandbox.images.schemes import INK, PAPER, Scheme
from sandbox.images.typography import ORNAMENT, Face
from sandbox.images.wording import Brief

Box = tuple[int, int, int, int]

_MODULES = 4  # along the side that the picture fills
_LARGEST, _SMALLEST = 13.0, 2.0  # the headline, in units
_LEADING = 1.16
_NOT_EDITED = "Not edited"
_SHORTEST_LINE = 4.6  # narrowest column, in ems of the headline


@dataclass(frozen=True)
class Layout:
    """The boxes of a card's two halves and the strip of swatches between them, in pixels."""

    picture: Box
    strip: Box
    type_area: Box
    columns: int
    rows: int


def draw(
    *, prompt: str, seed: int, width: int, height: int, brief: Brief, rng: Random
) -> Image.Image:
    """Draw the card of a prompt."""
    scheme = schemes.choose(words=brief.words, light=brief.light, rng=rng)
    canvas = Canvas(Image.new("RGB", (width, height), scheme.paper))
    layout = lay_out(width, height)
    grid = Grid(columns=layout.columns, rows=layout.rows, size=_size(layout.picture), scheme=scheme)
    patterns.draw(grid, rng)
    canvas.image.paste(grid.canvas.image, layout.picture[:2])
    _lay_swatches(canvas, layout.strip, scheme)
    _set_type(canvas, layout.type_area, scheme, prompt=prompt, seed=seed)
    return canvas.image


def caption(image: Image.Image, *, text: str) -> Image.Image:
    """Return `image` with a band at its bottom edge that quotes `text`, an edit not made."""
    canvas = Canvas(image.copy())
    unit = _unit(canvas)
    top, margin = canvas.height - 6.4 * unit, 2.4 * unit
    canvas.fill(shapes.box(-9, top, canvas.width + 9, canvas.height + 9), PAPER)
    canvas.fill(shapes.box(-9, top, canvas.width + 9, top + 0.28 * unit), INK)
    line, size, quiet = top + 4.1 * unit, 2.1 * unit, mix(INK, PAPER, 0.35)
    name = _write(canvas, "SANDBOX", margin, line, 2.5 * unit, INK, weight=0.06, tracking=0.14)
    left = name + 1.6 * unit
    right = canvas.width - margin - _width(_NOT_EDITED, 1.75 * unit)
    _write(canvas, _NOT_EDITED, right, line, 1.75 * unit, quiet)
    face = Face(size=size, weight=0.008)
    quote = face.spell(text).strip() or "No instruction"
    if face.advance(quote) > right - left - 1.6 * unit:
        quote = _shorten(face, quote, right - left - 1.6 * unit)
    _stamp(canvas, face, quote, left, line, INK)
    return canvas.image


def _unit(canvas: Canvas) -> float:
    """Return the unit of all measures: a hundredth of the side of a square of the same area."""
    return math.sqrt(canvas.width * canvas.height) / 100


def ratio(width: int, height: int) -> str:
    """Return the ratio of two sides in small whole numbers, else as a decimal to one."""
    shared = math.gcd(width, height)
    across, down = width // shared, height // shared
    if max(across, down) > 40:
        return f"{width / height:.2f}:1"
    known = {(7, 3): "21:9", (3, 7): "9:21"}
    return known.get((across, down), f"{across}:{down}")


def lay_out(width: int, height: int) -> Layout:
    """Return the layout of a card: side by side if it is wide, else stacked."""
    wide = width > height * 1.2
    long, short = (width, height) if wide else (height, width)
    module = short / _MODULES
    many = max(1, int(long * (0.57 if wide else 0.6) / module))
    depth = max(1, round(module * many))
    thin = max(1, round(module * 0.11))
    if wide:
        left = width - depth
        return Layout(
            picture=(left, 0, width, height),
            strip=(left - thin, 0, left, height),
            type_area=(0, 0, left - thin, height),
            columns=many,
            rows=_MODULES,
        )
    return Layout(
        picture=(0, 0, width, depth),
        strip=(0, depth, width, depth + thin),
        type_area=(0, depth + thin, width, height),
        columns=_MODULES,
        rows=many,
    )


def _size(box: Box) -> tuple[int, int]:
    return max(1, box[2] - box[0]), max(1, box[3] - box[1])


def _lay_swatches(canvas: Canvas, strip: Box, scheme: Scheme) -> None:
    """Draw the card's colors as a row of swatches."""
    tones = [mix(scheme.ink, scheme.paper, step / 4) for step in range(4)]
    colors = [*tones, *(color for color in scheme.figures if color not in (PAPER, INK))]
    across, down = _size(strip)
    for index, color in enumerate(colors):
        start, end = (round(max(across, down) * n / len(colors)) for n in (index, index + 1))
        x0, y0 = (strip[0] + start, strip[1]) if across > down else (strip[0], strip[1] + start)
        x1, y1 = (strip[0] + end, strip[3]) if across > down else (strip[2], strip[1] + end)
        canvas.image.paste(color, (x0, y0, x1, y1))


def _set_type(canvas: Canvas, area: Box, scheme: Scheme, *, prompt: str, seed: int) -> None:
    unit = _unit(canvas)
    margin = 4.4 * unit
    left, right = area[0] + margin, area[2] - margin
    top, bottom = area[1] + margin, area[3] - margin
    # Top: the name over a rule.
    head = top + 1.9 * unit
    _write(canvas, "SANDBOX", left, head, 2.5 * unit, scheme.ink, weight=0.06, tracking=0.14)
    size = 1.75 * unit
    prompt = Face(size=size).spell(prompt).strip()
    lost = prompt.count(ORNAMENT)
    missing = f", {lost} glyph{'' if lost == 1 else 's'} missing" if lost else ""
    note = f"Test card{missing}"
    _write(canvas, note, right - _width(note, size), head, size, scheme.quiet)
    rule = head + 1.7 * unit
    canvas.fill(shapes.box(left, rule, right, rule + 0.28 * unit), scheme.ink)
    # Bottom: size, ratio and seed under hairlines.
    labels = bottom - 3.1 * unit
    line = labels - 2.6 * unit
    values = (
        f"{canvas.width} x {canvas.height} px", ratio(canvas.width, canvas.height), str(seed)
    )  # fmt: skip
    columns = (left, left + (right - left) * 0.5, left + (right - left) * 0.76)
    ends = (*(start - 1.6 * unit for start in columns[1:]), right)
    for label, value, x, end in zip(("Size", "Ratio", "Seed"), values, columns, ends, strict=True):
        canvas.fill(shapes.box(x, line, end, line + 0.12 * unit), scheme.ink)
        _write(canvas, label, x, labels, 1.6 * unit, scheme.quiet)
        size = 2.1 * unit
        size *= min(1.0, (end - x) / max(1.0, _width(value, size, weight=0.02)))
        _write(canvas, value, x, bottom, size, scheme.ink, weight=0.02)
    # Middle: the prompt, as large as it fits.
    high = rule + 3.0 * unit
    _set_headline(canvas, prompt, (left, high, right, line - 2.4 * unit), scheme, unit)


def _set_headline(
    canvas: Canvas,
    prompt: str,
    box: tuple[float, float, float, float],
    scheme: Scheme,
    unit: float,
) -> None:
    """Set the spelled prompt flush left, as large as it fits, cut with an ellipsis if need be."""
    left, top, right, bottom = box
    smallest = _SMALLEST * unit
    largest = min(_LARGEST * unit, (right - left) / _SHORTEST_LINE)
    area = max(1.0, (right - left) * (bottom - top))
    hardly = 1.6 * math.sqrt(area / (0.5 * _LEADING * max(1, len(prompt))))  # the first to try
    size = max(smallest, min(largest, hardly))
    while True:
        face = Face(size=size, weight=0.025 if size > 3.4 * unit else 0.008)
        room = max(1, int((bottom - top + size * (_LEADING - 1.0)) / (size * _LEADING)))
        lines, cut = _break(face, prompt or "No prompt", right - left, most=room + 1)
        if (len(lines) <= room and not cut) or size <= smallest:
            break
        size = max(size * 0.92, smallest)
    if len(lines) > room:
        lines = [*lines[: room - 1], _shorten(face, lines[room - 1], right - left)]
    y = top + 0.82 * size
    for text in lines:
        _stamp(canvas, face, text, left, y, scheme.ink)
        y += size * _LEADING


def _shorten(face: Face, text: str, width: float) -> str:
    """Return the beginning of `text` that fits in `width` pixels with an ellipsis."""
    while text and face.advance(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip(' ,.;:')}…"


def _break(face: Face, text: str, width: float, *, most: int) -> tuple[list[str], bool]:
    """Return the first `most` lines of spelled `text`, and whether a word had to be cut."""
    lines: list[str] = []
    cut = False
    for word in text.split():
        if lines and face.advance(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
            continue
        while word and len(lines) < most:
            fitting = _fitting(face, word, width)
            cut = cut or (fitting < len(word) and ORNAMENT not in word)
            lines.append(word[:fitting])
            word = word[fitting:]
        if len(lines) >= most:
            break
    return lines, cut


def _fitting(face: Face, word: str, width: float) -> int:
    """Return how many of a word's letters, at least one, fit in `width` pixels."""
    reach = 0.0
    for index, letter in enumerate(word):
        reach += face.advance(letter)
        if reach > width:
            return max(1, index)
    return len(word)


def _width(text: str, size: float, *, weight: float = 0.0) -> float:
    face = Face(size=size, weight=weight)
    return face.advance(face.spell(text))


def _write(
    canvas: Canvas,
    text: str,
    x: float,
    y: float,
    size: float,
    color: Color,
    *,
    weight: float = 0.0,
    tracking: float = 0.0,
) -> float:
    """Write `text` from (x, y) on its baseline and return where it ends.

    `tracking` parts the letters, in ems.
    """
    face = Face(size=size, weight=weight)
    if not tracking:
        _stamp(canvas, face, face.spell(text), x, y, color)
        return x + face.advance(text)
    for letter in text:
        _stamp(canvas, face, letter, x, y, color)
        x += face.font.getlength(letter) + (tracking + weight) * size
    return x


def _stamp(canvas: Canvas, face: Face, text: str, x: float, y: float, color: Color) -> None:
    mask, ox, oy = face.mask(text)
    canvas.image.paste(color, (round(x - ox), round(y - oy)), mask)
