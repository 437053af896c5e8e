"""Drafts: the form as typed before signing in or paying, kept in the session until it is run.

A chosen image is stored separately (`generation.storage.drafts`) until the user signs in.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from accounts import rate_limits
from accounts.models import Organization
from generation import catalog
from generation.playground.request_form import RequestForm
from generation.storage import drafts, files, uploads
from vidgo.kernel import http

SESSION_KEY = "playground"
# Keeps visitors without an account from filling the storage.
IMAGES_PER_MINUTE = 6
LONGEST = {"prompt": 2 * catalog.PROMPT_MAX_CHARACTERS, "image_url": http.MAX_URL_LENGTH}
LONGEST_OTHER = 40
CHOOSE_AGAIN = "Your image was not kept. Please choose it again."


class TooManyImages(rate_limits.TooManyRequests):
    """Too many draft images from one IP address."""


def keep(request: HttpRequest, form: RequestForm) -> None:
    """Keep the form and its image.

    An image too large to keep has to be chosen again. Raises `TooManyImages` and the errors of
    `uploads.check`; then nothing is kept.
    """
    kept: dict[str, Any] = {"typed": _bounded(form.typed())}
    image = form.cleaned_data.get("image")
    if image is not None:
        _count_image(request)
        content = image.read(uploads.MAX_BYTES + 1)
        if len(content) <= drafts.MAX_BYTES:
            kept |= {"file": drafts.save(content=content), "name": image.name or ""}
        else:
            uploads.check(content=content)
            kept["asks_again"] = True
        kept["typed"]["image_url"] = ""
    drop(request)
    request.session[SESSION_KEY] = kept


def find(request: HttpRequest) -> dict[str, str] | None:
    """Return the draft's fields, None without a draft."""
    kept = request.session.get(SESSION_KEY)
    return dict(kept["typed"]) if kept else None


def adopt(request: HttpRequest, *, organization: Organization) -> tuple[dict[str, str], str] | None:
    """Return the draft's fields and a notice; its image becomes an upload of the organization.

    Returns None without a draft. Raises `organizations.Suspended` if there is an image to store.
    """
    kept = request.session.get(SESSION_KEY)
    if not kept:
        return None
    notice = CHOOSE_AGAIN if kept.pop("asks_again", False) else ""
    if name := kept.get("file"):
        try:
            content = files.read(name=name)
        except FileNotFoundError:
            notice = CHOOSE_AGAIN
        else:
            upload = uploads.store(
                organization=organization, content=content, original_name=kept.get("name", "")
            )
            kept["typed"]["image_url"] = uploads.url_of(upload)
            files.remove(name=name)
        del kept["file"]
    request.session.modified = True
    return dict(kept["typed"]), notice


def drop(request: HttpRequest) -> None:
    """Delete the draft and its image."""
    kept = request.session.pop(SESSION_KEY, None)
    if kept and kept.get("file"):
        files.remove(name=kept["file"])


def _bounded(typed: dict[str, str]) -> dict[str, str]:
    """Return the fields, cut to a length that fits a session, without NUL characters."""
    return {
        name: value.replace("\x00", "")[: LONGEST.get(name, LONGEST_OTHER)]
        for name, value in typed.items()
    }


def _count_image(request: HttpRequest) -> None:
    bucket = rate_limits.Bucket(
        scope="address",
        subject=f"drafts:{get_adapter().get_client_ip(request)}",
        per_minute=IMAGES_PER_MINUTE,
    )
    try:
        rate_limits.take([bucket])
    except rate_limits.RateLimitReached as reached:
        raise TooManyImages(
            "Too many images from your IP address. "
            f"Please try again in {reached.level.wait_seconds} seconds.",
            param="file",
            retry_after_seconds=reached.level.wait_seconds,
        ) from None
