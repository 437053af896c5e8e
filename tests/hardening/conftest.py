"""An operator, beside the fixtures of the access matrix."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories
from tests.architecture.test_tenancy import world
from tests.conftest import signed_in

__all__ = ["world"]


@pytest.fixture
def operator(db: None) -> Client:
    """A browser in which an operator with every permission has signed in."""
    return signed_in(factories.user("op@example.com", is_staff=True, is_superuser=True))
