"""The addresses of the API and of the pages about generating."""

from django.urls import include, path

urlpatterns = [
    path("", include("generation.api.urls")),
    path("", include("generation.dashboard.urls")),
]
