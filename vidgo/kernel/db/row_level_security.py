"""Row-level security: PostgreSQL's second isolation between tenants, and the tenant context.

The first isolation is in our queries, each of which names its organization. Should one forget to,
a request for one organization still sees no row of another: it runs as the role `vidgo_tenant`,
and policies limit that role to the organization set on the connection. Workers, commands and the
admin act for all organizations and run as the owner of the tables, who is exempt from policies.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.migrations import RunSQL
from psycopg import Connection
from psycopg.pq import TransactionStatus

ROLE = "vidgo_tenant"
VARIABLE = "vidgo.organization"
# In a policy: the organization set on this connection. NULL, so no rows, where none is set.
CURRENT = f"nullif(current_setting('{VARIABLE}', true), '')::bigint"

SET_TENANT = f"SELECT set_config('role', '{ROLE}', false), set_config('{VARIABLE}', %s, false)"
# The same, as the last columns of a statement that itself looks up the organization.
SET_TENANT_COLUMNS = (
    f"set_config('role', '{ROLE}', false), set_config('{VARIABLE}', {{}}::text, false)"
)
RESET = f"SELECT set_config('role', 'none', false), set_config('{VARIABLE}', '', false)"
# The attribute that marks a driver connection whose tenant is set.
MARK = "vidgo_tenant_is_set"

# The role belongs to the whole server, the privileges to this database. Default privileges cover
# the tables of later migrations.
CREATE_ROLE = f"""
DO $$
BEGIN
    -- A user who may not create roles needs it created beforehand: see docs/deploy.md.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
        CREATE ROLE {ROLE} NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN
        GRANT {ROLE} TO CURRENT_USER;
    END IF;
EXCEPTION
    -- Another database on this server was migrated at the same time.
    WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {ROLE};
"""
# Keeps the role: another database on the same server may use it.
REVOKE_RIGHTS = f"""
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {ROLE};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {ROLE};
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE};
"""

_thread = threading.local()


def policy(*, table: str, condition: str = f"organization_id = {CURRENT}") -> RunSQL:
    """Return the migration operation that enables row-level security on a table.

    `condition` selects the rows of the current organization.
    """
    return RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY tenant ON {table} TO {ROLE} USING ({condition});",
        f"DROP POLICY tenant ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
    )


def through(*, table: str, key: str) -> str:
    """Return the condition for a table that finds its organization through a row of another."""
    return f"EXISTS (SELECT FROM {table} owner WHERE owner.id = {key})"


def set_tenant(*, organization_id: int) -> None:
    """Limit the rest of this request to the rows of one organization."""
    if not settings.ROW_LEVEL_SECURITY:
        return
    _thread.organization_id = organization_id
    _apply(organization_id)


def tenant_was_set(*, organization_id: int) -> None:
    """Note that a statement with `SET_TENANT_COLUMNS` has set the tenant of this request."""
    _thread.organization_id = organization_id
    setattr(connection.connection, MARK, True)


def reset() -> None:
    """Let this thread's connection see all rows again."""
    if getattr(_thread, "organization_id", None) is None:
        return
    _thread.organization_id = None
    if connection.connection is not None:
        reset_connection(connection.connection)


@contextmanager
def bypass_rls() -> Iterator[None]:
    """Let a block see all rows, for what is not secret, such as a file whose URL is known."""
    organization_id: int | None = getattr(_thread, "organization_id", None)
    reset()
    try:
        yield
    finally:
        if organization_id is not None:
            set_tenant(organization_id=organization_id)


def reset_connection(driver: Connection[Any]) -> None:
    """Let a driver connection see all rows again."""
    if not getattr(driver, MARK, False) or driver.closed:
        return
    # The rollback of a failed transaction resets the setting.
    if driver.info.transaction_status != TransactionStatus.INERROR:
        driver.execute(RESET)
    setattr(driver, MARK, False)


def _apply(organization_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SET_TENANT, [str(organization_id)])
    setattr(connection.connection, MARK, True)


def _on_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a new or reused connection this request's tenant before its first query.

    A pooled connection still has the tenant of the request before, and a request may take a second
    connection after it lost or returned its first.
    """
    if connection.alias != DEFAULT_DB_ALIAS:
        # Django's connection to the `postgres` database, which has no tables of ours.
        return
    organization_id = getattr(_thread, "organization_id", None)
    if organization_id is not None:
        _apply(organization_id)
    elif connection.connection is not None:
        reset_connection(connection.connection)


def _on_request(**_: Any) -> None:
    reset()


def watch() -> None:
    """Connect to Django's signals; call once, when the process starts."""
    connection_created.connect(_on_connection, dispatch_uid="tenant context")
    request_started.connect(_on_request, dispatch_uid="tenant context")
    request_finished.connect(_on_request, dispatch_uid="tenant context")
