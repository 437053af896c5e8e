"""The page about an organization itself: its name, how long it keeps results, its limits."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.validators import MaxValueValidator
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from accounts import access, audit, organizations
from accounts.access import MemberRequest
from accounts.models import Organization

SECTION = "settings"


class SettingsForm(forms.Form):
    """What an organization decides about itself."""

    name = forms.CharField(
        max_length=organizations.NAME_LENGTH,
        help_text="Members, invitations and receipts show it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    retention_days = forms.IntegerField(
        required=False, min_value=1, label="Days that results are kept"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        longest = settings.RESULT_RETENTION_DAYS
        field = self.fields["retention_days"]
        field.max_value = longest  # type: ignore[attr-defined]
        field.validators.append(MaxValueValidator(longest))
        field.widget.attrs |= {"max": longest, "placeholder": longest, "inputmode": "numeric"}
        field.help_text = (
            f"From 1 to {longest}; empty means {longest}. It counts for images made from now on. "
            "After that they are removed from our storage for good."
        )


@require_http_methods(["GET", "HEAD", "POST"])
@access.member_page("settings")
def settings_page(request: MemberRequest) -> HttpResponseBase:
    """Show the organization's settings; a POST changes them."""
    organization = request.organization
    initial = {"name": organization.name, "retention_days": organization.retention_days}
    form = SettingsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actor = audit.actor_of(request)
        organizations.rename(organization=organization, name=form.cleaned_data["name"], actor=actor)
        organizations.set_retention(
            organization=organization, days=form.cleaned_data["retention_days"], actor=actor
        )
        messages.success(request, "Your settings are saved.")
        return redirect("settings")
    context = {
        "section": SECTION,
        "form": form,
        "limits": limits_of(organization),
        "may_delete": access.allows(request.membership, "own"),
    }
    return render(request, "accounts/settings.html", context, status=400 if form.errors else 200)


def limits_of(organization: Organization) -> list[tuple[str, int, str]]:
    """Return what limits the organization: its name, how many, and of what."""
    asked = organization.requests_per_minute
    return [
        (
            "Jobs at once",
            organization.concurrency_limit or settings.ORGANIZATION_CONCURRENCY,
            "Further ones wait in the queue; they are not refused.",
        ),
        (
            "Requests a minute, of all keys together",
            asked or settings.RATE_LIMIT_ORGANIZATION_PER_MINUTE,
            "More are refused with status 429, which says when to come back.",
        ),
        (
            "Requests a minute, of one key",
            asked or settings.RATE_LIMIT_KEY_PER_MINUTE,
            "The same answer.",
        ),
        (
            "Uploads a minute, of one key",
            settings.RATE_LIMIT_UPLOADS_PER_MINUTE,
            "All of them may come at once.",
        ),
    ]
