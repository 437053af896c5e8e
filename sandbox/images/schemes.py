"""Colour schemes: which colours a test card wears, decided by the words of its prompt."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from sandbox.images.palette import LIGHTS, NAMED, Colour, darken, lighten, luminance, mix

PAPER: Colour = (245, 241, 232)
INK: Colour = (24, 23, 28)
_ACCENT: Colour = (229, 72, 45)

# Things that stand for a colour. The first colour is the ground, the others lie on it.
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

# Ground, then what lies on it.
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
    """The colours of one card: its paper and type, and a ground with what lies on it."""

    paper: Colour
    ink: Colour
    ground: Colour
    figures: tuple[Colour, ...]

    @property
    def quiet(self) -> Colour:
        """Return the colour of labels."""
        return mix(self.ink, self.paper, 0.35)


def choose(*, words: tuple[str, ...], light: str | None, rng: Random) -> Scheme:
    """Return the scheme that the colours, the things or the hour in a prompt ask for."""
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
        ground, *figures = (_from_hex(text) for text in row.split())
    night = light in {"night", "neon"}
    paper, ink = (INK, PAPER) if night else (PAPER, INK)
    return Scheme(paper, ink, ground, _apart(ground, figures))


def _apart(ground: Colour, figures: list[Colour]) -> tuple[Colour, ...]:
    """Return four colours that stand out from the ground, filled up with its tints and shades."""
    spare = (PAPER, darken(ground, 0.72), lighten(ground, 0.5), INK, _ACCENT, lighten(ground, 0.3))
    kept: list[Colour] = []
    for colour in (*figures, *spare):
        if all(_distance(colour, other) > 50 for other in (ground, *kept)):
            kept.append(colour)
    return tuple(kept[:4])


def _distance(one: Colour, other: Colour) -> float:
    apart = sum(abs(a - b) for a, b in zip(one, other, strict=True)) / 3
    return apart + abs(luminance(one) - luminance(other)) / 2


def _from_hex(text: str) -> Colour:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)
