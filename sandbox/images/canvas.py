"""The surface that scenes are painted on: smooth-edged shapes, gradients, glows, soft shadows.

A shape is drawn at a multiple of its size, in its own box only, and averaged down to smooth its
edges.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from sandbox.images import shapes
from sandbox.images.palette import Color, Light, darken, lighten
from sandbox.images.shapes import Point, Shape


@dataclass(frozen=True)
class Gradient:
    """A paint that runs from the first color (top or left of the shape) to the last."""

    colors: tuple[Color, ...]
    across: bool = False


Paint = Color | Gradient
Box = tuple[int, int, int, int]


def ramp(colors: Sequence[Color], length: int) -> np.ndarray:
    """Return `length` colors evenly along `colors`, as a float array of shape (length, 3)."""
    stops = np.linspace(0, 1, len(colors))
    at = np.linspace(0, 1, max(1, length))
    table = np.asarray(colors, dtype=np.float32)
    return np.stack([np.interp(at, stops, table[:, c]) for c in range(3)], axis=1)


def vertical(colors: Sequence[Color], width: int, height: int) -> Image.Image:
    """Return an image running through `colors` from top to bottom."""
    column = np.rint(ramp(colors, height)).astype(np.uint8)[:, None, :]
    return Image.fromarray(column).resize((width, height), Image.Resampling.NEAREST)


def grade(paint: Gradient, width: int, height: int) -> Image.Image:
    """Return an image filled with `paint`."""
    if not paint.across:
        return vertical(paint.colors, width, height)
    row = np.rint(ramp(paint.colors, width)).astype(np.uint8)[None, :, :]
    return Image.fromarray(row).resize((width, height), Image.Resampling.NEAREST)


class Canvas:
    """An RGB picture in pixels, y downwards, and the methods that paint on it."""

    def __init__(self, image: Image.Image) -> None:
        self.image = image
        self.width, self.height = image.size
        self.short = min(self.width, self.height)

    def fill(
        self,
        shape: Shape,
        paint: Paint,
        *,
        alpha: float = 1.0,
        blur: float = 0.0,
        clip: Shape | None = None,
    ) -> None:
        """Paint `shape`; `blur` (pixels) softens its edge, `clip` keeps it inside another."""
        frame = self._frame(shapes.bounds(shape), blur)
        if frame is None or alpha <= 0:
            return
        mask = _stencil(shape, frame)
        if blur > 0:
            mask = mask.filter(ImageFilter.GaussianBlur(blur))
        if clip is not None:
            mask = ImageChops.multiply(mask, _stencil(clip, frame))
        self._lay(mask, frame, paint, alpha)

    def glow(self, x: float, y: float, radius: float, color: Color, strength: float) -> None:
        """Add a glow of `color` around (x, y) that fades to nothing at `radius` pixels."""
        frame = self._frame((x - radius, y - radius, x + radius, y + radius), 0)
        if frame is None:
            return
        x0, y0, x1, y1 = frame
        step = max(1, int(radius / 64))
        xs = (np.arange(x0, x1 + step, step, dtype=np.float32) - x) / radius
        ys = (np.arange(y0, y1 + step, step, dtype=np.float32) - y) / radius
        reach = np.clip(1 - np.hypot(xs[None, :], ys[:, None]), 0, 1)
        spread = (reach**2.2 * 255 * strength).astype(np.uint8)
        size = (spread.shape[1] * step, spread.shape[0] * step)
        mask = Image.fromarray(spread).resize(size, Image.Resampling.BICUBIC)
        self._lay(mask.crop((0, 0, x1 - x0, y1 - y0)), frame, color, 1.0)

    def veil(self, mask: np.ndarray, color: Color, *, alpha: float = 1.0) -> None:
        """Lay `color` over the whole picture through `mask` (0 to 1, any size, stretched)."""
        plane = Image.fromarray(np.clip(mask * 255, 0, 255).astype(np.uint8))
        plane = plane.resize((self.width, self.height), Image.Resampling.BICUBIC)
        self._lay(plane, (0, 0, self.width, self.height), color, alpha)

    def _frame(self, extent: tuple[float, float, float, float], blur: float) -> Box | None:
        pad = 1 + blur * 3
        x0 = max(0, math.floor(extent[0] - pad))
        y0 = max(0, math.floor(extent[1] - pad))
        x1 = min(self.width, math.ceil(extent[2] + pad))
        y1 = min(self.height, math.ceil(extent[3] + pad))
        return (x0, y0, x1, y1) if x1 > x0 and y1 > y0 else None

    def _lay(self, mask: Image.Image, frame: Box, paint: Paint, alpha: float) -> None:
        if alpha < 1:
            mask = mask.point([round(value * alpha) for value in range(256)])
        if isinstance(paint, Gradient):
            filling = grade(paint, frame[2] - frame[0], frame[3] - frame[1])
            self.image.paste(filling, frame[:2], mask)
        else:
            self.image.paste(paint, frame, mask)


def _stencil(shape: Shape, frame: Box) -> Image.Image:
    """Return the coverage of `shape` inside `frame` as an L image, drawn larger and reduced."""
    x0, y0, x1, y1 = frame
    area = (x1 - x0) * (y1 - y0)
    scale = 4 if area < 60_000 else 3 if area < 400_000 else 2
    mask = Image.new("L", ((x1 - x0) * scale, (y1 - y0) * scale), 0)
    draw = ImageDraw.Draw(mask)
    for outline in shape:
        if len(outline) > 2:
            draw.polygon([((x - x0) * scale, (y - y0) * scale) for x, y in outline], fill=255)
    return mask.reduce(scale)


class Frame:
    """A subject's coordinates on the canvas: foot at (0, 0), y upwards, height 1."""

    def __init__(
        self,
        canvas: Canvas,
        light: Light,
        *,
        x: float,
        y: float,
        size: float,
        flip: bool = False,
        lean: float = 0.0,
    ) -> None:
        self.canvas, self.light = canvas, light
        self.x, self.y, self.size, self.flip = x, y, size, flip
        self._cos, self._sin = math.cos(math.radians(lean)), math.sin(math.radians(lean))

    def place(self, x: float, y: float) -> Point:
        """Return the canvas pixel of the local point (x, y)."""
        x, y = x * self._cos - y * self._sin, x * self._sin + y * self._cos
        return self.x + (-x if self.flip else x) * self.size, self.y - y * self.size

    def fill(
        self,
        shape: Shape,
        color: Color,
        *,
        to: Color | None = None,
        across: bool = False,
        alpha: float = 1.0,
        blur: float = 0.0,
        clip: Shape | None = None,
    ) -> None:
        """Paint a local shape under the scene's light, shading into the color `to`."""
        lit = self.light.lit(color)
        paint: Paint = lit
        if to is not None:
            end = self.light.lit(to)
            paint = Gradient((end, lit) if across and self.flip else (lit, end), across)
        self.canvas.fill(
            shapes.moved(shape, self.place),
            paint,
            alpha=alpha,
            blur=blur * self.size,
            clip=shapes.moved(clip, self.place) if clip is not None else None,
        )

    def solid(self, shape: Shape, color: Color, *, across: bool = True) -> None:
        """Paint a local shape as a rounded body, lit on one side and shaded on the other."""
        self.fill(shape, lighten(color, 0.14), to=darken(color, 0.22), across=across)

    def shine(self, x: float, y: float, radius: float, color: Color, strength: float) -> None:
        """Add a glow at the local point (x, y)."""
        px, py = self.place(x, y)
        self.canvas.glow(px, py, radius * self.size, color, strength)

    def shadow(self, width: float, *, strength: float = 0.35) -> None:
        """Drop a soft shadow at the foot, `width` to each side."""
        x, y = self.place(0, 0)
        height = max(1.0, width * self.size * 0.13)
        self.canvas.fill(
            shapes.ellipse(x, y, width * self.size, height),
            darken(self.light.near, 0.4),
            alpha=strength,
            blur=height * 0.6,
        )
