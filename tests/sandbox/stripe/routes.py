"""The simulator alone, at the path where the project mounts it."""

from django.urls import include, path

urlpatterns = [path("stripe-simulator/", include("sandbox.stripe.urls"))]
