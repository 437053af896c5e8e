"""All URLs of the project."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("generation.urls")),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("vidgo.kernel.ops.readiness")),
    path("", include("vidgo.kernel.ops.metrics_endpoint")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
]
if settings.STRIPE_SIMULATOR:
    urlpatterns.append(path("stripe-simulator/", include("sandbox.stripe.urls")))
if not settings.PRODUCTION:
    urlpatterns.append(path("", include("vidgo.dev.styleguide")))

handler400 = "vidgo.kernel.web.error_pages.bad_request"
handler403 = "vidgo.kernel.web.error_pages.forbidden"
handler404 = "vidgo.kernel.web.error_pages.not_found"
# Not one of Django's; allauth calls it for too many attempts.
handler429 = "vidgo.kernel.web.error_pages.too_many_requests"
handler500 = "vidgo.kernel.web.error_pages.crashed"
