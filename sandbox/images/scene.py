"""Composing a picture from the words of a prompt."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image

from sandbox.images import (
    abstract,
    adjustments,
    cast,
    cosmos,
    interior,
    landscape,
    palette,
    titles,
    town,
    water,
    weather,
    wording,
)
from sandbox.images.canvas import Canvas
from sandbox.images.palette import NAMED, Light, lighten
from sandbox.images.stage import Stage

PLACES: dict[str, Callable[[Stage], None]] = {
    "mountains": landscape.paint_mountains,
    "meadow": landscape.paint_meadow,
    "desert": landscape.paint_desert,
    "forest": landscape.paint_forest,
    "sea": water.paint_sea,
    "underwater": water.paint_underwater,
    "city": town.paint_city,
    "room": interior.paint_room,
    "studio": interior.paint_studio,
    "space": cosmos.paint_space,
    "abstract": abstract.paint_abstract,
}

_INDOORS = {"room", "studio"}
_OUTDOOR_WEATHER = {"rain", "snow", "fog", "lightning", "fireworks", "aurora", "leaves", "petals"}


def compose(*, prompt: str, seed: int, width: int, height: int) -> Image.Image:
    """Compose a picture of `width` by `height` pixels from the words of `prompt`.

    The same prompt, seed and size give the same picture on every run. Raises ValueError when a
    side is not positive.
    """
    if width < 1 or height < 1:
        raise ValueError("A picture needs a width and a height of at least one pixel.")
    brief = wording.read(prompt)
    rng = wording.chance(prompt=prompt, seed=seed)
    light = _choose_light(brief, rng.choice(("day", "dawn", "sunset", "golden", "pastel", "dusk")))
    light = palette.tint_light(light, brief.tint, rng)
    if "snow" in brief.weather:
        light = palette.snow_over(light)
    stage = Stage(Canvas(Image.new("RGB", (width, height))), light, rng, brief)
    place = _choose_place(brief, rng.random())
    stage.indoors, stage.busy = place in _INDOORS, place == "abstract"
    PLACES[place](stage)
    cast.enter(stage)
    _bring_weather(stage)
    titles.set_titles(stage)
    return _finish(stage)


def _choose_light(brief: wording.Brief, otherwise: str) -> Light:
    if brief.light is not None:
        return palette.LIGHTS[brief.light]
    if "lightning" in brief.weather:
        return palette.LIGHTS["storm"]
    if "rain" in brief.weather:
        return palette.LIGHTS["overcast"]
    return palette.LIGHTS[otherwise]


def _choose_place(brief: wording.Brief, dice: float) -> str:
    if brief.place is not None:
        return brief.place
    names = {subject.name for subject in brief.subjects}
    for place, residents in cast.HOMES.items():
        shut_out = (place in _INDOORS and brief.weather & _OUTDOOR_WEATHER) or (
            place == "studio" and names - residents
        )
        if names & residents and not shut_out:
            return place
    if brief.subjects or brief.quotes:
        return "meadow" if brief.subjects else "mountains"
    if brief.light is not None or brief.weather:
        return ("mountains", "sea", "meadow", "forest")[int(dice * 4)]
    return "abstract"


def _bring_weather(stage: Stage) -> None:
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    asked = stage.brief.weather
    if "lightning" in asked:
        weather.lightning(canvas, rng, ground=stage.horizon)
    if "fireworks" in asked:
        weather.fireworks(canvas, rng)
    if "fog" in asked:
        weather.fog(canvas, rng, light.haze)
    if "rain" in asked:
        weather.rain(canvas, rng)
    if "snow" in asked:
        weather.snow(canvas, rng)
    if "petals" in asked:
        weather.drift(canvas, rng, (NAMED["pink"], lighten(NAMED["pink"], 0.5)), count=26)
    if "leaves" in asked:
        weather.drift(canvas, rng, (NAMED["orange"], NAMED["crimson"], NAMED["amber"]), count=16)
    if "fireflies" in asked:
        weather.fireflies(canvas, rng)
    if "confetti" in asked:
        weather.confetti(canvas, rng)


def _finish(stage: Stage) -> Image.Image:
    image = weather.vignette(stage.canvas.image, strength=0.20)
    for style in stage.brief.styles:
        image = adjustments.STYLES[style](image)
    if stage.asks("noir"):
        image = adjustments.contrast(image, amount=1.35)
    return weather.grain(image, stage.rng, strength=2.0)
