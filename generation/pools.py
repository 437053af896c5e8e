"""Pools: threads for what must not hold up a slice's event loop, the database and the processor."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
R = TypeVar("R")

DATABASE_THREADS = 8
CPU_THREADS = 2

# One pool of each for the life of the process: the threads keep their database connections.
_database = ThreadPoolExecutor(DATABASE_THREADS, thread_name_prefix="database")
_cpu = ThreadPoolExecutor(CPU_THREADS, thread_name_prefix="cpu")


async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a function that uses the database in one of the database threads."""

    def call() -> R:
        close_old_connections()
        return function(*args, **kwargs)

    return await _in_pool(_database, call)


async def in_thread(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a CPU-bound function, or one that touches files, in one of the other threads."""
    return await _in_pool(_cpu, lambda: function(*args, **kwargs))


async def _in_pool(pool: ThreadPoolExecutor, call: Callable[[], R]) -> R:
    """Run a call in a pool, with the facts that the log lines of this job carry."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(pool, context.run, call)
