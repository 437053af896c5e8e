"""One-time messages, shown on the next page after a form was submitted."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class _Cookie(CookieStorage):
    """A cookie with our name, for which Django has no setting."""

    cookie_name = settings.MESSAGES_COOKIE_NAME


class Messages(FallbackStorage):
    """Stored in a cookie, or in the session if too long for one."""

    storage_classes = (_Cookie, SessionStorage)
