"""What a transaction owes to the people who share the database."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

# PostgreSQL's classes of errors for a connection that was lost, refused or ended by its operator.
UNREACHABLE_SQLSTATES = ("08", "57P")

P = ParamSpec("P")
R = TypeVar("R")


def give_back_connection() -> None:
    """Let others use this thread's connection while it waits for something else than the database.

    The next query takes one again. Within a transaction the connection is kept.
    """
    if not connection.in_atomic_block:
        connection.close()


class TransactionRequired(Exception):
    """A piece of a larger wish was called outside a transaction: a mistake in our code."""


def is_out_of_reach(error: BaseException | None) -> bool:
    """Return whether an error says that the database cannot be reached, not that it refused a wish.

    The driver gives an error of its own, such as a time-out of the connection pool, no SQLSTATE.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    sqlstate: str | None = getattr(error.__cause__, "sqlstate", None)
    return sqlstate is None or sqlstate.startswith(UNREACHABLE_SQLSTATES)


def requires_transaction(function: Callable[P, R]) -> Callable[P, R]:
    """Refuse to run the function outside a transaction.

    The verb that owns the wish opens `transaction.atomic(durable=True)`; the pieces it is made
    of carry this decorator instead of opening one of their own. Raises `TransactionRequired`.
    """

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not connection.in_atomic_block:
            raise TransactionRequired(f"{function.__qualname__} needs an open transaction")
        return function(*args, **kwargs)

    return checked
