"""The styleguide displays every component, so that none changes unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.django_db

# Components for signed-in users or about the catalog, which other pages display.
ELSEWHERE = {
    "components/example.html",
    "components/example_pair.html",
    "components/organization_switch.html",
    "components/side_link.html",
    "components/viewing_as.html",
}


def test_every_component_is_displayed(client: Client) -> None:
    answer = client.get("/styleguide")
    assert answer.status_code == 200
    displayed = {template.name for template in answer.templates}
    folder = Path(settings.BASE_DIR) / "templates" / "components"
    there = {f"components/{path.name}" for path in folder.glob("*.html")}
    assert there - displayed == ELSEWHERE
