"""Editing a customer's picture: each clause of the prompt applied to the picture itself."""

from __future__ import annotations

from random import Random

from PIL import Image

from sandbox.images import coloring, framing, instructions, retyping, sky, testcard, wording
from sandbox.images.canvas import Canvas
from sandbox.images.instructions import Step
from sandbox.images.palette import NAMED
from sandbox.images.retyping import Retyped


def edit(*, image: Image.Image, prompt: str, seed: int, width: int, height: int) -> Image.Image:
    """Edit `image` as `prompt` asks and return it as RGB of `width` by `height` pixels.

    What the prompt does not ask to change stays as it was. What the engine cannot do is quoted in a
    band at the bottom edge. Raises ValueError when a side is not positive.
    """
    rng = wording.chance(prompt=prompt, seed=seed)
    picture = Retyped(framing.develop(image, width=width, height=height))
    steps = instructions.read(prompt)
    undone: list[str] = []
    for step in steps:
        edited = _apply(picture, step, rng)
        if edited is None:
            undone.append(step.clause)
        else:
            picture = edited
    result = framing.frame(picture.image, width=width, height=height, keep=picture.box)
    if undone or not steps:
        return testcard.caption(result, text=", ".join(undone) or prompt)
    return result


def _apply(picture: Retyped, step: Step, rng: Random) -> Retyped | None:
    """Return the picture with a step applied, or None where the engine cannot do it."""
    image: Image.Image | None = picture.image
    match step.verb:
        case "retype":
            return retyping.replace_word(picture.image, old=step.old, new=step.new)
        case "recolor":
            image = coloring.recolor(picture.image, source=step.old, target=NAMED[step.new])
        case "tint":
            image = coloring.tint(picture.image, target=NAMED[step.new])
        case "night":
            image = coloring.night(picture.image)
        case "sketch":
            image = coloring.sketch(picture.image)
        case "grayscale":
            image = picture.image.convert("L").convert("RGB")
        case _:
            return None
    if image is None:
        return None
    return Retyped(_add_stars(image, rng) if step.stars else image, picture.box)


def _add_stars(image: Image.Image, rng: Random) -> Image.Image:
    canvas = Canvas(image.copy())
    count = int(190 * max(1.0, canvas.width / canvas.height))
    low = canvas.height * 0.55
    sky.scatter_stars(canvas, rng, top=0, bottom=low, count=count, color=(255, 250, 232))
    return canvas.image
