"""The simulator on a real server, the unmodified SDK as its client, and a webhook endpoint."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import stripe
from django.db import connection
from django.test import override_settings
from django_q.models import OrmQ
from pytest_django import DjangoDbBlocker, Settings
from pytest_django.live_server_helper import LiveServer

from sandbox.stripe import checkout_payments, deliveries
from sandbox.stripe.checkout_payments import Outcome
from sandbox.stripe.models import Delivery, DeliveryTry, Event, Plan, Reply, StripeObject, Switches

SECRET = "whsec_of_the_tests"
KEY = "sk_test_simulated"


@dataclass
class Endpoint:
    """A webhook endpoint that verifies events with the SDK and answers with `answers`, then 200."""

    url: str
    events: list[stripe.Event] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        """Return the types of the events in order of arrival."""
        return [event.type for event in self.events]


@pytest.fixture(autouse=True)
def stripes_behavior(settings: Settings) -> None:
    """Use no webhook URL by default, Stripe's retry delays, and links to the requested host."""
    settings.STRIPE_SIMULATOR_WEBHOOK_URL = ""
    settings.STRIPE_SIMULATOR_PUBLIC_URL = ""
    settings.STRIPE_SIMULATOR_SPEED = 1


@pytest.fixture
def endpoint(settings: Settings) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            event = stripe.Webhook.construct_event(body, self.headers["Stripe-Signature"], SECRET)
            received.events.append(event)
            self.send_response(received.answers.pop(0) if received.answers else 200)
            self.end_headers()
            self.wfile.write(b"thank you")

        def log_message(self, *args: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    received = Endpoint(url=f"http://127.0.0.1:{server.server_port}/events")
    settings.STRIPE_SIMULATOR_WEBHOOK_URL = received.url
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    yield received
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[LiveServer]:
    """Serve the application on a port of its own, as pytest-django's live_server does."""
    # A middleware warns, as it is loaded, when the folder of static files is missing.
    with override_settings(STATIC_ROOT=tmp_path_factory.mktemp("static")):
        helper = LiveServer("localhost")
    yield helper
    helper.stop()


@pytest.fixture
def _django_db_helper(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Commit for real, replacing pytest-django's fixture of this name.

    The test and the server are two threads that must see each other's rows, and emptying a few
    small tables is a hundred times faster than flushing the database.
    """
    with django_db_blocker.unblock():
        yield
        tables = [Reply, Plan, DeliveryTry, Delivery, Event, StripeObject, Switches, OrmQ]
        with connection.cursor() as cursor:
            for model in tables:
                cursor.execute(f'DELETE FROM "{model._meta.db_table}"')


@pytest.fixture
def client_of(server: LiveServer) -> Iterator[Any]:
    """Make SDK clients that talk to the simulator."""
    made: list[stripe.StripeClient] = []

    def make(key: str = KEY, *, retries: int = 0, version: str | None = None) -> Any:
        client = stripe.StripeClient(
            key,
            stripe_version=version,
            max_network_retries=retries,
            base_addresses={"api": f"{server.url}/stripe-simulator"},
        )
        made.append(client)
        return client

    yield make
    for client in made:
        client._requestor._get_http_client().close()


@pytest.fixture
def api(client_of: Any) -> Any:
    """Return the v1 services of the SDK."""
    return client_of().v1


@pytest.fixture
def customer(api: Any) -> stripe.Customer:
    made: stripe.Customer = api.customers.create({"email": "alice@example.com", "name": "Alice"})
    return made


def session_params(**values: Any) -> dict[str, Any]:
    """Return the parameters of a session for $5.00, with some of them replaced or added."""
    return {
        "mode": "payment",
        "line_items": [
            {
                "price_data": {
                    "currency": "usd",
                    "unit_amount": 500,
                    "product_data": {"name": "1,000 credits"},
                },
                "quantity": 1,
            }
        ],
        "success_url": "http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/back",
        **values,
    }


@pytest.fixture
def session(api: Any, customer: stripe.Customer) -> stripe.checkout.Session:
    """Return Alice's open session for $5.00."""
    made: stripe.checkout.Session = api.checkout.sessions.create(
        session_params(
            customer=customer.id,
            client_reference_id="topup_1",
            metadata={"top_up": "topup_1"},
            payment_intent_data={"metadata": {"top_up": "topup_1"}},
        )
    )
    return made


@pytest.fixture
def paid(session: stripe.checkout.Session) -> Outcome:
    """Return the session paid by card."""
    return checkout_payments.pay_by_card(session=session.id)


def saved_card(api: Any, customer: stripe.Customer, number: str) -> str:
    """Save a card by paying with it at Checkout, authenticating if asked; returns its id."""
    session = api.checkout.sessions.create(
        session_params(
            customer=customer.id, payment_intent_data={"setup_future_usage": "off_session"}
        )
    )
    outcome = checkout_payments.pay_by_card(session=session.id, number=number)
    if outcome.intent.status == "requires_action":
        outcome = checkout_payments.authenticate(payment_intent=outcome.intent.stripe_id)
    return str(outcome.intent.data["payment_method"])


def off_session_params(**values: Any) -> dict[str, Any]:
    """Return the parameters of a recharge of $20.00."""
    return {
        "amount": 2000,
        "currency": "usd",
        "off_session": True,
        "confirm": True,
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        **values,
    }


def happened() -> list[str]:
    """Return the types of all events, oldest first."""
    return list(Event.objects.order_by("id").values_list("type", flat=True))


def deliver() -> int:
    """Try each pending delivery once."""
    return deliveries.deliver_due(early=True)
