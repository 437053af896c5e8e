"""`python -m sandbox.images "a red fox" --size 16:9 --output fox.png`: draw or edit one picture."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from sandbox import images

_PIXELS = 1024 * 1024  # pixels in a picture whose size is given as a ratio, roughly
_STEP = 16  # sides are multiples of this many pixels if the ratio allows it


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw or edit a picture as the command line says, and write it to a file."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.images", description=__doc__)
    parser.add_argument("prompt", help="what to draw, or what to change with --edit")
    parser.add_argument("--size", type=read_size, help="a ratio (16:9) or pixels (1280x720)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another picture")
    parser.add_argument("--edit", type=Path, metavar="FILE", help="edit this picture")
    parser.add_argument("--output", type=Path, default=Path("picture.png"), help="file to write")
    given = parser.parse_args(arguments)
    if given.edit is None:
        width, height = given.size or (1024, 1024)
        picture = images.compose(prompt=given.prompt, seed=given.seed, width=width, height=height)
    else:
        with Image.open(given.edit) as source:
            width, height = given.size or source.size
            picture = images.edit(
                image=source, prompt=given.prompt, seed=given.seed, width=width, height=height
            )
    picture.save(given.output)
    print(f"{given.output}: {picture.width} x {picture.height} pixels")  # noqa: T201 - a command


def read_size(text: str) -> tuple[int, int]:
    """Return the width and height in pixels that `text` asks for; raises ArgumentTypeError."""
    match = re.fullmatch(r"([1-9]\d{0,3})([:x])([1-9]\d{0,3})", text)
    if match is None:
        raise argparse.ArgumentTypeError("Give a ratio such as 16:9, or pixels such as 1280x720.")
    across, down = int(match[1]), int(match[3])
    if match[2] == "x":
        return across, down
    shared = math.gcd(across, down)
    across, down = across // shared, down // shared
    scale = (_PIXELS / (across * down)) ** 0.5
    whole = round(scale / _STEP) * _STEP or max(1, round(scale))
    return across * whole, down * whole


if __name__ == "__main__":
    main()
