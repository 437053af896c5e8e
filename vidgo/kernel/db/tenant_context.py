"""The second wall between tenants: PostgreSQL's row-level security.

The first wall is ours: each query names its organization. Should one forget to, the database still
shows a request that acts for an organization no row of another one. Such a request runs as the role
`vidgo_tenant`, which policies hold to the organization that the connection names; workers, commands
and the operator's desk act for all of them and run as the owner of the tables, whom no policy
concerns.
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
# In a policy: the organization of this connection. Nothing, and so no row, where none is named.
CURRENT = f"nullif(current_setting('{VARIABLE}', true), '')::bigint"

SET_TENANT = f"SELECT set_config('role', '{ROLE}', false), set_config('{VARIABLE}', %s, false)"
# The same as the last columns of a statement that finds out which organization it is.
SET_TENANT_COLUMNS = (
    f"set_config('role', '{ROLE}', false), set_config('{VARIABLE}', {{}}::text, false)"
)
RESET = f"SELECT set_config('role', 'none', false), set_config('{VARIABLE}', '', false)"
# What a connection of the driver carries while it stands behind the wall.
MARK = "vidgo_tenant_is_set"

# The role is the whole server's, the rights are this database's. Tables of later migrations are
# covered by the default.
CREATE_ROLE = f"""
DO $$
BEGIN
    -- Whoever may not make roles has it made beforehand: docs/deploy says how.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN
        CREATE ROLE {ROLE} NOLOGIN;
    END IF;
    IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN
        GRANT {ROLE} TO CURRENT_USER;
    END IF;
EXCEPTION
    -- Another database of this server was migrated at the same time.
    WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {ROLE};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {ROLE};
"""
# The role itself stays: another database of the same server may use it.
REVOKE_RIGHTS = f"""
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {ROLE};
REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {ROLE};
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE};
"""

_here = threading.local()


def policy(*, table: str, condition: str = f"organization_id = {CURRENT}") -> RunSQL:
    """Return the migration step that puts a table behind the wall.

    `condition` tells which rows belong to the current organization.
    """
    return RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY tenant ON {table} TO {ROLE} USING ({condition});",
        f"DROP POLICY tenant ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
    )


def through(*, table: str, key: str) -> str:
    """Return the condition of a table that reaches its organization through another's row."""
    return f"EXISTS (SELECT FROM {table} owner WHERE owner.id = {key})"


def set_tenant(*, organization_id: int) -> None:
    """Let the rest of this request see rows of one organization only."""
    if not settings.ROW_LEVEL_SECURITY:
        return
    _here.organization_id = organization_id
    _apply(organization_id)


def tenant_was_set(*, organization_id: int) -> None:
    """Note that a statement with the columns `SET_TENANT_COLUMNS` has let this request enter."""
    _here.organization_id = organization_id
    setattr(connection.connection, MARK, True)


def reset() -> None:
    """Let this thread's connection see everything again."""
    if getattr(_here, "organization_id", None) is None:
        return
    _here.organization_id = None
    if connection.connection is not None:
        reset_connection(connection.connection)


@contextmanager
def bypass_rls() -> Iterator[None]:
    """Look over the wall for what is nobody's secret, such as a file whose address is known."""
    organization_id: int | None = getattr(_here, "organization_id", None)
    reset()
    try:
        yield
    finally:
        if organization_id is not None:
            set_tenant(organization_id=organization_id)


def reset_connection(driver: Connection[Any]) -> None:
    """Take a connection out from behind the wall."""
    if not getattr(driver, MARK, False) or driver.closed:
        return
    # A failed transaction takes the setting back itself when it ends.
    if driver.info.transaction_status != TransactionStatus.INERROR:
        driver.execute(RESET)
    setattr(driver, MARK, False)


def _apply(organization_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SET_TENANT, [str(organization_id)])
    setattr(connection.connection, MARK, True)


def _on_connection(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Bring a connection to this request's side of the wall before anything is asked through it.

    The pool's connections stay where the request before has left them. One that stands within may
    also have lost its connection, or given it back, and takes another.
    """
    if connection.alias != DEFAULT_DB_ALIAS:
        # Django looks from outside at the server, where no table is.
        return
    organization_id = getattr(_here, "organization_id", None)
    if organization_id is not None:
        _apply(organization_id)
    elif connection.connection is not None:
        reset_connection(connection.connection)


def _on_request(**_: Any) -> None:
    reset()


def watch() -> None:
    """Follow requests and connections; called once, when the process starts."""
    connection_created.connect(_on_connection, dispatch_uid="tenant context")
    request_started.connect(_on_request, dispatch_uid="tenant context")
    request_finished.connect(_on_request, dispatch_uid="tenant context")
