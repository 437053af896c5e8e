"""Every page, as every role: reachable, quiet, readable, and no wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.browser.crawl import Crawl, crawl
from tests.browser.product import NEWCOMER, NOBODY, OPERATOR, ROLES, Product
from tests.browser.visit import WIDTHS, Visit

EVERYBODY = (NOBODY, NEWCOMER, *ROLES, OPERATOR)
# The roles whose pages together are all pages.
LOOKED_AT = (NOBODY, NEWCOMER, "owner", OPERATOR)
# Django's and a library's own pages, which the look of ours does not reach.
FOREIGN = ("/api/docs", "/stripe-simulator/")


@cache
def found_by(product: Product, role: str) -> Crawl:
    return crawl(product, role=role)


def pages_of(product: Product, role: str) -> list[str]:
    """Return one page of each kind that a role reaches, those of the public site only as nobody."""
    kinds = dict(found_by(product, role).pages)
    if role != NOBODY:
        known = found_by(product, NOBODY).pages
        kinds = {kind: paths for kind, paths in kinds.items() if kind not in known}
    return [paths[0] for paths in kinds.values() if not paths[0].startswith(FOREIGN)]


@pytest.mark.parametrize("role", EVERYBODY)
def test_every_link_leads_somewhere(product: Product, role: str) -> None:
    found = found_by(product, role)
    assert not found.wrong, "\n".join(found.wrong)
    assert len(found.pages) > 5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("role", LOOKED_AT)
def test_every_page_is_quiet_and_axe_finds_nothing_serious(
    visit: Callable[..., Visit], product: Product, role: str, theme: str
) -> None:
    guest = visit(role, theme=theme)
    barriers = []
    for path in pages_of(product, role):
        guest.open(path)
        barriers += guest.barriers()
    assert not barriers, "\n".join(barriers)


@pytest.mark.parametrize("role", LOOKED_AT)
def test_no_page_is_wider_than_the_screen(
    visit: Callable[..., Visit], product: Product, role: str
) -> None:
    guest = visit(role)
    wide = []
    for path in pages_of(product, role):
        guest.open(path)
        wide += [fault for device in WIDTHS if (fault := guest.overflow(device=device))]
    assert not wide, "\n".join(wide)
