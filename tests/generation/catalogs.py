"""Sell something else for the length of a test."""

import pytest

from generation import catalog
from generation.catalog import reader


def use(monkeypatch: pytest.MonkeyPatch, changed: catalog.Catalog) -> None:
    """Have every caller load a changed catalog."""
    for module in (catalog, reader):
        monkeypatch.setattr(module, "load", lambda: changed)
