"""Replacing words in a picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from sandbox.images import lettering as finder
from sandbox.images import retouch
from sandbox.images.cuts import View
from sandbox.images.lettering import CAPITALS, Box, Lettering
from sandbox.images.retouch import Erased
from sandbox.images.typography import Face

_TRIAL = 100.0
_MOST_WORDS = 6  # longer texts are searched in one line only
_NARROWEST = 0.72  # the most that a long word is squeezed before it is set smaller
_STROKES = (0.0, 0.015, 0.03, 0.045, 0.06, 0.08, 0.1)


@dataclass(frozen=True)
class Retyped:
    """A picture, and the box around the words last replaced in it."""

    image: Image.Image
    box: Box | None = None


@dataclass(frozen=True)
class Look:
    """The style of the old word, in terms of the bundled face."""

    size: float  # pixels per em
    weight: float  # stroke, in ems
    stretch: float  # width relative to the bundled face
    baseline: float


def replace_word(image: Image.Image, *, old: str, new: str) -> Retyped | None:
    """Replace `old` with `new` in the same height, weight, color and place.

    Returns None if nothing looks like `old`.
    """
    lines = _find_lines(image, old)
    if not lines:
        return None
    if "".join(line.text for line in lines).isupper() and not old.isupper():
        new = new.upper()
    gone: list[Erased] = []
    for line in lines:
        gone.append(retouch.erase(image=image, lettering=line))
        image = gone[-1].image
    boxes = [_around(line.box, image.size) for line in lines]
    for text, erased in zip(_share_out(new, len(lines)), gone, strict=False):
        image, printed = _set_like(image, erased, _study(erased), text)
        boxes.append(printed)
    return Retyped(image, _union(boxes))


def _find_lines(image: Image.Image, text: str) -> list[Lettering]:
    """Find `text` in one line or its words over several; empty if any is missing."""
    view, words = View(image), text.split()
    if len(words) > _MOST_WORDS:
        words = [text]
    lines: list[Lettering] = []
    while words:
        for many in range(len(words), 0, -1):
            found = finder.find(view=view, text=" ".join(words[:many]))
            if found is not None:
                lines.append(found)
                words = words[many:]
                break
        else:
            return []
    return lines


def _share_out(text: str, lines: int) -> list[str]:
    """Break `text` into at most `lines` lines of about equal length."""
    words = text.split()
    shared: list[str] = []
    for left in range(min(lines, len(words)), 0, -1):
        goal = sum(len(word) + 1 for word in words) / left
        line = [words.pop(0)]
        while len(words) >= left and len(" ".join(line)) + len(words[0]) / 2 < goal:
            line.append(words.pop(0))
        shared.append(" ".join(line))
    return shared


def _around(box: Box, size: tuple[int, int]) -> Box:
    """Return a box a little larger than `box`, inside a picture of `size`."""
    pad = max(6, (box[3] - box[1]) // 3)
    x0, y0, x1, y1 = box
    return max(0, x0 - pad), max(0, y0 - pad), min(size[0], x1 + pad), min(size[1], y1 + pad)


def _union(boxes: list[Box]) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _study(erased: Erased) -> Look:
    """Find the weight and width at which the bundled face resembles the old word."""
    found = erased.lettering
    wide = found.box[2] - found.box[0]
    looks = []
    for weight in _STROKES:
        face = Face(size=_TRIAL, weight=weight)
        spelled = face.spell(found.text)
        left, _, right, _ = face.measure(spelled)
        em = found.em * CAPITALS / (CAPITALS + 2 * weight)  # the stroke adds height
        scale = em / _TRIAL
        stretch = min(1.5, max(0.7, wide / max(1.0, (right - left) * scale)))
        mask, _, _ = face.mask(spelled)
        ink = float(np.asarray(mask, dtype=np.float32).sum()) / 255 * scale * scale * stretch
        looks.append(
            (abs(ink - erased.weight), Look(em, weight, stretch, found.baseline - weight * em))
        )
    return min(looks, key=lambda look: look[0])[1]


def _set_like(image: Image.Image, erased: Erased, look: Look, text: str) -> tuple[Image.Image, Box]:
    """Set `text` in place of the erased word; return the picture and the new box."""
    x0, y0, x1, y1 = erased.lettering.box
    mask, baseline = _draw(text, look.size, look.weight, look.stretch)
    left, right = _room(image, erased)
    size = look.size
    if mask.width > right - left:
        squeeze = max(_NARROWEST, (right - left) / mask.width)
        size *= min(1.0, (right - left) / (mask.width * squeeze))
        mask, baseline = _draw(text, size, look.weight, look.stretch * squeeze)
    x = round(min(max((x0 + x1 - mask.width) / 2, left), max(left, right - mask.width)))
    y = round(look.baseline - baseline if size == look.size else (y0 + y1 - mask.height) / 2)
    paint = Image.new("RGB", mask.size, erased.ink)
    result = image.copy()
    result.paste(retouch.add_grain(paint, erased.grain, seed=x + y), (x, y), mask)
    return result, (x, y, x + mask.width, y + mask.height)


def _draw(text: str, size: float, weight: float, stretch: float) -> tuple[Image.Image, float]:
    """Draw `text` as a mask without margins; also return its baseline's depth."""
    fine = 3.0 if size < 160 else 2.0  # drawn larger and reduced for smooth edges
    face = Face(size=size * fine, weight=weight)
    mask, _, baseline = face.mask(face.spell(text))
    box = mask.getbbox()
    if box is None:
        return Image.new("L", (1, 1), 0), 0.0
    mask = mask.crop(box)
    width = max(1, round(mask.width / fine * stretch))
    height = max(1, round(mask.height / fine))
    return mask.resize((width, height), Image.Resampling.BOX), (baseline - box[1]) / fine


def _room(image: Image.Image, erased: Erased) -> tuple[float, float]:
    """Return how far left and right type may reach: to the first abrupt change of the background.

    A word may always be a little wider than the one it replaces.
    """
    x0, y0, x1, y1 = erased.lettering.box
    band = np.asarray(image.crop((0, y0, image.width, y1)), dtype=np.float32)
    steps = np.abs(np.diff(band.mean(axis=0), axis=0)).max(axis=1)
    abrupt = np.flatnonzero(steps > 9.0 + 2 * erased.grain)
    left_edges, right_edges = abrupt[abrupt < x0 - 2], abrupt[abrupt > x1 + 1]
    inset = 0.22 * (y1 - y0)
    left = float(left_edges[-1] + 1 if left_edges.size else 0) + inset
    right = float(right_edges[0] if right_edges.size else image.width) - inset
    middle, margin = (x0 + x1) / 2, 0.02 * image.width
    reach = max(min(middle - left, right - middle), (x1 - x0) * 0.57)
    return max(margin, middle - reach), min(image.width - margin, middle + reach)
