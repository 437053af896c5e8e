"""The web server's configuration: `gunicorn --config python:vidgo.gunicorn vidgo.wsgi`."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vidgo.settings")

bind = [
    f"[{settings.HOST}]:{settings.PORT}"
    if ":" in settings.HOST
    else f"{settings.HOST}:{settings.PORT}"
]
workers = settings.WEB_PROCESSES
worker_class = "gthread"
threads = settings.WEB_THREADS
# Loaded once and then forked: a faster start and less memory.
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
