"""The sandbox: real images of what was requested, and magic words that make it fail or wait."""

from __future__ import annotations

import asyncio
import io
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont
from pytest_django import Settings

from accounts.models import Organization
from billing import ledger_checks
from generation import catalog
from generation.engine import job_loop
from generation.models import Job
from generation.providers import registry
from generation.providers.base import Failure, FailureKind, Pending, Ready, Work
from generation.providers.base import Image as ProvidedImage
from generation.providers.sandbox import Sandbox
from generation.storage import files
from tests import factories


def work(prompt: str = "a red fox in the snow", **changes: Any) -> Work:
    given = {
        "job_id": "task_1",
        "endpoint": "flux-kontext-pro",
        "prompt": prompt,
        "size": "1:1",
        "width": 256,
        "height": 256,
        "output_format": "png",
        "seed": 7,
        "image": None,
    }
    return Work(**{**given, **changes})


def answer(asked: Work, *, reference: str | None = None) -> Pending | Ready:
    async def ask() -> Pending | Ready:
        sandbox = Sandbox()
        upstream_ref = reference or (await sandbox.start(asked)).upstream_ref
        return await sandbox.poll(upstream_ref, asked)

    return asyncio.run(ask())


def picture(asked: Work) -> Image.Image:
    ready = answer(asked)
    assert isinstance(ready, Ready)
    assert ready.content is not None
    return Image.open(io.BytesIO(ready.content)).convert("RGB")


def word(text: str, *, size: tuple[int, int] = (480, 360)) -> Image.Image:
    """Draw a poster with one word on it, as a customer might send."""
    image = Image.new("RGB", size, "#f4efe4")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, size[0] - 21, size[1] - 21), outline="#1d3557", width=6)
    font = ImageFont.load_default(size=110)
    draw.text((size[0] / 2, size[1] / 2), text, font=font, fill="#c1121f", anchor="mm")
    return image


def bytes_of(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def difference(one: Image.Image, other: Image.Image, box: tuple[int, int, int, int]) -> float:
    """Return the mean difference of a part of two images, 0 to 255."""
    delta = ImageChops.difference(one.crop(box), other.crop(box)).convert("L")
    counted = delta.histogram()
    return sum(level * count for level, count in enumerate(counted)) / sum(counted)


@pytest.fixture(autouse=True)
def at_once(settings: Settings) -> None:
    settings.SANDBOX_SECONDS = 0


def test_the_same_prompt_and_seed_give_the_same_image() -> None:
    first = picture(work())
    assert first.size == (256, 256)
    assert first.tobytes() == picture(work()).tobytes()
    assert first.tobytes() != picture(work(seed=8)).tobytes()
    assert first.tobytes() != picture(work("a blue whale at night")).tobytes()


def test_an_edit_replaces_the_quoted_word_and_leaves_the_rest_alone() -> None:
    before = word("JOY")
    asked = work(
        'Replace "JOY" with "BFL"',
        image=ProvidedImage(bytes_of(before), "image/png", ""),
        width=480,
        height=360,
        size="4:3",
    )
    after = picture(asked)
    assert after.size == (480, 360)
    middle, frame = (60, 110, 420, 250), (0, 0, 480, 60)
    assert difference(before, after, middle) > 8
    assert difference(before, after, frame) < 2
    assert difference(before, after, (0, 300, 480, 360)) < 2
    # The result is closer to the new word than to the old one.
    assert difference(after, word("BFL"), middle) < difference(after, word("JOY"), middle)


@pytest.mark.parametrize(
    ("words", "kind"),
    [("sandbox:fail", FailureKind.INVALID_INPUT), ("sandbox:moderated", FailureKind.MODERATED)],
)
def test_magic_words_make_it_fail(words: str, kind: FailureKind) -> None:
    with pytest.raises(Failure) as failed:
        answer(work(f"a fox {words}"))
    assert failed.value.kind is kind
    assert words in failed.value.message


@pytest.mark.parametrize("prompt", ["a sandbox: fail", "sandbox:failure", "xsandbox:fail"])
def test_other_words_do_not(prompt: str) -> None:
    assert isinstance(answer(work(prompt, width=64, height=64)), Ready)


def test_it_takes_as_long_as_the_prompt_says() -> None:
    now = time.time()
    waiting = answer(work("a fox sandbox:slow=8"))
    assert waiting == Pending(progress=0)
    assert answer(work(), reference=f"{now - 3}/{now + 1}") == Pending(progress=75)
    assert isinstance(answer(work(), reference=f"{now - 3}/{now}"), Ready)


def test_it_never_takes_longer_than_ten_minutes() -> None:
    async def ends_after() -> float:
        reference = (await Sandbox().start(work("sandbox:slow=999"))).upstream_ref
        began, ready = (float(part) for part in reference.split("/"))
        return ready - began

    assert asyncio.run(ends_after()) == pytest.approx(600)


def test_it_is_configured_only_if_it_is_enabled(settings: Settings) -> None:
    model = catalog.load().models["flux-kontext-pro"]
    assert [provider.name for provider, _ in registry.route_of(model)] == ["sandbox"]
    assert registry.names_of(model.id) == ["sandbox"]
    settings.SANDBOX_ENABLED = False
    assert registry.names_of(model.id) == []
    with pytest.raises(registry.NoProvider):
        registry.route_of(model)
    assert registry.names_of("no such model") == []


@pytest.mark.django_db(transaction=True)
def test_a_work_cycle_makes_what_was_requested_of_each_model(
    organization: Organization, work_cycles: None, storage: Path
) -> None:
    upload = factories.upload(organization=organization, content=bytes_of(word("JOY")))
    image = {"image_urls": [files.url_of(upload.file)]}
    requests: list[tuple[str, dict[str, Any]]] = [
        ("flux-kontext-pro", {"size": "21:9", "output_format": "jpg"}),
        ("flux-kontext-max", {"size": "16:21"}),
        ("flux-kontext-pro-edit", {"size": "4:3", "prompt": 'Replace "JOY" with "BFL"', **image}),
        ("flux-kontext-max-edit", {"size": "9:21", "output_format": "jpg", **image}),
    ]
    waiting = [
        factories.job(organization=organization, model=model, **given) for model, given in requests
    ]
    while Job.objects.filter(status__in=("queued", "running")).exists():
        job_loop.drive()
    for job in waiting:
        asset = factories.asset_of(job)
        size = catalog.load().sizes[job.size]
        with Image.open(storage / asset.file) as made:
            assert made.format == {"png": "PNG", "jpg": "JPEG"}[job.output_format]
            assert made.size == (asset.width, asset.height) == (size.width, size.height)
    assert ledger_checks.check() == []
