"""Setting type into an existing picture: in place of a word, or where there was none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from sandbox.images import lettering as finder
from sandbox.images import retouch, typography
from sandbox.images.cuts import View
from sandbox.images.lettering import Box, Lettering
from sandbox.images.palette import Colour, ink_on, luminance
from sandbox.images.retouch import Erased
from sandbox.images.typography import Face

_TRIAL = 100.0
_MOST_WORDS = 6  # longer texts are looked for in one line only
_NARROWEST = 0.72  # how far a long word is squeezed before it is set smaller
_USUAL_WEIGHT = 0.035
_CAPITALS = 0.72  # the height of a capital in ems
_STROKES = (0.0, 0.015, 0.03, 0.045, 0.06, 0.08, 0.1)


@dataclass(frozen=True)
class Retyped:
    """A picture, and the box round the type that was last set into it."""

    image: Image.Image
    box: Box | None = None


@dataclass(frozen=True)
class Look:
    """How the word that was there is drawn, in terms of the bundled face."""

    size: float  # pixels an em
    weight: float  # stroke, in ems
    stretch: float  # its width, against the bundled face's
    baseline: float


def replace_word(picture: Retyped, *, old: str, new: str, colour: Colour | None = None) -> Retyped:
    """Set `new` where the picture says `old`: same height, weight, line and middle.

    The colour is that of the old word unless `colour` is given. Where `old` is empty, the most
    prominent line of type is replaced. Where nothing looks like `old`, `new` is set in the lower
    third instead.
    """
    image = picture.image
    lines = _find_lines(image, old)
    if not lines:
        return add_words(picture, text=new or old, place="bottom", colour=colour)
    if old and "".join(line.text for line in lines).isupper() and not old.isupper():
        new = new.upper()
    gone: list[Erased] = []
    for line in lines:
        gone.append(retouch.erase(image=image, lettering=line))
        image = gone[-1].image
    box = _union(*(_around(line.box, image.size) for line in lines))
    # Only the colour changes when both are the same: then each line keeps what it says.
    texts = [line.text for line in lines] if new == old else _share_out(new, len(lines))
    for text, erased in zip(texts, gone, strict=False):
        inked = erased if colour is None else erased.inked(colour)
        image, printed = _set_like(image, inked, _study(inked), text)
        box = _union(box, printed)
    return Retyped(image, _clip(box, image.size))


def remove_word(picture: Retyped, *, text: str) -> Retyped:
    """Take `text` (or, when empty, the most prominent line of type) out, where it is found."""
    if not _find_lines(picture.image, text):
        return picture
    return replace_word(picture, old=text, new="")


def _find_lines(image: Image.Image, text: str) -> list[Lettering]:
    """Find `text` in one line, or else its words spread over several; empty if any is missing."""
    view = View(image)
    if not text.strip():
        found = finder.find_any(view=view)
        return [] if found is None else [found]
    words = text.split()
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
    """Break `text` into at most so many lines of about equal length."""
    words = text.split()
    lines = min(lines, len(words))
    shared: list[str] = []
    for left in range(lines, 0, -1):
        goal = sum(len(word) + 1 for word in words) / left
        line = [words.pop(0)]
        while len(words) >= left and len(" ".join(line)) + len(words[0]) / 2 < goal:
            line.append(words.pop(0))
        shared.append(" ".join(line))
    return shared


def _around(box: Box, size: tuple[int, int]) -> Box:
    pad = max(6, (box[3] - box[1]) // 3)
    return _clip((box[0] - pad, box[1] - pad, box[2] + pad, box[3] + pad), size)


def _study(erased: Erased) -> Look:
    """Find the weight and width at which the bundled face draws the old word like it was."""
    found = erased.lettering
    if not found.text:
        return Look(found.em, _USUAL_WEIGHT, 1.0, found.baseline)
    wide = found.box[2] - found.box[0]
    looks = []
    for weight in _STROKES:
        face = Face(size=_TRIAL, weight=weight)
        spelled = face.spell(found.text)
        left, _, right, _ = face.measure(spelled)
        em = found.em * _CAPITALS / (_CAPITALS + 2 * weight)  # the stroke makes letters taller too
        scale = em / _TRIAL
        stretch = min(1.5, max(0.7, wide / max(1.0, (right - left) * scale)))
        mask, _, _ = face.mask(spelled)
        ink = float(np.asarray(mask, dtype=np.float32).sum()) / 255 * scale * scale * stretch
        looks.append(
            (abs(ink - erased.weight), Look(em, weight, stretch, found.baseline - weight * em))
        )
    return min(looks, key=lambda look: look[0])[1]


def _set_like(image: Image.Image, erased: Erased, look: Look, text: str) -> tuple[Image.Image, Box]:
    """Set `text` where the erased word stood, in its look; return the picture and the new box."""
    x0, y0, x1, y1 = erased.lettering.box
    mask, baseline = _draw(text, look.size, look.weight, look.stretch)
    left, right = _room(image, erased)
    size = look.size
    if mask.width > right - left:
        squeeze = max(_NARROWEST, (right - left) / mask.width)
        size *= min(1.0, (right - left) / (mask.width * squeeze))
        mask, baseline = _draw(text, size, look.weight, look.stretch * squeeze)
    x = min(max((x0 + x1 - mask.width) / 2, left), max(left, right - mask.width))
    y = look.baseline - baseline if size == look.size else (y0 + y1 - mask.height) / 2
    corner = (round(x), round(y))
    box = (corner[0], corner[1], corner[0] + mask.width, corner[1] + mask.height)
    return _print(image, mask, box, erased), box


def _draw(text: str, size: float, weight: float, stretch: float) -> tuple[Image.Image, float]:
    """Draw `text` as a mask without margins; also return how far down its baseline is."""
    fine = 3.0 if size < 160 else 2.0  # drawn larger and reduced, so stretching stays smooth
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
    """Return how far left and right type may reach: to the edge of the ground it stands on.

    The ground is walked outwards from the word, column by column, while it changes only gently;
    a word may always be a little wider than the one it replaces.
    """
    x0, y0, x1, y1 = erased.lettering.box
    band = np.asarray(image.crop((0, y0, image.width, y1)), dtype=np.float32)
    columns = band.mean(axis=0)
    steps = np.abs(np.diff(columns, axis=0)).max(axis=1)
    abrupt = np.flatnonzero(steps > 9.0 + 2 * erased.grain)
    left_edges, right_edges = abrupt[abrupt < x0 - 2], abrupt[abrupt > x1 + 1]
    tall = y1 - y0
    left = float(left_edges[-1] + 1) if left_edges.size else 0.0
    right = float(right_edges[0]) if right_edges.size else float(image.width)
    left, right = left + 0.22 * tall, right - 0.22 * tall
    spare = 0.07 * (x1 - x0)
    margin = 0.02 * image.width
    reach = max(min((x0 + x1) / 2 - left, right - (x0 + x1) / 2), (x1 - x0) / 2 + spare)
    middle = (x0 + x1) / 2
    return max(margin, middle - reach), min(image.width - margin, middle + reach)


def _print(image: Image.Image, mask: Image.Image, box: Box, erased: Erased) -> Image.Image:
    """Print `mask` into `box` in the erased ink's colours, with the grain of its ground."""
    paint = Image.fromarray(np.rint(erased.ink.over(box)).astype(np.uint8))
    result = image.copy()
    result.paste(retouch.add_grain(paint, erased.grain, seed=box[0] + box[1]), box[:2], mask)
    return result


def _union(*boxes: Box) -> Box:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _clip(box: Box, size: tuple[int, int]) -> Box:
    (x0, x1), (y0, y1) = (
        (min(max(0, low), side), min(max(0, high), side))
        for low, high, side in ((box[0], box[2], size[0]), (box[1], box[3], size[1]))
    )
    return x0, y0, x1, y1


# Middle of the type, as shares of the picture.
_PLACES: dict[str, tuple[float, float]] = {
    "top": (0.5, 0.16),
    "bottom": (0.5, 0.8),
    "left": (0.27, 0.5),
    "right": (0.73, 0.5),
    "center": (0.5, 0.5),
    "top left": (0.27, 0.14),
    "top right": (0.73, 0.14),
    "bottom left": (0.27, 0.86),
    "bottom right": (0.73, 0.86),
}


def add_words(picture: Retyped, *, text: str, place: str, colour: Colour | None = None) -> Retyped:
    """Set `text` at `place` ("top", "bottom left" and so on), in a colour that reads there."""
    image = picture.image
    across, down = _PLACES[place]
    aside = across != 0.5
    width, height = image.width * (0.42 if aside else 0.82), image.height * 0.24
    lines = typography.wrap(text, most=14 if aside else 18)[:4]
    tall = min(height, image.height * 0.115 * (1 + 0.55 * (len(lines) - 1)))
    masks = typography.set_in(lines, width=width, height=tall, weight=_USUAL_WEIGHT)
    if not masks:
        return picture
    x0, y0 = image.width * across - width / 2, image.height * down - tall / 2
    corners = [(round(x0 + x), round(y0 + y)) for _, x, y in masks]
    boxes = [
        (x, y, x + mask.width, y + mask.height)
        for (mask, _, _), (x, y) in zip(masks, corners, strict=True)
    ]
    inside = _clip(_union(*boxes), image.size)
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        return picture
    ink = colour or _readable(image.crop(inside))
    result = image.copy()
    for (mask, _, _), corner in zip(masks, corners, strict=True):
        _back(result, mask, corner, ink)
        result.paste(ink, corner, mask)
    return Retyped(result, _around(inside, image.size))


def _readable(region: Image.Image) -> Colour:
    red, green, blue = region.resize((1, 1), Image.Resampling.BOX).tobytes()[:3]
    return ink_on((red, green, blue))


def _back(image: Image.Image, mask: Image.Image, corner: tuple[int, int], ink: Colour) -> None:
    """Lay a soft halo of the opposite tone under the type, where the picture is restless."""
    tone: Colour = (16, 14, 34) if luminance(ink) > 128 else (255, 252, 246)
    blur = max(1.5, mask.height * 0.07)
    pad = int(blur * 3)
    wide = Image.new("L", (mask.width + 2 * pad, mask.height + 2 * pad), 0)
    wide.paste(mask, (pad, pad))
    halo = wide.filter(ImageFilter.GaussianBlur(blur)).point([v * 45 // 100 for v in range(256)])
    image.paste(tone, (corner[0] - pad, corner[1] - pad), halo)
