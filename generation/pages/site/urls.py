"""The addresses of the public site."""

from django.urls import path

from generation.pages.site import home, legal, machines, models, pricing, status

urlpatterns = [
    path("", home.home, name="home"),
    path("models", models.models, name="models"),
    path("models/<str:model_id>", models.model, name="model"),
    path("pricing", pricing.pricing, name="pricing"),
    path("status", status.status, name="status"),
    path("terms", legal.terms, name="terms"),
    path("privacy", legal.privacy, name="privacy"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
    path("robots.txt", machines.robots, name="robots"),
    path("llms.txt", machines.llms, name="llms"),
    path("site.webmanifest", machines.manifest, name="manifest"),
    path("favicon.ico", machines.favicon, name="favicon"),
]
