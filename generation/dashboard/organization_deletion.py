"""The page that deletes an organization."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import access, audit
from accounts.access import MemberRequest
from generation import organization_deletion
from vidgo.kernel import errors

SECTION = "settings"


class DeleteForm(forms.Form):
    """The organization's name, typed to confirm, and whether its credits are given up."""

    name = forms.CharField(
        label="Organization name", widget=forms.TextInput(attrs={"autocomplete": "off"}), strip=True
    )
    gives_up_credits = forms.BooleanField(required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("own")
def delete_page(request: MemberRequest) -> HttpResponseBase:
    """Explain what is deleted; a POST with the typed name deletes the organization."""
    organization = request.organization
    form = DeleteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            organization_deletion.delete(
                organization=organization,
                typed_name=form.cleaned_data["name"],
                gives_up_credits=form.cleaned_data["gives_up_credits"],
                actor=audit.actor_of(request),
            )
        except (errors.Conflict, errors.Invalid) as error:
            form.add_error(error.param if error.param in form.fields else None, error.message)
        else:
            request.session.pop(access.SESSION_KEY, None)
            messages.success(request, f"{organization.name} is deleted.")
            return redirect("organizations")
    context = {
        "section": SECTION,
        "form": form,
        "outlook": organization_deletion.outlook(organization=organization),
    }
    return render(
        request, "accounts/settings_delete.html", context, status=400 if form.errors else 200
    )
