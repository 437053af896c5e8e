"""Color schemes: the colors of a test card, chosen by the words of its prompt."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sandbox.images.palette import LIGHTS, NAMED, Color, darken, from_hex, lighten, luminance, mix

PAPER: Color = (245, 241, 232)
INK: Color = (24, 23, 28)
_ACCENT: Color = (229, 72, 45)

# Colors that a word suggests: first the ground, then the figures.
_HINTS = {
    "chocolate cream amber": "coffee cafe espresso latte cocoa chocolate tea bakery bread wood",
    "navy azure cream": "sea ocean beach coast water wave river lake rain whale harbor harbour",
    "emerald mint cream": "forest jungle tree leaf leaves garden grass plant park meadow frog",
    "amber scarlet cream": "sun desert sand honey bee banana lemon cheese summer lion",
    "crimson blush cream": "heart love wine cherry strawberry tomato fire valentine lips",
    "coral white black": "sushi salmon lobster flamingo shrimp",
    "orange black cream": "pumpkin tiger halloween carrot basketball",
    "lavender violet cream": "lavender grape dream unicorn wizard magic",
    "silver navy white": "snow ice winter office robot moon concrete steel",
    "navy cyan magenta": "neon cyberpunk arcade disco synthwave hacker computer",
}
_HINTED = {word: names.split() for names, words in _HINTS.items() for word in words.split()}

# First the ground, then the figures.
_CURATED = (
    "e5482d 1b1b1e f3ebdd f4b49a",
    "2046c8 f3ebdd f6c445 101c52",
    "f2b632 1b1b1e f3ebdd d9482b",
    "11604d f2e6cf f08a5d 08352d",
    "4d41a8 f5b9d0 f3ebdd 231c5f",
    "0e5266 f26b4e f3ebdd 8fc7c4",
    "f3a0b2 d32740 f6efe4 2d2038",
    "2b2e3b f4d35e ee964b f3ebdd",
    "d8d2c4 1b1b1e e5482d fbf8f1",
)


@dataclass(frozen=True)
class Scheme:
    """The colors of a card: paper and ink of the type, ground and figures of the picture."""

    paper: Color
    ink: Color
    ground: Color
    figures: tuple[Color, ...]

    @property
    def quiet(self) -> Color:
        """Return the color of labels."""
        return mix(self.ink, self.paper, 0.35)


def choose(*, words: tuple[str, ...], light: str | None, rng: Random) -> Scheme:
    """Return the scheme for the colors, things or time of day in a prompt."""
    row = rng.choice(_CURATED)
    named = list(dict.fromkeys(NAMED[word] for word in words if word in NAMED))
    hinted = next((_HINTED[word] for word in words if word in _HINTED), None)
    if named:
        ground, *figures = named
    elif hinted:
        ground, *figures = (NAMED.get(name, NAMED["peach"]) for name in hinted)
    elif light:
        ground, *figures = LIGHTS[light].sky
    else:
        ground, *figures = (from_hex(text) for text in row.split())
    night = light in {"night", "neon"}
    paper, ink = (INK, PAPER) if night else (PAPER, INK)
    return Scheme(paper, ink, ground, _apart(ground, figures))


def _apart(ground: Color, figures: list[Color]) -> tuple[Color, ...]:
    """Return four colors that contrast with the ground: `figures`, then its tints and shades."""
    spare = (PAPER, darken(ground, 0.72), lighten(ground, 0.5), INK, _ACCENT, lighten(ground, 0.3))
    kept: list[Color] = []
    for color in (*figures, *spare):
        if all(_distance(color, other) > 50 for other in (ground, *kept)):
            kept.append(color)
    return tuple(kept[:4])


def _distance(one: Color, other: Color) -> float:
    apart = sum(abs(a - b) for a, b in zip(one, other, strict=True)) / 3
    return apart + abs(luminance(one) - luminance(other)) / 2
