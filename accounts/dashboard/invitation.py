"""The page behind an invitation link: accept it, or sign in or up first."""

from __future__ import annotations

from typing import cast

from allauth.account.forms import SignupForm
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, audit, invitations
from accounts.models import Invitation, User


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_page(request: HttpRequest) -> HttpResponse:
    """Show the invitation of the link; a POST of a signed-in user accepts it.

    A redirect removes the secret from the URL at once; the session keeps its hash. Opening the page
    changes nothing, because mail scanners open links, too.
    """
    if "token" in request.GET:
        request.session[invitations.SESSION_KEY] = invitations.hash_of(request.GET["token"])
        return redirect("invitation")
    invitation = invitations.find(token_hash=request.session.get(invitations.SESSION_KEY, ""))
    if not isinstance(request.user, User):
        return _entrance(request, invitation)
    if request.method == "POST":
        return _accept(request, invitation, user=request.user)
    context = {
        "invitation": invitation,
        "is_mine": invitations.is_for(invitation, user=request.user),
    }
    return render(request, "accounts/invitation.html", context)


def _entrance(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Show the link to sign in or, without an account, the form to sign up."""
    has_account = User.objects.filter(email__iexact=invitation.email).exists()
    context = {
        "invitation": invitation,
        "has_account": has_account,
        "form": SignupForm(initial={"email": invitation.email}),
        "after": reverse("dashboard"),
    }
    return render(request, "accounts/invitation_entrance.html", context)


def _accept(request: HttpRequest, invitation: Invitation, *, user: User) -> HttpResponse:
    member = invitations.accept(invitation=invitation, user=user, actor=audit.actor_of(request))
    request.session.pop(invitations.SESSION_KEY, None)
    access.choose(request, public_id=member.organization.public_id)
    messages.success(
        request,
        f"You joined {member.organization.name} as {member.get_role_display().lower()}.",
    )
    return redirect("dashboard")


@require_POST
def change_person(request: HttpRequest) -> HttpResponse:
    """Sign out and continue with the invitation as another user; raises `UnknownInvitation`."""
    token_hash = cast(str, request.session.get(invitations.SESSION_KEY, ""))
    invitations.find(token_hash=token_hash)
    logout(request)
    request.session[invitations.SESSION_KEY] = token_hash
    return redirect("invitation")
