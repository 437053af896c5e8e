"""`GET /api/generate/status/{task_id}`."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.models import Scope
from generation import jobs
from generation.api import prefer_wait, schemas
from generation.models import Job
from vidgo.kernel.api import envelope, openapi
from vidgo.kernel.api.endpoint import Endpoint

# What we advise between two looks at an unfinished task.
RETRY_AFTER_SECONDS = 2
RETRY_AFTER = openapi.header(
    "Retry-After", "Seconds; until a task is over, when to ask again.", 200
)


def come_back(job: Job) -> dict[str, str]:
    """Return the header that tells when to ask for an unfinished task again."""
    return {} if job.is_over else {"Retry-After": str(RETRY_AFTER_SECONDS)}


class StatusView(Endpoint):
    """How far a task is."""

    required_scope = Scope.READ

    @extend_schema(
        operation_id="get_status",
        summary="Get a task's status",
        tags=["Generation"],
        parameters=[*prefer_wait.PARAMETERS, RETRY_AFTER],
        responses={
            200: schemas.TASK_ANSWER,
            **openapi.errors(401, 403, 404, 429),
        },
    )
    def get(self, request: Request, task_id: str) -> Response:
        """Answer with the task of the key's organization."""
        job = jobs.get_job(organization=access.key_of(request).organization, public_id=task_id)
        job, applied = prefer_wait.wait(request, job)
        return envelope.ok(schemas.task(job), headers={**come_back(job), **applied})
