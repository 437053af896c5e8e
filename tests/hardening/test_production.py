"""Production: a process with an operator's settings, and its responses over https."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from typing import Any

import pytest

from tests.running import ROOT, environment

PROGRAM = """
import json, django
django.setup()
from django.test import Client
from django.conf import settings
settings.STORAGES["staticfiles"]["BACKEND"] = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
)

def describe(answer):
    cookies = {name: {k: v for k, v in each.items() if v} for name, each in answer.cookies.items()}
    return {"status": answer.status_code, "headers": dict(answer.headers), "cookies": cookies}

browser = Client(headers={"host": "vidgo.example"})
form = {"email": "dana@example.com", "password1": "a long enough secret"}
print(json.dumps({
    "plain": describe(browser.get("/pricing")),
    "page": describe(browser.get("/accounts/signup/", secure=True)),
    "signed_up": describe(browser.post("/accounts/signup/", form, secure=True)),
    "saved": describe(browser.post("/dashboard/settings", {"name": "Dana's"}, secure=True)),
    "dashboard": describe(browser.get("/dashboard", secure=True)),
    "simulator": describe(browser.get("/stripe-simulator/", secure=True)),
    "metrics": describe(browser.get("/metrics", secure=True)),
    "styleguide": describe(browser.get("/styleguide", secure=True)),
}))
"""


def production(**changes: str) -> dict[str, str]:
    """Return the environment of a production copy on the test's database."""
    cleaned = {
        name: value
        for name, value in environment().items()
        if not name.startswith(("STRIPE_", "VIDGO_", "SECURE_"))
    }
    return {
        **cleaned,
        "VIDGO_ENVIRONMENT": "production",
        "VIDGO_PUBLIC_URL": "https://vidgo.example",
        "VIDGO_DATA": os.environ.get("VIDGO_DATA", ""),
        "SECRET_KEY": secrets.token_urlsafe(64),
        "API_KEY_PEPPERS": f"1:{secrets.token_urlsafe(48)}",
        "STRIPE_SECRET_KEY": "sk_live_check",
        "STRIPE_WEBHOOK_SECRET": "whsec_check",
        **changes,
    }


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the settings of production."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=production(**changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.chaos
@pytest.mark.django_db(transaction=True)
def test_cookies_and_headers_are_secure_over_https() -> None:
    done = run("-c", PROGRAM)
    assert done.returncode == 0, done.stderr[-2000:]
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])

    assert answers["plain"]["status"] == 301
    assert answers["plain"]["headers"]["Location"] == "https://vidgo.example/pricing"
    hsts = answers["page"]["headers"]["Strict-Transport-Security"]
    assert hsts == "max-age=31536000; includeSubDomains; preload"
    assert "127.0.0.1" not in answers["page"]["headers"]["Content-Security-Policy"]

    cookies = {
        name: cookie
        for answer in ("page", "signed_up", "saved")
        for name, cookie in answers[answer]["cookies"].items()
    }
    assert set(cookies) == {"__Host-session", "__Host-csrf", "__Host-messages"}
    for name, cookie in cookies.items():
        assert (cookie["secure"], cookie["httponly"]) == (True, True), name
        assert cookie["samesite"] == "Lax", name
        # What __Host- asks for: no domain and the whole site.
        assert (cookie.get("domain"), cookie["path"]) == (None, "/"), name

    assert answers["signed_up"]["status"] == 302
    assert answers["dashboard"]["status"] == 200
    assert "no-store" in answers["dashboard"]["headers"]["Cache-Control"]
    for closed in ("simulator", "metrics", "styleguide"):
        assert answers[closed]["status"] == 404, closed


@pytest.mark.chaos
def test_unsafe_settings_are_reported_before_a_deployment(db: None) -> None:
    done = run(
        *("manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        VIDGO_PUBLIC_URL="http://vidgo.example",
        VIDGO_ALLOW_LOOPBACK_URLS="true",
        API_KEY_PEPPERS="1:short",
        METRICS_TOKEN="short",
        STRIPE_SIMULATOR="true",
        DEBUG="true",
        SECRET_KEY="short",
    )
    assert done.returncode != 0
    warnings = set(re.findall(r"\((?:vidgo|billing|security)\.\w+\)", done.stdout + done.stderr))
    for complaint in ("vidgo.E001", "vidgo.E002", "vidgo.E003", "vidgo.E005", "security.W009"):
        assert f"({complaint})" in warnings
    assert "(security.W018)" in warnings, "DEBUG"
    assert "STRIPE_SIMULATOR" in done.stderr


@pytest.mark.system
@pytest.mark.parametrize("name", ["SECRET_KEY", "API_KEY_PEPPERS", "VIDGO_PUBLIC_URL"])
def test_without_its_secrets_production_does_not_start(db: None, name: str) -> None:
    done = run("-c", "import vidgo.settings", **{name: ""})
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]
