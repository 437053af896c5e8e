"""The ledger against a simple model, in random order.

Set HYPOTHESIS_STEPS for longer runs; `make chaos` uses 4000.
"""

from __future__ import annotations

import pytest

from tests.billing.stripe.conftest import FakeStripe


@pytest.mark.django_db(transaction=True)
def test_the_ledger_matches_its_model(fake: FakeStripe, db: None) -> None:
    from tests.billing import ledger_model

    ledger_model.run(fake)
