"""System checks that refuse settings which would be unsafe or could not work."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

MINIMUM_SECRET_LENGTH = 32


@register(Tags.security)
def no_loopback_in_production(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse to let customers' addresses reach this machine in production."""
    if settings.PRODUCTION and settings.VIDGO_ALLOW_LOOPBACK_URLS:
        return [
            Error(
                "VIDGO_ALLOW_LOOPBACK_URLS is on in production.",
                hint="It lets customers reach services on this machine. Unset it.",
                id="vidgo.E001",
            )
        ]
    return []


@register(Tags.security)
def https_in_production(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse to send keys and files in the clear."""
    if settings.PRODUCTION and not settings.HTTPS:
        return [
            Error(
                "VIDGO_PUBLIC_URL is not https in production.",
                hint="Put a TLS proxy in front and use its address.",
                id="vidgo.E002",
            )
        ]
    return []


@register(Tags.security)
def peppers_are_long(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse peppers that could be guessed or that name no version."""
    for entry in settings.API_KEY_PEPPERS:
        version, _colon, pepper = entry.partition(":")
        if not version or len(version) > 16 or len(pepper) < MINIMUM_SECRET_LENGTH:
            return [
                Error(
                    "API_KEY_PEPPERS has an entry that is not 'version:pepper' with a pepper of at "
                    f"least {MINIMUM_SECRET_LENGTH} characters.",
                    id="vidgo.E003",
                )
            ]
    return []


@register()
def slices_end_before_leases(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Refuse a slice that the queue would cut off."""
    timeout: int = settings.Q_CLUSTER["timeout"]
    if timeout < settings.SLICE_SECONDS * 4:
        return [
            Error(
                "SLICE_SECONDS is more than a quarter of the queue's timeout.",
                hint="A slice may run over by the calls in flight; keep it short.",
                id="vidgo.E004",
            )
        ]
    return []
