"""The scene being composed: its canvas, its light, and where things stand."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sandbox.images import sky
from sandbox.images.canvas import Canvas
from sandbox.images.palette import Color, Light, lighten, mix
from sandbox.images.wording import Brief


@dataclass
class Stage:
    """A picture being composed. Heights are pixels from the top."""

    canvas: Canvas
    light: Light
    rng: Random
    brief: Brief
    sun: tuple[float, float] = (0.0, 0.0)
    horizon: float = 0.0
    ground: float = 0.0  # where the main subject stands
    afloat: float | None = None  # where a boat floats, if there is water
    airless: bool = False  # subjects float

    @property
    def titled(self) -> bool:
        """Whether words are set across the sky."""
        return bool(self.brief.quotes) and not self.shows("sign")

    def shows(self, name: str) -> bool:
        """Return whether the subject is the one named."""
        return any(subject.name == name for subject in self.brief.subjects)

    def asks(self, *words: str) -> bool:
        """Return whether the prompt contains any of `words`."""
        return any(word in self.brief.words for word in words)

    def layer(self, nearness: float) -> Color:
        """Return the color of land at a distance: 0 is farthest, 1 nearest."""
        light = self.light
        if nearness < 0.6:
            return mix(light.far, light.land, nearness / 0.6)
        return mix(light.land, light.near, (nearness - 0.6) / 0.4)


def open_sky(stage: Stage, *, horizon: float) -> None:
    """Paint the sky with its sun or moon, and record where the light comes from."""
    canvas, light, rng = stage.canvas, stage.light, stage.rng
    stage.horizon = horizon
    sky.paint_sky(canvas, light, horizon=horizon)
    side = rng.choice((-1, 1))
    x = canvas.width * (0.5 + side * rng.uniform(0.12, 0.3))
    weather = stage.brief.weather
    if light.night:
        _night_sky(stage, x=x, horizon=horizon)
    else:
        low = light.sky[2][0] - light.sky[2][2] > 50  # a warm horizon means a low sun
        y = horizon * (rng.uniform(0.66, 0.86) if low or stage.titled else rng.uniform(0.24, 0.4))
        y = max(y, canvas.height * 0.56) if stage.titled else y  # below the type
        size = canvas.short * (rng.uniform(0.085, 0.12) if low else rng.uniform(0.05, 0.065))
        stage.sun = (x, y)
        if "rain" not in weather:
            sky.hang_sun(canvas, light, x=x, y=y, size=size)
        if low:
            sky.bank_clouds(canvas, light, rng, horizon=horizon)
    if "clouds" in weather or (not light.night and light.sky[0][2] > 140):
        top = horizon * (0.55 if stage.titled else 0.22)
        sky.drift_clouds(
            canvas, light, rng, top=top, bottom=horizon * 0.85, count=rng.randint(3, 5)
        )


def _night_sky(stage: Stage, *, x: float, horizon: float) -> None:
    canvas, light, rng = stage.canvas, stage.light, stage.rng
    count = int(150 * max(1.0, canvas.width / canvas.height))
    if "stars" in stage.brief.weather:
        count *= 2
    sky.scatter_stars(
        canvas, rng, top=0, bottom=horizon * 0.95, count=count, color=lighten(light.glow, 0.5)
    )
    y = horizon * (rng.uniform(0.62, 0.75) if stage.titled else rng.uniform(0.26, 0.45))
    stage.sun = (x, y)
    size = canvas.short * rng.uniform(0.055, 0.085)
    sky.hang_moon(canvas, light, x=x, y=y, size=size, crescent=rng.random() < 0.35)
