"""The sandbox: real images of the right size and format, drawn here without any account.

It is the default without vendors' keys, so the whole product works on a fresh machine. It draws the
scene of a prompt if it knows every word in it, else a test card with the prompt as type; or it
edits the customer's own image, and quotes an edit that it cannot make in a caption. Its results are
labeled as the sandbox's everywhere and never presented as FLUX. Words in the prompt let customers
test their integration: `sandbox:fail`, `sandbox:moderated`, `sandbox:slow=8`.
"""

from __future__ import annotations

import asyncio
import re
import time

from django.conf import settings
from PIL import Image

from generation.providers.base import (
    Cancellation,
    Failure,
    FailureKind,
    Pending,
    Provider,
    Ready,
    Started,
    Work,
)
from vidgo.kernel import images

MAGIC = re.compile(r"\bsandbox:(?P<word>fail|moderated|slow=(?P<seconds>\d{1,3}))\b")
SLOWEST_SECONDS = 600


class Sandbox(Provider):
    """Draws in threads of this process. A reference is the start and the end time."""

    name = "sandbox"
    may_start_again = True

    def __init__(self, *, concurrency: int = 500) -> None:
        self.concurrency = concurrency

    async def start(self, work: Work) -> Started:
        """Return a reference with the start and end time."""
        now = time.time()
        return Started(upstream_ref=f"{now:.3f}/{now + _seconds(work.prompt):.3f}")

    async def poll(self, upstream_ref: str, work: Work) -> Pending | Ready:
        """Return the image once its end time has passed; raises `Failure` as the prompt asks."""
        began, ready = (float(part) for part in upstream_ref.split("/"))
        now = time.time()
        if began < ready and now < ready:
            return Pending(progress=min(int(100 * (now - began) / (ready - began)), 99))
        match MAGIC.search(work.prompt):
            case re.Match() as magic if magic["word"] == "fail":
                raise Failure(
                    FailureKind.INVALID_INPUT,
                    "The sandbox failed this task because its prompt says sandbox:fail.",
                )
            case re.Match() as magic if magic["word"] == "moderated":
                raise Failure(
                    FailureKind.MODERATED,
                    "The sandbox moderated this task because its prompt says sandbox:moderated.",
                )
        return Ready(content=await asyncio.to_thread(_content, work))

    async def cancel(self, upstream_ref: str) -> Cancellation:
        """Return `CANCELED`: nothing is drawn before the poll."""
        return Cancellation.CANCELED


def _seconds(prompt: str) -> float:
    magic = MAGIC.search(prompt)
    if magic is None or magic["seconds"] is None:
        return float(settings.SANDBOX_SECONDS)
    return float(min(int(magic["seconds"]), SLOWEST_SECONDS))


def draw(
    *, prompt: str, seed: int, width: int, height: int, source: Image.Image | None = None
) -> Image.Image:
    """Return the image for a prompt, ignoring magic words; edits `source` if given.

    Raises ValueError when a side, in pixels, is not positive.
    """
    # Imported here, because it loads numpy, which real providers don't need.
    from sandbox import images as engine

    prompt = MAGIC.sub("", prompt).strip() or prompt
    if source is None:
        return engine.compose(prompt=prompt, seed=seed, width=width, height=height)
    return engine.edit(image=source, prompt=prompt, seed=seed, width=width, height=height)


def _content(work: Work) -> bytes:
    picture = draw(
        prompt=work.prompt,
        seed=work.seed,
        width=work.width,
        height=work.height,
        source=images.open_image(content=work.image.content) if work.image else None,
    )
    return images.encode(image=picture, format="jpg" if work.output_format == "jpg" else "png")
