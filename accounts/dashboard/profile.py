"""The profile pages; those for password, second factors and e-mail are django-allauth's."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.totp.views import activate_totp
from allauth.mfa.webauthn.views import add_webauthn
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from accounts.access import MemberRequest
from accounts.models import User
from accounts.sign_in import second_factors, sessions

SECTION = "profile"


class NameForm(forms.ModelForm):
    """A user's display name."""

    class Meta:
        model = User
        fields = ("name",)
        help_texts = {"name": "Shown to the members of your organizations."}


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("view")
def profile_page(request: MemberRequest) -> HttpResponseBase:
    """Show the name and how the user signs in; a POST changes the name."""
    user = cast(User, request.user)
    form = NameForm(request.POST if request.method == "POST" else None, instance=user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved your name.")
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
            "session_count": len(sessions.list_active(request=request)),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("view")
def sessions_page(request: MemberRequest) -> HttpResponseBase:
    """List where the user is signed in; a POST signs out of one session or of all others."""
    if request.method == "POST":
        return _sign_out(request)
    return render(
        request,
        "accounts/profile_sessions.html",
        {"section": SECTION, "sessions": sessions.list_active(request=request)},
    )


def _sign_out(request: MemberRequest) -> HttpResponseBase:
    user = cast(User, request.user)
    chosen = request.POST.get("session", "")
    if chosen == "others":
        ended = sessions.end_others(user=user, session_key=request.session.session_key)
        messages.success(
            request, "Signed out everywhere else." if ended else "You are only signed in here."
        )
    elif chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
        sessions.end(user=user, pk=int(chosen))
        messages.success(request, "Signed out of that session.")
    else:
        raise sessions.UnknownSession
    return redirect("profile_sessions")


@require_safe
@login_required
def to_profile(request: HttpRequest) -> HttpResponseBase:
    """Redirect from django-allauth's lists, which the profile replaces."""
    return redirect("profile")


def is_confirmed(user: User) -> bool:
    """Return whether the user's e-mail address is confirmed."""
    return EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists()


def _confirmed_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Decorate a view that requires a confirmed e-mail address.

    Otherwise someone could sign up with another person's address and lock them out for good.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not is_confirmed(cast(User, request.user)):
            messages.error(request, "Confirm your e-mail address first.")
            return redirect("account_email")
        return view(request, *args, **kwargs)

    return cast("Callable[..., HttpResponseBase]", login_required(checked))


add_app_page = _confirmed_only(activate_totp)
add_passkey_page = _confirmed_only(add_webauthn)
