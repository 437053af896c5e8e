"""Django system checks that reject unsafe or contradictory settings."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

MINIMUM_SECRET_LENGTH = 32


@register(Tags.security)
def no_loopback_in_production(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Reject URLs of customers that lead to this machine in production."""
    if not (settings.PRODUCTION and settings.VIDGO_ALLOW_LOOPBACK_URLS):
        return []
    message = "VIDGO_ALLOW_LOOPBACK_URLS is set in production."
    hint = "It lets customers reach services on this machine. Unset it."
    return [Error(message, hint=hint, id="vidgo.E001")]


@register(Tags.security)
def https_in_production(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Reject keys and files sent without encryption."""
    if not settings.PRODUCTION or settings.HTTPS:
        return []
    message = "VIDGO_PUBLIC_URL is not https in production."
    return [Error(message, hint="Put a TLS proxy in front and use its URL.", id="vidgo.E002")]


@register(Tags.security)
def peppers_are_long(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Reject peppers that are too short or have no version."""
    for entry in settings.API_KEY_PEPPERS:
        version, _colon, pepper = entry.partition(":")
        if not version or len(version) > 16 or len(pepper) < MINIMUM_SECRET_LENGTH:
            message = (
                "API_KEY_PEPPERS has an entry that is not 'version:pepper' with a pepper of at "
                f"least {MINIMUM_SECRET_LENGTH} characters."
            )
            return [Error(message, id="vidgo.E003")]
    return []


@register(Tags.security)
def metrics_token_is_long(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Reject a short token: nothing else protects /metrics."""
    if not settings.METRICS_TOKEN or len(settings.METRICS_TOKEN) >= MINIMUM_SECRET_LENGTH:
        return []
    message = f"METRICS_TOKEN has fewer than {MINIMUM_SECRET_LENGTH} characters."
    return [Error(message, hint="Use a long random string.", id="vidgo.E005")]


@register()
def work_cycles_end_before_leases(
    app_configs: Sequence[Any] | None, **_: Any
) -> list[CheckMessage]:
    """Reject a work cycle that the queue could cut off."""
    if settings.Q_CLUSTER["timeout"] >= settings.WORK_CYCLE_SECONDS * 4:
        return []
    message = "WORK_CYCLE_SECONDS is more than a quarter of the queue's timeout."
    hint = "A work cycle may overrun by the calls in flight; keep it short."
    return [Error(message, hint=hint, id="vidgo.E004")]


@register()
def bucket_is_whole(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Reject incomplete bucket settings, with which files would go somewhere else."""
    has_id, has_secret = bool(settings.S3_ACCESS_KEY_ID), bool(settings.S3_SECRET_ACCESS_KEY)
    if has_id != has_secret:
        missing = "S3_SECRET_ACCESS_KEY" if has_id else "S3_ACCESS_KEY_ID"
    elif (settings.S3_ENDPOINT_URL or has_id) and not settings.S3_BUCKET:
        missing = "S3_BUCKET"
    else:
        return []
    message = f"{missing} is missing, while other bucket settings are set."
    hint = "Set all of S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or none."
    return [Error(message, hint=hint, id="vidgo.E006")]
