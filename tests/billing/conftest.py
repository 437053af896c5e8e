"""Fixtures of the billing tests."""

from tests.billing.stripe.conftest import fake

__all__ = ["fake"]
