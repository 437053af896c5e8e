"""A tour: opens one page of each kind that a role reaches, and collects all problems."""

from __future__ import annotations

import contextlib
import gzip
from dataclasses import dataclass, field
from functools import cache

import requests
from playwright.sync_api import Browser, Page, Request

from tests.browser.crawl import Crawl, crawl
from tests.browser.product import NEWCOMER, NOBODY, OPERATOR, Product
from tests.browser.visit import THEMES, WIDTHS, Visit

# Together these roles reach all pages.
LOOKED_AT = (NOBODY, NEWCOMER, "owner", OPERATOR)
# Pages of libraries and of the sandbox, without our design.
FOREIGN = ("/api/docs", "/stripe-simulator/")
MOST_BYTES = 150_000
# URLs of data within the page.
WITHIN = ("data:", "blob:")


@cache
def found_by(product: Product, role: str) -> Crawl:
    """Return the crawl of a role."""
    return crawl(product, role=role)


def pages_of(product: Product, role: str) -> list[str]:
    """Return one page of each kind that a role reaches; the public site only for visitors."""
    kinds = dict(found_by(product, role).pages)
    if role != NOBODY:
        known = found_by(product, NOBODY).pages
        kinds = {kind: paths for kind, paths in kinds.items() if kind not in known}
    return [paths[0] for paths in kinds.values() if not paths[0].startswith(FOREIGN)]


class Cargo:
    """Records what a page loads, with its compressed size."""

    def __init__(self, page: Page, *, origin: str) -> None:
        self.foreign: list[str] = []
        self._origin = f"{origin}/"
        self._loaded: set[str] = set()
        page.on("request", self._note)

    def unload(self, *, but: str = "") -> int:
        """Return the bytes of scripts and stylesheets since the last call.

        URLs that contain `but` do not count.
        """
        loaded = {url for url in self._loaded if not but or but not in url}
        self._loaded.clear()
        return sum(weight_of(url) for url in loaded)

    def _note(self, request: Request) -> None:
        if not request.url.startswith((self._origin, *WITHIN)):
            self.foreign.append(request.url)
        if request.resource_type in {"stylesheet", "script"}:
            self._loaded.add(request.url)


@cache
def weight_of(url: str) -> int:
    """Return the compressed size of a file in bytes."""
    return len(gzip.compress(requests.get(url, timeout=30).content, mtime=0))


@dataclass
class Tour:
    """The problems of all pages, one line each."""

    pages: int = 0
    faults: list[str] = field(default_factory=list)
    barriers: list[str] = field(default_factory=list)
    wide: list[str] = field(default_factory=list)
    heavy: list[str] = field(default_factory=list)
    lightest: int = MOST_BYTES


@cache
def tour(browser: Browser, product: Product, role: str) -> Tour:
    """Open every page of a role in both themes and at all widths."""
    seen = Tour()
    with contextlib.closing(Visit(browser, product, role=role)) as guest:
        cargo = Cargo(guest.page, origin=product.address)
        for path in pages_of(product, role):
            cargo.unload()
            guest.open(path)
            weight = cargo.unload()
            seen.lightest = min(seen.lightest, weight)
            if weight > MOST_BYTES:
                seen.heavy.append(f"{path}: {weight:,} bytes")
            for theme in THEMES:
                guest.switch(theme)
                seen.barriers += [f"{theme}: {each}" for each in guest.barriers()]
            seen.wide += [fault for device in WIDTHS if (fault := guest.overflow(device=device))]
            seen.pages += 1
        seen.faults += guest.faults + [f"from elsewhere: {url}" for url in cargo.foreign]
    return seen
