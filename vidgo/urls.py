"""The table of contents."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("generation.urls")),
    path("", include("accounts.urls")),
    path("", include("billing.urls")),
    path("", include("vidgo.health")),
    path("", include("vidgo.metrics")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
]
if settings.STRIPE_SIMULATOR:
    urlpatterns.append(path("stripe-simulator/", include("billing.stripe.simulator.urls")))
if not settings.PRODUCTION:
    urlpatterns.append(path("", include("vidgo.styleguide")))

handler400 = "vidgo.kernel.pages.bad_request"
handler403 = "vidgo.kernel.pages.forbidden"
handler404 = "vidgo.kernel.pages.not_found"
# Django has none of these; allauth asks for it when somebody signs in too often.
handler429 = "vidgo.kernel.pages.too_many_requests"
handler500 = "vidgo.kernel.pages.crashed"
