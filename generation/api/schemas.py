"""Request and response schemas, for OpenAPI and the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from generation import catalog
from generation.jobs import representation
from generation.models import Upload
from generation.storage import uploads
from vidgo.kernel.api import envelope, openapi

STATUS_WORDS = list(representation.STATUS.values())


def upload(row: Upload) -> dict[str, Any]:
    """Return the JSON of an upload, the same for the three upload endpoints."""
    url = uploads.url_of(row)
    return {
        "file_id": row.public_id,
        "file_name": row.file_name,
        "original_name": row.original_name,
        "file_size": row.size_bytes,
        "mime_type": row.mime,
        "upload_path": uploads.FOLDER,
        "file_url": url,
        "download_url": url,
        "upload_time": envelope.wire_time(row.created_at),
        "expires_at": envelope.wire_time(row.expires_at),
    }


def _field(
    schema: Mapping[str, Any], *, required: bool = False
) -> serializers.Field[Any, Any, Any, Any]:
    """Return the serializer field for a JSON Schema."""
    options: dict[str, Any] = {"help_text": schema.get("description"), "required": required}
    match schema:
        case {"enum": choices, "default": default}:
            return serializers.ChoiceField(choices=choices, default=default, **options)
        case {"type": "string", "format": "uri"}:
            return serializers.URLField(**options)
        case {"type": "string", "maxLength": most}:
            return serializers.CharField(max_length=most, **options)
        case {"type": "integer", "minimum": least, "maximum": most}:
            return serializers.IntegerField(min_value=least, max_value=most, **options)
        case {"type": "array", "items": items}:
            return serializers.ListField(child=_field(items), **options)
    raise ValueError(f"no serializer field for {schema}")


# The fields of `input` are declared in the catalog.
SubmitInput = type(
    "SubmitInput",
    (serializers.Serializer,),
    {
        "__doc__": "The image to generate.",
        **{
            name: _field(schema, required=name in catalog.INPUT_REQUIRED)
            for name, schema in catalog.input_fields().items()
        },
    },
)


class SubmitBody(serializers.Serializer[None]):
    """The body of a submit."""

    model = serializers.ChoiceField(
        choices=[
            (model.id, f"{model.name}, {model.price_credits} credits")
            for model in catalog.load().models.values()
        ]
    )
    callback_url = serializers.URLField(
        required=False, help_text="Called once when the task has ended."
    )
    input = SubmitInput()


class FileData(serializers.Serializer[None]):
    """A generated file."""

    file_url = serializers.URLField(help_text="Fetched without authentication.")
    file_type = serializers.ChoiceField(choices=["image"])
    format = serializers.CharField(help_text="The requested `output_format`.")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    file_size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()


class TaskData(serializers.Serializer[None]):
    """A task and its progress."""

    task_id = serializers.CharField()
    status = serializers.ChoiceField(choices=STATUS_WORDS)
    files = FileData(many=True)
    created_time = serializers.CharField(help_text="ISO 8601, UTC, to the second.")
    progress = serializers.IntegerField(min_value=0, max_value=100)
    error_message = serializers.CharField(allow_null=True)
    credits_amount = serializers.IntegerField(help_text="Credits charged; 0 if the task failed.")
    seed = serializers.IntegerField(help_text="Repeats the image where supported.")


TASK_ANSWER = openapi.enveloped("TaskAnswer", TaskData())


class SubmittedData(TaskData):
    """A submitted task; with `Prefer: wait`, also its progress and result."""

    files = FileData(many=True, required=False, help_text="Only with `Prefer: wait`.")
    credits_amount = serializers.IntegerField(help_text="The price deducted.")
    progress = serializers.IntegerField(
        required=False, min_value=0, max_value=100, help_text="Only with `Prefer: wait`."
    )
    error_message = serializers.CharField(
        required=False, allow_null=True, help_text="Only with `Prefer: wait`."
    )
    seed = serializers.IntegerField(required=False, help_text="Only with `Prefer: wait`.")
    warnings = serializers.ListField(child=serializers.CharField(), required=False)


class TasksData(serializers.Serializer[None]):
    """A page of tasks, newest first."""

    tasks = TaskData(many=True)
    next_before = serializers.CharField(
        allow_null=True, help_text="Send as `before` to get the next page."
    )


class UploadData(serializers.Serializer[None]):
    """A stored upload."""

    file_id = serializers.CharField()
    file_name = serializers.CharField()
    original_name = serializers.CharField()
    file_size = serializers.IntegerField(help_text="Bytes.")
    mime_type = serializers.CharField()
    upload_path = serializers.CharField()
    file_url = serializers.URLField()
    download_url = serializers.URLField()
    upload_time = serializers.CharField()
    expires_at = serializers.CharField()


UPLOAD_ANSWER = inline_serializer(
    "UploadAnswer",
    {
        "success": serializers.BooleanField(),
        "code": serializers.IntegerField(default=200),
        "msg": serializers.CharField(),
        "data": UploadData(),
    },
)
