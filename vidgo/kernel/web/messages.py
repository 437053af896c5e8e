"""One-time messages: what a page says once, after a form was sent."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class _Cookie(CookieStorage):
    """A cookie with a name of ours: Django has no setting for it."""

    cookie_name = settings.MESSAGES_COOKIE_NAME


class Messages(FallbackStorage):
    """Kept by the browser, and in the session where they are too long for a cookie."""

    storage_classes = (_Cookie, SessionStorage)
