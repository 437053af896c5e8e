"""Open country: mountains, meadows, deserts, forests."""

from __future__ import annotations

import math
from random import Random

from sandbox.images import shapes
from sandbox.images.canvas import Canvas, Gradient
from sandbox.images.palette import NAMED, Colour, darken, lighten, mix
from sandbox.images.shapes import Point, Shape
from sandbox.images.stage import Stage, open_sky
from sandbox.images.water import mirror

_SNOW: Colour = (250, 250, 255)
_MOST = 300  # blades of grass or trees in a row, however long and low the picture


def paint_mountains(stage: Stage) -> None:
    """Paint three ranges of faceted peaks, with trees or a lake at their feet."""
    canvas, light, rng = stage.canvas, stage.light, stage.rng
    horizon = canvas.height * rng.uniform(0.66, 0.72)
    open_sky(stage, horizon=horizon)
    snowy = light.sky[0][2] > 120 or stage.asks("snow", "snowy", "winter", "alps")
    for depth, count, height in ((0.12, 6, 0.26), (0.34, 5, 0.36), (0.58, 4, 0.27)):
        colour = stage.layer(depth)
        base = horizon + canvas.height * 0.02
        for slot in rng.sample(range(count), count):
            x = canvas.width * ((slot + 0.5) / count + rng.uniform(-0.09, 0.09))
            tall = canvas.height * height * rng.uniform(0.7, 1.2)
            _mountain(stage, x=x, base=base, tall=tall, colour=colour, snow=snowy and depth < 0.5)
        mist(canvas, base, light.haze, canvas.height * 0.12, 0.55 - 0.5 * depth)
    wet = stage.asks("lake", "river", "fjord") or (rng.random() < 0.45 and not stage.titled)
    tree_line(canvas, rng, y=horizon, height=canvas.short * 0.055, colour=stage.layer(0.78))
    if wet:
        mirror(stage, waterline=horizon + canvas.short * 0.008)
        stage.afloat = canvas.height * 0.84
    else:
        _rolling(stage, top=horizon - canvas.short * 0.012, steps=(0.72, 0.88))
    edge = canvas.height * (0.93 if wet else 0.95)
    bank = stage.layer(0.93)
    canvas.fill(_hill(canvas, rng, edge, canvas.short * 0.02), Gradient((bank, darken(bank, 0.3))))
    grass(canvas, rng, y=edge, height=canvas.short * 0.05, colour=bank)
    stage.ground = canvas.height * 0.92


def _mountain(
    stage: Stage, *, x: float, base: float, tall: float, colour: Colour, snow: bool
) -> None:
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    left = _slope(rng, (x, base - tall), (x - tall * rng.uniform(0.85, 1.15), base))
    right = _slope(rng, (x, base - tall), (x + tall * rng.uniform(0.85, 1.15), base))
    outline = [left[::-1] + right[1:]]
    lit = lighten(mix(colour, light.glow, 0.16), 0.05)
    shade = darken(colour, 0.14)
    foot = mix(colour, light.haze, 0.5)
    ridge = _slope(rng, (x, base - tall), (x + tall * rng.uniform(-0.15, 0.15), base), 0.09)
    shady = right if stage.sun[0] < x else left
    canvas.fill(outline, Gradient((lit, mix(lit, colour, 0.6), foot)))
    shadow = [ridge + shady[::-1]]
    canvas.fill(shadow, Gradient((shade, mix(shade, foot, 0.4), foot)))
    if snow:
        _snow_cap(canvas, rng, x, base - tall, tall, outline, shadow, light.lit(_SNOW))


def _slope(rng: Random, top: Point, foot: Point, rough: float = 0.035) -> list[Point]:
    steps = 9
    reach = abs(foot[1] - top[1])
    points = [top]
    for i in range(1, steps):
        t = i / steps
        wobble = rng.uniform(-rough, rough) * reach
        points.append((top[0] + (foot[0] - top[0]) * t + wobble, top[1] + (foot[1] - top[1]) * t))
    return [*points, foot]


def _snow_cap(
    canvas: Canvas,
    rng: Random,
    x: float,
    top: float,
    tall: float,
    outline: Shape,
    shadow: Shape,
    colour: Colour,
) -> None:
    depth = tall * rng.uniform(0.24, 0.34)
    teeth = 7
    edge = [
        (
            x + depth * 1.6 * (i / teeth - 0.5) * 2,
            top + depth * (1.0 if i % 2 else 0.55) * rng.uniform(0.8, 1.2),
        )
        for i in range(teeth + 1)
    ]
    cap = [[(x - depth * 2, top - 4), (x + depth * 2, top - 4), *edge[::-1]]]
    canvas.fill(cap, colour, clip=outline, alpha=0.94)
    canvas.fill(cap, mix(colour, (92, 116, 176), 0.42), clip=shadow, alpha=0.9)


def mist(canvas: Canvas, base: float, colour: Colour, height: float, alpha: float) -> None:
    """Lay a bank of mist along `base` (pixels)."""
    bank = shapes.box(-canvas.width, base - height, canvas.width * 2, base + height * 0.5)
    canvas.fill(bank, colour, alpha=max(0.0, alpha), blur=height * 0.42)


def _hill(canvas: Canvas, rng: Random, y: float, swell: float) -> Shape:
    """Return land from a rolling line at about `y` down to the bottom edge."""
    phase, pace = rng.uniform(0, 6.28), rng.uniform(0.7, 1.3)
    line: list[Point] = []
    for i in range(49):
        t = i / 48
        lift = math.sin(t * 5.1 * pace + phase) + 0.35 * math.sin(t * 11.7 * pace + phase * 1.7)
        line.append((t * canvas.width * 1.02 - canvas.width * 0.01, y + swell * lift))
    return [[*line, (canvas.width + 9, canvas.height + 9), (-9, canvas.height + 9)]]


def _rolling(stage: Stage, *, top: float, steps: tuple[float, ...]) -> None:
    canvas = stage.canvas
    for index, nearness in enumerate(steps):
        y = top + (canvas.height - top) * index / len(steps)
        colour = stage.layer(nearness)
        hill = _hill(canvas, stage.rng, y, canvas.short * 0.018)
        canvas.fill(hill, Gradient((lighten(colour, 0.1), colour, darken(colour, 0.12))))


def paint_meadow(stage: Stage) -> None:
    """Paint soft hills one behind the other, with trees on their backs and flowers in front."""
    canvas, light, rng = stage.canvas, stage.light, stage.rng
    horizon = canvas.height * rng.uniform(0.58, 0.64)
    open_sky(stage, horizon=horizon + canvas.height * 0.04)
    layers = 5
    for index in range(layers):
        near = index / (layers - 1)
        y = horizon + (canvas.height - horizon) * (near**1.35) * 0.8
        swell = canvas.short * (0.034 - 0.012 * near)
        hill = _hill(canvas, rng, y, swell)
        colour = stage.layer(0.18 + 0.52 * near)
        crest = mix(lighten(colour, 0.12), light.glow, 0.22)
        canvas.fill(hill, Gradient((crest, colour, darken(colour, 0.1))))
        if index in (1, 2, 3):
            _copse(stage, hill[0], colour, size=canvas.short * (0.02 + 0.03 * near))
    front = canvas.height * 0.94
    colour = stage.layer(0.84)
    canvas.fill(_hill(canvas, rng, front, canvas.short * 0.014), Gradient((colour, stage.layer(1))))
    grass(canvas, rng, y=front, height=canvas.short * 0.06, colour=colour)
    if "snow" not in stage.brief.weather:
        blossoms(stage, y=front, spread=canvas.height * 0.05)
    stage.ground = canvas.height * 0.88


def _copse(stage: Stage, line: list[Point], colour: Colour, *, size: float) -> None:
    """Stand a few round trees on a hill line."""
    rng = stage.rng
    crowns: Shape = []
    shades: Shape = []
    trunks: Shape = []
    middle = rng.randint(3, 45)
    for _ in range(rng.randint(3, 7)):
        x, y = line[min(48, max(0, middle + rng.randint(-5, 5)))]
        x += rng.uniform(-1, 1) * size
        tall = size * rng.uniform(0.8, 1.3)
        trunks += shapes.box(x - tall * 0.07, y - tall, x + tall * 0.07, y + tall * 0.1)
        crowns += shapes.ellipse(x, y - tall * 1.05, tall * 0.5, tall * 0.68)
        shades += shapes.ellipse(x + tall * 0.14, y - tall * 0.95, tall * 0.36, tall * 0.56)
    dark = darken(mix(colour, stage.light.near, 0.35), 0.05)
    stage.canvas.fill(trunks, darken(dark, 0.3))
    stage.canvas.fill(crowns, dark)
    stage.canvas.fill(shades, darken(dark, 0.2), alpha=0.7, clip=crowns)


def paint_desert(stage: Stage) -> None:
    """Paint dunes with a lit and a shaded side under a large sun."""
    canvas, light, rng = stage.canvas, stage.light, stage.rng
    horizon = canvas.height * rng.uniform(0.56, 0.62)
    open_sky(stage, horizon=horizon + canvas.height * 0.05)
    sand = light.lit((236, 178, 112))
    for index, near in enumerate((0.0, 0.3, 0.62, 0.95)):
        colour = mix(mix(sand, light.far, 0.55), mix(sand, light.near, 0.12), near)
        y = horizon + (canvas.height - horizon) * near * 0.78
        swell = canvas.short * (0.05 + 0.035 * near)
        hill = _hill(canvas, rng, y, swell)
        crest = mix(lighten(colour, 0.22), light.glow, 0.2)
        canvas.fill(hill, Gradient((crest, colour, darken(colour, 0.12))))
        if index:
            _dune_shade(canvas, rng, hill, colour)
    stage.ground = canvas.height * 0.87


def _dune_shade(canvas: Canvas, rng: Random, hill: Shape, colour: Colour) -> None:
    """Shade the lee side of each crest, from a winding edge to nothing."""
    line = hill[0][:49]
    tops = [i for i in range(2, 47) if line[i][1] <= min(line[i - 2][1], line[i + 2][1])]
    for top in tops[:3]:
        x, y = line[top]
        reach = canvas.short * rng.uniform(0.26, 0.4)
        edge = [(0.0, -0.02), (-0.1, 0.16), (0.06, 0.36), (-0.04, 0.6), (0.16, 1.0)]
        side = shapes.curve([(x + dx * reach, y + dy * reach) for dx, dy in edge])
        crest = line[top : min(49, top + 12)]
        fall = [[*side, (crest[-1][0], y + reach), *[(px, py - 2) for px, py in crest[::-1]]]]
        paint = Gradient((darken(colour, 0.3), darken(colour, 0.16), colour), across=True)
        canvas.fill(fall, paint, alpha=0.72, clip=hill)


def paint_forest(stage: Stage) -> None:
    """Paint rows of firs coming out of the mist, larger and darker towards the viewer."""
    canvas, light, rng = stage.canvas, stage.light, stage.rng
    horizon = canvas.height * 0.66
    open_sky(stage, horizon=horizon)
    canvas.glow(*stage.sun, canvas.short * 0.7, light.glow, 0.45)
    for near, height in ((0.1, 0.26), (0.32, 0.34), (0.56, 0.46)):
        y = horizon + canvas.height * 0.10 * near
        tree_line(
            canvas, rng, y=y, height=canvas.height * height, colour=stage.layer(near), wide=1.3
        )
        mist(canvas, y, light.haze, canvas.height * 0.16, 0.55 - 0.4 * near)
    _rolling(stage, top=canvas.height * 0.72, steps=(0.62, 0.76))
    _path(stage)
    for side in (-1, 1):
        for near, reach in ((0.8, 0.40), (0.95, 0.50)):
            x = canvas.width * (0.5 + side * reach * rng.uniform(0.92, 1.02))
            y = canvas.height * (0.86 + 0.12 * near)
            colour = stage.layer(near)
            fir = _fir(rng, x, y, canvas.height * (0.62 + 0.3 * near), 0.26)
            canvas.fill(fir, Gradient((mix(colour, light.haze, 0.12), darken(colour, 0.2))))
    grass(
        canvas, rng, y=canvas.height * 0.975, height=canvas.short * 0.07, colour=stage.layer(0.95)
    )
    stage.ground = canvas.height * 0.87


def _path(stage: Stage) -> None:
    canvas = stage.canvas
    bend = stage.rng.uniform(-0.12, 0.12) * canvas.width
    middle, top = canvas.width * 0.5, canvas.height * 0.73
    left = shapes.curve(
        [
            (middle + bend, top),
            (middle - bend * 0.4 - canvas.width * 0.03, canvas.height * 0.84),
            (middle - canvas.width * 0.17, canvas.height * 1.02),
        ]
    )
    right = shapes.curve(
        [
            (middle + bend + canvas.width * 0.012, top),
            (middle - bend * 0.4 + canvas.width * 0.05, canvas.height * 0.84),
            (middle + canvas.width * 0.17, canvas.height * 1.02),
        ]
    )
    colour = mix(stage.layer(0.5), stage.light.glow, 0.42)
    canvas.fill(
        [left + right[::-1]], Gradient((lighten(colour, 0.15), darken(colour, 0.15))), alpha=0.85
    )


def tree_line(
    canvas: Canvas, rng: Random, *, y: float, height: float, colour: Colour, wide: float = 1.0
) -> None:
    """Stand a row of firs along `y` (pixels)."""
    firs: Shape = []
    x = -height * 0.2
    while x < canvas.width + height * 0.2:
        tall = height * rng.uniform(0.55, 1.1)
        firs += _fir(rng, x, y + height * 0.05, tall, 0.2)
        x += max(height * rng.uniform(0.16, 0.34) * wide, canvas.width / _MOST)
    firs += shapes.box(-5, y, canvas.width + 5, y + height * 0.09)
    canvas.fill(firs, Gradient((mix(colour, (255, 255, 255), 0.05), colour)))


def _fir(rng: Random, x: float, y: float, tall: float, spread: float) -> Shape:
    tiers = 6
    left: list[Point] = []
    right: list[Point] = []
    for tier in range(tiers):
        t = (tier + 1) / tiers
        reach = tall * spread * t * rng.uniform(0.88, 1.08)
        level = y - tall * (1 - t * 0.93)
        left += [(x - reach, level), (x - reach * 0.5, level - tall * 0.028)]
        right += [(x + reach, level), (x + reach * 0.5, level - tall * 0.028)]
    trunk = shapes.box(x - tall * 0.02, y - tall * 0.1, x + tall * 0.02, y)
    return [[(x, y - tall), *right, *left[::-1]], *trunk]


def grass(canvas: Canvas, rng: Random, *, y: float, height: float, colour: Colour) -> None:
    """Grow blades of grass along `y` (pixels) over the whole width."""
    blades: Shape = []
    x = -height
    while x < canvas.width + height:
        tall = height * rng.uniform(0.35, 1.0)
        lean = rng.uniform(-0.35, 0.35) * tall
        foot = height * 0.05
        blades.append(
            [
                (x - foot, y + height * 0.3),
                (x + lean * 0.5 - foot * 0.6, y - tall * 0.5),
                (x + lean, y - tall),
                (x + lean * 0.5 + foot * 0.6, y - tall * 0.5),
                (x + foot, y + height * 0.3),
            ]
        )
        x += max(height * rng.uniform(0.08, 0.28), canvas.width / _MOST)
    canvas.fill(blades, Gradient((lighten(colour, 0.12), colour)))


def blossoms(stage: Stage, *, y: float, spread: float) -> None:
    """Scatter small flowers in the grass, in colours that suit the light."""
    canvas, rng, light = stage.canvas, stage.rng, stage.light
    petals = [
        NAMED[name]
        for name in rng.sample(["pink", "yellow", "white", "coral", "lavender", "red"], 3)
    ]
    for colour in petals:
        heads: Shape = []
        for _ in range(int(9 * max(1.0, canvas.width / canvas.height))):
            x, size = rng.random() * canvas.width, canvas.short * rng.uniform(0.004, 0.009)
            at = y + rng.uniform(-0.9, 0.9) * spread
            for turn in range(5):
                angle = math.radians(72 * turn)
                heads += shapes.ellipse(
                    x + math.cos(angle) * size, at + math.sin(angle) * size, size * 0.75
                )
        canvas.fill(heads, light.lit(colour))
