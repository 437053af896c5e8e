"""The image to edit: an upload, a URL, or the sample."""

from __future__ import annotations

from django.conf import settings

from accounts import rate_limits
from accounts.access import MemberRequest
from generation.playground import samples
from generation.playground.request_form import RequestForm
from generation.storage import uploads


def take(request: MemberRequest, form: RequestForm) -> str:
    """Return the URL of the image to edit, empty without one.

    A chosen file is stored first and replaced by its URL in the form, since browsers do not keep
    file inputs. Raises `TooManyRequests` and the errors of `uploads.store`.
    """
    url = form.value_of("image_url").strip()
    image = form.cleaned_data["image"]
    if image is not None:
        content, name = image.read(uploads.MAX_BYTES + 1), image.name
    elif (sample := samples.find(url)) is not None:
        content, name = sample, url.rpartition("/")[2]
    else:
        return url
    _count(request)
    upload = uploads.store(organization=request.organization, content=content, original_name=name)
    form.replace(image_url=uploads.url_of(upload))
    return uploads.url_of(upload)


def _count(request: MemberRequest) -> None:
    """Apply the upload limit of an API key to the user."""
    bucket = rate_limits.Bucket(
        scope="uploads",
        subject=f"uploads:user:{request.membership.user_id}",
        per_minute=settings.RATE_LIMIT_UPLOADS_PER_MINUTE,
    )
    try:
        rate_limits.take([bucket])
    except rate_limits.RateLimitReached as reached:
        raise rate_limits.TooManyRequests(
            f"Too many uploads: the limit is {bucket.per_minute} per minute. "
            f"Please try again in {reached.level.wait_seconds} seconds.",
            param="file",
            retry_after_seconds=reached.level.wait_seconds,
        ) from None
