"""A tenant's newest rows are read through its own index, whatever others wrote since."""

from __future__ import annotations

from django.db import connection
from django.db.backends.signals import connection_created

from accounts.models import Organization
from billing import statement

# Half of all rows is the tenant's, as the planner knows; all the others came later.
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


def test_a_page_of_a_list_does_not_come_by_what_others_wrote_since(
    organization: Organization, other_organization: Organization
) -> None:
    entries_of(organization, OURS)
    entries_of(other_organization, THEIRS)
    newest = statement.entries(organization=organization, chosen=statement.Filter())[:51]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE billing_ledgerentry")
        told = newest.explain()
        cursor.execute("SET LOCAL random_page_cost = 4")
        assert "billing_ledgerentry_pkey" in newest.explain()
    assert "ledger_entry_by_org" in told


def test_a_connection_is_told_once_and_a_new_one_again(transactional_db: None) -> None:
    def cost() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW random_page_cost")
            return str((cursor.fetchone() or ("",))[0])

    assert cost() == "1.1"
    with connection.cursor() as cursor:
        cursor.execute("SET random_page_cost = 2")
    # As a pool lends it once more.
    connection_created.send(type(connection), connection=connection)
    assert cost() == "2"
    connection.close()
    assert cost() == "1.1"
