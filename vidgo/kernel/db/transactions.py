"""Transactions: require one, release its connection, recognize an outage."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connection

# SQLSTATE classes for a connection that was lost, refused or ended by the database's operator.
UNREACHABLE_SQLSTATES = ("08", "57P")

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


def is_out_of_reach(error: BaseException | None) -> bool:
    """Return whether an error means that the database cannot be reached.

    Errors of the driver itself, such as a timeout of the connection pool, have no SQLSTATE.
    """
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    sqlstate: str | None = getattr(error.__cause__, "sqlstate", None)
    return sqlstate is None or sqlstate.startswith(UNREACHABLE_SQLSTATES)


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
