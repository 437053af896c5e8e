"""Transactions: require one, release its connection, recognize an outage."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, InternalError, OperationalError, connection

# SQLSTATEs of a connection that was lost, refused or ended by the database's operator, and of one
# beyond the bounds in `session_settings`: a lock or a query took too long, or a transaction idled.
UNAVAILABLE_SQLSTATES = ("08", "57P", "53300", "55P03", "57014", "25P03")
LOCK_TIMEOUT_SQLSTATE = "55P03"

P = ParamSpec("P")
R = TypeVar("R")


def give_back_connection() -> None:
    """Return this thread's connection to the pool while the thread waits for something else.

    The next query takes one again. Inside a transaction the connection is kept.
    """
    if not connection.in_atomic_block:
        connection.close()


class TransactionRequired(Exception):
    """A function that needs a transaction was called outside one: a bug."""


def is_unavailable(error: BaseException | None) -> bool:
    """Return whether an error means that the database cannot be reached or takes too long.

    The same call may succeed a moment later. Errors of the driver itself, such as a timeout of the
    connection pool, have no SQLSTATE.
    """
    if not isinstance(error, OperationalError | InterfaceError | InternalError):
        return False
    sqlstate: str | None = getattr(error.__cause__, "sqlstate", None)
    if sqlstate is None:
        return not isinstance(error, InternalError)
    return sqlstate.startswith(UNAVAILABLE_SQLSTATES)


def is_lock_timeout(error: OperationalError) -> bool:
    """Return whether an error means that someone else held a lock for too long."""
    return getattr(error.__cause__, "sqlstate", None) == LOCK_TIMEOUT_SQLSTATE


def requires_transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function raise `TransactionRequired` outside a transaction.

    The outermost function opens `transaction.atomic(durable=True)`; the functions it calls carry
    this decorator instead of opening one of their own.
    """

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not connection.in_atomic_block:
            raise TransactionRequired(f"{function.__qualname__} needs an open transaction")
        return function(*args, **kwargs)

    return checked
