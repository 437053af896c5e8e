"""Every page as every role: reachable, without errors, accessible, light, and not too wide."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.product import NEWCOMER, NOBODY, OPERATOR, ROLES, Product
from tests.browser.tour import LOOKED_AT, MOST_BYTES, Cargo, Tour, found_by, tour
from tests.browser.visit import Visit

EVERYBODY = (NOBODY, NEWCOMER, *ROLES, OPERATOR)
# Swagger UI alone exceeds the limit several times.
VIEWER = "drf_spectacular_sidecar"


@pytest.fixture(params=LOOKED_AT)
def seen(request: pytest.FixtureRequest, chromium: Browser, product: Product) -> Tour:
    """The tour of a role's pages, shared by the tests."""
    return tour(chromium, product, request.param)


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_link_leads_somewhere(product: Product, role: str) -> None:
    found = found_by(product, role)
    assert not found.wrong, "\n".join(found.wrong)
    assert len(found.pages) > 5


def test_every_page_is_quiet_and_loads_nothing_from_elsewhere(seen: Tour) -> None:
    assert seen.pages > 5
    assert not seen.faults, "\n".join(seen.faults)


def test_axe_finds_nothing_serious_in_either_theme(seen: Tour) -> None:
    assert not seen.barriers, "\n".join(seen.barriers)


def test_no_page_is_wider_than_the_screen(seen: Tour) -> None:
    assert not seen.wide, "\n".join(seen.wide)


def test_no_page_loads_more_than_150_kb_of_styles_and_scripts(seen: Tour) -> None:
    assert not seen.heavy, "\n".join(seen.heavy)
    # Cached files count, too.
    assert seen.lightest > 5_000


def test_the_api_reference_has_the_theme_of_the_site(visit: Callable[..., Visit]) -> None:
    page = visit(NOBODY, theme="dark").open("/api/docs")
    ground = "getComputedStyle(document.querySelector('.swagger-ui')).backgroundColor"
    expect(page.get_by_text("/api/generate/submit").first).to_be_visible()
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Switch between light and dark").click()
    assert page.evaluate(ground) != dark
    page.reload()
    expect(page.get_by_text("/api/generate/submit").first).to_be_visible()
    assert page.evaluate(ground) != dark


def test_the_api_reference_is_quiet_and_light_but_for_its_viewer(
    visit: Callable[..., Visit], product: Product
) -> None:
    guest = visit(NOBODY)
    cargo = Cargo(guest.page, origin=product.address)
    page = guest.open("/api/docs")
    expect(page.get_by_text("/api/generate/submit").first).to_be_visible()
    assert 0 < cargo.unload(but=VIEWER) < MOST_BYTES
    assert not cargo.foreign
