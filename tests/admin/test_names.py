"""The names of tables and columns in the admin."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Organization
from tests import factories
from tests.reading import Markup
from vidgo.admin.templatetags import named


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("api key", "API key"),
        ("Callback url", "Callback URL"),
        ("Public id", "Public ID"),
        ("Cost usd", "Cost (USD)"),
        ("status", "Status"),
    ],
)
def test_a_column_is_spelled_as_people_expect(label: str, name: str) -> None:
    assert named(label) == name


def test_a_table_has_one_name_everywhere(operator: Client, organization: Organization) -> None:
    factories.job(organization=organization)
    listed = reverse("admin:billing_ledgerentry_changelist")
    text = operator.get(listed).content.decode()
    assert "<h1>Ledger</h1>" in text
    assert "<title>Ledger · " in text
    assert "2 rows, times in UTC" in text
    assert "entrys" not in text
    jobs = Markup(operator.get(reverse("admin:generation_job_changelist")).content.decode())
    assert jobs.all("input", id="action-toggle")
    row = reverse("admin:generation_job_change", args=[factories.job(organization=organization).pk])
    text = operator.get(row).content.decode()
    assert "<dt>API key</dt>" in text
    assert "<dt>Image URL</dt>" in text
    assert "Jobs</a>" in text
