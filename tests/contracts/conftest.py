"""The local vendors, one server for the session, and each test once for every vendor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from sandbox.vendors.server import Vendors
from tests.contracts.cases import Case, case_of

NAMES = ["bfl", "fal", "replicate"]


@pytest.fixture(scope="session")
def local_vendors() -> Iterator[Vendors]:
    with Vendors() as running:
        yield running


@pytest.fixture
def vendors(local_vendors: Vendors, settings: Settings) -> Vendors:
    """Return the local vendors, fast and with nothing bought yet."""
    settings.VIDGO_ALLOW_LOOPBACK_URLS = True
    local_vendors.reset()
    for shop in local_vendors.shops.values():
        shop.set({"work_seconds": 0.05, "unknown_seconds": 0.0, "scale": 0.125})
    return local_vendors


@pytest.fixture(params=NAMES)
def vendor(request: pytest.FixtureRequest, vendors: Vendors) -> Case:
    """Return each vendor in turn."""
    return case_of(request.param, vendors)
