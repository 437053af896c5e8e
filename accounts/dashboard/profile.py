"""The pages about oneself; passwords, factors and the address are django-allauth's own pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.totp.views import activate_totp
from allauth.mfa.webauthn.views import add_webauthn
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import MemberRequest
from accounts.dashboard.forms import PersonForm
from accounts.models import User
from accounts.sign_in import second_factors, sessions

SECTION = "profile"


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("view")
def profile_page(request: MemberRequest) -> HttpResponseBase:
    """Show how one signs in and what one is called; a POST changes the name."""
    user = cast(User, request.user)
    form = PersonForm(request.POST if request.method == "POST" else None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Your name is saved.")
        return redirect("profile")
    return render(
        request,
        "accounts/profile.html",
        {
            "section": SECTION,
            "form": form,
            "is_confirmed": is_confirmed(user),
            "has_password": user.has_usable_password(),
            "factors": second_factors.factors_of(user=user),
            "places": len(sessions.list_places(request=request)),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("view")
def sessions_page(request: MemberRequest) -> HttpResponseBase:
    """List where one is signed in; a POST signs out in one place or in all others."""
    if request.method == "POST":
        return _sign_out(request)
    return render(
        request,
        "accounts/profile_sessions.html",
        {"section": SECTION, "places": sessions.list_places(request=request)},
    )


def _sign_out(request: MemberRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    chosen = request.POST.get("session", "")
    if chosen == "others":
        ended = sessions.end_others(user=user, session_key=request.session.session_key)
        messages.success(
            request, "You are signed out everywhere else." if ended else "You were only here."
        )
    elif chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
        sessions.end(user=user, pk=int(chosen))
        messages.success(request, "You are signed out there.")
    else:
        raise sessions.UnknownSession
    return redirect("profile_sessions")


@require_safe
@login_required
def to_profile(request: HttpRequest) -> HttpResponseBase:
    """Lead on from the lists of django-allauth, which the profile shows itself."""
    return redirect("profile")


def is_confirmed(user: User) -> bool:
    """Return whether the address one signs in with has been confirmed."""
    return EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()


def _once_confirmed(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let in only who has confirmed the address.

    Otherwise somebody could sign up with another's address and keep them out of it for good.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_confirmed(cast(User, request.user)):
            messages.error(request, "Confirm your e-mail address first.")
            return redirect("account_email")
        return view(request, *args, **kwargs)

    return cast("Callable[..., HttpResponseBase]", login_required(checked))


add_app_page = _once_confirmed(activate_totp)
add_passkey_page = _once_confirmed(add_webauthn)
