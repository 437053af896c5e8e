"""A tenant's newest rows are read through its own index, whatever others wrote later."""

from __future__ import annotations

from django.db import connection
from django.db.backends.signals import connection_created

from accounts.models import Organization
from billing import statement

# Half of all rows belong to the tenant, as the planner knows; all others came later.
OURS, THEIRS = 15_000, 15_000


def entries_of(organization: Organization, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO billing_ledgerentry (organization_id, kind, amount_credits, reference,"
            " balance_after_credits, actor, reason, created_at)"
            " SELECT %s, 'grant', 1, gen_random_uuid(), n, 'test', '', now()"
            " FROM generate_series(1, %s) AS n",
            [organization.pk, count],
        )


def test_a_page_of_a_list_does_not_scan_what_others_wrote_later(
    organization: Organization, other_organization: Organization
) -> None:
    entries_of(organization, OURS)
    entries_of(other_organization, THEIRS)
    newest = statement.entries(organization=organization, chosen=statement.Filter())[:51]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_ledgerentry")
        plan = newest.explain()
        cursor.execute("SET LOCAL random_page_cost = 4")
        assert "billing_ledgerentry_pkey" in newest.explain()
    assert "ledger_entry_by_org" in plan


def test_each_connection_is_configured_once(transactional_db: None) -> None:
    def cost() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW random_page_cost")
            return str((cursor.fetchone() or ("",))[0])

    assert cost() == "1.1"
    with connection.cursor() as cursor:
        cursor.execute("SET random_page_cost = 2")
    # As when the pool hands it out again.
    connection_created.send(type(connection), connection=connection)
    assert cost() == "2"
    connection.close()
    assert cost() == "1.1"
