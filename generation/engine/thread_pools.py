"""Thread pools for calls that must not block the event loop: database, storage, CPU."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

P = ParamSpec("P")
R = TypeVar("R")

DATABASE_THREADS = 8
CPU_THREADS = 2
# They wait for the network, up to the storage's timeouts.
STORAGE_THREADS = 16
# Django's check of a persistent connection is one more query each time.
CHECK_CONNECTION_SECONDS = 1.0

# One pool of each for the life of the process: the threads keep their database connections.
_database = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="database")
_storage = ThreadPoolExecutor(STORAGE_THREADS, thread_name_prefix="storage")
_cpu = ThreadPoolExecutor(CPU_THREADS, thread_name_prefix="cpu")


class _Checked(threading.local):
    """The time of the last check of this thread's connection."""

    at = float("-inf")


_checked = _Checked()


async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function that uses the database in one of the database threads."""
    return await asyncio.wrap_future(_to_database(function, *args, **kwargs))


def from_storage(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function in one of the database threads and wait for it, in a storage thread."""
    return _to_database(function, *args, **kwargs).result()


def _to_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> Future[R]:
    def call() -> R:
        _check_connection()
        return function(*args, **kwargs)

    return _in_pool(_database, call)


def _check_connection() -> None:
    """Drop a broken or expired connection; checks once a second, and after each error."""
    if connection.errors_occurred or time.monotonic() - _checked.at > CHECK_CONNECTION_SECONDS:
        close_old_connections()
        _checked.at = time.monotonic()


async def in_storage(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function that reads or writes files in one of the storage threads."""
    return await asyncio.wrap_future(_in_pool(_storage, lambda: function(*args, **kwargs)))


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a CPU-bound function in one of the CPU threads."""
    return await asyncio.wrap_future(_in_pool(_cpu, lambda: function(*args, **kwargs)))


def _in_pool(pool: ThreadPoolExecutor, call: Callable[[], R]) -> Future[R]:
    """Run a call in a pool with this context, so that its log lines name the job."""
    return pool.submit(contextvars.copy_context().run, call)
