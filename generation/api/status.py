"""`GET /api/generate/status/{task_id}`."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from generation import jobs
from generation.api import shapes
from vidgo.kernel import api, openapi
from vidgo.kernel.endpoint import Endpoint

# What we advise between two looks at an unfinished task.
RETRY_AFTER_SECONDS = 2


class StatusView(Endpoint):
    """How far a task is."""

    @extend_schema(
        operation_id="get_status",
        summary="Get a task's status",
        tags=["Generation"],
        responses={
            200: openapi.enveloped("TaskAnswer", shapes.TaskData()),
            **openapi.errors(401, 403, 404, 429),
        },
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer with the task of the key's organization."""
        job = jobs.get_job(organization=access.key_of(request).organization, public_id=task_id)
        headers = {} if job.is_over else {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return api.ok(shapes.task(job), headers=headers)
