"""Fixtures for operations: a fake Stripe and provider, and a healthy copy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.utils import timezone
from django_q.models import Schedule
from pytest_django import Settings


@dataclass
class Outside:
    """Stripe and a provider on one port, and their responses."""

    url: str = ""
    stripe_status: int = 200
    provider_status: int = 200
    provider_credits: int = 5000

    def answer(self, path: str) -> tuple[int, object]:
        """Return a status and a body."""
        if path.startswith("/v1/checkout/sessions"):
            page = {"object": "list", "data": [], "has_more": False, "url": "/"}
            error = {"error": {"type": "invalid_request_error", "message": "Invalid API Key"}}
            return self.stripe_status, page if self.stripe_status == 200 else error
        return self.provider_status, {"credits": self.provider_credits}


@pytest.fixture
def outside() -> Iterator[Outside]:
    """Serve Stripe and the provider during a test."""
    world = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = world.answer(self.path)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    world.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield world
    server.shutdown()
    server.server_close()


@pytest.fixture
def healthy_copy(transactional_db: None, settings: Settings, outside: Outside) -> Outside:
    """Make this a copy with nothing wrong: a worker was just active, and everything answers."""
    settings.STRIPE_SIMULATOR = False
    settings.STRIPE_API_BASE = outside.url
    settings.STRIPE_SECRET_KEY = "sk_test_of_the_doctor"
    settings.STRIPE_WEBHOOK_SECRET = "whsec_of_the_doctor"
    settings.EMAIL_BACKEND = "vidgo.kernel.web.mail.KeptBackend"
    settings.VIDGO_ALLOW_LOOPBACK_URLS = True
    settings.BFL_API_KEY, settings.BFL_BASE_URL = "key", outside.url
    Schedule.objects.update(next_run=timezone.now())
    return outside
