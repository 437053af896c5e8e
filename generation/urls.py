"""URLs of the API and of the dashboard pages about generation."""

from django.urls import include, path

urlpatterns = [
    path("", include("generation.api.urls")),
    path("", include("generation.dashboard.urls")),
]
