"""The shapes of requests and answers: what goes over the wire, for the code and for OpenAPI."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from generation import assets, catalog, uploads
from generation.models import Job, Status, Upload
from vidgo.kernel import api

# The wire's words for a job's states.
WIRE_STATUS = {
    Status.QUEUED: "not_started",
    Status.RUNNING: "running",
    Status.FINISHED: "finished",
    Status.FAILED: "failed",
}


def task(job: Job) -> dict[str, Any]:
    """Return a job as the status endpoint and the callback tell it."""
    failed = job.status == Status.FAILED
    return {
        "task_id": job.public_id,
        "status": WIRE_STATUS[Status(job.status)],
        "files": [_file(job)] if job.status == Status.FINISHED else [],
        "created_time": api.wire_time(job.created_at),
        "progress": 0 if failed else job.progress,
        "error_message": job.error_message if failed else None,
        "credits_amount": 0 if failed else job.price_credits,
    }


def _file(job: Job) -> dict[str, Any]:
    asset = job.asset
    return {
        "file_url": assets.url_of(asset),
        "file_type": "image",
        "format": asset.format,
        "width": asset.width,
        "height": asset.height,
        "file_size": asset.size_bytes,
        "sha256": asset.sha256,
    }


def upload(row: Upload) -> dict[str, Any]:
    """Return an upload as the three upload endpoints tell it."""
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
        "upload_time": api.wire_time(row.created_at),
        "expires_at": api.wire_time(row.expires_at),
    }


class OrderInput(serializers.Serializer[None]):
    """What to make."""

    prompt = serializers.CharField(
        max_length=catalog.PROMPT_MAX_CHARACTERS, help_text="What to make, or what to change."
    )
    size = serializers.ChoiceField(
        choices=[size.name for size in catalog.load().listed_sizes],
        default=catalog.DEFAULT_SIZE,
        required=False,
    )
    output_format = serializers.ChoiceField(
        choices=list(catalog.load().formats), default=catalog.DEFAULT_FORMAT, required=False
    )
    image_urls = serializers.ListField(
        child=serializers.URLField(),
        required=False,
        help_text="Required for the -edit models; the first image is edited.",
    )
    seed = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=catalog.SEED_MAX,
        help_text="The same seed repeats an image where possible.",
    )


class OrderBody(serializers.Serializer[None]):
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
    input = OrderInput()


class SubmittedData(serializers.Serializer[None]):
    """A task that was taken."""

    task_id = serializers.CharField()
    status = serializers.ChoiceField(choices=["not_started"])
    created_time = serializers.CharField(help_text="ISO 8601, UTC, to the second.")
    credits_amount = serializers.IntegerField(help_text="The price deducted.")
    warnings = serializers.ListField(child=serializers.CharField(), required=False)


class FileData(serializers.Serializer[None]):
    """A file a task made."""

    file_url = serializers.URLField(help_text="Fetched without authentication.")
    file_type = serializers.ChoiceField(choices=["image"])
    format = serializers.CharField(help_text="The `output_format` that was ordered.")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    file_size = serializers.IntegerField(help_text="Bytes.")
    sha256 = serializers.CharField()


class TaskData(serializers.Serializer[None]):
    """A task and how far it is."""

    task_id = serializers.CharField()
    status = serializers.ChoiceField(choices=list(WIRE_STATUS.values()))
    files = FileData(many=True)
    created_time = serializers.CharField(help_text="ISO 8601, UTC, to the second.")
    progress = serializers.IntegerField(min_value=0, max_value=100)
    error_message = serializers.CharField(allow_null=True)
    credits_amount = serializers.IntegerField(help_text="Credits it cost; 0 when it failed.")


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
