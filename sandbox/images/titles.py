"""Setting the quoted words of a prompt: large across the picture, or on the sign in it."""

from __future__ import annotations

from PIL import Image

from sandbox.images import cast, shapes, typography
from sandbox.images.palette import Color, darken, ink_on, lighten, luminance
from sandbox.images.stage import Stage
from sandbox.images.subjects import MODELS

Box = tuple[float, float, float, float]

_TUBE: Color = (255, 214, 240)
_NEON: Color = (255, 60, 170)


def set_titles(stage: Stage) -> None:
    """Set the quoted words: on the sign if there is one, else large across the sky."""
    if not stage.brief.quotes:
        return
    if not stage.shows("sign"):
        _set_large(stage)
        return
    frame = cast.standing(stage, MODELS["sign"])
    box = (*frame.place(-0.54, 0.87), *frame.place(0.54, 0.45))
    lines = typography.wrap(" ".join(stage.brief.quotes), most=12)[:3]
    board = stage.light.lit(stage.brief.subjects[0].color or MODELS["sign"].color)
    if stage.asks("neon"):
        _bend_tubes(stage, lines, box)
    else:
        _set(stage, lines, box, ink_on(board))


def _set_large(stage: Stage) -> None:
    canvas = stage.canvas
    lines: list[str] = []
    for quote in stage.brief.quotes:
        lines += typography.wrap(quote, most=14 if canvas.width >= canvas.height * 0.8 else 10)
    lines = lines[:5]
    alone = not stage.brief.subjects and stage.brief.places in ((), ("studio",))
    low = 0.86 if alone else 0.36 if len(lines) == 1 else 0.42
    box = (
        canvas.width * 0.08,
        canvas.height * (0.1 if alone else 0.07),
        canvas.width * 0.92,
        canvas.height * low,
    )
    ink = ink_on(_around(canvas.image, box))
    _quiet(stage, box, ink)
    _set(stage, lines, box, ink)


def _around(image: Image.Image, box: Box) -> Color:
    x0, y0, x1, y1 = (int(edge) for edge in box)
    region = image.crop((x0, y0, max(x0 + 1, x1), max(y0 + 1, y1))).resize(
        (1, 1), Image.Resampling.BOX
    )
    red, green, blue = region.tobytes()[:3]
    return red, green, blue


def _quiet(stage: Stage, box: Box, ink: Color) -> None:
    """Veil the picture behind the type for contrast."""
    x0, y0, x1, y1 = box
    canvas, light = stage.canvas, stage.light
    tone = darken(light.sky[0], 0.5) if luminance(ink) > 128 else lighten(light.sky[2], 0.6)
    veil = shapes.ellipse((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) * 0.5, (y1 - y0) * 0.42)
    canvas.fill(veil, tone, alpha=0.34, blur=canvas.short * 0.07)


def _set(stage: Stage, lines: list[str], box: Box, ink: Color) -> None:
    x0, y0, x1, y1 = box
    for mask, x, y in typography.set_in(lines, width=x1 - x0, height=y1 - y0, weight=0.035):
        stage.canvas.image.paste(ink, (round(x0 + x), round(y0 + y)), mask)


def _bend_tubes(stage: Stage, lines: list[str], box: Box) -> None:
    """Set the words as neon tubes."""
    x0, y0, x1, y1 = box
    canvas = stage.canvas
    middle = ((x0 + x1) / 2, (y0 + y1) / 2)
    canvas.glow(*middle, (x1 - x0) * 0.62, _NEON, 0.5)
    _set(stage, lines, box, _TUBE)
