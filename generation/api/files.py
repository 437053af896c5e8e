"""`GET /files/…`: results and uploads, for whoever knows the address."""

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

KEPT_SECONDS = 86_400


class FileRemoved(errors.Gone):
    default_message = "This file has been removed after its retention period."


class UnknownFile(errors.NotFound):
    default_message = "There is no such file."


class FileView(Endpoint):
    """Files for anyone who knows their address; what goes wrong is told as the API tells it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request: Request, name: str) -> FileResponse:
        """Send a stored file; raises `UnknownFile`, `FileRemoved` and `files.StorageAway`.

        A row must know the name, so nothing else in the storage can be reached. The headers keep a
        browser from treating an image as anything but an image.
        """
        is_input = _is_wanted_input(name)
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
        response["Cache-Control"] = "no-store" if row is None else _kept(row)
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        response["Access-Control-Allow-Origin"] = "*"
        return response


def _kept(row: Asset | Upload) -> str:
    """Return how long others may keep a file: a day, and not beyond its retention.

    Shared caches may when files have an origin of their own, behind which such a cache is meant.
    """
    left = int((row.expires_at - timezone.now()).total_seconds())
    scope = "public" if settings.FILES_PUBLIC_URL else "private"
    return f"{scope}, max-age={max(0, min(KEPT_SECONDS, left))}, immutable"


def _is_wanted_input(name: str) -> bool:
    """Return whether this is the image of an edit that runs: its provider may have to fetch it.

    Only the provider is told the address, and once the job has ended nobody is served it.
    """
    if not name.startswith(f"{inputs.FOLDER}/") or not files.is_name(name):
        return False
    return Job.objects.filter(image_file=name, status=Status.RUNNING).exists()


def _find(name: str) -> Asset | Upload | None:
    if not files.is_name(name):
        return None
    return Asset.objects.filter(file=name).first() or Upload.objects.filter(file=name).first()
