"""The web server's configuration: `gunicorn --config python:vidgo.gunicorn vidgo.wsgi`."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Any

from django.conf import settings

from vidgo.kernel.db import connection_pool, session_settings
from vidgo.kernel.ops import web_lifecycle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vidgo.settings")

bind = [
    f"[{settings.HOST}]:{settings.PORT}"
    if ":" in settings.HOST
    else f"{settings.HOST}:{settings.PORT}"
]
workers = settings.WEB_PROCESSES
worker_class = "gthread"
# Threads are cheap, database connections are not: threads that wait for the end of a job hold none,
# and the others share a pool.
threads = settings.WEB_THREADS + settings.WEB_WAITS
# Load once, then fork: a faster start and less memory. The connection pool opens at the first
# query, so each process has its own.
preload_app = True
# In seconds. Requests are short, as workers make the images.
timeout = 60
graceful_timeout = 8
keepalive = 5
# The application logs each request itself, with its id and its organization.
accesslog = None
loglevel = "warning"
# Off, as its default path is shared by every gunicorn of this user.
control_socket_disable = True

# Where this server's processes count requests; whichever serves /metrics reads all of it.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(
    web_lifecycle.make_folder(parent=Path(tempfile.gettempdir()))
)


def on_starting(server: Any) -> None:
    """On SIGTERM, report at /readyz that this server is ending, and end it after a delay."""
    end = server.handle_term

    def drain() -> None:
        was_ending = web_lifecycle.is_ending()
        web_lifecycle.begin_to_end()
        seconds = settings.WEB_DRAIN_SECONDS
        if was_ending or not seconds:
            end()
        else:
            again = threading.Timer(seconds, server.signal, (signal.SIGTERM, None))
            again.daemon = True
            again.start()

    server.handle_term = drain


def on_exit(server: Any) -> None:
    """Remove the folder with the counters."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def post_worker_init(worker: Any) -> None:
    """Set up the connection pool, and on SIGTERM answer all waiting requests at once."""
    from generation.jobs.long_polling import watcher

    # One more for the thread that watches the jobs of waiting requests.
    connection_pool.share(threads=settings.WEB_THREADS + 1)
    session_settings.bound(statement_seconds=settings.DATABASE_STATEMENT_TIMEOUT_SECONDS)
    before = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        watcher.close()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, stop)
    # Setting a handler resets this flag of gunicorn's: do not interrupt system calls.
    signal.siginterrupt(signal.SIGTERM, False)
