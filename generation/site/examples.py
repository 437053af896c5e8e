"""The example images of the public pages: their prompts, and the files made from them.

`manage.py make_examples` draws them with the sandbox provider; the pages say that they are not by
FLUX.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from PIL import Image

from generation import catalog
from generation.providers import sandbox

FOLDER = "images/examples"
# The longest side of the files, in pixels: twice the size on the page.
LONGEST = 760
MAX_BYTES = 40_000
QUALITY = 82
SEED = 7


@dataclass(frozen=True, slots=True)
class Example:
    """An example image: the request it was made from, and its alt text.

    An edit names the example that it changes in `of`.
    """

    name: str
    size: str
    prompt: str
    alt: str
    of: str = ""

    @property
    def path(self) -> str:
        """Return the path of the static file."""
        return f"{FOLDER}/{self.name}.webp"

    @property
    def width(self) -> int:
        """Return the file's width in pixels."""
        return round(self._size.width * self._scale)

    @property
    def height(self) -> int:
        """Return the file's height in pixels."""
        return round(self._size.height * self._scale)

    @property
    def before(self) -> Example | None:
        """Return the example that an edit changes."""
        return BY_NAME[self.of] if self.of else None

    @property
    def _size(self) -> catalog.Size:
        return catalog.load().sizes[self.size]

    @property
    def _scale(self) -> float:
        return min(LONGEST / max(self._size.width, self._size.height), 1.0)


EXAMPLES = (
    Example(
        name="van",
        size="16:9",
        prompt="A camper van by a mountain lake, autumn",
        alt="A green and cream camper van in front of autumn mountains at a lake.",
    ),
    Example(
        name="bottle",
        size="1:1",
        prompt="A perfume bottle on a pedestal, studio, product photo",
        alt="A green glass bottle with a blank label on a violet pedestal.",
    ),
    Example(
        name="balloon",
        size="3:4",
        prompt="A hot air balloon over mountains at dawn",
        alt="A red and white balloon above a mountain lake at dawn.",
    ),
    Example(
        name="cat",
        size="16:21",
        prompt="A cat on a rug in a living room, night",
        alt="A brown cat on a round rug under a window with the moon in it.",
    ),
    Example(
        name="boat",
        size="21:9",
        prompt="A sailing boat on a calm sea at sunset",
        alt="A small sailing boat with a red sail in front of a low sun.",
    ),
    Example(
        name="fox",
        size="4:3",
        prompt="A fox in a snowy forest, low sun",
        alt="A fox sitting between snowy firs while it snows.",
    ),
    Example(
        name="astronaut",
        size="9:16",
        prompt="An astronaut floating over the earth",
        alt="An astronaut with raised arms above a planet, with stars around.",
    ),
    Example(
        name="poster",
        size="3:4",
        prompt='A poster that says "SLOW SUMMER" over the sea at sunset',
        alt="A poster of the sea at sunset with the words SLOW SUMMER.",
    ),
    Example(
        name="garden",
        size="16:9",
        prompt='A poster that says "MIDNIGHT GARDEN" over a forest at night, fireflies',
        alt="The words MIDNIGHT GARDEN above a path into a dark forest with fireflies.",
    ),
    Example(
        name="armchair",
        size="4:3",
        prompt="A green armchair by the window of a quiet living room",
        alt="A green armchair on a blue rug beside a window.",
    ),
    Example(
        name="armchair-orange",
        size="4:3",
        prompt="Make the green armchair orange",
        alt="The same room and rug; the armchair is orange now.",
        of="armchair",
    ),
    Example(
        name="sign",
        size="16:9",
        prompt='A sign that says "OPEN LATE" in a rainy city at night, neon',
        alt="A sign with the words OPEN LATE in front of a violet city in the rain.",
    ),
    Example(
        name="sign-back",
        size="16:9",
        prompt='Replace "OPEN LATE" with "BACK AT 9"',
        alt="The same sign and city; the words are BACK AT 9 now.",
        of="sign",
    ),
    Example(
        name="lighthouse",
        size="16:9",
        prompt="A lighthouse by the sea at sunset",
        alt="A red and white lighthouse on a beach at sunset.",
    ),
    Example(
        name="lighthouse-night",
        size="16:9",
        prompt="Turn the day into a starry night",
        alt="The same lighthouse and beach under a starry night sky.",
        of="lighthouse",
    ),
    Example(
        name="lighthouse-sketch",
        size="16:9",
        prompt="As a pencil sketch",
        alt="The same lighthouse and beach as a pencil drawing.",
        of="lighthouse",
    ),
)
BY_NAME = {example.name: example for example in EXAMPLES}


def draw(example: Example) -> Image.Image:
    """Return an example at full size, as the sandbox draws it."""
    size = catalog.load().sizes[example.size]
    return sandbox.draw(
        prompt=example.prompt,
        seed=SEED,
        width=size.width,
        height=size.height,
        source=draw(example.before) if example.before else None,
    )


def encode(example: Example) -> bytes:
    """Return an example as a small WebP file."""
    small = draw(example).resize((example.width, example.height), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "WEBP", quality=QUALITY, method=6)
    return file.getvalue()


def file_of(example: Example) -> Path:
    """Return the path of an example's file in the project."""
    return Path(settings.BASE_DIR) / "static" / example.path
