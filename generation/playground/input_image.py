"""The image that an edit starts from: uploaded, at an address, or the sample's."""

from __future__ import annotations

from django.conf import settings

from accounts import rate_limits
from accounts.access import MemberRequest
from generation.playground import samples
from generation.playground.request_form import RequestForm
from generation.storage import uploads


def take(request: MemberRequest, form: RequestForm) -> str:
    """Return the address of the image to edit, empty without one.

    What was uploaded is stored first, and its address put into the form: a browser cannot show a
    chosen file again. Raises `TooManyRequests` and what `uploads.store` does.
    """
    address = form.value_of("image_url").strip()
    image = form.cleaned_data["image"]
    if image is not None:
        content, name = image.read(uploads.MAX_BYTES + 1), image.name
    elif (sample := samples.find(address)) is not None:
        content, name = sample, address.rpartition("/")[2]
    else:
        return address
    _count(request)
    upload = uploads.store(organization=request.organization, content=content, original_name=name)
    form.replace(image_url=uploads.url_of(upload))
    return uploads.url_of(upload)


def _count(request: MemberRequest) -> None:
    """Hold a person to as many uploads as a key may send."""
    bucket = rate_limits.Bucket(
        scope="uploads",
        subject=f"uploads:user:{request.membership.user_id}",
        per_minute=settings.RATE_LIMIT_UPLOADS_PER_MINUTE,
    )
    try:
        rate_limits.take([bucket])
    except rate_limits.RateLimitReached as reached:
        raise rate_limits.TooManyRequests(
            f"Too many uploads: {bucket.per_minute} a minute are allowed. "
            f"Please try again in {reached.level.wait_seconds} seconds.",
            param="file",
            retry_after_seconds=reached.level.wait_seconds,
        ) from None
