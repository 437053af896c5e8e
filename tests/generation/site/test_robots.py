"""Sitemap, robots.txt and metadata, the legal pages, and the weight of the pages."""

from __future__ import annotations

import gzip
import json
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings as project
from django.contrib.staticfiles import finders
from django.template import engines
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from generation import catalog
from generation.site import robots
from tests.reading import check, read

BASE = project.VIDGO_PUBLIC_URL
PUBLIC = ["/", "/models", "/models/flux-kontext-pro", "/pricing", "/terms", "/privacy"]
# Short enough for search engines to display in full.
TITLE_MAX, DESCRIPTION_MAX = 80, 200


def test_the_list_of_pages_names_each_once_and_each_can_be_found() -> None:
    answer = Client().get("/sitemap.xml")
    assert answer.headers["Content-Type"].startswith("application/xml")
    root = ElementTree.fromstring(answer.content)
    named = [
        str(each.text) for each in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")
    ]
    assert len(named) == len(set(named)) > 10
    assert all(each.startswith(BASE) for each in named)
    for model_id in catalog.load().models:
        assert f"{BASE}/models/{model_id}" in named


@pytest.mark.django_db
def test_each_page_of_the_list_is_there_under_its_one_address() -> None:
    titles, descriptions = set(), set()
    for path in robots.public_paths():
        page = read(Client(), path)
        assert not page.all("meta", name="robots"), path
        (canonical,) = page.all("link", rel="canonical")
        assert canonical["href"] == BASE + path
        (description,) = page.all("meta", name="description")
        (title,) = page.all("meta", property="og:title")
        assert 20 <= len(str(description["content"])) <= DESCRIPTION_MAX, path
        assert len(str(title["content"])) <= TITLE_MAX, path
        titles.add(title["content"])
        descriptions.add(description["content"])
    count = len(list(robots.public_paths()))
    assert len(titles) == len(descriptions) == count


def test_a_page_has_a_social_card() -> None:
    page = read(Client(), "/pricing")
    content = {
        each.get("property") or each.get("name"): each["content"]
        for each in page.all("meta")
        if each.get("content")
    }
    assert content["og:image"] == f"{BASE}/static/images/social-card.png"
    assert content["og:url"] == f"{BASE}/pricing"
    assert content["twitter:card"] == "summary_large_image"


def test_crawlers_are_kept_from_what_is_private() -> None:
    text = Client().get("/robots.txt").content.decode()
    closed = re.findall(r"^Disallow: (\S+)$", text, re.M)
    assert {"/dashboard", "/admin/", "/accounts/", "/files/"} <= set(closed)
    assert f"Sitemap: {BASE}/sitemap.xml" in text
    for path in robots.public_paths():
        assert not any(path.startswith(each) for each in closed), path


def test_the_text_for_language_models_leads_only_to_what_is_there() -> None:
    text = Client().get("/llms.txt").content.decode()
    assert text.startswith("# Vidgo\n\n> ")
    assert "&" not in text
    paths = [each.removeprefix(BASE) for each in re.findall(r"\]\((\S+)\)", text)]
    assert len(paths) > 10
    known = {
        *robots.public_paths(),
        *(reverse(n) for n in ("api_docs", "api_schema", "api_models")),
    }
    assert set(paths) <= known


def test_the_manifest_names_icons_that_are_there() -> None:
    answer = Client().get("/site.webmanifest")
    manifest = json.loads(answer.content)
    assert manifest["name"] == project.VIDGO_NAME
    for icon in manifest["icons"]:
        assert finders.find(icon["src"].removeprefix(project.STATIC_URL))


def test_the_icons_old_address_leads_to_the_icon() -> None:
    place = Client().get("/favicon.ico").headers["Location"]
    assert finders.find(place.removeprefix(project.STATIC_URL))


@pytest.mark.parametrize("name", ["terms", "privacy"])
def test_a_placeholder_says_that_it_is_one_and_is_not_indexed(name: str) -> None:
    page = read(Client(), reverse(name))
    (indexing,) = page.all("meta", name="robots")
    assert indexing["content"] == "noindex"
    text = Client().get(reverse(name)).content.decode()
    assert "This is a placeholder." in text
    assert f"VIDGO_{name.upper()}_URL" in text


@pytest.mark.parametrize("name", ["terms", "privacy"])
def test_the_operators_own_address_takes_the_place_of_the_placeholder(
    name: str, settings: Settings
) -> None:
    setattr(settings, f"VIDGO_{name.upper()}_URL", f"https://example.com/{name}")
    assert Client().get(reverse(name)).headers["Location"] == f"https://example.com/{name}"


def test_the_operators_own_template_takes_the_place_of_the_placeholder(
    tmp_path: Path, settings: Settings
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/terms_text.html").write_text("<h2>Ours</h2><p>We are Example Ltd.</p>")
    first, *others = project.TEMPLATES
    settings.TEMPLATES = [{**first, "DIRS": [tmp_path, *first["DIRS"]]}, *others]
    try:
        answer = Client().get("/terms")
        check(answer)
        text = answer.content.decode()
        assert "We are Example Ltd." in text
        assert "placeholder" not in text
        assert 'rel="canonical"' in text
    finally:
        engines._engines.clear()  # type: ignore[attr-defined]


def test_the_placeholders_are_the_ones_that_came_with_the_software() -> None:
    assert "placeholder" not in get_template("site/terms_text.html").render(
        {"catalog": catalog.load()}
    )


def test_the_support_address_is_in_the_footer_once_there_is_one(settings: Settings) -> None:
    assert "mailto:" not in Client().get("/").content.decode()
    settings.VIDGO_SUPPORT_EMAIL = "help@example.com"
    assert "mailto:help@example.com" in read(Client(), "/").links


@pytest.mark.parametrize("path", PUBLIC)
def test_styles_and_scripts_of_a_page_are_light(path: str) -> None:
    page = read(Client(), path)
    named = [str(each["href"]) for each in page.all("link", rel="stylesheet")]
    named += [str(each["src"]) for each in page.all("script") if each.get("src")]
    total = 0
    for each in named:
        found = finders.find(each.removeprefix(project.STATIC_URL))
        assert isinstance(found, str), each
        total += len(gzip.compress(Path(found).read_bytes()))
    assert total < 40_000


@pytest.mark.parametrize("path", PUBLIC)
def test_headings_come_in_order(path: str) -> None:
    text = Client().get(path).content.decode()
    levels = [int(level) for level in re.findall(r"<h([1-6])\b", text)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("path", PUBLIC)
def test_the_menu_opens_without_a_script(path: str) -> None:
    page = read(Client(), path)
    (menu,) = page.all("nav", id="site-menu")
    assert "popover" in menu
    assert page.all("button", popovertarget="site-menu")
    assert {"/models", "/pricing", "/docs", "/status"} <= set(page.links)


@pytest.mark.django_db
def test_every_link_of_the_public_pages_leads_somewhere() -> None:
    client = Client()
    pages = {path: read(client, path) for path in [*PUBLIC, "/status"]}
    for path, page in pages.items():
        for anchor in [each[1:] for each in page.links if each.startswith("#")]:
            assert anchor in page.ids, (path, anchor)
    links = {each for page in pages.values() for each in page.links if each.startswith("/")}
    for link in {each.split("#")[0] for each in links} - set(pages):
        assert client.get(link).status_code in (200, 302), link
