"""`python -m sandbox.stripe`: run the Stripe simulator alone until interrupted."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import threading
from collections.abc import Sequence
from typing import Any

import django
import psycopg
import structlog
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

log = structlog.get_logger(__name__)

HOST = "127.0.0.1"
PAUSE_SECONDS = 0.2  # between looks for due events and plans
STARTED = """\
The Stripe simulator listens on {url}; its control pages are there, too. To use it, start Vidgo with

  export STRIPE_API_BASE={url}
  export STRIPE_SECRET_KEY=sk_test_simulator STRIPE_WEBHOOK_SECRET={secret}

{events}
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.stripe", description=__doc__)
    parser.add_argument("--port", type=int, default=12111, help="0 for any free port")
    parser.add_argument("--webhook-url", default="", help="where to send events")
    parser.add_argument("--webhook-secret", default="whsec_simulator", help="key to sign them with")
    parser.add_argument(
        "--database-url", default=os.environ.get("DATABASE_URL", ""),
        help="a PostgreSQL database for its tables, such as a new one; default: DATABASE_URL",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    try:
        database = _database(given.database_url)
    except psycopg.Error as error:
        parser.error(f"DATABASE_URL or --database-url must name a PostgreSQL database: {error}")
    _configure(database, webhook_url=given.webhook_url, webhook_secret=given.webhook_secret)

    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.management import call_command
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    # Both, as a shell starts background jobs with SIGINT ignored.
    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, signal.default_int_handler)
    stop = threading.Event()
    try:
        call_command("migrate", verbosity=0)
        server = ThreadedWSGIServer((HOST, given.port), WSGIRequestHandler)
        server.set_app(StaticFilesHandler(get_wsgi_application()))
        worker = threading.Thread(target=_work, args=(stop,))
        worker.start()
        events = f"Events go to {given.webhook_url}." if given.webhook_url else "Events go nowhere."
        url = f"http://{HOST}:{server.server_port}"
        sys.stdout.write(STARTED.format(url=url, secret=given.webhook_secret, events=events))
        sys.stdout.flush()
        server.serve_forever()
    except KeyboardInterrupt:
        sys.stdout.write("Stopped.\n")
    except OSError as error:
        parser.error(f"cannot listen on port {given.port}: {error.strerror}")
    finally:
        stop.set()


def _database(url: str) -> dict[str, Any]:
    """Return Django's settings of the database at `url`; raises psycopg.Error if there is none."""
    parts: dict[str, Any] = dict(conninfo_to_dict(url))
    if not parts.get("dbname"):
        raise psycopg.ProgrammingError("it names none")
    psycopg.connect(url, connect_timeout=10).close()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        **{name.upper(): parts.pop(name, "") for name in ("user", "password", "host", "port")},
        "OPTIONS": parts,
    }


def _configure(database: dict[str, Any], *, webhook_url: str, webhook_secret: str) -> None:
    """Set up Django for the simulator alone."""
    settings.configure(
        SECRET_KEY=secrets.token_urlsafe(),
        ALLOWED_HOSTS=[HOST, "localhost"],
        DATABASES={"default": database},
        INSTALLED_APPS=[
            "sandbox.stripe.apps.SimulatorConfig",
            "django.contrib.messages",
            "django.contrib.staticfiles",
            "django_q",
        ],
        MIDDLEWARE=[
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
        ],
        MESSAGE_STORAGE="django.contrib.messages.storage.cookie.CookieStorage",
        ROOT_URLCONF="sandbox.stripe.urls",
        STATIC_URL="/static/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        LOGGING={
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {"console": {"class": "logging.StreamHandler"}},
            "loggers": {
                "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
                "django.server": {"handlers": ["console"], "level": "ERROR", "propagate": False},
            },
        },
        Q_CLUSTER={"orm": "default", "timeout": 60, "retry": 120},  # no cluster runs
        STRIPE_SIMULATOR_USES_QUEUE=False,
        STRIPE_SIMULATOR_WEBHOOK_URL=webhook_url,
        STRIPE_WEBHOOK_SECRET=webhook_secret,
        VIDGO_ALLOW_LOOPBACK_URLS=True,
    )
    django.setup()


def _work(stop: threading.Event) -> None:
    """Deliver due events and run due plans until `stop`; an error is logged and tried again."""
    from django.db import close_old_connections

    from sandbox.stripe import deliveries, tasks

    while not stop.wait(PAUSE_SECONDS):
        close_old_connections()
        try:
            tasks.run_due()
            deliveries.deliver_due()
        except Exception:
            log.exception("stripe_simulator_work_failed")


if __name__ == "__main__":
    main()
