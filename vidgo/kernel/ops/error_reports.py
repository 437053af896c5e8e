"""Error reports: what is logged as an error, told to Sentry, when the settings name one.

Only what this list allows leaves the installation: which event it was, where in our code, and the
ids to find its line in the log by. The words of exceptions and the facts of a log line stay here,
because they may repeat a prompt, a key or an address.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# Ids of ours and names of things, which say nothing about a person.
TOLD_FACTS = frozenset(
    {"request_id", "organization", "job", "provider", "check", "group", "stripe_event", "top_up"}
)
TOLD_FIELDS = (
    *("event_id", "timestamp", "level", "logger", "platform", "release", "environment"),
    *("sdk", "tags"),
)
TOLD_FRAME_FIELDS = ("filename", "abs_path", "module", "function", "lineno", "in_app")
# What a logger of a library says may hold anything.
OTHER_EVENT = "an error of a library"


def start(**options: Any) -> None:
    """Report errors from now on; `options` go to Sentry's SDK as they are.

    Nothing of the SDK is loaded before this. Raises ImproperlyConfigured when it is not installed.
    """
    try:
        import sentry_sdk
        from sentry_sdk.integrations.logging import LoggingIntegration
    except ImportError:
        raise ImproperlyConfigured(
            'SENTRY_DSN is set and sentry-sdk is not installed: pip install "vidgo[sentry]"'
        ) from None
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=settings.VIDGO_VERSION,
        environment=settings.VIDGO_ENVIRONMENT,
        # Whatever fails is logged, so the log is all there is to listen to: no request is seen.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
        max_breadcrumbs=0,
        # The SDK would add headers of its own to every call of ours.
        trace_propagation_targets=[],
        include_local_variables=False,
        include_source_context=False,
        server_name="",
        before_send=scrub,
        **options,
    )


def scrub(event: Any, hint: dict[str, Any]) -> Any:
    """Return of an event only what may be told, None for what is no line of the log."""
    record: logging.LogRecord | None = hint.get("log_record")
    if record is None:
        return None
    # A line of ours is still a dictionary here; `logs.configure` says how it becomes one.
    line = record.msg if isinstance(record.msg, dict) else {}
    facts = {**structlog.contextvars.get_contextvars(), **line}
    told = {name: event[name] for name in TOLD_FIELDS if name in event}
    told["message"] = str(line.get("event", OTHER_EVENT))
    told["tags"] = {name: str(facts[name]) for name in sorted(TOLD_FACTS & facts.keys())}
    values = (event.get("exception") or {}).get("values") or _find(line.get("exc_info"))
    if values:
        told["exception"] = {"values": [_scrub_exception(value) for value in values]}
    return told


def _find(given: Any) -> list[Any]:
    """Return Sentry's description of the exceptions that a line of ours is about."""
    from sentry_sdk.utils import event_from_exception, exc_info_from_error

    error = sys.exc_info()[1] if given is True else given
    if not isinstance(error, BaseException):
        return []
    event, _ = event_from_exception(exc_info_from_error(error))
    return list(event["exception"]["values"])


def _scrub_exception(value: dict[str, Any]) -> dict[str, Any]:
    frames = (value.get("stacktrace") or {}).get("frames") or []
    return {
        "type": value.get("type"),
        "module": value.get("module"),
        "value": "its words are in the log",
        "mechanism": {"type": "logging", "handled": True},
        "stacktrace": {
            "frames": [
                {name: frame[name] for name in TOLD_FRAME_FIELDS if name in frame}
                for frame in frames
            ]
        },
    }
