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

from vidgo.kernel.db import connection_pool
from vidgo.kernel.ops import web_lifecycle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vidgo.settings")

bind = [
    f"[{settings.HOST}]:{settings.PORT}"
    if ":" in settings.HOST
    else f"{settings.HOST}:{settings.PORT}"
]
workers = settings.WEB_PROCESSES
worker_class = "gthread"
# Threads are cheap and connections to the database are not: those that wait for a job's end hold
# none, and the others share a pool. One more is for the thread that watches for those who wait.
threads = settings.WEB_THREADS + settings.WEB_WAITS
# Loaded once and then forked: a faster start and less memory. The pool opens at the first query,
# thus in each process by itself.
preload_app = True
# Requests are short, as the images are made by the worker. Seconds.
timeout = 60
graceful_timeout = 8
keepalive = 5
# The application logs each request itself, with its id and organization.
accesslog = None
loglevel = "warning"
# Off: its default path is shared by every gunicorn of this user.
control_socket_disable = True

# Where the processes of this server count their requests, for whichever is asked for /metrics.
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(
    web_lifecycle.make_folder(parent=Path(tempfile.gettempdir()))
)


def on_starting(server: Any) -> None:
    """Let a SIGTERM say at /readyz that this server is about to end, and end it later."""
    end = server.handle_term

    def drain() -> None:
        was_told_before = web_lifecycle.is_ending()
        web_lifecycle.begin_to_end()
        seconds = settings.WEB_DRAIN_SECONDS
        if was_told_before or not seconds:
            end()
        else:
            again = threading.Timer(seconds, server.signal, (signal.SIGTERM, None))
            again.daemon = True
            again.start()

    server.handle_term = drain


def on_exit(server: Any) -> None:
    """Remove what was counted."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def post_worker_init(worker: Any) -> None:
    """Share connections, and answer those who wait as soon as this process is told to end."""
    from generation.jobs.long_polling import watcher

    connection_pool.share(threads=settings.WEB_THREADS + 1)
    before = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        watcher.close()
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, stop)
    # A new handler forgets what gunicorn had said of the old one: let no call be interrupted.
    signal.siginterrupt(signal.SIGTERM, False)
