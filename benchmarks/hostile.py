"""`python -m benchmarks.hostile`: the cost of hostile input, compared with honest input.

A hostile image is compared with a photo of twelve megapixels, a damaged image with the undamaged
one, and a sign-in with a password of 900,000 characters with one of 20. Each figure is the least
CPU time of a few calls; only the ratios count.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import random
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from PIL import Image

from benchmarks import stand

TIMES = 5
# The highest ratio of each kind; a long password also has to be read.
GOALS = {"image": 1.0, "damage": 2.0, "password": 1.5}


def main() -> None:
    """Measure and print JSON."""
    with stand.build():
        lines = {**_images(), **_damage(), **_password()}
    above = [name for name, line in lines.items() if line["ratio"] > line["goal"]]
    sys.stdout.write(json.dumps({"lines": lines, "above_goal": above}, indent=2) + "\n")


def _least_ms(call: Callable[[], object], *, times: int = TIMES) -> float:
    """Return the least CPU time of a few calls, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        call()
        taken.append(time.process_time() - began)
    return min(taken) * 1000


def _line(hostile_ms: float, honest_ms: float, *, kind: str) -> dict[str, Any]:
    return {
        "hostile_ms": round(hostile_ms, 2),
        "honest_ms": round(honest_ms, 2),
        "ratio": round(hostile_ms / honest_ms, 2),
        "goal": GOALS[kind],
    }


def _open(content: bytes) -> None:
    from vidgo.kernel import images

    with contextlib.suppress(images.ImageRefused):
        images.open_image(content=content)


def _photograph() -> bytes:
    dice = random.Random(1)
    small = Image.frombytes("RGB", (400, 300), dice.randbytes(400 * 300 * 3))
    stream = io.BytesIO()
    small.resize((4000, 3000)).save(stream, "JPEG")
    return stream.getvalue()


def _images() -> dict[str, Any]:
    from tests.kernel import hostile_images

    photograph = _photograph()
    honest_ms = _least_ms(lambda: _open(photograph))
    files = {build.__name__: build() for build in hostile_images.BOMBS + hostile_images.BUSY}
    files |= {f"shared_exif {name}": hostile_images.shared_exif(name) for name in ("JPEG", "PNG")}
    files["unfolding_png"] = hostile_images.unfolding_png()
    return {
        name: _line(_least_ms(lambda file=content: _open(file)), honest_ms, kind="image")
        for name, content in files.items()
    }


def _damage() -> dict[str, Any]:
    from tests.hardening.test_image_fuzz import EXTENSIONS, mutants, photo

    def all_of(contents: Iterable[bytes]) -> None:
        for content in contents:
            _open(content)

    lines = {}
    for name in EXTENSIONS:
        damaged = list(mutants(name, seed=6, count=100))
        whole = [photo(name)] * len(damaged)
        lines[f"damaged {name}"] = _line(
            _least_ms(lambda files=damaged: all_of(files)),
            _least_ms(lambda files=whole: all_of(files)),
            kind="damage",
        )
    return lines


def _password() -> dict[str, Any]:
    from django.test import Client

    from accounts.models import User

    User.objects.create_user("dana@example.com", password="a long enough secret")
    hosts = itertools.count(1)

    def sign_in(characters: int) -> None:
        # Each from another address and for another account, or the limits would answer.
        number = next(hosts)
        Client(REMOTE_ADDR=f"192.0.2.{number}", HTTP_HOST="localhost").post(
            "/accounts/login/",
            {"login": f"nobody{number}@example.com", "password": "x" * characters},
        )

    sign_in(20)
    honest_ms = _least_ms(lambda: sign_in(20))
    return {"password": _line(_least_ms(lambda: sign_in(900_000)), honest_ms, kind="password")}


if __name__ == "__main__":
    main()
