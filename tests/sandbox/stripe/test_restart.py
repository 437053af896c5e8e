"""No state lives in a process: another one continues after a crash."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import stripe
from django.db import connection

from sandbox.stripe import checkout_payments
from sandbox.stripe.models import StripeObject

from .conftest import Endpoint, deliver

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.sandbox.stripe.routes"),
]

ELSEWHERE = """
import os, sys, django
from django.conf import settings
django.setup()
settings.DATABASES["default"]["NAME"] = sys.argv[2]
settings.STRIPE_SIMULATOR_WEBHOOK_URL = "http://127.0.0.1:9/"
from sandbox.stripe import checkout_payments
outcome = checkout_payments.pay_by_card(session=sys.argv[1], number="4000002760003184")
print(outcome.intent.stripe_id, flush=True)
os._exit(1)
"""


def test_a_payment_begun_in_a_process_that_dies_is_finished_in_another(
    api: Any, session: stripe.checkout.Session, endpoint: Endpoint
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, session.id, connection.settings_dict["NAME"]],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
        timeout=60,
    )
    intent = done.stdout.strip()
    assert intent.startswith("pi_"), done.stderr

    checkout_payments.authenticate(payment_intent=intent)
    deliver()

    assert "payment_intent.requires_action" in endpoint.types
    assert endpoint.types[-1] == "checkout.session.completed"
    assert api.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_an_unfinished_request_leaves_nothing_behind(
    api: Any, monkeypatch: pytest.MonkeyPatch, customer: stripe.Customer
) -> None:
    rows = StripeObject.objects.count()

    def crash(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("crashed")

    with monkeypatch.context() as patched:
        patched.setattr("sandbox.stripe.idempotency.keep", crash)
        with pytest.raises(stripe.APIError):
            api.customers.create({"email": "bob@example.com"}, {"idempotency_key": "key-1"})
    assert StripeObject.objects.count() == rows
    made = api.customers.create({"email": "bob@example.com"}, {"idempotency_key": "key-1"})
    assert made.email == "bob@example.com"
