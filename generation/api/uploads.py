"""`POST /api/common/upload/…`: upload an image as a file, as base64 or by URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.models import Scope
from accounts.rate_limits import throttles
from generation.api import schemas
from generation.storage import uploads
from vidgo.kernel import errors
from vidgo.kernel.api import envelope, openapi
from vidgo.kernel.api.endpoint import Endpoint

# Base64 takes four thirds of the file's bytes; multipart adds a few lines of headers.
BASE64_BODY_MAX_BYTES = uploads.MAX_BYTES * 4 // 3 + 10_000
MULTIPART_BODY_MAX_BYTES = uploads.MAX_BYTES + 100_000

ERRORS = openapi.errors(400, 401, 403, 413, 415, 429)
NAMES = {
    "upload_path": serializers.CharField(required=False, help_text="Accepted and ignored."),
    "file_name": serializers.CharField(required=False),
}


class LongJSONParser(envelope.BoundedJSONParser):
    """JSON large enough for a base64 file."""

    max_bytes = BASE64_BODY_MAX_BYTES


class BoundedMultiPartParser(MultiPartParser):
    """A multipart body of a declared and limited length."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the parsed body; raises `TooLarge` and `Invalid`."""
        declared = (parser_context or {})["request"].META.get("CONTENT_LENGTH", "")
        if not declared.isdigit():
            raise errors.Invalid("Send the body with a Content-Length.")
        if int(declared) > MULTIPART_BODY_MAX_BYTES:
            raise uploads.FileTooLarge(param="file")
        return super().parse(stream, media_type, parser_context)


def answer(*, request: Request, content: bytes, original_name: str) -> Response:
    """Store a file for the key's organization and return the upload endpoints' own envelope."""
    row = uploads.store(
        organization=access.key_of(request).organization,
        content=content,
        original_name=original_name,
        file_name=_file_name(envelope.body(request)),
    )
    return Response(
        {
            "success": True,
            "code": 200,
            "msg": "File uploaded successfully",
            "data": schemas.upload(row),
        }
    )


def _file_name(data: Mapping[str, Any]) -> str:
    name = data.get("file_name") or data.get("fileName")
    return name if isinstance(name, str) else ""


class StreamUploadView(Endpoint):
    """Upload a file."""

    required_scope = Scope.UPLOAD
    throttle_classes = (throttles.UploadRateLimit,)
    parser_classes = (BoundedMultiPartParser,)

    @extend_schema(
        operation_id="upload_stream",
        summary="Upload a file",
        tags=["Uploads"],
        request={
            "multipart/form-data": inline_serializer(
                "StreamUpload", {"file": serializers.FileField(), **NAMES}
            )
        },
        responses={200: schemas.UPLOAD_ANSWER, **ERRORS},
    )
    def post(self, request: Request) -> Response:
        """Store the multipart field `file`."""
        access.key_of(request)
        file = envelope.body(request).get("file")
        if not isinstance(file, UploadedFile):
            raise uploads.FileMissing("Send one file in the part 'file'.", param="file")
        if (file.size or 0) > uploads.MAX_BYTES:
            raise uploads.FileTooLarge(param="file")
        return answer(request=request, content=file.read(), original_name=file.name or "")


class Base64UploadView(Endpoint):
    """Upload a file as base64."""

    required_scope = Scope.UPLOAD
    throttle_classes = (throttles.UploadRateLimit,)
    parser_classes = (LongJSONParser,)

    @extend_schema(
        operation_id="upload_base64",
        summary="Upload a file as base64",
        tags=["Uploads"],
        request=inline_serializer(
            "Base64Upload",
            {
                "base64_data": serializers.CharField(help_text="A data URL or bare base64."),
                **NAMES,
            },
        ),
        responses={200: schemas.UPLOAD_ANSWER, **ERRORS},
    )
    def post(self, request: Request) -> Response:
        """Store the decoded `base64_data`."""
        access.key_of(request)
        data = envelope.body(request)
        content = uploads.decode(data.get("base64_data"))
        return answer(request=request, content=content, original_name=_file_name(data))


class UrlUploadView(Endpoint):
    """Upload a file by URL."""

    required_scope = Scope.UPLOAD
    throttle_classes = (throttles.UploadRateLimit,)

    @extend_schema(
        operation_id="upload_url",
        summary="Upload a file by URL",
        tags=["Uploads"],
        request=inline_serializer("UrlUpload", {"file_url": serializers.URLField(), **NAMES}),
        responses={200: schemas.UPLOAD_ANSWER, **ERRORS},
    )
    def post(self, request: Request) -> Response:
        """Download `file_url` and store the file."""
        access.key_of(request)
        content, name = uploads.fetch(url=envelope.body(request).get("file_url"))
        return answer(request=request, content=content, original_name=name)
