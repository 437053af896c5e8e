"""Error reports: send logged errors to Sentry, if SENTRY_DSN is set.

A report has only what the lists below allow: the event, the place in our code, and the ids to find
its line in the log. The messages of exceptions and other fields of a log line are not sent, as
they may contain a prompt, a key or an address.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# Our own ids and names, which reveal nothing about a person.
REPORTED_LOG_FIELDS = frozenset(
    {"request_id", "organization", "job", "provider", "check", "group", "stripe_event", "top_up"}
)
REPORTED_EVENT_FIELDS = (
    *("event_id", "timestamp", "level", "logger", "platform", "release", "environment"),
    *("sdk", "tags"),
)
REPORTED_FRAME_FIELDS = ("filename", "abs_path", "module", "function", "lineno", "in_app")
# In place of a library's message, which may contain anything.
OTHER_EVENT = "error in a library"


def start(**options: Any) -> None:
    """Report errors from now on; `options` are passed to Sentry's SDK.

    The SDK is imported only here. Raises ImproperlyConfigured if it is not installed.
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
        # Every failure is logged, so the log is the only source: the SDK sees no request.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
        max_breadcrumbs=0,
        # Otherwise the SDK adds headers to every outbound call.
        trace_propagation_targets=[],
        include_local_variables=False,
        include_source_context=False,
        server_name="",
        before_send=scrub,
        **options,
    )


def scrub(event: Any, hint: dict[str, Any]) -> Any:
    """Return an event reduced to the allowed fields, None if it is not from the log."""
    record: logging.LogRecord | None = hint.get("log_record")
    if record is None:
        return None
    # Our own log lines are still dictionaries here; see `logs.configure`.
    line = record.msg if isinstance(record.msg, dict) else {}
    fields = {**structlog.contextvars.get_contextvars(), **line}
    report = {name: event[name] for name in REPORTED_EVENT_FIELDS if name in event}
    report["message"] = str(line.get("event", OTHER_EVENT))
    tags = sorted(REPORTED_LOG_FIELDS & fields.keys())
    report["tags"] = {name: str(fields[name]) for name in tags}
    values = (event.get("exception") or {}).get("values") or _describe(line.get("exc_info"))
    if values:
        report["exception"] = {"values": [_scrub_exception(value) for value in values]}
    return report


def _describe(given: Any) -> list[Any]:
    """Return Sentry's description of a log line's exception and its causes."""
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
        "value": "see the log",
        "mechanism": {"type": "logging", "handled": True},
        "stacktrace": {
            "frames": [
                {name: frame[name] for name in REPORTED_FRAME_FIELDS if name in frame}
                for frame in frames
            ]
        },
    }
