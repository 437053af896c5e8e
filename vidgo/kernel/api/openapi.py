"""The envelope and the errors in the OpenAPI document."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers


def enveloped(name: str, data: Any) -> Any:
    """Return the OpenAPI schema of the success envelope around `data`."""
    return inline_serializer(
        name=name, fields={"code": serializers.IntegerField(default=200), "data": data}
    )


class ErrorDetails(serializers.Serializer[None]):
    """What went wrong."""

    type = serializers.CharField()
    message = serializers.CharField()
    param = serializers.CharField(required=False)
    request_id = serializers.CharField()
    retryable = serializers.BooleanField()


class ErrorAnswer(serializers.Serializer[None]):
    """Every error."""

    code = serializers.IntegerField(help_text="The HTTP status.")
    error = ErrorDetails()
    detail = serializers.CharField(help_text="The same message.")


def header(name: str, description: str, *statuses: int) -> OpenApiParameter:
    """Return the description of a header in the responses with these statuses."""
    return OpenApiParameter(
        name,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=description,
        response=list(statuses),
    )


def errors(*statuses: int) -> dict[int, type[ErrorAnswer]]:
    """Return the OpenAPI responses for the errors of an endpoint."""
    return dict.fromkeys(statuses, ErrorAnswer)
