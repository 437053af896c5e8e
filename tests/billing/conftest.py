"""The fixtures of the tests about money."""

from tests.billing.stripe.conftest import fake

__all__ = ["fake"]
