"""The addresses of the documentation."""

from django.urls import path

from generation.docs_site import views

urlpatterns = [
    path("docs", views.index, name="docs"),
    path("docs/<slug:slug>", views.page, name="docs_page"),
]
