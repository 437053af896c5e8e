"""A bare Django view that returns JSON: what the same server does without our code."""

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path


def show(_: HttpRequest) -> JsonResponse:
    """Return about as much as a status."""
    answer = JsonResponse({"code": 200, "data": {"task_id": "task_1", "status": "finished"}})
    answer.headers["Content-Length"] = str(len(answer.content))
    return answer


urlpatterns = [path("bare", show)]

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF=__name__, SECRET_KEY="bare", LOGGING_CONFIG=None
)
django.setup()
application = get_wsgi_application()
