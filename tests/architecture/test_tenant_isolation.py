"""Tenant isolation: our queries and row-level security, each sufficient without the other."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction
from pytest_django import Settings

from accounts.models import MembershipQuerySet, Organization
from billing.models import Wallet
from generation.jobs import lookup
from generation.models import Job
from tests import factories
from tests.architecture.addresses import ROWS
from tests.architecture.addresses.rows import World
from tests.architecture.test_tenancy import ask, outcome, world  # noqa: F401  (a fixture)
from tests.conftest import Api
from vidgo.kernel.db import row_level_security

pytestmark = pytest.mark.django_db

# Tables with an organization but without row-level security, each with the reason.
UNPROTECTED = {
    "accounts_membership": "read to find out which organization a request acts for",
    "accounts_auditevent": "some events have no organization; its page filters by organization",
}


@pytest.fixture
def no_tenant_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the organization filter from all our queries."""
    scoped = {type(model.objects.all()) for model in apps.get_models() if hasattr(model, "objects")}
    for queryset in scoped - {MembershipQuerySet}:
        if not hasattr(queryset, "for_organization"):
            continue
        monkeypatch.setattr(queryset, "for_organization", lambda self, organization: self.all())
    unfiltered = lookup.FIND.replace("AND j.organization_id = %(organization)s", "")
    assert unfiltered != lookup.FIND
    monkeypatch.setattr(lookup, "FIND", unfiltered)


def leaks(world: World) -> list[Any]:  # noqa: F811
    """Return which of Alice's objects Charlie can see."""
    return [
        (row.method, route, outcome(answer))
        for route, rows in ROWS.items()
        for row in rows
        if row.path and row.expected("charlie") == 404
        if outcome(answer := ask(world, row, route=route, who="charlie")) != 404
    ]


def test_without_our_filters_row_level_security_leaks_nothing(
    world: World,  # noqa: F811
    no_tenant_filter: None,
) -> None:
    assert leaks(world) == []


def test_without_row_level_security_our_filters_leak_nothing(
    world: World,  # noqa: F811
    settings: Settings,
) -> None:
    settings.ROW_LEVEL_SECURITY = False
    assert leaks(world) == []


def test_without_both_everything_leaks(
    world: World,  # noqa: F811
    no_tenant_filter: None,
    settings: Settings,
) -> None:
    settings.ROW_LEVEL_SECURITY = False
    assert len(leaks(world)) > 5


def test_every_table_with_an_organization_has_row_level_security() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND EXISTS"
            " (SELECT FROM pg_policy WHERE polrelid = pg_class.oid AND polname = 'tenant')"
        )
        protected = {name for (name,) in cursor.fetchall()}
    owned = {
        model._meta.db_table
        for model in apps.get_models()
        if any(
            field.related_model is Organization and not field.auto_created
            for field in model._meta.get_fields()
        )
    }
    assert owned - protected == set(UNPROTECTED)
    assert {"generation_asset", "generation_attempt", "billing_budget"} <= protected


def test_rows_of_another_organization_cannot_be_read_changed_or_created(
    organization: Organization, other_organization: Organization, wallet: Wallet
) -> None:
    finished = factories.finished(organization=organization)
    row_level_security.set_tenant(organization_id=organization.pk)
    assert list(Job.objects.all()) == [finished]
    row_level_security.reset()
    row_level_security.set_tenant(organization_id=other_organization.pk)
    assert not Job.objects.exists()
    assert Job.objects.update(prompt="stolen") == 0
    assert Job.objects.filter(asset__isnull=False).count() == 0
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        finished.pk = None
        finished.public_id = "task_forged"
        finished.save(force_insert=True)
    row_level_security.reset()


def test_a_request_leaves_no_tenant_context_behind(api: Api, wallet: Wallet) -> None:
    assert api.get("/api/user/balance").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_setting('vidgo.organization', true)")
        user, organization = cursor.fetchone()
    assert user != row_level_security.ROLE
    assert organization == ""


@pytest.mark.django_db(transaction=True)
def test_a_maintenance_connection_opens_no_tenant_connection() -> None:
    """An interrupted response leaves its thread in a tenant context, even as the tests end."""
    row_level_security.set_tenant(organization_id=1)
    connection.close()
    with connection._nodb_cursor() as cursor:
        cursor.execute("SELECT 1")
    assert connection.connection is None
    row_level_security.reset()
