"""Editing a customer's picture: each step of the prompt applied to the picture itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageStat

from sandbox.images import (
    adjustments,
    framing,
    instructions,
    recolouring,
    retyping,
    sky,
    weather,
    wording,
)
from sandbox.images.canvas import Canvas, Frame
from sandbox.images.framing import Box
from sandbox.images.instructions import Step
from sandbox.images.palette import LIGHTS, NAMED, Light
from sandbox.images.retyping import Retyped
from sandbox.images.subjects import MODELS


@dataclass(frozen=True)
class Picture:
    """A picture being edited, and the part of it that the final crop should hold."""

    image: Image.Image
    focus: Box | None = None


def edit(*, image: Image.Image, prompt: str, seed: int, width: int, height: int) -> Image.Image:
    """Edit `image` as `prompt` asks and return it as RGB of `width` by `height` pixels.

    What the prompt does not ask to change stays as it was. A prompt that asks for nothing the
    engine can do gives a gentle colour grade decided by prompt and seed. Raises ValueError when a
    side is not positive.
    """
    rng = wording.chance(prompt=prompt, seed=seed)
    source = framing.cover(framing.develop(image), width=width, height=height)
    picture = Picture(source)
    for step in instructions.read(prompt):
        picture = _VERBS[step.verb](picture, step, rng)
    result = framing.frame(picture.image, width=width, height=height, keep=picture.focus)
    before = framing.frame(source, width=width, height=height, keep=picture.focus)
    if ImageChops.difference(result, before).getbbox() is None:
        return adjustments.grade(result, rng)
    return result


Verb = Callable[[Picture, Step, Random], Picture]


def _adjust(change: Callable[[Image.Image, Step], Image.Image]) -> Verb:
    """Return the verb that applies `change` to the whole picture."""

    def apply(picture: Picture, step: Step, rng: Random) -> Picture:
        return replace(picture, image=change(picture.image, step))

    return apply


def _set(picture: Picture, retyped: Retyped) -> Picture:
    if retyped.box[2] <= retyped.box[0]:
        return picture
    return Picture(retyped.image, retyped.box)


def _replace(picture: Picture, step: Step, rng: Random) -> Picture:
    return _set(picture, retyping.replace_word(image=picture.image, old=step.text, new=step.new))


def _remove(picture: Picture, step: Step, rng: Random) -> Picture:
    retyped = retyping.remove_word(image=picture.image, text=step.text)
    return picture if retyped is None else _set(picture, retyped)


def _recolour_text(picture: Picture, step: Step, rng: Random) -> Picture:
    colour = NAMED[step.colour or "red"]
    return _set(
        picture,
        retyping.replace_word(image=picture.image, old=step.text, new=step.text, colour=colour),
    )


def _add_text(picture: Picture, step: Step, rng: Random) -> Picture:
    colour = NAMED[step.colour] if step.colour else None
    return _set(
        picture,
        retyping.add_words(image=picture.image, text=step.text, place=step.place, colour=colour),
    )


def _recolour(picture: Picture, step: Step, rng: Random) -> Picture:
    target = NAMED[step.colour or "blue"]
    changed = recolouring.recolour(picture.image, source=step.source, target=target, area=step.area)
    return replace(picture, image=changed)


def _blur(image: Image.Image, step: Step) -> Image.Image:
    """Blur everything, or all but what stands out in the middle."""
    if step.area != "background":
        return adjustments.blur(image, amount=0.012)
    ground = np.asarray(recolouring.find_background(image).resize((96, 96)), dtype=np.float32)
    at = np.linspace(-1, 1, 96, dtype=np.float32)
    centre = np.clip(1.5 - np.hypot(at[None, :] / 0.86, at[:, None] / 0.9), 0, 1)
    sharp = np.clip((255 - ground) / 255 * centre * 2.2, 0, 1)
    mask = Image.fromarray(np.rint(sharp * 255).astype(np.uint8))
    mask = mask.filter(ImageFilter.GaussianBlur(2)).resize(image.size, Image.Resampling.BICUBIC)
    return Image.composite(image, adjustments.blur(image, amount=0.016), mask)


def _flip(image: Image.Image, step: Step) -> Image.Image:
    vertical = step.name == "vertical"
    turn = Image.Transpose.FLIP_TOP_BOTTOM if vertical else Image.Transpose.FLIP_LEFT_RIGHT
    return image.transpose(turn)


def _rotate(image: Image.Image, step: Step) -> Image.Image:
    """Turn clockwise; by other than quarter turns the picture is enlarged to leave no corners."""
    degrees = step.amount % 360
    quarters = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180}
    quarters[270] = Image.Transpose.ROTATE_90
    if degrees == 0:
        return image
    if degrees in quarters:
        return image.transpose(quarters[int(degrees)])
    turned = image.rotate(-degrees, Image.Resampling.BICUBIC, expand=True)
    angle = np.radians(degrees)
    cos, sin = abs(float(np.cos(angle))), abs(float(np.sin(angle)))
    ratio = min(
        image.width / (image.width * cos + image.height * sin),
        image.height / (image.width * sin + image.height * cos),
    )
    across, down = max(1, int(image.width * ratio)), max(1, int(image.height * ratio))
    left, top = (turned.width - across) // 2, (turned.height - down) // 2
    inner = turned.crop((left, top, left + across, top + down))
    return inner.resize(image.size, Image.Resampling.LANCZOS)


def _zoom(image: Image.Image, step: Step) -> Image.Image:
    margin_x, margin_y = round(image.width * 0.15), round(image.height * 0.15)
    inner = image.crop((margin_x, margin_y, image.width - margin_x, image.height - margin_y))
    return inner.resize(image.size, Image.Resampling.LANCZOS)


def _light_of(image: Image.Image) -> Light:
    """Return a light under which something drawn into `image` does not look pasted on."""
    red, green, blue = ImageStat.Stat(image.resize((32, 32), Image.Resampling.BOX)).mean
    level = (red + green + blue) / 3
    if level < 62:
        return LIGHTS["night"]
    if level < 105:
        return LIGHTS["dusk"]
    return LIGHTS["golden"] if red - blue > 45 else LIGHTS["day"]


def _weather(picture: Picture, step: Step, rng: Random) -> Picture:
    canvas = Canvas(picture.image.copy())
    light = _light_of(picture.image)
    if step.name == "rain":
        canvas.image = adjustments.warmth(
            adjustments.brightness(canvas.image, amount=0.84), amount=-0.25
        )
        weather.rain(canvas, rng)
    elif step.name == "fog":
        weather.fog(canvas, rng, light.haze)
    elif step.name == "sun":
        x, y = canvas.width * 0.8, canvas.height * 0.17
        sky.hang_sun(canvas, LIGHTS["day"], x=x, y=y, size=canvas.short * 0.07)
        canvas.image = adjustments.warmth(canvas.image, amount=0.3)
    elif step.name == "stars":
        count = int(190 * max(1.0, canvas.width / canvas.height))
        sky.scatter_stars(
            canvas, rng, top=0, bottom=canvas.height * 0.55, count=count, colour=(255, 250, 232)
        )
    elif step.name == "lightning":
        weather.lightning(canvas, rng, ground=canvas.height * 0.66)
    else:
        _FALLING[step.name](canvas, rng)
    return replace(picture, image=canvas.image)


_FALLING: dict[str, Callable[[Canvas, Random], None]] = {
    "snow": weather.snow,
    "confetti": weather.confetti,
    "fireworks": weather.fireworks,
    "fireflies": weather.fireflies,
}

# Where a thing is put: the middle of its foot, as shares of the picture.
_SPOTS = {"left": 0.24, "right": 0.76, "center": 0.5}


def _add_subject(picture: Picture, step: Step, rng: Random) -> Picture:
    canvas = Canvas(picture.image.copy())
    model = MODELS[step.name]
    light = _light_of(picture.image)
    count = min(step.count, 5)
    size = model.size * canvas.short * (0.72 if count == 1 else 0.52)
    size = min(size, canvas.width * 0.9 / (2 * model.reach * count))
    side = step.place.split()[-1] if step.place else ""
    middle = _SPOTS.get(side, 0.7 if count == 1 else 0.5)
    high = model.where == "sky" or step.place.startswith("top")
    for index in range(count):
        x = canvas.width * middle + (index - (count - 1) / 2) * size * model.reach * 2.1
        half = size * model.reach
        x = min(max(x, half), max(half, canvas.width - half))
        y = canvas.height * (0.1 + 0.07 * (index % 2)) + size if high else canvas.height * 0.93
        colour = NAMED[step.colour] if step.colour else model.colour
        model.draw(Frame(canvas, light, x=x, y=y, size=size), colour, rng)
    return replace(picture, image=canvas.image)


_VERBS: dict[str, Verb] = {
    "replace": _replace,
    "remove text": _remove,
    "recolour text": _recolour_text,
    "add text": _add_text,
    "add subject": _add_subject,
    "recolour": _recolour,
    "weather": _weather,
    "style": _adjust(lambda image, step: adjustments.STYLES[step.name](image)),
    "blur": _adjust(_blur),
    "flip": _adjust(_flip),
    "rotate": _adjust(_rotate),
    "zoom": _adjust(_zoom),
    "contrast": _adjust(lambda image, step: adjustments.contrast(image, amount=step.amount)),
    "brightness": _adjust(lambda image, step: adjustments.brightness(image, amount=step.amount)),
    "saturation": _adjust(lambda image, step: adjustments.saturation(image, amount=step.amount)),
    "warmth": _adjust(lambda image, step: adjustments.warmth(image, amount=step.amount)),
    "vignette": _adjust(lambda image, step: weather.vignette(image, strength=0.72)),
    "border": _adjust(
        lambda image, step: adjustments.border(image, colour=NAMED[step.colour or "white"])
    ),
}
