"""Too many tries: answered by a page of ours instead of the library's bare one."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.reading import check

pytestmark = pytest.mark.django_db

RESET = "/accounts/password/reset/"


def test_too_many_reset_e_mails_are_refused_on_a_whole_page() -> None:
    browser = Client(REMOTE_ADDR="192.0.2.77")
    for _ in range(6):
        answer = browser.post(RESET, {"email": "forgetful@example.com"})
    assert answer.status_code == 429
    page = check(answer)
    text = answer.content.decode()
    assert "Too many requests" in text
    assert "Please wait a minute and try again." in text
    assert "/" in page.links
