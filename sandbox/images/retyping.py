"""Setting type into an existing picture: in place of a word, or where there was none."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageFilter

from sandbox.images import lettering as finder
from sandbox.images import retouch, typography
from sandbox.images.cuts import View
from sandbox.images.lettering import Box, Lettering
from sandbox.images.palette import Colour, ink_on, luminance
from sandbox.images.retouch import Erased, Plane
from sandbox.images.typography import Face

_TRIAL = 100.0
_MOST_WORDS = 6  # longer texts are looked for in one line only
_NARROWEST = 0.72  # how far a long word is squeezed before it is set smaller
_USUAL_WEIGHT = 0.035
_CAPITALS = 0.72  # the height of a capital in ems
_STROKES = (0.0, 0.015, 0.03, 0.045, 0.06, 0.08, 0.1)


@dataclass(frozen=True)
class Retyped:
    """A picture with type set into it, and the box everything that changed lies in."""

    image: Image.Image
    box: Box

    def with_box(self, box: Box) -> Retyped:
        """Return the same with `box` counted among what changed."""
        return replace(self, box=_union(self.box, box))


@dataclass(frozen=True)
class Look:
    """How the word that was there is drawn, in terms of the bundled face."""

    size: float  # pixels an em
    weight: float  # stroke, in ems
    stretch: float  # its width, against the bundled face's
    baseline: float


def replace_word(
    *, image: Image.Image, old: str, new: str, colour: Colour | None = None
) -> Retyped:
    """Set `new` where `image` says `old`: same height, weight, line and middle.

    The colour is that of the old word unless `colour` is given. Where `old` is empty, the most
    prominent line of type is replaced. Where nothing looks like `old`, `new` is set in the lower
    third instead.
    """
    lines = _find_lines(image, old)
    if not lines:
        return add_words(image=image, text=new or old, place="bottom", colour=colour)
    if old and "".join(line.text for line in lines).isupper() and not old.isupper():
        new = new.upper()
    erased = [retouch.erase(image=image, lettering=lines[0])]
    for line in lines[1:]:
        erased.append(retouch.erase(image=erased[-1].image, lettering=line))
    retyped = Retyped(erased[-1].image, _around(lines[0].box, image.size))
    for line in lines[1:]:
        retyped = retyped.with_box(_around(line.box, image.size))
    # Only the colour changes when both are the same: then each line keeps what it says.
    texts = [line.text for line in lines] if new == old else _share_out(new, len(lines))
    for text, gone in zip(texts, erased, strict=False):
        inked = gone if colour is None else gone.inked(colour)
        retyped = _set_like(retyped, inked, _study(inked), text)
    return retyped


def remove_word(*, image: Image.Image, text: str) -> Retyped | None:
    """Take `text` (or, when empty, the most prominent line of type) out of `image`, if found."""
    if not _find_lines(image, text):
        return None
    return replace_word(image=image, old=text, new="")


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
    return (
        max(0, box[0] - pad),
        max(0, box[1] - pad),
        min(size[0], box[2] + pad),
        min(size[1], box[3] + pad),
    )


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


def _set_like(retyped: Retyped, erased: Erased, look: Look, text: str) -> Retyped:
    """Set `text` where the erased word stood, in its look."""
    within = retyped.image.size
    x0, y0, x1, y1 = erased.lettering.box
    mask, baseline = _draw(text, look.size, look.weight, look.stretch)
    left, right = _room(retyped.image, erased)
    size = look.size
    if mask.width > right - left:
        squeeze = max(_NARROWEST, (right - left) / mask.width)
        size *= min(1.0, (right - left) / (mask.width * squeeze))
        mask, baseline = _draw(text, size, look.weight, look.stretch * squeeze)
    x = min(max((x0 + x1 - mask.width) / 2, left), max(left, right - mask.width))
    y = look.baseline - baseline if size == look.size else (y0 + y1 - mask.height) / 2
    corner = (round(x), round(y))
    printed = _print(retyped.image, mask, corner, erased.ink, erased.grain)
    box = (corner[0], corner[1], corner[0] + mask.width, corner[1] + mask.height)
    return Retyped(printed, _clip(_union(retyped.box, box), within))


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


def _print(
    image: Image.Image, mask: Image.Image, corner: tuple[int, int], ink: Plane, grain: float
) -> Image.Image:
    """Print `mask` at `corner` in the ink's colours, with the grain of its ground."""
    box = _clip((corner[0], corner[1], corner[0] + mask.width, corner[1] + mask.height), image.size)
    if box[2] <= box[0] or box[3] <= box[1]:
        return image
    shifted = (box[0] - corner[0], box[1] - corner[1])
    cover = mask.crop((*shifted, shifted[0] + box[2] - box[0], shifted[1] + box[3] - box[1]))
    paint = Image.fromarray(np.rint(ink.over(box)).astype(np.uint8))
    paint = retouch.add_grain(paint, grain, seed=corner[0] + corner[1])
    result = image.copy()
    result.paste(paint, box[:2], cover)
    return result


def _union(first: Box, second: Box) -> Box:
    return (
        min(first[0], second[0]),
        min(first[1], second[1]),
        max(first[2], second[2]),
        max(first[3], second[3]),
    )


def _clip(box: Box, size: tuple[int, int]) -> Box:
    return (
        min(max(0, box[0]), size[0]),
        min(max(0, box[1]), size[1]),
        min(max(0, box[2]), size[0]),
        min(max(0, box[3]), size[1]),
    )


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


def add_words(
    *, image: Image.Image, text: str, place: str, colour: Colour | None = None
) -> Retyped:
    """Set `text` at `place` ("top", "bottom left" and so on), in a colour that reads there."""
    across, down = _PLACES.get(place, _PLACES["bottom"])
    aside = across != 0.5
    width, height = image.width * (0.42 if aside else 0.82), image.height * 0.24
    lines = typography.wrap(text, most=14 if aside else 18)[:4]
    tall = min(height, image.height * 0.115 * (1 + 0.55 * (len(lines) - 1)))
    masks = typography.set_in(lines, width=width, height=tall, weight=_USUAL_WEIGHT)
    if not masks:
        return Retyped(image, (0, 0, 0, 0))
    x0, y0 = image.width * across - width / 2, image.height * down - tall / 2
    boxes = [
        (round(x0 + x), round(y0 + y), round(x0 + x) + mask.width, round(y0 + y) + mask.height)
        for mask, x, y in masks
    ]
    whole = boxes[0]
    for box in boxes[1:]:
        whole = _union(whole, box)
    inside = _clip(whole, image.size)
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        return Retyped(image, (0, 0, 0, 0))
    ink = colour or _readable(image.crop(inside))
    result = image.copy()
    _back(result, [mask for mask, _, _ in masks], boxes, ink)
    for (mask, _, _), box in zip(masks, boxes, strict=True):
        result.paste(ink, box[:2], mask)
    pad = round(tall * 0.3)
    changed = (inside[0] - pad, inside[1] - pad, inside[2] + pad, inside[3] + pad)
    return Retyped(result, _clip(changed, image.size))


def _readable(region: Image.Image) -> Colour:
    red, green, blue = region.resize((1, 1), Image.Resampling.BOX).tobytes()[:3]
    return ink_on((red, green, blue))


def _back(image: Image.Image, masks: list[Image.Image], boxes: list[Box], ink: Colour) -> None:
    """Lay a soft halo of the opposite tone under the type, where the picture is restless."""
    tone: Colour = (16, 14, 34) if luminance(ink) > 128 else (255, 252, 246)
    for mask, box in zip(masks, boxes, strict=True):
        blur = max(1.5, mask.height * 0.07)
        pad = int(blur * 3)
        wide = Image.new("L", (mask.width + 2 * pad, mask.height + 2 * pad), 0)
        wide.paste(mask, (pad, pad))
        halo = wide.filter(ImageFilter.GaussianBlur(blur)).point(
            [v * 45 // 100 for v in range(256)]
        )
        image.paste(tone, (box[0] - pad, box[1] - pad), halo)
