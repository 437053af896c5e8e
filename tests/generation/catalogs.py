"""Change the catalog for one test."""

import pytest

from generation import catalog
from generation.catalog import reader


def use(monkeypatch: pytest.MonkeyPatch, changed: catalog.Catalog) -> None:
    """Make every caller load a changed catalog."""
    for module in (catalog, reader):
        monkeypatch.setattr(module, "load", lambda: changed)
