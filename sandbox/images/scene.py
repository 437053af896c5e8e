"""Composing a picture from a prompt: a scene, or else a test card."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from sandbox.images import (
    cast,
    cosmos,
    interior,
    landscape,
    lexicon,
    palette,
    testcard,
    titles,
    town,
    water,
    weather,
    wording,
)
from sandbox.images.canvas import Canvas
from sandbox.images.palette import NAMED, Light
from sandbox.images.stage import Stage
from sandbox.images.subjects import MODELS
from sandbox.images.wording import Brief

PLACES: dict[str, Callable[[Stage], None]] = {
    "mountains": landscape.paint_mountains,
    "forest": landscape.paint_forest,
    "sea": water.paint_sea,
    "city": town.paint_city,
    "room": interior.paint_room,
    "studio": interior.paint_studio,
    "space": cosmos.paint_space,
}

_INDOORS = {"room", "studio"}
_LANDSCAPES = ("mountains", "sea", "forest", "city")


def compose(*, prompt: str, seed: int, width: int, height: int) -> Image.Image:
    """Compose a picture of `width` by `height` pixels from the words of `prompt`.

    A prompt becomes a scene if the engine can draw everything in it, else a test card. The same
    prompt, seed and size give the same picture. Raises ValueError when a side is not positive.
    """
    if width < 1 or height < 1:
        raise ValueError("A picture needs a width and a height of at least one pixel.")
    brief = wording.read(prompt)
    rng = wording.chance(prompt=prompt, seed=seed)
    light = _choose_light(brief, rng.choice(("day", "dawn", "sunset", "golden", "pastel", "dusk")))
    light = palette.tint_light(light, brief.tint, rng)
    place = find_place(brief, rng.random())
    if place is None:
        return testcard.draw(
            prompt=prompt, seed=seed, width=width, height=height, brief=brief, rng=rng
        )
    if "snow" in brief.weather:
        light = palette.snow_over(light)
    stage = Stage(Canvas(Image.new("RGB", (width, height))), light, rng, brief)
    PLACES[place](stage)
    if brief.subjects:
        cast.enter(stage, brief.subjects[0])
    _bring_weather(stage)
    titles.set_titles(stage)
    image = weather.vignette(stage.canvas.image, strength=0.20)
    return weather.grain(image, rng, strength=2.0)


def find_place(brief: Brief, dice: float = 0.0) -> str | None:
    """Return the place of a prompt's scene, or None if the engine cannot draw all of it.

    One unknown word, two places, two subjects, or a subject that does not belong in the place is
    enough for None. `dice`, 0 to 1, chooses if the prompt names no place.
    """
    if brief.strange or len(brief.places) > 1 or len(brief.subjects) > 1:
        return None
    homes = MODELS[brief.subjects[0].name].places if brief.subjects else _LANDSCAPES
    if brief.places:
        place = brief.places[0]
    elif brief.subjects:
        place = homes[0]
    elif brief.quotes:
        place = "mountains"
    elif brief.light is not None or brief.weather:
        place = _LANDSCAPES[int(dice * len(_LANDSCAPES))]
    else:
        return None
    fits = (
        (place in homes or not brief.subjects)
        and all(place in lexicon.FEATURES.get(word, (place,)) for word in brief.words)
        and (place not in _INDOORS or (brief.subjects and not brief.weather - {"stars"}))
    )
    return place if fits else None


def _choose_light(brief: Brief, otherwise: str) -> Light:
    if brief.light is not None:
        return palette.LIGHTS[brief.light]
    if "rain" in brief.weather:
        return palette.LIGHTS["overcast"]
    return palette.LIGHTS[otherwise]


def _bring_weather(stage: Stage) -> None:
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    asked = stage.brief.weather
    if "fog" in asked:
        weather.fog(canvas, rng, light.haze)
    if "rain" in asked:
        weather.rain(canvas, rng)
    if "snow" in asked:
        weather.snow(canvas, rng)
    if "leaves" in asked:
        weather.drift(canvas, rng, (NAMED["orange"], NAMED["crimson"], NAMED["amber"]), count=16)
    if "fireflies" in asked:
        weather.fireflies(canvas, rng)
