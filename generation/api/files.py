"""`GET /files/…`: results and uploads; the unguessable URL is the permission."""

from __future__ import annotations

import mimetypes

from django.conf import settings
from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from generation.models import Asset, Job, Status, Upload
from generation.storage import files, inputs
from vidgo.kernel import errors
from vidgo.kernel.api.endpoint import Endpoint

CACHE_MAX_SECONDS = 86_400


class FileRemoved(errors.Gone):
    default_message = "This file was removed at the end of its retention period."


class UnknownFile(errors.NotFound):
    default_message = "There is no such file."


class FileView(Endpoint):
    """Files, public to anyone with the URL; errors have the API's format."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request: Request, name: str) -> FileResponse:
        """Send a stored file; raises `UnknownFile`, `FileRemoved` and `files.StorageAway`.

        Only names with a database row are served. The headers keep browsers from treating the file
        as anything but an image.
        """
        is_input = _is_input_in_use(name)
        row = None if is_input else _find(name)
        if row is None and not is_input:
            raise UnknownFile
        if row is not None and row.removed_at is not None:
            raise FileRemoved
        try:
            stored = files.open_file(name=name)
        except FileNotFoundError:
            raise UnknownFile from None
        response = FileResponse(
            stored,
            content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
            filename=name.rsplit("/", 1)[-1],
        )
        response["Cache-Control"] = "no-store" if row is None else _cache_control(row)
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        response["Access-Control-Allow-Origin"] = "*"
        return response


def _cache_control(row: Asset | Upload) -> str:
    """Allow caching for up to a day, never beyond the file's retention.

    Shared caches (a CDN) may keep it only if files have an origin of their own.
    """
    left = int((row.expires_at - timezone.now()).total_seconds())
    scope = "public" if settings.FILES_PUBLIC_URL else "private"
    return f"{scope}, max-age={max(0, min(CACHE_MAX_SECONDS, left))}, immutable"


def _is_input_in_use(name: str) -> bool:
    """Return whether the file is the input image of a running edit.

    Some providers fetch it by URL; only they get the URL, and it stops working when the job ends.
    """
    if not name.startswith(f"{inputs.FOLDER}/") or not files.is_name(name):
        return False
    return Job.objects.filter(image_file=name, status=Status.RUNNING).exists()


def _find(name: str) -> Asset | Upload | None:
    if not files.is_name(name):
        return None
    return Asset.objects.filter(file=name).first() or Upload.objects.filter(file=name).first()
