"""The addresses of the pages about people, organizations and keys."""

from django.urls import URLPattern, path

from accounts import views

urlpatterns: list[URLPattern] = [
    path("dashboard/keys", views.api_keys_page, name="api_keys"),
    path("dashboard/keys/<str:key_id>/revoke", views.revoke_key_page, name="api_key_revoke"),
    path("dashboard/organizations", views.organizations_page, name="organizations"),
]
