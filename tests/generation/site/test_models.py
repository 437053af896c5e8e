"""The page of each model: its sections, images and metadata."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.conf import settings as project
from django.test import Client
from django.urls import reverse
from PIL import Image

from accounts.models import Organization, User
from generation import catalog
from generation.site import copy, examples, metadata, social_card
from tests.conftest import signed_in
from tests.reading import count_queries, read

MODELS = list(catalog.load().models)
SECTIONS = (
    "Playground",
    "Tiers",
    "Key features",
    "What you can build",
    "Pro vs Max",
    "How to use it",
    "Pricing",
    "Questions and answers",
    "Why Vidgo",
)


@pytest.mark.parametrize("model_id", MODELS)
def test_a_models_page_has_every_section_and_asks_the_database_nothing(model_id: str) -> None:
    # Without the db fixture any query is an error.
    answer = Client().get(reverse("model", args=[model_id]))
    page = read(Client(), reverse("model", args=[model_id]))
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", answer.content.decode())
    assert [each for each in headings if each in SECTIONS] == list(SECTIONS)
    assert reverse("model", args=[catalog.get_model(model_id).sibling_id]) in page.links
    (canonical,) = page.all("link", rel="canonical")
    assert canonical["href"] == f"{project.VIDGO_PUBLIC_URL}/models/{model_id}"


@pytest.mark.parametrize("model_id", MODELS)
def test_the_command_of_a_models_page_is_for_that_model(model_id: str) -> None:
    content = Client().get(reverse("model", args=[model_id])).content.decode()
    steps = content[content.index('id="call"') :]
    assert f"&quot;model&quot;: &quot;{model_id}&quot;" in steps
    assert ("image_urls" in steps[: steps.index("</ol>")]) == catalog.get_model(model_id).is_edit


def test_a_model_we_do_not_have_is_not_found() -> None:
    answer = Client().get("/models/flux-kontext-ultra")
    assert answer.status_code == 404
    assert "There is no such model" in answer.content.decode()


def test_a_member_asks_as_little_on_each_model(alice: User, organization: Organization) -> None:
    client = signed_in(alice)
    counts = {count_queries(client, reverse("model", args=[each])) for each in MODELS}
    assert len(counts) == 1
    assert counts.pop() <= 5


def test_every_page_with_a_model_leads_to_its_own() -> None:
    for name in ("home", "models", "pricing"):
        links = read(Client(), reverse(name)).links
        assert {reverse("model", args=[each]) for each in MODELS} <= set(links)


def test_metadata_cannot_close_its_script_element() -> None:
    hostile = {"@type": "Thing", "name": "</script><script>alert(1)</script> & more"}
    page = metadata.Metadata(title="x", description="x", path="/", data=(hostile,))
    assert "<" not in page.data_json
    assert json.loads(page.data_json)["@graph"] == [hostile]


@pytest.mark.parametrize("example", examples.EXAMPLES, ids=lambda example: example.name)
def test_an_example_is_small_and_has_its_size(
    example: examples.Example,
) -> None:
    content = examples.file_of(example).read_bytes()
    assert len(content) <= examples.MAX_BYTES
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == "WEBP"
        assert picture.size == (example.width, example.height)
    assert example.alt.endswith(".")


@pytest.mark.parametrize("name", ["boat", "armchair-orange"])
def test_an_example_is_what_the_sandbox_makes_of_its_prompt_today(name: str) -> None:
    example = examples.BY_NAME[name]
    drawn = examples.draw(example).resize((64, 64))
    with Image.open(examples.file_of(example)) as kept:
        was = kept.convert("RGB").resize((64, 64))
    difference = [
        abs(one - other) for one, other in zip(drawn.tobytes(), was.tobytes(), strict=True)
    ]
    assert sum(difference) / len(difference) < 4


def test_no_file_lies_among_the_examples_without_being_one() -> None:
    folder = project.BASE_DIR / "static" / examples.FOLDER
    assert {path.name for path in folder.iterdir()} == {
        f"{example.name}.webp" for example in examples.EXAMPLES
    }


def test_every_task_of_the_catalog_has_copy() -> None:
    for model in catalog.load().models.values():
        assert len(copy.FEATURES[model.task]) == 4
        assert len(copy.USES[model.task]) == 6
        assert model.tier in copy.TIERS
        assert bool(copy.hero_of(model).of) == model.is_edit


def test_a_picture_says_its_size_and_waits_until_it_is_near() -> None:
    page = read(Client(), "/")
    pictures = [each for each in page.all("img") if "examples/" in str(each["src"])]
    assert len(pictures) > 10
    assert all(each.get("width") and each.get("height") and each["alt"] for each in pictures)
    assert sum(each.get("loading") != "lazy" for each in pictures) == 4


@pytest.mark.parametrize(
    ("name", "size"),
    [("apple-touch-icon", 180), ("icon-192", 192), ("icon-512", 512)],
)
def test_an_icon_has_the_size_it_is_named_for(name: str, size: int) -> None:
    with Image.open(project.BASE_DIR / f"static/images/{name}.png") as picture:
        assert picture.size == (size, size)


def test_the_social_card_is_as_large_as_the_pages_say() -> None:
    path = project.BASE_DIR / "static" / metadata.CARD
    with Image.open(path) as picture:
        assert picture.size == (metadata.CARD_WIDTH, metadata.CARD_HEIGHT) == social_card.CARD
    assert path.stat().st_size < 200_000


def test_an_icon_is_drawn_in_the_marks_colors() -> None:
    drawn = social_card.icon(size=64)
    assert drawn.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert social_card.icon(size=64, full_bleed=True).getpixel((0, 0))[3] == 255  # type: ignore[index]
    assert drawn.getpixel((19, 24))[:3] == (255, 106, 43)  # type: ignore[index]
