"""URLs of the public site."""

from django.urls import path

from generation.site import home, legal, models, pricing, robots, status

urlpatterns = [
    path("", home.home, name="home"),
    path("models", models.models, name="models"),
    path("models/<str:model_id>", models.model, name="model"),
    path("pricing", pricing.pricing, name="pricing"),
    path("status", status.status, name="status"),
    path("terms", legal.terms, name="terms"),
    path("privacy", legal.privacy, name="privacy"),
    path("sitemap.xml", robots.sitemap, name="sitemap"),
    path("robots.txt", robots.robots, name="robots"),
    path("llms.txt", robots.llms, name="llms"),
    path("site.webmanifest", robots.manifest, name="manifest"),
    path("favicon.ico", robots.favicon, name="favicon"),
]
