"""Pages to switch between one's organizations and to create another one."""

from __future__ import annotations

from typing import cast

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import access, audit, organizations
from accounts.models import User


class OrganizationForm(forms.Form):
    """The name of a new organization."""

    name = forms.CharField(
        max_length=organizations.NAME_LENGTH,
        help_text="A company, a client or a product. You can change it later.",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organizations_page(request: HttpRequest) -> HttpResponse:
    """List the user's organizations; a POST switches to one."""
    if request.method == "POST":
        access.choose(request, public_id=request.POST.get("organization", ""))
        return redirect("dashboard")
    return render(request, "accounts/organizations.html")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create_page(request: HttpRequest) -> HttpResponse:
    """Ask for the name of a new organization; a POST creates it and switches to it."""
    form = OrganizationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            created = organizations.create_another(
                name=form.cleaned_data["name"],
                owner=cast(User, request.user),
                actor=audit.actor_of(request),
            )
        except organizations.TooMany as refused:
            form.add_error(None, refused.message)
        else:
            access.choose(request, public_id=created.public_id)
            messages.success(request, f"Created {created.name} and switched to it.")
            return redirect("dashboard")
    return render(
        request,
        "accounts/organization_new.html",
        {"form": form},
        status=400 if form.errors else 200,
    )
