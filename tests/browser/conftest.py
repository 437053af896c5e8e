"""A running copy and Chromium; without Chromium these tests are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser import product as products
from tests.browser.product import Product
from tests.browser.visit import PATIENCE_MS, Visit

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark these tests for `make browser`."""
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker("browser")


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """A running copy with members of every role, for all tests."""
    with products.running() as copy:
        yield copy


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed: apt install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, product: Product) -> Iterator[Callable[..., Visit]]:
    """Open a separate browser for a role; fail at the end if any of them had errors."""
    visits: list[Visit] = []

    def start(role: str, **options: object) -> Visit:
        visits.append(Visit(chromium, product, role=role, **options))  # type: ignore[arg-type]
        return visits[-1]

    yield start
    wrong = [fault for each in visits for fault in each.faults]
    for each in visits:
        each.close()
    assert wrong == []
