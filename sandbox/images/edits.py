"""Editing a customer's picture: each step of the prompt applied to the picture itself."""

from __future__ import annotations

from collections.abc import Callable
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
from sandbox.images.instructions import Step
from sandbox.images.palette import LIGHTS, NAMED, Colour, Light
from sandbox.images.retyping import Retyped
from sandbox.images.subjects import MODELS


def edit(*, image: Image.Image, prompt: str, seed: int, width: int, height: int) -> Image.Image:
    """Edit `image` as `prompt` asks and return it as RGB of `width` by `height` pixels.

    What the prompt does not ask to change stays as it was. A prompt that asks for nothing the
    engine can do gives a gentle colour grade decided by prompt and seed. Raises ValueError when a
    side is not positive.
    """
    rng = wording.chance(prompt=prompt, seed=seed)
    source = framing.cover(framing.develop(image), width=width, height=height)
    picture = Retyped(source)
    for step in instructions.read(prompt):
        if step.verb in _RETYPING:
            picture = _RETYPING[step.verb](picture, step)
        else:
            picture = Retyped(_VERBS[step.verb](picture.image, step, rng), picture.box)
    result = framing.frame(picture.image, width=width, height=height, keep=picture.box)
    before = framing.frame(source, width=width, height=height, keep=picture.box)
    if ImageChops.difference(result, before).getbbox() is None:
        return adjustments.grade(result, rng)
    return result


def _colour(step: Step) -> Colour | None:
    return NAMED[step.colour] if step.colour else None


_RETYPING: dict[str, Callable[[Retyped, Step], Retyped]] = {
    "replace": lambda picture, step: retyping.replace_word(picture, old=step.text, new=step.new),
    "remove text": lambda picture, step: retyping.remove_word(picture, text=step.text),
    "recolour text": lambda picture, step: retyping.replace_word(
        picture, old=step.text, new=step.text, colour=_colour(step)
    ),
    "add text": lambda picture, step: retyping.add_words(
        picture, text=step.text, place=step.place, colour=_colour(step)
    ),
}

Verb = Callable[[Image.Image, Step, Random], Image.Image]


def _recolour(image: Image.Image, step: Step, rng: Random) -> Image.Image:
    target = NAMED[step.colour or "blue"]
    return recolouring.recolour(image, source=step.source, target=target, area=step.area)


def _blur(image: Image.Image, step: Step, rng: Random) -> Image.Image:
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


def _flip(image: Image.Image, step: Step, rng: Random) -> Image.Image:
    vertical = step.name == "vertical"
    turn = Image.Transpose.FLIP_TOP_BOTTOM if vertical else Image.Transpose.FLIP_LEFT_RIGHT
    return image.transpose(turn)


_QUARTERS = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def _rotate(image: Image.Image, step: Step, rng: Random) -> Image.Image:
    """Turn clockwise; by other than quarter turns the picture is enlarged to leave no corners."""
    degrees = step.amount % 360
    if degrees in _QUARTERS:
        return image.transpose(_QUARTERS[int(degrees)])
    (width, height), angle = image.size, np.radians(degrees)
    cos, sin = abs(float(np.cos(angle))), abs(float(np.sin(angle)))
    share = min(width / (width * cos + height * sin), height / (width * sin + height * cos))
    return _enlarge(image.rotate(-degrees, Image.Resampling.BICUBIC), share)


def _enlarge(image: Image.Image, share: float) -> Image.Image:
    """Return the middle of `image`, `share` (0 to 1) of its sides, in its full size."""
    left, top = int(image.width * (1 - share) / 2 + 0.5), int(image.height * (1 - share) / 2 + 0.5)
    inner = image.crop(
        (left, top, max(left + 1, image.width - left), max(top + 1, image.height - top))
    )
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


def _weather(image: Image.Image, step: Step, rng: Random) -> Image.Image:
    canvas = Canvas(image.copy())
    if step.name == "rain":
        darker = adjustments.brightness(image, amount=0.84)
        canvas.image = adjustments.warmth(darker, amount=-0.25)
        weather.rain(canvas, rng)
    elif step.name == "fog":
        weather.fog(canvas, rng, _light_of(image).haze)
    elif step.name == "sun":
        x, y = canvas.width * 0.8, canvas.height * 0.17
        sky.hang_sun(canvas, LIGHTS["day"], x=x, y=y, size=canvas.short * 0.07)
        canvas.image = adjustments.warmth(canvas.image, amount=0.3)
    elif step.name == "stars":
        count = int(190 * max(1.0, canvas.width / canvas.height))
        low = canvas.height * 0.55
        sky.scatter_stars(canvas, rng, top=0, bottom=low, count=count, colour=(255, 250, 232))
    elif step.name == "lightning":
        weather.lightning(canvas, rng, ground=canvas.height * 0.66)
    else:
        _FALLING[step.name](canvas, rng)
    return canvas.image


_FALLING: dict[str, Callable[[Canvas, Random], None]] = {
    "snow": weather.snow,
    "confetti": weather.confetti,
    "fireworks": weather.fireworks,
    "fireflies": weather.fireflies,
}

# Where a thing is put: the middle of its foot, as shares of the picture.
_SPOTS = {"left": 0.24, "right": 0.76, "center": 0.5}


def _add_subject(image: Image.Image, step: Step, rng: Random) -> Image.Image:
    canvas, light, model = Canvas(image.copy()), _light_of(image), MODELS[step.name]
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
        frame = Frame(canvas, light, x=x, y=y, size=size)
        model.draw(frame, _colour(step) or model.colour, rng)
    return canvas.image


_VERBS: dict[str, Verb] = {
    "add subject": _add_subject,
    "recolour": _recolour,
    "weather": _weather,
    "style": lambda image, step, rng: adjustments.STYLES[step.name](image),
    "blur": _blur,
    "flip": _flip,
    "rotate": _rotate,
    "zoom": lambda image, step, rng: _enlarge(image, 0.7),
    "contrast": lambda image, step, rng: adjustments.contrast(image, amount=step.amount),
    "brightness": lambda image, step, rng: adjustments.brightness(image, amount=step.amount),
    "saturation": lambda image, step, rng: adjustments.saturation(image, amount=step.amount),
    "warmth": lambda image, step, rng: adjustments.warmth(image, amount=step.amount),
    "vignette": lambda image, step, rng: weather.vignette(image, strength=0.72),
    "border": lambda image, step, rng: adjustments.border(
        image, colour=NAMED[step.colour or "white"]
    ),
}
