"""`python -m sandbox.stripe`: the simulator as a process of its own, used through Stripe's SDK."""

import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
import stripe

from tests.processes.conftest import ROOT, wait_until


@pytest.fixture
def database() -> Iterator[str]:
    """Return the address of an empty database on the test server."""
    server, name = os.environ["DATABASE_URL"], f"simulator_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def received() -> Iterator[tuple[str, list[tuple[bytes, str]]]]:
    """Return the address of a webhook endpoint, and the bodies and signatures it receives."""
    events: list[tuple[bytes, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            events.append((body, self.headers["Stripe-Signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/events", events
        server.shutdown()
        thread.join()


def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox.stripe", *arguments],
        cwd=ROOT,
        env={name: text for name, text in os.environ.items() if "DJANGO" not in name} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_serves_the_sdk_and_sends_signed_events(
    database: str, received: tuple[str, list[tuple[bytes, str]]]
) -> None:
    webhook_url, events = received
    process = start("--port", "0", "--webhook-url", webhook_url, DATABASE_URL=database)
    try:
        assert process.stdout is not None
        printed = ""
        while "Events go" not in printed:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            printed += line
        settings = dict(re.findall(r"(STRIPE_\w+)=(\S+)", printed))
        url = settings["STRIPE_API_BASE"]

        client = stripe.StripeClient(
            settings["STRIPE_SECRET_KEY"], base_addresses={"api": url}, max_network_retries=0
        )
        customer = client.v1.customers.create({"email": "alice@example.com"})
        price = {"currency": "usd", "unit_amount": 500, "product_data": {"name": "1,000 credits"}}
        session = client.v1.checkout.sessions.create(
            {
                "mode": "payment",
                "customer": customer.id,
                "line_items": [{"price_data": price, "quantity": 1}],
                "success_url": "http://127.0.0.1:9/done",
            }  # type: ignore[arg-type]
        )
        client._requestor._get_http_client().close()
        assert (session.status, session.amount_total) == ("open", 500)

        assert session.url is not None
        page = requests.get(session.url, timeout=10)
        assert "$5.00" in page.text
        stylesheet = re.search(r'href="(/static/[^"]+\.css)"', page.text)
        assert stylesheet is not None
        assert requests.get(url + stylesheet[1], timeout=10).status_code == 200

        assert wait_until(lambda: events, seconds=20)
        body, signature = events[0]
        secret = settings["STRIPE_WEBHOOK_SECRET"]
        event = stripe.Webhook.construct_event(body, signature, secret)
        assert (event.type, event.data.object["id"]) == ("customer.created", customer.id)

        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert process.stdout.read() == "Stopped.\n"
    finally:
        process.kill()
        errors = process.communicate()[1]
    assert errors == ""


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "it names none"),
        ("mysql://localhost/stripe", "missing"),
        ("postgresql://127.0.0.1:9/stripe", "Connection refused"),
    ],
)
def test_without_a_postgresql_database_it_says_what_it_needs(url: str, reason: str) -> None:
    with start("--port", "0", DATABASE_URL=url) as process:
        stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (2, "")
    assert "DATABASE_URL or --database-url must name a PostgreSQL database: " in stderr
    assert reason in stderr
    assert "Traceback" not in stderr
