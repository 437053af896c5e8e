"""`POST /api/generate/submit`."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.models import Scope
from generation import jobs
from generation.api import prefer_wait, schemas, tasks
from generation.jobs import generation_request, idempotency, representation
from vidgo.kernel.api import envelope, openapi
from vidgo.kernel.api.endpoint import Endpoint

REPLAYED = "Idempotency-Replayed"


class SubmitView(Endpoint):
    """Submit a task."""

    required_scope = Scope.SUBMIT

    @extend_schema(
        operation_id="submit",
        summary="Submit a task",
        tags=["Generation"],
        request=schemas.SubmitBody,
        parameters=[
            OpenApiParameter(
                idempotency.HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="A unique string, up to 255 printable characters. Repeating a request "
                "with the same key within 7 days returns the same task and charges once.",
            ),
            openapi.header(REPLAYED, "`true` if the key was used before.", 200),
            *prefer_wait.PARAMETERS,
            tasks.RETRY_AFTER,
        ],
        responses={
            200: openapi.enveloped("SubmittedAnswer", schemas.SubmittedData()),
            **openapi.errors(400, 401, 402, 403, 413, 415, 422, 429, 503),
        },
    )
    def post(self, request: Request) -> Response:
        """Charge the price and queue the task."""
        api_key = access.key_of(request)
        body = envelope.body(request)
        key = idempotency.parse(request.headers.get(idempotency.HEADER))
        wanted = generation_request.parse(
            model=body.get("model"),
            input=body.get("input"),
            callback_url=body.get("callback_url"),
        )
        submitted = jobs.submit(
            organization=api_key.organization,
            request=wanted,
            api_key=api_key,
            idempotency_key=key,
        )
        headers = {REPLAYED: "true"} if submitted.is_replay else {}
        job, applied = prefer_wait.wait(request, submitted.job)
        if not applied:
            data = representation.submitted(job, warnings=wanted.warnings)
            return envelope.ok(data, headers=headers)
        data = representation.task(job)
        if wanted.warnings:
            data["warnings"] = list(wanted.warnings)
        return envelope.ok(data, headers={**headers, **applied, **tasks.retry_after(job)})
