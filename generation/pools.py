"""Pools: threads for what must not hold up a slice's event loop, the database and the processor."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connection

P = ParamSpec("P")
R = TypeVar("R")

DATABASE_THREADS = 8
CPU_THREADS = 2
# Django's check of a kept connection is one more question to the database before the next one.
CHECK_CONNECTION_SECONDS = 1.0

# One pool of each for the life of the process: the threads keep their database connections.
_database = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="database")
_cpu = ThreadPoolExecutor(CPU_THREADS, thread_name_prefix="cpu")


class _Checked(threading.local):
    """When this thread's connection was last checked."""

    at = float("-inf")


_checked = _Checked()


async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function that uses the database in one of the database threads."""

    def call() -> R:
        _check_connection()
        return function(*args, **kwargs)

    return await _in_pool(_database, call)


def _check_connection() -> None:
    """Drop a connection that is broken or too old, looking now and then, and after each error."""
    if connection.errors_occurred or time.monotonic() - _checked.at > CHECK_CONNECTION_SECONDS:
        close_old_connections()
        _checked.at = time.monotonic()


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a CPU-bound function, or one that touches files, in one of the other threads."""
    return await _in_pool(_cpu, lambda: function(*args, **kwargs))


async def _in_pool(pool: ThreadPoolExecutor, call: Callable[[], R]) -> R:
    """Run a call in a pool, with the facts that the log lines of this job carry."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, context.run, call)
