"""URLs of the API."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from generation.api.catalog import ModelsView, ModelView
from generation.api.files import FileView
from generation.api.provider_webhooks import ProviderWebhookView
from generation.api.submit import SubmitView
from generation.api.tasks import CancelView, StatusView, TasksView
from generation.api.uploads import Base64UploadView, StreamUploadView, UrlUploadView

urlpatterns = [
    path("api/generate/submit", SubmitView.as_view(), name="api_submit"),
    path("api/generate/status/<slug:task_id>", StatusView.as_view(), name="api_status"),
    path("api/generate/cancel/<slug:task_id>", CancelView.as_view(), name="api_cancel"),
    path("api/generate/tasks", TasksView.as_view(), name="api_tasks"),
    path("api/common/upload/stream", StreamUploadView.as_view(), name="api_upload_stream"),
    path("api/common/upload/base64", Base64UploadView.as_view(), name="api_upload_base64"),
    path("api/common/upload/url", UrlUploadView.as_view(), name="api_upload_url"),
    path("v1/catalog/models", ModelsView.as_view(), name="api_models"),
    path("v1/catalog/models/<str:model_id>", ModelView.as_view(), name="api_model"),
    path("api/schema", SpectacularAPIView.as_view(), name="api_schema"),
    path(
        "api/docs",
        # Swagger UI with a template of our own: the library's has an inline style, which the CSP
        # refuses.
        SpectacularSwaggerSplitView.as_view(
            url_name="api_schema", template_name="generation/api_docs.html"
        ),
        name="api_docs",
    ),
    path(
        "webhooks/providers/<slug:provider>/<slug:token>",
        ProviderWebhookView.as_view(),
        name="api_provider_webhook",
    ),
    path("files/<path:name>", FileView.as_view(), name="file"),
]
