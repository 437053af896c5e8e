"""`GET /files/…`: results and uploads, for whoever knows the address."""

from __future__ import annotations

import mimetypes

from django.core.files.storage import default_storage
from django.http import FileResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from generation import files
from generation.models import Asset, Upload
from vidgo.kernel import errors
from vidgo.kernel.endpoint import Endpoint


class FileRemoved(errors.Gone):
    sentence = "This file has been removed after its retention period."


class UnknownFile(errors.NotFound):
    sentence = "There is no such file."


class FileView(Endpoint):
    """Files for anyone who knows their address; what goes wrong is told as the API tells it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def get(self, request: Request, name: str) -> FileResponse:
        """Send a stored file; raises `UnknownFile` and `FileRemoved`.

        A row must know the name, so nothing else in the storage can be reached. The headers keep a
        browser from treating an image as anything but an image.
        """
        row = _find(name)
        if row is None:
            raise UnknownFile
        if row.removed_at is not None:
            raise FileRemoved
        try:
            stored = default_storage.open(name, "rb")
        except FileNotFoundError:
            raise UnknownFile from None
        response = FileResponse(
            stored,
            content_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
            filename=name.rsplit("/", 1)[-1],
        )
        response["Cache-Control"] = "private, max-age=86400, immutable"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        response["Access-Control-Allow-Origin"] = "*"
        return response


def _find(name: str) -> Asset | Upload | None:
    if not files.is_name(name):
        return None
    return Asset.objects.filter(file=name).first() or Upload.objects.filter(file=name).first()
