"""All of money against a model of a few lines: whatever is done in whatever order, they agree.

HYPOTHESIS_STEPS=10000 makes a long night of it; `make chaos` takes 4000.
"""

from __future__ import annotations

import pytest

from tests.billing.stripe.conftest import FakeStripe


@pytest.mark.django_db(transaction=True)
def test_money_agrees_with_its_model(fake: FakeStripe, db: None) -> None:
    from tests.billing import money

    money.run(fake)
