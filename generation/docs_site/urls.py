"""URLs of the documentation."""

from django.urls import path
from django.views.generic import RedirectView

from generation.docs_site import views

urlpatterns = [
    path("docs", views.index, name="docs"),
    # The page's former URL.
    path("docs/callbacks", RedirectView.as_view(url="/docs/webhooks", permanent=True)),
    path("docs/<slug:slug>", views.page, name="docs_page"),
]
