"""Colors: arithmetic, names, and the light a scene is painted in."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, fields, replace
from random import Random

Color = tuple[int, int, int]

NAMED: dict[str, Color] = {
    "red": (214, 58, 54), "crimson": (178, 28, 58), "scarlet": (222, 48, 34),
    "maroon": (118, 28, 42), "orange": (240, 134, 46), "coral": (250, 122, 98),
    "peach": (252, 190, 150), "amber": (246, 176, 38), "yellow": (250, 208, 60),
    "gold": (222, 170, 60), "golden": (222, 170, 60), "lime": (160, 208, 60),
    "green": (70, 156, 90), "emerald": (32, 148, 104), "olive": (124, 132, 58),
    "mint": (158, 220, 188), "teal": (28, 136, 140), "turquoise": (62, 192, 188),
    "cyan": (58, 200, 222), "blue": (48, 112, 204), "navy": (28, 46, 104),
    "azure": (72, 150, 232), "indigo": (72, 62, 160), "purple": (126, 70, 172),
    "violet": (140, 88, 200), "lavender": (188, 168, 226), "lilac": (204, 172, 220),
    "magenta": (208, 48, 146), "pink": (242, 138, 172), "rose": (226, 102, 128),
    "brown": (126, 84, 56), "chocolate": (92, 56, 40), "beige": (226, 208, 178),
    "cream": (250, 240, 216), "ivory": (250, 246, 232), "white": (248, 247, 243),
    "silver": (190, 196, 202), "gray": (132, 136, 142), "grey": (132, 136, 142),
    "black": (32, 32, 38),
}  # fmt: skip


@dataclass(frozen=True)
class Light:
    """The colors of a time of day; `sky` runs from top to horizon."""

    sky: tuple[Color, Color, Color]
    glow: Color
    haze: Color
    far: Color
    near: Color
    land: Color
    sea: Color
    ambient: Color
    night: bool = False

    def lit(self, color: Color) -> Color:
        """Return `color` as it looks under this light."""
        red, green, blue = (c * a // 255 for c, a in zip(color, self.ambient, strict=True))
        return red, green, blue


def _light(row: str, *, night: bool = False) -> Light:
    top, middle, low, glow, haze, far, near, land, sea, ambient = map(from_hex, row.split())
    return Light((top, middle, low), glow, haze, far, near, land, sea, ambient, night)


def from_hex(text: str) -> Color:
    """Return the color written as six hexadecimal digits."""
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


# sky top, sky middle, horizon, glow, haze, far, near, land, sea, ambient
LIGHTS: dict[str, Light] = {
    "day": _light("3d8fd6 8accf0 eaf5ea fff5d2 dfeff0 86b4cc 17494f 5fae78 2f86b8 ffffff"),
    "dawn": _light("6c8dca efb6b2 ffe4c0 fff3d0 fbdcc8 b497ba 393258 8c9a84 8799bd ffe4d8"),
    "golden": _light("e59a58 f9cc88 fff1c9 fffbe2 fbdaa4 cf9668 46302f a98a44 c99862 ffe2b4"),
    "sunset": _light("35306f cb4f78 ffb268 ffe8aa ffae84 a34d7f 21143a 70405f 613e7c ffc4ac"),
    "dusk": _light("1a2152 604b90 f3a391 ffdcb4 b887a6 68569a 11122f 363a66 3e4887 c6b0dc"),
    "night": _light(
        "060c24 122257 3c5a9a f6f1d8 3b558f 28407e 050919 152a50 17336e 7c8cc8", night=True
    ),
    "neon": _light(
        "0a0422 3b0f66 e3358c ff96d6 7b2a8c 5a2392 090320 24104c 2b1468 c09af0", night=True
    ),
    "pastel": _light("b9d8f3 f4d2e4 fff1dc ffffff f7e5eb c7bde1 6f7bb0 a8d4bc a4cfe5 fffafb"),
    "overcast": _light("9aabb7 c3ced1 e7e6de f8f5ea dce1df 9fb0b6 34474f 7d9582 7f9aa6 eef0ee"),
    "storm": _light("141b28 3a4959 82929a cfd8d8 6b7c86 475866 0d131c 3c4f4c 34485a a8b4c4"),
    "winter": _light("86b2dc c8e0f1 fdf2e8 fff8e6 e8f0f5 a3bfd6 2f4d6b dfeaf2 8fb6d0 f4f8ff"),
    "vintage": _light("7fb0a8 e6d3a3 f3c98b fff0cf ecd2a2 b98f6b 43302e b08a4e 5f948f fbe6c6"),
}


def mix(first: Color, second: Color, amount: float) -> Color:
    """Return the color `amount` (0 to 1) of the way from `first` to `second`."""
    amount = min(1.0, max(0.0, amount))
    red, green, blue = (round(a + (b - a) * amount) for a, b in zip(first, second, strict=True))
    return red, green, blue


def lighten(color: Color, amount: float) -> Color:
    """Return `color` moved toward a warm white."""
    return mix(color, (255, 252, 244), amount)


def darken(color: Color, amount: float) -> Color:
    """Return `color` moved toward a cool black."""
    return mix(color, (16, 14, 38), amount)


def luminance(color: Color) -> float:
    """Return the perceived brightness of `color`, 0 to 255 (Rec. 601 weights)."""
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]


def turn_hue(color: Color, degrees: float) -> Color:
    """Return `color` with its hue rotated."""
    hue, light, saturation = colorsys.rgb_to_hls(*(c / 255 for c in color))
    turned = colorsys.hls_to_rgb((hue + degrees / 360) % 1.0, light, saturation)
    return round(turned[0] * 255), round(turned[1] * 255), round(turned[2] * 255)


def toward(color: Color, tint: Color, amount: float) -> Color:
    """Return `color` with the hue of `tint`, keeping its lightness."""
    hue, tint_light, saturation = colorsys.rgb_to_hls(*(c / 255 for c in tint))
    own = luminance(color) / 255
    light = own * 0.85 + tint_light * 0.15
    tinted = colorsys.hls_to_rgb(hue, light, min(0.8, saturation))
    painted = round(tinted[0] * 255), round(tinted[1] * 255), round(tinted[2] * 255)
    return mix(color, painted, amount)


def tint_light(light: Light, change: Color | None, rng: Random) -> Light:
    """Return `light` shifted to the prompt's color or, without one, by a random few degrees."""
    turn = rng.uniform(-9, 9)

    def change_one(color: Color) -> Color:
        return turn_hue(color, turn) if change is None else toward(color, change, 0.72)

    changed: dict[str, object] = {"sky": tuple(change_one(color) for color in light.sky)}
    for field in fields(light):
        if field.name not in {"sky", "night", "ambient"}:
            changed[field.name] = change_one(getattr(light, field.name))
    return replace(light, **changed)  # type: ignore[arg-type]


def snow_over(light: Light) -> Light:
    """Return `light` with snow on the ground."""
    white = light.lit((240, 244, 252))
    return replace(light, land=mix(light.land, white, 0.8), near=mix(light.near, white, 0.18))


def ink_on(background: Color) -> Color:
    """Return the type color that reads best on `background`."""
    cream, ink = (255, 250, 236), (24, 24, 48)
    return cream if luminance(background) < 150 else ink
